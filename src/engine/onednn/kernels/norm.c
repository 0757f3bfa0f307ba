/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch norm (Ioffe & Szegedy 2015) over (N, spatial) for each channel, forward and backward. All passes walk tiles: some rows of one
 * group of channels, contiguous and small enough for the L1 cache, column of lanes by column. Sums are f32 within a tile
 * and double across tiles; the variance of a tile is taken around the tile's first row, so nothing cancels.
 */
#include <omp.h>

#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

enum {
    TILE_FLOATS = 4096
};

typedef struct tiling {
    int64_t rows, units, spatial, per_unit, tiles;
} tiling;

typedef struct tile {
    int64_t at, rows, channel;
} tile;

static tiling tiling_of(const form *f)
{
    tiling t = {.units = f->n * f->groups, .spatial = f->spatial};
    if (f->groups == 1) { /* rows of different pictures follow each other */
        t.units = 1;
        t.spatial = f->n * f->spatial;
    }
    t.rows = TILE_FLOATS / f->block < 1 ? 1 : TILE_FLOATS / f->block;
    t.per_unit = (t.spatial + t.rows - 1) / t.rows;
    t.tiles = t.units * t.per_unit;
    return t;
}

static inline tile tile_at(const form *f, const tiling *t, int64_t i)
{
    int64_t unit = i / t->per_unit, start = i % t->per_unit * t->rows;
    return (tile){(unit * t->spatial + start) * f->block, smaller(t->rows, t->spatial - start),
                  unit % f->groups * f->block};
}

static inline bool parallel(const form *f)
{
    return form_elements(f) > PARALLEL_MINIMUM;
}

/* Sums and sums of squares of one column of lanes around its first row, in four chains. */
static void column_statistics(const float *x, int64_t rows, int64_t stride, int64_t left, double *s1,
                              double *s2)
{
    vec k = vec_load(x, left), a[4] = {{0}}, b[4] = {{0}};
    int64_t r = 0;
    if (left >= LANES)
        for (; r + 4 <= rows; r += 4)
            for (int j = 0; j < 4; j++) {
                vec d = vec_full(x + (r + j) * stride) - k;
                a[j] += d;
                b[j] += d * d;
            }
    for (; r < rows; r++) {
        vec d = vec_load(x + r * stride, left) - k;
        a[0] += d;
        b[0] += d * d;
    }
    vec sum = (a[0] + a[1]) + (a[2] + a[3]), squares = (b[0] + b[1]) + (b[2] + b[3]);
    double n = (double)rows;
    for (int64_t i = 0; i < smaller(left, LANES); i++) {
        double total = (double)sum[i], mean = (double)k[i] + total / n;
        s1[i] += mean * n;
        s2[i] += (double)squares[i] - total * total / n + mean * mean * n;
    }
}

/* Adds the threads' parts of `count` doubles into the first part. */
static void gather(double *scratch, int64_t count, int team)
{
    for (int t = 1; t < team; t++)
        for (int64_t i = 0; i < count; i++)
            scratch[i] += scratch[t * count + i];
}

void KERNEL(batch_norm_statistics)(const form *f, const float *x, double *scratch, float *mean,
                                   float *variance)
{
    tiling t = tiling_of(f);
    int64_t lanes = form_lanes(f);
    int team = 1;
#pragma omp parallel if (parallel(f))
    {
        int me = omp_get_thread_num();
        double *s1 = scratch + me * 2 * lanes, *s2 = s1 + lanes;
        memset(s1, 0, (size_t)(2 * lanes) * sizeof *s1);
#pragma omp single
        team = omp_get_num_threads();
#pragma omp for schedule(static)
        for (int64_t i = 0; i < t.tiles; i++) {
            tile at = tile_at(f, &t, i);
            for (int64_t j = 0; j < f->block; j += LANES)
                column_statistics(x + at.at + j, at.rows, f->block, f->block - j, s1 + at.channel + j,
                                  s2 + at.channel + j);
        }
    }
    gather(scratch, 2 * lanes, team);
    double count = (double)(f->n * f->spatial);
    for (int64_t c = 0; c < f->channels; c++) {
        double m = scratch[c] / count, v = scratch[lanes + c] / count - m * m;
        mean[c] = (float)m;
        variance[c] = (float)(v > 0 ? v : 0);
    }
}

static inline __attribute__((always_inline)) void tile_scale_shift(const form *f, tile at, bool relu,
                                                                   const float *x, const float *scale,
                                                                   const float *shift, const float *residual,
                                                                   float *y)
{
    for (int64_t j = 0; j < f->block; j += LANES) {
        int64_t left = f->block - j;
        vec a = vec_load(scale + at.channel + j, left), b = vec_load(shift + at.channel + j, left);
        for (int64_t r = 0; r < at.rows; r++) {
            int64_t i = at.at + r * f->block + j;
            vec v = vec_load(x + i, left) * a + b;
            if (residual)
                v += vec_load(residual + i, left);
            vec_store(y + i, relu ? vec_positive(v) : v, left);
        }
    }
}

void KERNEL(scale_shift)(const form *f, fv_activation_kind kind, float alpha, const float *x,
                         const float *scale, const float *shift, const float *residual, float *y)
{
    tiling t = tiling_of(f);
#pragma omp parallel for schedule(static) if (parallel(f))
    for (int64_t i = 0; i < t.tiles; i++) {
        tile at = tile_at(f, &t, i);
        if (kind == FV_RELU)
            tile_scale_shift(f, at, true, x, scale, shift, residual, y);
        else
            tile_scale_shift(f, at, false, x, scale, shift, residual, y);
        if (kind != FV_RELU && kind != FV_LINEAR)
            KERNEL(activate)(kind, alpha, y + at.at, y + at.at, at.rows * f->block);
    }
    if (kind == FV_SIGMOID)
        KERNEL(zero_padding)(f, y);
}

