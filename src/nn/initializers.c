/* SPDX-License-Identifier: Apache-2.0 */
/* Initial weights. Shapes are (O, I, KH, KW) or (O, I): fan_in = I * KH * KW, fan_out = O * KH * KW. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "nn/network.h"

static void fill_normal(float std, rng *r, int64_t count, float *data)
{
    for (int64_t i = 0; i < count; i++)
        data[i] = std * rng_normal(r);
}

static void fill_truncated(float std, rng *r, int64_t count, float *data)
{
    for (int64_t i = 0; i < count; i++) {
        float v;
        do
            v = rng_normal(r);
        while (fabsf(v) > 2);
        data[i] = std * v;
    }
}

static void fill_uniform(float limit, rng *r, int64_t count, float *data)
{
    for (int64_t i = 0; i < count; i++)
        data[i] = rng_range(r, -limit, limit);
}

/*
 * Rows (or, when there are more rows than columns, columns) of a normal matrix made orthonormal by modified Gram-Schmidt, done
 * twice for accuracy. `vectors` vectors of `length` >= vectors.
 */
static void orthonormalize(double *v, int64_t vectors, int64_t length)
{
    for (int64_t i = 0; i < vectors; i++)
        for (int pass = 0; pass < 2; pass++) {
            for (int64_t k = 0; k < i; k++) {
                double dot = 0;
                for (int64_t j = 0; j < length; j++)
                    dot += v[i * length + j] * v[k * length + j];
                for (int64_t j = 0; j < length; j++)
                    v[i * length + j] -= dot * v[k * length + j];
            }
            double norm = 0;
            for (int64_t j = 0; j < length; j++)
                norm += v[i * length + j] * v[i * length + j];
            for (int64_t j = 0; j < length; j++)
                v[i * length + j] /= sqrt(norm);
        }
}

/* Falls back to the He normal scale when there is no memory for the square work array. */
static void fill_orthogonal(rng *r, int64_t rows, int64_t columns, float *data)
{
    bool wide = columns >= rows;
    int64_t vectors = wide ? rows : columns, length = wide ? columns : rows;
    double *v = mem_array((size_t)(vectors * length), sizeof *v);
    if (!v) {
        fill_normal(sqrtf(2.0f / (float)columns), r, rows * columns, data);
        return;
    }
    for (int64_t i = 0; i < vectors * length; i++)
        v[i] = rng_normal(r);
    orthonormalize(v, vectors, length);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            data[i * columns + j] = (float)(wide ? v[i * length + j] : v[j * length + i]);
    free(v);
}

void initializer_fill(fv_initializer init, const shape *s, uint64_t seed, uint32_t stream, float *data)
{
    int64_t count = shape_count(s), kernel = s->rank == 4 ? s->d[2] * s->d[3] : 1;
    float fan_in = (float)((s->rank > 1 ? s->d[1] : 1) * kernel), fan_out = (float)(s->d[0] * kernel);
    rng r = rng_at(seed, stream, 0);
    switch (init) {
    case FV_INIT_DEFAULT:
    case FV_HE_NORMAL:
        fill_normal(sqrtf(2 / fan_in), &r, count, data);
        return;
    case FV_HE_NORMAL_FAN_OUT:
        fill_normal(sqrtf(2 / fan_out), &r, count, data);
        return;
    case FV_HE_UNIFORM:
        fill_uniform(sqrtf(6 / fan_in), &r, count, data);
        return;
    case FV_GLOROT_NORMAL:
        fill_normal(sqrtf(2 / (fan_in + fan_out)), &r, count, data);
        return;
    case FV_GLOROT_UNIFORM:
        fill_uniform(sqrtf(6 / (fan_in + fan_out)), &r, count, data);
        return;
    case FV_ORTHOGONAL:
        fill_orthogonal(&r, s->d[0], count / s->d[0], data);
        return;
    case FV_TRUNCATED_NORMAL:
        fill_truncated(0.02f, &r, count, data);
        return;
    case FV_ZEROS:
        memset(data, 0, (size_t)count * sizeof *data);
        return;
    }
}
