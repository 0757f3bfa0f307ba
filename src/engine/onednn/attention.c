/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-attention: each thread takes a head of a sample after the other, with oneDNN's matrix products between the places and
 * our own softmax, so that the scores of a head stay in the cache.
 */
#include <math.h>
#include <omp.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct attention_context {
    const kernel_table *kernels;
    const char *layer;
    int64_t samples, heads, places, width; /* width: channels of a head */
} attention_context;

static attention_context *context_new(compiler *c, const op *o)
{
    const shape *s = compiler_shape(c, o->inputs[0]);
    attention_context *k = mem_array(1, sizeof *k);
    if (k)
        *k = (attention_context){c->e->kernels, o->name,           s->d[0],
                                 o->a.heads,    s->d[1] * s->d[2], s->d[3] / 3 / o->a.heads};
    return k;
}

/* A place by place matrix for each thread. */
static buffer_id scratch_new(compiler *c, const op *o)
{
    const shape *s = compiler_shape(c, o->inputs[0]);
    int64_t places = s->d[1] * s->d[2];
    return compiler_scratch(c, (size_t)(places * places * c->e->base.threads) * sizeof(float));
}

/* Where head `i` of all samples' heads begins in qkv (3 * channels a place) and in y (channels a place). */
static inline int64_t begin(const attention_context *k, int64_t i, int64_t parts)
{
    return (i / k->heads * k->places * parts * k->heads + i % k->heads) * k->width;
}

static dnnl_status_t head_forward(const attention_context *k, const float *qkv, float *p, float *y)
{
    int64_t channels = k->heads * k->width, L = k->places, d = k->width;
    const float *q = qkv, *keys = q + channels, *v = keys + channels;
    dnnl_status_t status =
        dnnl_sgemm('N', 'T', L, L, d, 1.0f / sqrtf((float)d), q, 3 * channels, keys, 3 * channels, 0, p, L);
    if (status != dnnl_success)
        return status;
    k->kernels->softmax(L, L, p, p);
    return dnnl_sgemm('N', 'N', L, d, L, 1, p, L, v, 3 * channels, 0, y, channels);
}

/* memory: qkv, y, probabilities or NULL, scratch */
static fv_status forward_run(void *context, void *const *memory)
{
    const attention_context *k = context;
    const float *qkv = memory[0];
    float *y = memory[1], *all = memory[2], *scratch = memory[3];
    int64_t square = k->places * k->places;
    int failed = dnnl_success;
#pragma omp parallel for schedule(static) reduction(max : failed)
    for (int64_t i = 0; i < k->samples * k->heads; i++) {
        float *p = all ? all + i * square : scratch + omp_get_thread_num() * square;
        int status = (int)head_forward(k, qkv + begin(k, i, 3), p, y + begin(k, i, 1));
        failed = status > failed ? status : failed;
    }
    return failed == dnnl_success ? FV_OK : onednn_error((dnnl_status_t)failed, k->layer, "attend");
}

fv_status compile_attention(compiler *c, const op *o)
{
    value_id p = o->outputs[1];
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_define_dense(c, o->outputs[0]),
                     compiler_define_dense(c, p), p == NO_VALUE ? scratch_new(c, o) : NO_BUFFER};
    return compiler_step(c, o, forward_run, context_new(c, o), b, 4);
}

/* dv = p^T dy; dp = dy v^T; ds = p (dp - sum p dp); dq = scale ds k; dk = scale ds^T q. */
static dnnl_status_t head_backward(const attention_context *k, const float *qkv, const float *p,
                                   const float *dy, float *scratch, float *dqkv)
{
    int64_t channels = k->heads * k->width, row = 3 * channels, L = k->places, d = k->width;
    const float *q = qkv, *keys = q + channels, *v = keys + channels;
    float *dq = dqkv, *dk = dq + channels, *dv = dk + channels, scale = 1.0f / sqrtf((float)d);
    dnnl_status_t status = dnnl_sgemm('T', 'N', L, d, L, 1, p, L, dy, channels, 0, dv, row);
    if (status == dnnl_success)
        status = dnnl_sgemm('N', 'T', L, L, d, 1, dy, channels, v, row, 0, scratch, L);
    if (status != dnnl_success)
        return status;
    k->kernels->softmax_grad(L, L, p, scratch, scratch);
    status = dnnl_sgemm('N', 'N', L, d, L, scale, scratch, L, keys, row, 0, dq, row);
    return status == dnnl_success ? dnnl_sgemm('T', 'N', L, d, L, scale, scratch, L, q, row, 0, dk, row)
                                  : status;
}

/* memory: qkv, probabilities, dy, dqkv, scratch */
static fv_status backward_run(void *context, void *const *memory)
{
    const attention_context *k = context;
    const float *qkv = memory[0], *all = memory[1], *dy = memory[2];
    float *dqkv = memory[3], *scratch = memory[4];
    int64_t square = k->places * k->places;
    int failed = dnnl_success;
#pragma omp parallel for schedule(static) reduction(max : failed)
    for (int64_t i = 0; i < k->samples * k->heads; i++) {
        int status = (int)head_backward(k, qkv + begin(k, i, 3), all + i * square, dy + begin(k, i, 1),
                                        scratch + omp_get_thread_num() * square, dqkv + begin(k, i, 3));
        failed = status > failed ? status : failed;
    }
    return failed == dnnl_success ? FV_OK : onednn_error((dnnl_status_t)failed, k->layer, "attend");
}

fv_status compile_attention_grad(compiler *c, const op *o)
{
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_use_dense(c, o->inputs[1]),
                     compiler_use_dense(c, o->inputs[2]), compiler_define_dense(c, o->outputs[0]),
                     scratch_new(c, o)};
    return compiler_step(c, o, backward_run, context_new(c, o), b, 5);
}
