/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times the way from files to batches, on demand of bench/loader, which asks its peers the same in turns.
 *
 *     bench_loader [threads]      reads lines "WHAT DATA SIDE CHANNELS BATCH PICTURES" from standard input
 *
 * WHAT: "crop" (random resized crop and flip), "float" (the same, then the engine's normalisation to floats), "standard" (the
 * preset), "plain" (nothing random), or "huffman": of each JPEG picture the codes are read, down to the last row of a random
 * resized crop, and nothing else, by one thread. A cache follows after a comma: "crop,ram" ("crop,disk:FOLDER"), or "srgb":
 * colour profiles are converted, as training does; else they are not, as the peers do.
 * Answered by "SECONDS CPU PICTURES MEGABYTES": as they went by, of all threads together, and the resident memory afterwards.
 * What was asked last is kept open and goes on; batches that were made ready in between are not counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <jpeglib.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/loader.h"
#include "data/store.h"
#include "engine/onednn/kernels/kernels.h"
#include "fovea.h"

typedef struct job {
    char what[256], asked[256], data[1024];
    int64_t side, channels, batch;
    fv_dataset *set;
    loader *loader;
    augment_policy policy;
    float *floats;
    int64_t epoch;
    int ring;
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

/* "crop,ram": what follows the comma. */
static const char *split_manner(job *j)
{
    char *comma = strchr(j->what, ',');
    if (comma)
        *comma = 0;
    return comma ? comma + 1 : NULL;
}

static void job_prepare(job *j, const job *asked, int threads)
{
    if (strcmp(j->asked, asked->what) == 0 && strcmp(j->data, asked->data) == 0 && j->side == asked->side &&
        j->channels == asked->channels && j->batch == asked->batch)
        return;
    job_clear(j);
    *j = *asked;
    memcpy(j->asked, asked->what, sizeof j->asked);
    const char *manner = split_manner(j);
    bool srgb = manner && strcmp(manner, "srgb") == 0;
    j->set = some(fv_dataset_open(j->data, .validation_split = FV_OFF));
    if (strcmp(j->what, "huffman") == 0)
        return;
    make_policy(j);
    if (strcmp(j->what, "float") == 0)
        j->floats = some(mem_array((size_t)(j->batch * j->side * j->side * j->channels), sizeof *j->floats));
    j->ring = 2 + threads;
    loader_options o = {
        .data = j->set,
        .preprocess = {.height = j->side, .width = j->side, .channels = j->channels, .ignore_profile = !srgb},
        .augment = &j->policy,
        .batch = j->batch,
        .shuffle = true,
        .reduced_decode = true,
        .threads = threads,
        .ring = j->ring,
        .cache = srgb ? NULL : manner};
    check(loader_create(&o, &j->loader));
    check(loader_start(j->loader, 0, 0));
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

/* The next batch, of the next epoch where one has ended. */
static const batch *next(job *j)
{
    const batch *b;
    check(loader_next(j->loader, &b));
    if (b)
        return b;
    check(loader_start(j->loader, ++j->epoch, 0));
    check(loader_next(j->loader, &b));
    return b;
}

static int64_t load(job *j, int64_t pictures)
{
    int64_t count = 0;
    while (count < pictures) {
        const batch *b = next(j);
        if (j->floats)
            normalize(j, b->pixels);
        count += b->count;
        loader_done(j->loader, b);
    }
    return count;
}

/* A JPEG picture's codes are read without making pixels of them by skipping its rows. */
static void skip_rows(struct jpeg_decompress_struct *d, const file_bytes *file, rng *r)
{
    image_region part = {0};
    jpeg_mem_src(d, file->data, (unsigned long)file->size);
    jpeg_read_header(d, TRUE);
    augment_random_resized_crop.choose(NULL, 1, d->image_height, d->image_width, r, &part);
    jpeg_start_decompress(d);
    jpeg_skip_scanlines(d, (JDIMENSION)(part.top + part.height));
    jpeg_abort_decompress(d);
}

static int64_t read_codes(job *j, int64_t pictures)
{
    file_bytes file = {0};
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    for (int64_t i = 0; i < pictures; i++) {
        int64_t record;
        const source *s = dataset_locate(j->set, i % fv_dataset_size(j->set), &record);
        check(s->read(s, record, &file));
        rng r = rng_at(0, 0, (uint64_t)i);
        skip_rows(&d, &file, &r);
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
    for (int i = 0; j->loader && i < j->ring; i++)
        load(j, 1);
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    int64_t count = j->loader ? load(j, pictures) : read_codes(j, pictures);
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
        if (sscanf(line, "%255s %1023s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, asked.what, asked.data,
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
