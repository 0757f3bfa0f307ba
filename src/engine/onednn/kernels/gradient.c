/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to gradients before an update, and running averages. */
#include <math.h>

#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

void KERNEL(adjust_gradient)(const update_arguments *a, const float *g, const float *p, float *y)
{
    float l1 = a->l1, l2 = a->l2, limit = a->limit > 0 ? a->limit : INFINITY;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = g[i] + l1 * ((float)(p[i] > 0) - (float)(p[i] < 0)) + l2 * p[i];
        y[i] = d > limit ? limit : d < -limit ? -limit : d;
    }
}

/* Pieces are cut by the number of elements alone, so the threads do not show in the sum. */
void KERNEL(square_sum)(const float *x, const float *total, float *y, int64_t count)
{
    double sums[SUM_PIECES], all = total ? (double)*total : 0;
    int64_t piece = sum_piece(count);
#pragma omp parallel for schedule(static) if (count > PARALLEL_MINIMUM)
    for (int64_t k = 0; k < SUM_PIECES; k++) {
        sums[k] = 0;
        for (int64_t from = k * piece, end = smaller(from + piece, count); from < end; from += CHUNK) {
            float of_x = 0;
#pragma omp simd reduction(+ : of_x)
            for (int64_t i = from; i < smaller(from + CHUNK, end); i++)
                of_x += x[i] * x[i];
            sums[k] += (double)of_x;
        }
    }
    for (int k = 0; k < SUM_PIECES; k++)
        all += sums[k];
    *y = (float)all;
}

void KERNEL(average)(float *average, const float *x, const float *share, int64_t count)
{
    float part = *share, rest = 1 - part;
#pragma omp parallel for simd schedule(static) if (count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < count; i++)
        average[i] = rest * average[i] + part * x[i];
}

void KERNEL(momentum)(float momentum, const float *g, const float *factor, float *buffer, float *u,
                      int64_t count)
{
    float part = (factor ? *factor : 1) * (1 - momentum);
#pragma omp parallel for simd schedule(static) if (count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < count; i++) {
        float d = part * g[i], moved = momentum * buffer[i] + d;
        buffer[i] = moved;
        u[i] = momentum * moved + d;
    }
}

void KERNEL(transpose)(int64_t rows, int64_t columns, const float *factor, const float *x, float *y)
{
    enum {
        TILE = 32 /* a tile of both stays in the first cache */
    };
    float scale = *factor;
#pragma omp parallel for schedule(static) if (rows * columns > PARALLEL_MINIMUM)
    for (int64_t top = 0; top < rows; top += TILE)
        for (int64_t left = 0; left < columns; left += TILE)
            for (int64_t j = left; j < smaller(left + TILE, columns); j++)
                for (int64_t i = top; i < smaller(top + TILE, rows); i++)
                    y[j * rows + i] = scale * x[i * columns + j];
}
