/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch norm: our own kernels, since oneDNN's cannot add a residual, update the running statistics, or leave y unread in the
 * gradient. Each pass over memory counts here: forward reads x twice and writes y; the gradient reads x and dy twice and
 * writes dx. Without a residual the ReLU's mask is computed again from x, with the scale and shift that forward left in the
 * workspace; with one, from y.
 */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct norm_context {
    const kernel_table *kernels;
    form f;
    float epsilon, momentum, alpha;
    fv_activation_kind activation;
    bool from_y; /* gradient: the mask comes from y */
} norm_context;

static norm_context *norm_new(compiler *c, const op *o, const form *f)
{
    norm_context *k = mem_array(1, sizeof *k);
    if (k)
        *k = (norm_context){.kernels = c->e->kernels,
                            .f = *f,
                            .epsilon = o->a.epsilon,
                            .momentum = o->a.momentum,
                            .alpha = o->a.alpha,
                            .activation = o->a.activation};
    return k;
}

static size_t lane_bytes(const form *f, int arrays)
{
    return (size_t)form_lanes(f) * (size_t)arrays * sizeof(float);
}

/* x -> scale and shift of gamma * (x - mean) / sqrt(variance + epsilon) + beta; zeros in the padding lanes. */
static void scale_and_shift(const form *f, float epsilon, const float *gamma, const float *beta,
                            const float *mean, const float *variance, float *scale, float *shift)
{
    int64_t lanes = form_lanes(f);
    for (int64_t c = 0; c < lanes; c++) {
        double a = c < f->channels ? (double)gamma[c] / sqrt((double)variance[c] + (double)epsilon) : 0;
        scale[c] = (float)a;
        shift[c] = c < f->channels ? (float)((double)beta[c] - a * (double)mean[c]) : 0;
    }
}

static buffer_id statistics_scratch(compiler *c, const form *f)
{
    return compiler_scratch(c, (size_t)c->e->base.threads * 2 * (size_t)form_lanes(f) * sizeof(double));
}

enum {
    BN_X,
    BN_GAMMA,
    BN_BETA,
    BN_RUNNING_MEAN,
    BN_RUNNING_VARIANCE,
    BN_RESIDUAL,
    BN_Y,
    BN_MEAN,
    BN_VARIANCE,
    BN_WORKSPACE,
    BN_SCRATCH,
    BN_COUNT
};

static fv_status batch_norm_run(void *context, void *const *memory)
{
    const norm_context *k = context;
    float *mean = memory[BN_MEAN], *variance = memory[BN_VARIANCE], *scale = memory[BN_WORKSPACE];
    float *shift = scale + form_lanes(&k->f);
    k->kernels->batch_norm_statistics(&k->f, memory[BN_X], memory[BN_SCRATCH], mean, variance);
    scale_and_shift(&k->f, k->epsilon, memory[BN_GAMMA], memory[BN_BETA], mean, variance, scale, shift);
    k->kernels->scale_shift(&k->f, k->activation, k->alpha, memory[BN_X], scale, shift, memory[BN_RESIDUAL],
                            memory[BN_Y]);
    float *running_mean = memory[BN_RUNNING_MEAN], *running_variance = memory[BN_RUNNING_VARIANCE];
    double count = (double)(k->f.n * k->f.spatial), unbiased = count > 1 ? count / (count - 1) : 1;
    for (int64_t c = 0; c < k->f.channels; c++) {
        running_mean[c] = (1 - k->momentum) * running_mean[c] + k->momentum * mean[c];
        running_variance[c] =
            (1 - k->momentum) * running_variance[c] + k->momentum * (float)((double)variance[c] * unbiased);
    }
    return FV_OK;
}

/* The outputs of a batch norm that are not wanted still need a place. */
static buffer_id define_or_scratch(compiler *c, const op *o, int output, size_t bytes)
{
    value_id v = output < o->output_count ? o->outputs[output] : NO_VALUE;
    if (v == NO_VALUE)
        return compiler_scratch(c, bytes);
    return compiler_value(c, v)->type == TYPE_OPAQUE ? compiler_define_opaque(c, v, bytes)
                                                     : compiler_define_dense(c, v);
}

