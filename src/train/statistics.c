/* SPDX-License-Identifier: Apache-2.0 */
/* The running statistics of batch norms measured anew, for weights that were not trained with them, as averaged ones (Izmailov et al. 2018,
 * algorithm 1; torch.optim.swa_utils.update_bn): the mean, over batches, of each batch's mean and unbiased variance, as the layers before make
 * them with the batches' own statistics. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "engine/engine.h"
#include "train/compile.h"
#include "train/scoring.h"

enum {
    BATCH_DEFAULT = 64,
    BATCH_LIMIT = 65536
};

typedef struct measuring {
    fv_statistics_options o;
    fv_model *model;
    loader *loader;
    engine *engine;
    plan *plan;
    double **sums; /* by tensor: of a statistic's batches; NULL: it is none */
    int64_t batches;
    double start;
} measuring;

static fv_status read_options(const fv_statistics_options *options, fv_statistics_options *o)
{
    *o = (fv_statistics_options){0};
    if (options)
        memcpy(o, options, options->struct_size < sizeof *o ? options->struct_size : sizeof *o);
    if (!o->model || !o->data || fv_dataset_size(o->data) == 0)
        return status_set(FV_ERROR_INVALID, "statistics: a model and pictures are required");
    if (o->batch == 0)
        o->batch = BATCH_DEFAULT;
    if (o->batch < 1 || o->batch > BATCH_LIMIT)
        return status_set(FV_ERROR_INVALID, "statistics: batch must be 1..%d, not %lld", BATCH_LIMIT,
                          (long long)o->batch);
    if (o->batch > fv_dataset_size(o->data))
        o->batch = fv_dataset_size(o->data);
    if (o->loader_threads == 0)
        o->loader_threads = compile_cores() > 1 ? compile_cores() - 1 : 1;
    return o->loader_threads < 1 || o->loader_threads > 4096
               ? status_set(FV_ERROR_INVALID, "statistics: loader_threads must be 1..4096, not %d",
                            o->loader_threads)
               : compile_ensure(o->model);
}

/* A momentum of 1: after a batch the running statistics are its own. Dropout stays, as it is what the layers behind it were trained with. */
static fv_status make_plan(measuring *s)
{
    const fv_compile_options *c = &s->model->compile;
    graph *g = network_graph(s->model, s->o.batch, NETWORK_TRAINING, NULL);
    if (!g)
        return status_last();
    for (int32_t i = 0; i < g->op_count; i++)
        if (g->ops[i].kind == OP_BATCH_NORM)
            g->ops[i].a.momentum = 1;
    fv_status status = engine_open(c->engine, c->threads, &s->engine);
    if (status == FV_OK)
        status = plan_create(s->engine, g, &s->plan);
    graph_destroy(g);
    return status;
}

static bool is_statistic(const fv_model *m, const network_tensor *t)
{
    enum {
        MEAN = 3
    }; /* the first of a batch norm's statistics among its inputs; two */
    for (int32_t i = 0; i < m->graph->op_count; i++) {
        const op *o = &m->graph->ops[i];
        if (o->kind == OP_BATCH_NORM && (o->inputs[MEAN] == t->value || o->inputs[MEAN + 1] == t->value))
            return true;
    }
    return false;
}

/* The statistics begin with zeros, not with numbers that may be none. */
static fv_status write_tensors(measuring *s)
{
    const fv_model *m = s->model;
    s->sums = mem_array((size_t)m->tensor_count, sizeof *s->sums);
    if (!s->sums)
        return status_last();
    for (int32_t i = 0; i < m->tensor_count; i++) {
        const network_tensor *t = &m->tensors[i];
        if (is_statistic(m, t) && !(s->sums[i] = mem_array((size_t)t->count, sizeof **s->sums)))
            return status_last();
        STATUS_TRY(
            plan_write(s->plan, t->value, s->sums[i] ? (const void *)s->sums[i] /* zeros */ : t->data));
    }
    return FV_OK;
}

