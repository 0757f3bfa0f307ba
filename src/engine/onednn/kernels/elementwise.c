/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, sums and products, element by element. */
#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

/* Runs BODY for every vector of `count` elements: i is its index, left the elements from there on. */
#define EACH_VECTOR(count, BODY)                                                                             \
    _Pragma("omp parallel for schedule(static) if (count > PARALLEL_MINIMUM)") for (int64_t chunk = 0;       \
                                                                                    chunk < (count);         \
                                                                                    chunk += CHUNK)          \
    {                                                                                                        \
        int64_t end = smaller(chunk + CHUNK, (count));                                                       \
        for (int64_t i = chunk; i < end; i += LANES) {                                                       \
            int64_t left = end - i;                                                                          \
            BODY;                                                                                            \
        }                                                                                                    \
    }

void KERNEL(copy)(const float *x, float *y, int64_t count)
{
    EACH_VECTOR(count, vec_store(y + i, vec_load(x + i, left), left))
}

void KERNEL(activate)(fv_activation_kind kind, float alpha, const float *x, float *y, int64_t count)
{
#define ACTIVATE(k) EACH_VECTOR(count, vec_store(y + i, vec_activate(k, alpha, vec_load(x + i, left)), left))
    FOR_ACTIVATION(kind, ACTIVATE)
}

void KERNEL(activate_grad)(fv_activation_kind kind, float alpha, const float *v, const float *dy, float *dx,
                           int64_t count)
{
#define SLOPE(k)                                                                                             \
    EACH_VECTOR(                                                                                             \
        count, vec_store(dx + i, vec_load(dy + i, left) * vec_slope(k, alpha, vec_load(v + i, left)), left))
    FOR_ACTIVATION(kind, SLOPE)
}

void KERNEL(add)(fv_activation_kind kind, float alpha, const float *a, const float *b, float *y,
                 int64_t count)
{
#define ADD(k)                                                                                               \
    EACH_VECTOR(                                                                                             \
        count,                                                                                               \
        vec_store(y + i, vec_activate(k, alpha, vec_load(a + i, left) + vec_load(b + i, left)), left))
    FOR_ACTIVATION(kind, ADD)
}

void KERNEL(multiply)(const float *a, const float *b, float *y, int64_t count)
{
    EACH_VECTOR(count, vec_store(y + i, vec_load(a + i, left) * vec_load(b + i, left), left))
}

void KERNEL(scale)(const float *x, const float *factor, float *y, int64_t count)
{
    float f = *factor;
    EACH_VECTOR(count, vec_store(y + i, vec_load(x + i, left) * f, left))
}

/* Any broadcast, over row-major y; the last dimension is the inner loop. */
#define EACH_ROW(w, BODY)                                                                                    \
    int64_t rows = (w)->size[0] * (w)->size[1] * (w)->size[2], columns = (w)->size[3];                       \
    int64_t sa = (w)->a[3], sb = (w)->b[3];                                                                  \
    _Pragma(                                                                                                 \
        "omp parallel for schedule(static) if (rows * columns > PARALLEL_MINIMUM)") for (int64_t row = 0;    \
                                                                                         row < rows; row++)  \
    {                                                                                                        \
        int64_t i2 = row % (w)->size[2], i1 = row / (w)->size[2] % (w)->size[1],                             \
                i0 = row / (w)->size[2] / (w)->size[1];                                                      \
        const float *pa = a + i0 * (w)->a[0] + i1 * (w)->a[1] + i2 * (w)->a[2];                              \
        const float *pb = b + i0 * (w)->b[0] + i1 * (w)->b[1] + i2 * (w)->b[2];                              \
        float *py = y + row * columns;                                                                       \
        for (int64_t i = 0; i < columns; i++)                                                                \
            py[i] = BODY;                                                                                    \
    }

void KERNEL(add_broadcast)(const broadcast *w, fv_activation_kind kind, float alpha, const float *a,
                           const float *b, float *y)
{
    EACH_ROW(w, pa[i * sa] + pb[i * sb])
    if (kind != FV_LINEAR)
        KERNEL(activate)(kind, alpha, y, y, rows * columns);
}

void KERNEL(multiply_broadcast)(const broadcast *w, const float *a, const float *b, float *y)
{
    EACH_ROW(w, pa[i * sa] * pb[i * sb])
}