fv_status compile_batch_norm(compiler *c, const op *o)
{
    value_id x = o->inputs[0], residual = op_input(o, 5);
    form f;
    layout l = compiler_walkable(c, x, &f);
    buffer_id b[BN_COUNT] = {[BN_X] = compiler_use(c, x, &l),
                             [BN_GAMMA] = compiler_use_dense(c, o->inputs[1]),
                             [BN_BETA] = compiler_use_dense(c, o->inputs[2]),
                             [BN_RUNNING_MEAN] = compiler_use_dense(c, o->inputs[3]),
                             [BN_RUNNING_VARIANCE] = compiler_use_dense(c, o->inputs[4]),
                             [BN_RESIDUAL] = compiler_use(c, residual, &l),
                             [BN_Y] =
                                 compiler_define(c, o->outputs[0], &l, residual != NO_VALUE ? residual : x),
                             [BN_MEAN] = define_or_scratch(c, o, 1, lane_bytes(&f, 1)),
                             [BN_VARIANCE] = define_or_scratch(c, o, 2, lane_bytes(&f, 1)),
                             [BN_WORKSPACE] = define_or_scratch(c, o, 3, lane_bytes(&f, 2)),
                             [BN_SCRATCH] = statistics_scratch(c, &f)};
    return compiler_step(c, o, batch_norm_run, norm_new(c, o, &f), b, BN_COUNT);
}

enum {
    BG_X,
    BG_DY,
    BG_GAMMA,
    BG_MEAN,
    BG_VARIANCE,
    BG_WORKSPACE,
    BG_Y,
    BG_DX,
    BG_DGAMMA,
    BG_DBETA,
    BG_DRESIDUAL,
    BG_SCRATCH,
    BG_ARRAYS,
    BG_COUNT
};

static fv_status batch_norm_grad_run(void *context, void *const *memory)
{
    const norm_context *k = context;
    const form *f = &k->f;
    int64_t lanes = form_lanes(f);
    const float *gamma = memory[BG_GAMMA], *mean = memory[BG_MEAN], *variance = memory[BG_VARIANCE];
    const float *x = memory[BG_X], *dy = memory[BG_DY], *y = k->from_y ? memory[BG_Y] : NULL;
    const float *scale = k->activation == FV_RELU && !k->from_y ? memory[BG_WORKSPACE] : NULL,
                *shift = scale ? scale + lanes : NULL;
    float *dresidual = memory[BG_DRESIDUAL], *dgamma = memory[BG_DGAMMA], *dbeta = memory[BG_DBETA];
    double *sums = memory[BG_ARRAYS];
    float *a = (float *)(sums + 2 * lanes), *b = a + lanes, *d = b + lanes, *m = d + lanes;
    memset(a, 0, lane_bytes(f, 4));
    memcpy(m, mean, (size_t)f->channels * sizeof *m);
    k->kernels->batch_norm_grad_sums(f, x, dy, y, scale, shift, m, dresidual, memory[BG_SCRATCH], sums);
    double count = (double)(f->n * f->spatial);
    for (int64_t c = 0; c < f->channels; c++) {
        double inverse = 1 / sqrt((double)variance[c] + (double)k->epsilon), s1 = sums[c],
               s2 = sums[lanes + c];
        double factor = (double)gamma[c] * inverse;
        a[c] = (float)factor;
        b[c] = (float)(-factor * inverse * inverse * s2 / count);
        d[c] = (float)(-factor * s1 / count);
        if (dgamma)
            dgamma[c] = (float)(s2 * inverse);
        if (dbeta)
            dbeta[c] = (float)s1;
    }
    if (!memory[BG_DX])
        return FV_OK;
    /* The masked gradient stands in dresidual already when that is wanted. */
    if (dresidual)
        k->kernels->batch_norm_grad_apply(f, x, dresidual, NULL, NULL, NULL, m, a, b, d, memory[BG_DX]);
    else
        k->kernels->batch_norm_grad_apply(f, x, dy, y, scale, shift, m, a, b, d, memory[BG_DX]);
    return FV_OK;
}

/* Whether the workspace was filled by a forward operation of this graph without a residual. */
static bool mask_from_workspace(compiler *c, const op *o)
{
    const op *forward = graph_producer(c->g, o->inputs[5]);
    return forward && forward->kind == OP_BATCH_NORM &&
           (forward->input_count <= 5 || forward->inputs[5] == NO_VALUE);
}

