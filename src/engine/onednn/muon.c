/* SPDX-License-Identifier: Apache-2.0 */
/* Muon's direction: its Newton-Schulz iteration is products of row-major matrices. */
#include <math.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct muon_context {
    const kernel_table *kernels;
    int64_t rows, columns;
    float momentum;
} muon_context;

/* y (m, n) = factor * a (m, k) b + scale * y; b is (k, n), or with 'T' (n, k). */
static fv_status product(int64_t m, int64_t n, int64_t k, float factor, const float *a, const float *b,
                         char transposed, float scale, float *y)
{
    dnnl_status_t status =
        dnnl_sgemm('N', transposed, m, n, k, factor, a, k, b, transposed == 'T' ? k : n, scale, y, n);
    return status == dnnl_success ? FV_OK : onednn_error(status, NULL, "multiply matrices");
}

static void scale(const muon_context *k, float factor, const float *x, float *y)
{
    k->kernels->scale(x, &factor, y, k->rows * k->columns);
}

enum {
    GRADIENT,
    FACTOR,
    BUFFER,
    DIRECTION,
    GRAM,
    MIXED,
    NEXT,
    MEMORIES
};

static fv_status muon_run(void *context, void *const *memory)
{
    const muon_context *k = context;
    bool high = k->rows > k->columns;
    int64_t count = k->rows * k->columns, m = high ? k->columns : k->rows, n = count / m;
    float *x = memory[DIRECTION], *gram = memory[GRAM], *mixed = memory[MIXED], *next = memory[NEXT], squares;
    k->kernels->momentum(k->momentum, memory[GRADIENT], memory[FACTOR], memory[BUFFER], next, count);
    k->kernels->square_sum(next, NULL, &squares, count);
    float factor = (float)(1 / fmax(sqrt((double)squares), 1e-7));
    if (high)
        k->kernels->transpose(k->rows, k->columns, &factor, next, x);
    else
        scale(k, factor, next, x);
    for (int step = 0; step < 5; step++) {
        STATUS_TRY(product(m, m, n, 1, x, x, 'T', 0, gram));
        k->kernels->copy(gram, mixed, m * m);
        STATUS_TRY(product(m, m, m, 2.0315f, gram, gram, 'N', -4.7750f, mixed));
        k->kernels->copy(x, next, count);
        STATUS_TRY(product(m, n, m, 1, mixed, x, 'N', 3.4445f, next));
        float *swap = x;
        x = next;
        next = swap;
    }
    factor = (float)sqrt(fmax(1, (double)k->rows / (double)k->columns));
    if (high)
        k->kernels->transpose(m, n, &factor, x, next);
    else
        scale(k, factor, x, next);
    return FV_OK;
}

fv_status compile_orthogonal_momentum(compiler *c, const op *o)
{
    const shape *s = compiler_shape(c, o->inputs[0]);
    muon_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (muon_context){c->e->kernels, s->d[0], shape_count(s) / s->d[0], o->a.momentum};
    layout dense = layout_natural(s->rank, s->d);
    buffer_id b[MEMORIES] = {[GRADIENT] = compiler_use(c, o->inputs[0], &dense),
                             [FACTOR] = o->input_count > 2 ? compiler_use_dense(c, o->inputs[2]) : NO_BUFFER,
                             [BUFFER] = compiler_use(c, o->inputs[1], &dense)};
    b[DIRECTION] = compiler_define(c, o->outputs[0], &dense, NO_VALUE);
    b[GRAM] = compiler_define_dense(c, o->outputs[2]);
    b[MIXED] = compiler_define_dense(c, o->outputs[3]);
    b[NEXT] = compiler_define_dense(c, o->outputs[4]);
    STATUS_TRY(compiler_step(c, o, muon_run, k, b, MEMORIES));
    return compiler_updated(c, o, o->inputs[1], &dense, b[BUFFER]);
}
