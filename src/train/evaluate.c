/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "model/predictor.h"
#include "core/clock.h"
#include "train/compile.h"
#include "train/evaluate.h"
#include "train/metrics.h"
#include "train/scoring.h"

enum {
    BATCH_DEFAULT = 64,
    BATCH_LIMIT = 65536
};

typedef struct evaluation_run {
    fv_evaluate_options o;
    fv_evaluation *e;
    bool keep;
    float *logits; /* (samples, outputs) to keep, else NULL */
    double loss, correct;
    int64_t outputs, damaged; /* the first picture whose output is not a number, -1: none */
    image_views views;
    bool binary;
    loader *loader;
    double start;
} evaluation_run;

static void take_row(void *to, const batch *b, int64_t k, const float *logits)
{
    evaluation_run *r = to;
    fv_evaluation *e = r->e;
    int64_t i = e->images++;
    float *p = e->probabilities + i * e->class_count;
    int32_t label = b->labels[k];
    for (int64_t c = 0; c < r->outputs; c++)
        if (!isfinite(logits[c]) && r->damaged < 0)
            r->damaged = b->indices[k];
    if (r->logits)
        memcpy(r->logits + i * r->outputs, logits, (size_t)r->outputs * sizeof *logits);
    e->index[i] = b->indices[k];
    e->label[i] = label;
    metrics_probabilities(logits, r->outputs, r->binary, p);
    if (e->multi_label) {
        const float *targets = b->targets + k * e->class_count;
        for (int64_t c = 0; c < e->class_count; c++)
            e->targets[i * e->class_count + c] = targets[c] > 0.5f;
        r->loss += metrics_targets_loss(logits, r->outputs, targets);
        r->correct += metrics_targets_right(p, r->outputs, 0.5f, targets);
        return;
    }
    r->loss += metrics_loss(logits, r->outputs, r->binary, label);
    r->correct += metrics_largest(p, e->class_count) == label;
}

static int tell_step(void *to, int64_t step, int64_t steps)
{
    evaluation_run *r = to;
    if (r->damaged >= 0 || !r->o.on_step)
        return r->damaged >= 0;
    double n = (double)r->e->images;
    fv_progress p = scoring_progress(step, steps, r->e->images, clock_seconds() - r->start, r->loader);
    if (n > 0) {
        p.validation_loss = (float)(r->loss / n);
        p.validation_accuracy = (float)(r->correct / n);
    }
    return r->o.on_step(&p, r->o.user);
}

static fv_status allocate(evaluation_run *r, int64_t samples)
{
    fv_evaluation *e = r->e;
    size_t n = (size_t)samples, k = (size_t)metrics_classes(r->outputs), cells;
    if (__builtin_mul_overflow(n > k ? n : k, k, &cells))
        return status_set(FV_ERROR_MEMORY, "evaluate: too many classes and pictures");
    e->class_count = (int64_t)k;
    e->classes = mem_array(k, sizeof *e->classes);
    if (e->multi_label)
        e->targets = mem_array(n * k, sizeof *e->targets);
    else
        e->confusion = mem_array(k * k, sizeof *e->confusion);
    e->index = mem_array(n, sizeof *e->index);
    e->label = mem_array(n, sizeof *e->label);
    e->predicted = mem_array(n, sizeof *e->predicted);
    e->probability = mem_array(n, sizeof *e->probability);
    e->probabilities = mem_array(n * k, sizeof *e->probabilities);
    if (r->keep && !(r->logits = mem_array(n * (size_t)r->outputs, sizeof *r->logits)))
        return status_last();
    if (!e->classes || (!e->confusion && !e->targets) || !e->index || !e->label || !e->predicted ||
        !e->probability || !e->probabilities)
        return status_last();
    for (size_t i = 0; i < k; i++)
        e->classes[i].name = r->o.model->classes[i];
    return FV_OK;
}

/* No number says anything once one output is none. */
static fv_status say_damaged(const evaluation_run *r)
{
    char file[4096];
    return status_set(
        FV_ERROR_DIVERGED,
        "evaluate: model %s: its output for %s is infinite or not a number; its weights are damaged",
        fv_model_name(r->o.model), fv_dataset_file(r->o.data, r->damaged, file, sizeof file));
}

static fv_status measure(evaluation_run *r)
{
    fv_evaluation *e = r->e;
    scoring s = {.model = r->o.model,
                 .loader = r->loader,
                 .batch_size = r->o.batch,
                 .views = r->views.count,
                 .row = take_row,
                 .step = tell_step,
                 .to = r};
    STATUS_TRY(allocate(r, loader_samples(r->loader)));
    fv_status status = scoring_run(&s);
    if (r->damaged >= 0)
        return say_damaged(r);
    STATUS_TRY(status);
    e->skipped = loader_skipped(r->loader);
    scoring_tell_skipped(r->loader, r->o.on_log, r->o.user, &(int64_t){0});
    if (e->images == 0)
        return status_set(FV_ERROR_IO, "evaluate: none of the %lld pictures could be read; the first: %s",
                          (long long)e->skipped, loader_skipped_message(r->loader, 0));
    e->loss = r->loss / (double)e->images;
    return metrics_fill(e);
}