static fv_status add_batch(measuring *s, float *values)
{
    const fv_model *m = s->model;
    for (int32_t i = 0; i < m->tensor_count; i++) {
        if (!s->sums[i])
            continue;
        STATUS_TRY(plan_read(s->plan, m->tensors[i].value, values));
        for (int64_t k = 0; k < m->tensors[i].count; k++)
            s->sums[i][k] += (double)values[k];
    }
    s->batches++;
    return FV_OK;
}

static fv_status tell_step(const measuring *s, int64_t steps)
{
    fv_progress p =
        scoring_progress(s->batches, steps, s->batches * s->o.batch, clock_seconds() - s->start, s->loader);
    p.phase = "statistics";
    if (s->o.on_step && s->o.on_step(&p, s->o.user))
        return status_set(FV_INTERRUPTED, "interrupted while statistics were measured");
    return FV_OK;
}

static fv_status take_batch(measuring *s, const batch *b, float *values)
{
    const fv_model *m = s->model;
    const uint32_t key[2] = {(uint32_t)s->batches, 0}; /* of dropout's random numbers */
    STATUS_TRY(plan_write(s->plan, m->pixels, b->pixels));
    if (m->dropout_step != NO_VALUE)
        STATUS_TRY(plan_write(s->plan, m->dropout_step, key));
    STATUS_TRY(plan_run(s->plan));
    return add_batch(s, values);
}

/* Full batches only: the fillers of the last one would count twice. */
static fv_status run(measuring *s, float *values)
{
    int64_t steps = loader_samples(s->loader) / s->o.batch;
    s->start = clock_seconds();
    STATUS_TRY(loader_start(s->loader, 0, 0));
    while (s->batches < steps) {
        const batch *b;
        STATUS_TRY(loader_next(s->loader, &b));
        fv_status status = take_batch(s, b, values);
        loader_done(s->loader, b);
        STATUS_TRY(status);
        STATUS_TRY(tell_step(s, steps));
    }
    scoring_tell_skipped(s->loader, s->o.on_log, s->o.user, &(int64_t){0});
    return loader_skipped(s->loader) < loader_samples(s->loader)
               ? FV_OK
               : status_set(FV_ERROR_IO, "statistics: none of the pictures could be read; the first: %s",
                            loader_skipped_message(s->loader, 0));
}

static fv_status measure(measuring *s)
{
    fv_model *m = s->model;
    int64_t longest = 1;
    for (int32_t i = 0; i < m->tensor_count; i++)
        longest = m->tensors[i].count > longest ? m->tensors[i].count : longest;
    float *values = mem_array((size_t)longest, sizeof *values);
    fv_status status = values ? run(s, values) : status_last();
    free(values);
    STATUS_TRY(status);
    for (int32_t i = 0; i < m->tensor_count; i++)
        for (int64_t k = 0; s->sums[i] && k < m->tensors[i].count; k++)
            m->tensors[i].data[k] = (float)(s->sums[i][k] / (double)s->batches);
    network_changed(m);
    return FV_OK;
}

fv_status fv_update_statistics_with(const fv_statistics_options *options)
{
    measuring s = {0};
    STATUS_TRY(read_options(options, &s.o));
    s.model = s.o.model;
    const loader_options pictures = {.data = s.o.data,
                                     .preprocess = s.model->preprocess,
                                     .batch = s.o.batch,
                                     .shuffle = true,
                                     .reduced_decode = true,
                                     .threads = s.o.loader_threads,
                                     .on_error = s.o.on_error};
    fv_status status = loader_create(&pictures, &s.loader);
    if (status == FV_OK)
        status = make_plan(&s);
    if (status == FV_OK)
        status = write_tensors(&s);
    if (status == FV_OK)
        status = measure(&s);
    for (int32_t i = 0; s.sums && i < s.model->tensor_count; i++)
        free(s.sums[i]);
    free(s.sums);
    plan_destroy(s.plan);
    engine_close(s.engine);
    loader_destroy(s.loader);
    return status;
}