fv_status compile_batch_norm_grad(compiler *c, const op *o)
{
    value_id x = o->inputs[0], dy = o->inputs[1];
    form f;
    layout l = compiler_walkable(c, x, &f);
    norm_context *k = norm_new(c, o, &f);
    if (!k)
        return status_last();
    k->from_y = o->a.activation == FV_RELU && !mask_from_workspace(c, o);
    value_id dresidual = o->output_count > 3 ? o->outputs[3] : NO_VALUE;
    buffer_id b[BG_COUNT] = {
        [BG_X] = compiler_use(c, x, &l),
        [BG_DY] = compiler_use(c, dy, &l),
        [BG_GAMMA] = compiler_use_dense(c, o->inputs[2]),
        [BG_MEAN] = compiler_use_dense(c, o->inputs[3]),
        [BG_VARIANCE] = compiler_use_dense(c, o->inputs[4]),
        [BG_WORKSPACE] = k->from_y || o->a.activation != FV_RELU ? NO_BUFFER : c->places[o->inputs[5]].buffer,
        [BG_Y] = k->from_y ? compiler_use(c, o->inputs[6], &l) : NO_BUFFER};
    /* dresidual may lie over dy; dx may then not, because both come from it. */
    b[BG_DRESIDUAL] = compiler_define(c, dresidual, &l, dy);
    b[BG_DX] = compiler_define(c, o->outputs[0], &l, dresidual == NO_VALUE ? dy : NO_VALUE);
    b[BG_DGAMMA] = compiler_define_dense(c, o->outputs[1]);
    b[BG_DBETA] = compiler_define_dense(c, o->outputs[2]);
    b[BG_SCRATCH] = statistics_scratch(c, &f);
    b[BG_ARRAYS] = compiler_scratch(c, lane_bytes(&f, 8));
    return compiler_step(c, o, batch_norm_grad_run, k, b, BG_COUNT);
}

enum {
    BI_X,
    BI_GAMMA,
    BI_BETA,
    BI_MEAN,
    BI_VARIANCE,
    BI_RESIDUAL,
    BI_Y,
    BI_ARRAYS,
    BI_COUNT
};

static fv_status inference_run(void *context, void *const *memory)
{
    const norm_context *k = context;
    float *scale = memory[BI_ARRAYS], *shift = scale + form_lanes(&k->f);
    scale_and_shift(&k->f, k->epsilon, memory[BI_GAMMA], memory[BI_BETA], memory[BI_MEAN],
                    memory[BI_VARIANCE], scale, shift);
    k->kernels->scale_shift(&k->f, k->activation, k->alpha, memory[BI_X], scale, shift, memory[BI_RESIDUAL],
                            memory[BI_Y]);
    return FV_OK;
}

fv_status compile_batch_norm_inference(compiler *c, const op *o)
{
    value_id x = o->inputs[0], residual = op_input(o, 5);
    form f;
    layout l = compiler_walkable(c, x, &f);
    buffer_id b[BI_COUNT] = {[BI_X] = compiler_use(c, x, &l),
                             [BI_GAMMA] = compiler_use_dense(c, o->inputs[1]),
                             [BI_BETA] = compiler_use_dense(c, o->inputs[2]),
                             [BI_MEAN] = compiler_use_dense(c, o->inputs[3]),
                             [BI_VARIANCE] = compiler_use_dense(c, o->inputs[4]),
                             [BI_RESIDUAL] = compiler_use(c, residual, &l),
                             [BI_Y] = compiler_define(c, o->outputs[0], &l, x),
                             [BI_ARRAYS] = compiler_scratch(c, lane_bytes(&f, 2))};
    return compiler_step(c, o, inference_run, norm_new(c, o, &f), b, BI_COUNT);
}

enum {
    IG_X,
    IG_DY,
    IG_GAMMA,
    IG_MEAN,
    IG_VARIANCE,
    IG_DX,
    IG_DGAMMA,
    IG_DBETA,
    IG_SCRATCH,
    IG_ARRAYS,
    IG_COUNT
};