/* One value a channel, of each picture or of all. b is dense: (N or 1, channels). */
#define EACH_CHANNEL(OPERATION)                                                                              \
    int64_t blocks = f->n * f->groups;                                                                       \
    _Pragma(                                                                                                 \
        "omp parallel for schedule(static) if (form_elements(f) > PARALLEL_MINIMUM)") for (int64_t k = 0;    \
                                                                                           k < blocks; k++)  \
    {                                                                                                        \
        int64_t first = k % f->groups * f->block, lanes = smaller(f->block, f->channels - first);            \
        const float *pb = b + (per_picture ? k / f->groups * f->channels : 0) + first;                       \
        for (int64_t s = 0; s < f->spatial; s++) {                                                           \
            int64_t at = (k * f->spatial + s) * f->block;                                                    \
            for (int64_t i = 0; i < lanes; i++)                                                              \
                y[at + i] = a[at + i] OPERATION pb[i];                                                       \
            for (int64_t i = lanes; i < f->block; i++)                                                       \
                y[at + i] = 0;                                                                               \
        }                                                                                                    \
    }

void KERNEL(channel_add)(const form *f, bool per_picture, const float *a, const float *b, float *y)
{
    EACH_CHANNEL(+)
}

void KERNEL(channel_multiply)(const form *f, bool per_picture, const float *a, const float *b, float *y)
{
    EACH_CHANNEL(*)
}

void KERNEL(zero_padding)(const form *f, float *y)
{
    int64_t lanes = f->channels - (f->groups - 1) * f->block;
    if (lanes == f->block)
        return;
    for (int64_t n = 0; n < f->n; n++) {
        float *p = y + (n * f->groups + f->groups - 1) * f->spatial * f->block;
        for (int64_t s = 0; s < f->spatial; s++)
            for (int64_t i = lanes; i < f->block; i++)
                p[s * f->block + i] = 0;
    }
}

void KERNEL(sum)(const float *x, float *y, int64_t count)
{
    double total = 0;
#pragma omp parallel for schedule(static) reduction(+ : total) if (count > PARALLEL_MINIMUM)
    for (int64_t chunk = 0; chunk < count; chunk += 1024) {
        int64_t end = smaller(chunk + 1024, count);
        vec s = {0};
        for (int64_t i = chunk; i < end; i += LANES)
            s += vec_load(x + i, end - i);
        total += vec_sum_double(s);
    }
    *y = (float)total;
}

/* w->size is x's; w->a are y's strides, 0 where it is summed over. */
/* y = the sum of the rows of x (rows, columns), in f32 over some rows and in double over all. */
static void sum_rows(int64_t rows, int64_t columns, const float *x, float *y)
{
    const int64_t rows_in_f32 = 64;
#pragma omp parallel for schedule(static) if (rows * columns > PARALLEL_MINIMUM)
    for (int64_t first = 0; first < columns; first += LANES) {
        int64_t left = smaller(LANES, columns - first);
        double total[LANES] = {0};
        for (int64_t row = 0; row < rows;) {
            vec part = {0};
            for (int64_t end = smaller(row + rows_in_f32, rows); row < end; row++)
                part += vec_load(x + row * columns + first, left);
            for (int64_t i = 0; i < left; i++)
                total[i] += (double)part[i];
        }
        for (int64_t i = 0; i < left; i++)
            y[first + i] = (float)total[i];
    }
}

void KERNEL(reduce_sum)(const broadcast *w, int64_t y_count, const float *x, float *y)
{
    /* Every thread owns some elements of y, so each y[k] walks the summed dimensions only. */
    int64_t kept[4], summed[4], stride[4] = {0}, step = 1, inner = 1;
    for (int i = 3; i >= 0; i--) {
        stride[i] = step;
        step *= w->size[i];
        kept[i] = w->a[i] || w->size[i] == 1 ? w->size[i] : 1;
        summed[i] = w->a[i] || w->size[i] == 1 ? 1 : w->size[i];
        inner *= summed[i];
    }
    int last = 3; /* of the dimensions that are summed over */
    while (last >= 0 && summed[last] == 1)
        last--;
    bool leading = true;
    for (int i = 0; i < last; i++)
        leading = leading && kept[i] == 1;
    if (leading) {
        sum_rows(inner, y_count, x, y);
        return;
    }
#pragma omp parallel for schedule(static) if (step > PARALLEL_MINIMUM)
    for (int64_t k = 0; k < y_count; k++) {
        int64_t at = 0, rest = k;
        for (int i = 3; i >= 0; i--) {
            at += rest % kept[i] * stride[i];
            rest /= kept[i];
        }
        double total = 0;
        for (int64_t j = 0; j < inner; j++) {
            int64_t offset = at, r = j;
            for (int i = 3; i >= 0; i--) {
                offset += r % summed[i] * stride[i];
                r /= summed[i];
            }
            total += (double)x[offset];
        }
        y[k] = (float)total;
    }
}
