/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times the way from files to batches, on demand of bench/loader, which asks its peers the same in turns.
 *
 *     bench_loader [threads]      reads lines "WHAT DATA SIDE CHANNELS BATCH PICTURES" from standard input
 *
 * WHAT: "crop" (random resized crop and flip), "float" (the same, then the engine's normalisation to floats), "standard" (the
 * preset), "plain" (nothing random), or "huffman": the bits of the same JPEG files' pictures are read and nothing else, by
 * one thread. Answered by "SECONDS CPU PICTURES MEGABYTES": as they went by, of all threads together, and the
 * resident memory afterwards. What was asked last is kept open, so that asking again for the same measures at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <jpeglib.h>

#include "core/memory.h"
#include "data/loader.h"
#include "engine/onednn/kernels/kernels.h"
#include "fovea.h"

typedef struct job {
    char what[16], data[1024];
    int64_t side, channels, batch;
    fv_dataset *set;
    loader *loader;
    augment_policy policy;
    float *floats;
    int64_t epoch;
} job;

static void check(fv_status status)
{
    if (status == FV_OK)
        return;
    fprintf(stderr, "bench_loader: %s\n", fv_error_message());
    exit(1);
}

static void *some(void *block)
{
    check(block ? FV_OK : status_last());
    return block;
}

static void job_clear(job *j)
{
    loader_destroy(j->loader);
    augment_policy_release(&j->policy);
    fv_dataset_destroy(j->set);
    free(j->floats);
    *j = (job){0};
}

static void add_step(augment_policy *p, const augmentation *what, float probability)
{
    check(MEM_GROW(p->steps, p->count, p->capacity));
    p->steps[p->count++] = (augment_step){.what = what, .strength = 1, .probability = probability};
}

static void make_policy(job *j)
{
    augment_context c = {.height = j->side, .width = j->side, .channels = j->channels};
    check(augment_policy_init(&j->policy, strcmp(j->what, "standard") == 0 ? "standard" : "none", &c));
    if (strcmp(j->what, "crop") == 0 || strcmp(j->what, "float") == 0) {
        add_step(&j->policy, &augment_random_resized_crop, 1);
        add_step(&j->policy, &augment_random_horizontal_flip, 0.5f);
    }
}

static void job_prepare(job *j, const job *asked, int threads)
{
    if (strcmp(j->what, asked->what) == 0 && strcmp(j->data, asked->data) == 0 && j->side == asked->side &&
        j->channels == asked->channels && j->batch == asked->batch)
        return;
    job_clear(j);
    *j = *asked;
    j->set = some(fv_dataset_open(j->data, .validation_split = FV_OFF));
    make_policy(j);
    j->floats = some(mem_array((size_t)(j->batch * j->side * j->side * j->channels), sizeof *j->floats));
    loader_options o = {.data = j->set,
                        .preprocess = {.height = j->side, .width = j->side, .channels = j->channels},
                        .augment = &j->policy,
                        .batch = j->batch,
                        .shuffle = true,
                        .reduced_decode = true,
                        .threads = threads};
    check(loader_create(&o, &j->loader));
}

static void normalize(job *j, const uint8_t *pixels)
{
    normalize_arguments a = {
        .f = {j->batch, 1, j->side * j->side, j->channels, j->channels},
        .mean = {123.675f, 116.28f, 103.53f},
        .std = {58.395f, 57.12f, 57.375f},
    };
    kernels_select()->normalize(&a, pixels, j->floats);
}

static int64_t load(job *j, int64_t pictures)
{
    int64_t count = 0;
    bool floats = strcmp(j->what, "float") == 0;
    while (count < pictures) {
        check(loader_start(j->loader, j->epoch++, 0));
        for (const batch *b; count < pictures; count += b->count, loader_done(j->loader, b)) {
            check(loader_next(j->loader, &b));
            if (!b)
                break;
            if (floats)
                normalize(j, b->pixels);
        }
    }
    return count;
}

/* The files of one epoch after the other, each read into the same memory. */
static int64_t read_codes(job *j, int64_t pictures)
{
    file_bytes file = {0};
    char path[4096];
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    for (int64_t i = 0; i < pictures; i++) {
        fv_dataset_file(j->set, i % fv_dataset_size(j->set), path, sizeof path);
        check(file_read_into(path, SIZE_MAX / 2, &file));
        jpeg_mem_src(&d, file.data, (unsigned long)file.size);
        jpeg_read_header(&d, TRUE);
        jpeg_read_coefficients(&d);
        jpeg_abort_decompress(&d);
    }
    jpeg_destroy_decompress(&d);
    file_bytes_release(&file);
    return pictures;
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double resident_megabytes(void)
{
    long pages = 0, skipped;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &skipped, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * 4096 / 1e6;
}

static void answer(job *j, int64_t pictures)
{
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    int64_t count = strcmp(j->what, "huffman") == 0 ? read_codes(j, pictures) : load(j, pictures);
    printf("%.6g %.6g %" PRId64 " %.1f\n", now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           count, resident_megabytes());
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[2048];
    int64_t pictures;
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    job j = {0};
    while (fgets(line, sizeof line, stdin)) {
        job asked = {0};
        if (sscanf(line, "%15s %1023s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, asked.what, asked.data,
                   &asked.side, &asked.channels, &asked.batch, &pictures) != 6 ||
            pictures < 1) {
            fprintf(stderr, "bench_loader: expected WHAT DATA SIDE CHANNELS BATCH PICTURES, not %s", line);
            return 2;
        }
        job_prepare(&j, &asked, threads);
        answer(&j, pictures);
    }
    job_clear(&j);
    return 0;
}