static fv_status inference_grad_run(void *context, void *const *memory)
{
    const norm_context *k = context;
    const form *f = &k->f;
    int64_t lanes = form_lanes(f);
    const float *gamma = memory[IG_GAMMA], *mean = memory[IG_MEAN], *variance = memory[IG_VARIANCE];
    float *dgamma = memory[IG_DGAMMA], *dbeta = memory[IG_DBETA];
    double *sums = memory[IG_ARRAYS];
    float *scale = (float *)(sums + 2 * lanes), *shift = scale + lanes, *m = shift + lanes;
    memset(scale, 0, lane_bytes(f, 3));
    memcpy(m, mean, (size_t)f->channels * sizeof *m);
    for (int64_t c = 0; c < f->channels; c++)
        scale[c] = (float)((double)gamma[c] / sqrt((double)variance[c] + (double)k->epsilon));
    if (dgamma || dbeta)
        k->kernels->batch_norm_grad_sums(f, memory[IG_X], memory[IG_DY], NULL, NULL, NULL, m, NULL,
                                         memory[IG_SCRATCH], sums);
    for (int64_t c = 0; c < f->channels; c++) {
        if (dgamma)
            dgamma[c] = (float)(sums[lanes + c] / sqrt((double)variance[c] + (double)k->epsilon));
        if (dbeta)
            dbeta[c] = (float)sums[c];
    }
    if (memory[IG_DX])
        k->kernels->scale_shift(f, FV_LINEAR, 0, memory[IG_DY], scale, shift, NULL, memory[IG_DX]);
    return FV_OK;
}

fv_status compile_batch_norm_inference_grad(compiler *c, const op *o)
{
    value_id x = o->inputs[0], dy = o->inputs[1];
    form f;
    layout l = compiler_walkable(c, x, &f);
    buffer_id b[IG_COUNT] = {[IG_X] = compiler_use(c, x, &l),
                             [IG_DY] = compiler_use(c, dy, &l),
                             [IG_GAMMA] = compiler_use_dense(c, o->inputs[2]),
                             [IG_MEAN] = compiler_use_dense(c, o->inputs[3]),
                             [IG_VARIANCE] = compiler_use_dense(c, o->inputs[4]),
                             [IG_DX] = compiler_define(c, o->outputs[0], &l, dy),
                             [IG_DGAMMA] = compiler_define_dense(c, o->outputs[1]),
                             [IG_DBETA] = compiler_define_dense(c, o->outputs[2]),
                             [IG_SCRATCH] = statistics_scratch(c, &f),
                             [IG_ARRAYS] = compiler_scratch(c, lane_bytes(&f, 7))};
    return compiler_step(c, o, inference_grad_run, norm_new(c, o, &f), b, IG_COUNT);
}

typedef struct fold_context {
    float epsilon;
    int64_t units, count; /* output channels; weights of one */
} fold_context;

/* w' = w * s, b' = (b - mean) * s + beta, s = gamma / sqrt(variance + epsilon) */
static fv_status fold_run(void *context, void *const *memory)
{
    const fold_context *k = context;
    const float *w = memory[0], *b = memory[1], *gamma = memory[2], *beta = memory[3], *mean = memory[4],
                *variance = memory[5];
    float *w2 = memory[6], *b2 = memory[7];
    for (int64_t o = 0; o < k->units; o++) {
        double s = (double)gamma[o] / sqrt((double)variance[o] + (double)k->epsilon);
        for (int64_t i = 0; i < k->count; i++)
            w2[o * k->count + i] = (float)((double)w[o * k->count + i] * s);
        b2[o] = (float)(((b ? (double)b[o] : 0) - (double)mean[o]) * s + (double)beta[o]);
    }
    return FV_OK;
}

fv_status compile_fold_batch_norm(compiler *c, const op *o)
{
    const shape *w = compiler_shape(c, o->inputs[0]);
    fold_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (fold_context){o->a.epsilon, w->d[0], shape_count(w) / w->d[0]};
    buffer_id b[8];
    for (int i = 0; i < 6; i++)
        b[i] = compiler_use_dense(c, o->inputs[i]);
    b[6] = compiler_define_dense(c, o->outputs[0]);
    b[7] = compiler_define_dense(c, o->outputs[1]);
    return compiler_step(c, o, fold_run, k, b, 8);
}