static fv_status read_options(const fv_evaluate_options *options, fv_evaluate_options *o, image_views *views)
{
    *o = (fv_evaluate_options){0};
    if (options)
        memcpy(o, options, options->struct_size < sizeof *o ? options->struct_size : sizeof *o);
    if (!o->model || !o->data || !o->result)
        return status_set(FV_ERROR_INVALID, "evaluate: model, data and result are required");
    STATUS_TRY(image_views_parse(o->tta, views));
    if (o->batch == 0)
        o->batch = views->count < BATCH_DEFAULT ? BATCH_DEFAULT / views->count : 1;
    if (o->loader_threads == 0)
        o->loader_threads = compile_cores() > 1 ? compile_cores() - 1 : 1;
    if (o->batch < 1 || o->batch > BATCH_LIMIT || o->loader_threads < 1)
        return status_set(FV_ERROR_INVALID,
                          "evaluate: batch must be 1..%d and loader_threads at least 1, not %lld and %d",
                          BATCH_LIMIT, (long long)o->batch, o->loader_threads);
    if (o->top_k < 0)
        return status_set(FV_ERROR_INVALID, "evaluate: top_k must be at least 1, not %lld",
                          (long long)o->top_k);
    return network_check(o->model);
}

/* A softmax's classes exclude one another: its outputs say nothing about pictures with several. */
static fv_status check_output(const evaluation_run *r)
{
    if (!r->e->multi_label || (r->binary && r->outputs > 1))
        return FV_OK;
    return status_set(
        FV_ERROR_INVALID,
        "evaluate: pictures of this data have several classes each, but model %s was trained to "
        "tell them apart, one a picture; train it on such data",
        fv_model_name(r->o.model));
}

/* The model's thresholds where the data is of their kind. */
static fv_status take_thresholds(evaluation_run *r)
{
    const float *own;
    int64_t count = fv_model_thresholds(r->o.model, &own), classes = metrics_classes(r->outputs);
    bool fits = r->e->multi_label ? count == r->outputs : count == 1 && predictor_is_two_class(r->o.model);
    if (count == 0 || !fits)
        return FV_OK;
    if (!(r->e->thresholds = mem_array((size_t)classes, sizeof *r->e->thresholds)))
        return status_last();
    if (r->e->multi_label) {
        memcpy(r->e->thresholds, own, (size_t)classes * sizeof *own);
    } else {
        r->e->thresholds[0] = 1 - own[0];
        r->e->thresholds[1] = own[0];
    }
    return FV_OK;
}

fv_status evaluate_keep(const fv_evaluate_options *options, float **logits)
{
    evaluation_run r = {.damaged = -1, .keep = logits != NULL};
    int32_t *map = NULL;
    STATUS_TRY(read_options(options, &r.o, &r.views));
    fv_model *m = r.o.model;
    r.e = r.o.result;
    *r.e = (fv_evaluation){0};
    r.e->views = r.views.count;
    r.e->top_k = r.o.top_k;
    r.outputs = fv_model_class_count(m);
    r.binary = predictor_is_binary(m);
    r.start = clock_seconds();
    r.e->multi_label = fv_dataset_is_multi_label(r.o.data);
    STATUS_TRY(check_output(&r));
    fv_status status = scoring_match(m, r.o.data, "evaluation", &map, &r.e->unknown);
    if (status == FV_OK)
        status = loader_create(&(loader_options){.data = r.o.data,
                                                 .preprocess = m->preprocess,
                                                 .batch = r.o.batch,
                                                 .threads = r.o.loader_threads,
                                                 .on_error = r.o.on_error,
                                                 .views = r.views,
                                                 .class_map = map,
                                                 .classes = r.e->multi_label ? r.outputs : 0},
                               &r.loader);
    if (status == FV_OK)
        status = take_thresholds(&r);
    if (status == FV_OK)
        status = measure(&r);
    loader_destroy(r.loader);
    free(map);
    if (status != FV_OK) {
        fv_evaluation_release(r.e);
        free(r.logits);
    } else if (logits) {
        *logits = r.logits;
    }
    return status;
}

fv_status fv_evaluate_with(const fv_evaluate_options *options)
{
    return evaluate_keep(options, NULL);
}

void fv_evaluation_release(fv_evaluation *e)
{
    if (!e)
        return;
    free(e->classes);
    free(e->confusion);
    free(e->index);
    free(e->label);
    free(e->predicted);
    free(e->probability);
    free(e->targets);
    free(e->probabilities);
    free(e->thresholds);
    *e = (fv_evaluation){0};
}
