/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times training steps and inference of the zoo's networks, on demand of bench/run, which asks a peer the same in turns.
 *
 *     bench_step [threads]               reads lines "NETWORK[:SIDExCHANNELS] train|infer BATCH RUNS" from standard input
 *     bench_step --save NETWORK FILE     writes an untrained model
 *
 * Each line is answered by one: "FLOP", the operations of one run, then the seconds of every run. What was asked last is kept
 * warm, so that asking again for the same measures at once. Pictures are random; a training step includes their
 * normalisation, the losses' way back and the update (SGD with momentum and weight decay).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/random.h"
#include "fovea.h"
#include "train/trainer.h"

enum {
    MAX_RUNS = 1000,
    WARM_UP = 3
};

typedef struct job {
    char network[32], mode[8];
    int64_t batch;
    fv_model *model;
    trainer *trainer; /* NULL for inference */
    uint8_t *pixels;  /* (batch, height, width, channels) */
    int32_t *labels;
    float *weights, *logits;
    int64_t step;
} job;

static void check(fv_status status)
{
    if (status == FV_OK)
        return;
    fprintf(stderr, "bench_step: %s\n", fv_error_message());
    exit(1);
}

static void *some(void *block)
{
    check(block ? FV_OK : status_last());
    return block;
}

/* `network`: a name, or "small_cnn:28x1" for other pictures than its own. */
static fv_model *make_model(const char *network)
{
    char name[32];
    int side = 0, channels = 0;
    if (sscanf(network, "%31[^:]:%dx%d", name, &side, &channels) < 1)
        name[0] = 0;
    fv_model *m = some(fv_zoo_create(name, .height = side, .width = side, .channels = channels));
    fv_preprocess p = *fv_model_preprocess(m);
    for (int c = 0; c < FV_MAX_CHANNELS; c++) {
        p.mean[c] = 127.5f;
        p.std[c] = 64;
    }
    check(fv_model_set_preprocess(m, &p));
    return m;
}

static void job_clear(job *j)
{
    trainer_destroy(j->trainer);
    fv_model_destroy(j->model);
    free(j->pixels);
    free(j->labels);
    free(j->weights);
    free(j->logits);
    *j = (job){0};
}

static void fill(job *j, int64_t classes)
{
    const fv_preprocess *p = fv_model_preprocess(j->model);
    size_t count = (size_t)(j->batch * p->height * p->width * p->channels), batch = (size_t)j->batch;
    rng r = rng_at(1, 0, 0);
    j->pixels = some(mem_array(count, 1));
    j->labels = some(mem_array(batch, sizeof *j->labels));
    j->weights = some(mem_array(batch, sizeof *j->weights));
    j->logits = some(mem_array(batch * (size_t)classes, sizeof *j->logits));
    for (size_t i = 0; i < count; i++)
        j->pixels[i] = (uint8_t)rng_u32(&r);
    for (size_t i = 0; i < batch; i++) {
        j->labels[i] = (int32_t)rng_below(&r, (uint64_t)classes);
        j->weights[i] = 1;
    }
}

static void job_run(job *j)
{
    if (!j->trainer) {
        check(fv_predict_batch(j->model, j->pixels, j->batch, j->logits));
        return;
    }
    const batch b = {.count = j->batch, .pixels = j->pixels, .labels = j->labels, .weights = j->weights};
    float loss, correct;
    check(trainer_step(j->trainer, &b, j->step++, 1e-3f, &loss, &correct));
}

static void job_prepare(job *j, const char *network, const char *mode, int64_t batch, int threads)
{
    if (strcmp(j->network, network) == 0 && strcmp(j->mode, mode) == 0 && j->batch == batch)
        return;
    job_clear(j);
    snprintf(j->network, sizeof j->network, "%s", network);
    snprintf(j->mode, sizeof j->mode, "%s", mode);
    j->batch = batch;
    j->model = make_model(network);
    check(fv_compile(j->model, .optimizer = FV_SGD, .momentum = 0.9f, .weight_decay = 5e-4f,
                     .threads = threads));
    fill(j, fv_model_class_count(j->model));
    if (strcmp(mode, "train") == 0) {
        check(trainer_create(j->model, batch, 0, &(step_loss){.targets = STEP_LABELS}, &j->trainer));
        check(trainer_write(j->trainer));
    }
    for (int i = 0; i < WARM_UP; i++)
        job_run(j);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void answer(job *j, int runs)
{
    /* Backward costs twice as much as forward: the gradients of the weights and of the inputs. */
    double flop = 2.0 * (double)fv_model_multiply_adds(j->model) * (double)j->batch * (j->trainer ? 3 : 1);
    printf("%.6g", flop);
    for (int i = 0; i < runs; i++) {
        double start = now();
        job_run(j);
        printf(" %.6g", now() - start);
    }
    printf("\n");
    fflush(stdout);
}

static int save(const char *network, const char *path)
{
    fv_model *m = make_model(network);
    int64_t count = fv_model_class_count(m);
    char(*text)[24] = some(mem_array((size_t)count, sizeof *text));
    const char **names = some(mem_array((size_t)count, sizeof *names));
    for (int64_t i = 0; i < count; i++) {
        snprintf(text[i], sizeof text[i], "%" PRId64, i);
        names[i] = text[i];
    }
    check(fv_model_set_classes(m, names, count));
    check(fv_model_save(m, path));
    free(names);
    free(text);
    fv_model_destroy(m);
    return 0;
}

int main(int argc, char **argv)
{
    char line[128], network[32], mode[8];
    int64_t size;
    int runs, threads = argc > 1 ? atoi(argv[1]) : 0;
    job j = {0};
    if (argc == 4 && strcmp(argv[1], "--save") == 0)
        return save(argv[2], argv[3]);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%31s %7s %" SCNd64 " %d", network, mode, &size, &runs) != 4 || runs < 1 ||
            runs > MAX_RUNS) {
            fprintf(stderr, "bench_step: expected NETWORK train|infer BATCH RUNS, not %s", line);
            return 2;
        }
        job_prepare(&j, network, mode, size, threads);
        answer(&j, runs);
    }
    job_clear(&j);
    return 0;
}