/* The gradient before the ReLU; see kernels.h. */
static inline __attribute__((always_inline)) vec masked(int64_t i, int64_t left, vec x, vec scale, vec shift,
                                                        const float *dy, const float *y, bool relu)
{
    vec g = vec_load(dy + i, left);
    if (!relu)
        return g;
    vec out = y ? vec_load(y + i, left) : x * scale + shift;
    return (vec)((ivec)g & (out > vec_all(0)));
}

static inline __attribute__((always_inline)) void column_sums(const float *x, const float *dy, const float *y,
                                                              vec scale, vec shift, vec mean, bool relu,
                                                              float *dresidual, int64_t rows, int64_t stride,
                                                              int64_t left, double *s1, double *s2)
{
    vec a[2] = {{0}}, b[2] = {{0}};
    for (int64_t r = 0; r < rows; r++) {
        vec v = vec_load(x + r * stride, left), g = masked(r * stride, left, v, scale, shift, dy, y, relu);
        if (dresidual)
            vec_store(dresidual + r * stride, g, left);
        a[r & 1] += g;
        b[r & 1] += g * (v - mean);
    }
    for (int64_t i = 0; i < smaller(left, LANES); i++) {
        s1[i] += (double)(a[0][i] + a[1][i]);
        s2[i] += (double)(b[0][i] + b[1][i]);
    }
}

void KERNEL(batch_norm_grad_sums)(const form *f, const float *x, const float *dy, const float *y,
                                  const float *scale, const float *shift, const float *mean, float *dresidual,
                                  double *scratch, double *sums)
{
    tiling t = tiling_of(f);
    int64_t lanes = form_lanes(f);
    bool relu = y || scale;
    int team = 1;
#pragma omp parallel if (parallel(f))
    {
        double *s1 = scratch + omp_get_thread_num() * 2 * lanes, *s2 = s1 + lanes;
        memset(s1, 0, (size_t)(2 * lanes) * sizeof *s1);
#pragma omp single
        team = omp_get_num_threads();
#pragma omp for schedule(static)
        for (int64_t i = 0; i < t.tiles; i++) {
            tile at = tile_at(f, &t, i);
            for (int64_t j = 0; j < f->block; j += LANES) {
                int64_t left = f->block - j, c = at.channel + j, p = at.at + j;
                vec a = scale ? vec_load(scale + c, left) : vec_all(0),
                    b = scale ? vec_load(shift + c, left) : vec_all(0);
                vec m = vec_load(mean + c, left);
                float *dr = dresidual ? dresidual + p : NULL;
                if (!relu)
                    column_sums(x + p, dy + p, NULL, a, b, m, false, dr, at.rows, f->block, left, s1 + c,
                                s2 + c);
                else if (y)
                    column_sums(x + p, dy + p, y + p, a, b, m, true, dr, at.rows, f->block, left, s1 + c,
                                s2 + c);
                else
                    column_sums(x + p, dy + p, NULL, a, b, m, true, dr, at.rows, f->block, left, s1 + c,
                                s2 + c);
            }
        }
    }
    gather(scratch, 2 * lanes, team);
    memcpy(sums, scratch, (size_t)(2 * lanes) * sizeof *sums);
}

typedef struct apply_arguments {
    const float *x, *dy, *y, *scale, *shift, *mean, *a, *b, *d;
    float *dx;
} apply_arguments;

static inline __attribute__((always_inline)) void tile_apply(const form *f, tile at, const apply_arguments *q,
                                                             const float *y, bool relu)
{
    for (int64_t j = 0; j < f->block; j += LANES) {
        int64_t left = f->block - j, c = at.channel + j;
        vec scale = q->scale ? vec_load(q->scale + c, left) : vec_all(0);
        vec shift = q->scale ? vec_load(q->shift + c, left) : vec_all(0);
        vec mean = vec_load(q->mean + c, left), a = vec_load(q->a + c, left), b = vec_load(q->b + c, left),
            d = vec_load(q->d + c, left);
        for (int64_t r = 0; r < at.rows; r++) {
            int64_t i = at.at + r * f->block + j;
            vec v = vec_load(q->x + i, left), g = masked(i, left, v, scale, shift, q->dy, y, relu);
            vec_store(q->dx + i, a * g + (b * (v - mean) + d), left);
        }
    }
}

void KERNEL(batch_norm_grad_apply)(const form *f, const float *x, const float *dy, const float *y,
                                   const float *scale, const float *shift, const float *mean, const float *a,
                                   const float *b, const float *d, float *dx)
{
    tiling t = tiling_of(f);
    apply_arguments q = {x, dy, y, scale, shift, mean, a, b, d, dx};
    bool relu = y || scale;
#pragma omp parallel for schedule(static) if (parallel(f))
    for (int64_t i = 0; i < t.tiles; i++) {
        tile at = tile_at(f, &t, i);
        if (!relu)
            tile_apply(f, at, &q, NULL, false);
        else if (y)
            tile_apply(f, at, &q, y, true);
        else
            tile_apply(f, at, &q, NULL, true);
    }
}
