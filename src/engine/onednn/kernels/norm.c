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

/* The rows of one column of lanes: BODY for each, with `i` its index and LOAD for a vector; whole vectors have a loop of
 * their own, without masks. */
#define EACH_ROW(BODY)                                                                                       \
    if (left >= LANES) {                                                                                     \
        for (int64_t i = first; i < last; i += stride) {                                                     \
            enum {                                                                                           \
                all = LANES                                                                                  \
            };                                                                                               \
            BODY(all)                                                                                        \
        }                                                                                                    \
    } else {                                                                                                 \
        for (int64_t i = first; i < last; i += stride) {                                                     \
            BODY(left)                                                                                       \
        }                                                                                                    \
    }

#define INLINE static inline __attribute__((always_inline))

INLINE void scale_shift_column(int64_t first, int64_t last, int64_t stride, int64_t left, bool relu,
                               const float *x, vec scale, vec shift, const float *residual, float *y)
{
#define SCALE_SHIFT(some)                                                                                    \
    vec v = vec_load(x + i, some) * scale + shift;                                                           \
    if (residual)                                                                                            \
        v += vec_load(residual + i, some);                                                                   \
    vec_store(y + i, relu ? vec_positive(v) : v, some);
    EACH_ROW(SCALE_SHIFT)
}

static void tile_scale_shift(const form *f, tile at, bool relu, const float *x, const float *scale,
                             const float *shift, const float *residual, float *y)
{
    for (int64_t j = 0; j < f->block; j += LANES) {
        int64_t left = f->block - j, c = at.channel + j, first = at.at + j, last = at.at + at.rows * f->block;
        vec a = vec_load(scale + c, left), b = vec_load(shift + c, left);
        if (relu && residual)
            scale_shift_column(first, last, f->block, left, true, x, a, b, residual, y);
        else if (relu)
            scale_shift_column(first, last, f->block, left, true, x, a, b, NULL, y);
        else
            scale_shift_column(first, last, f->block, left, false, x, a, b, residual, y);
    }
}

void KERNEL(scale_shift)(const form *f, fv_activation_kind kind, float alpha, const float *x,
                         const float *scale, const float *shift, const float *residual, float *y)
{
    tiling t = tiling_of(f);
#pragma omp parallel for schedule(static) if (parallel(f))
    for (int64_t i = 0; i < t.tiles; i++) {
        tile at = tile_at(f, &t, i);
        tile_scale_shift(f, at, kind == FV_RELU, x, scale, shift, residual, y);
        if (kind != FV_RELU && kind != FV_LINEAR)
            KERNEL(activate)(kind, alpha, y + at.at, y + at.at, at.rows * f->block);
    }
    if (!activation_keeps_zero(kind))
        KERNEL(zero_padding)(f, y);
}

/* Where the ReLU's mask comes from; see kernels.h. */
typedef enum mask {
    MASK_NONE,
    MASK_FROM_Y,
    MASK_FROM_X
} mask;

static mask mask_of(const float *y, const float *scale)
{
    return y ? MASK_FROM_Y : scale ? MASK_FROM_X : MASK_NONE;
}

/* What one pass of the gradient reads and writes; per-channel arrays are absent (NULL) where the mask does not need them. */
typedef struct grad_arguments {
    const float *x, *dy, *y, *scale, *shift, *mean, *a, *b, *d;
    float *out; /* dresidual in the first pass, dx in the second */
} grad_arguments;

/* The gradient before the ReLU. */
INLINE vec masked(vec g, vec out, mask m)
{
    return m == MASK_NONE ? g : (vec)((ivec)g & (out > vec_all(0)));
}

INLINE void sums_column(int64_t first, int64_t last, int64_t stride, int64_t left, const grad_arguments *q,
                        vec scale, vec shift, vec mean, mask m, bool store, double *s1, double *s2)
{
    const float *x = q->x, *dy = q->dy, *y = q->y;
    float *out = q->out;
    vec a = {0}, b = {0};
#define SUMS(some)                                                                                           \
    vec v = vec_load(x + i, some);                                                                           \
    vec g = masked(vec_load(dy + i, some), m == MASK_FROM_Y ? vec_load(y + i, some) : v * scale + shift, m); \
    if (store)                                                                                               \
        vec_store(out + i, g, some);                                                                         \
    a += g;                                                                                                  \
    b += g * (v - mean);
    EACH_ROW(SUMS)
    for (int64_t i = 0; i < smaller(left, LANES); i++) {
        s1[i] += (double)a[i];
        s2[i] += (double)b[i];
    }
}

static void tile_sums(const form *f, tile at, const grad_arguments *q, mask m, double *s1, double *s2)
{
    for (int64_t j = 0; j < f->block; j += LANES) {
        int64_t left = f->block - j, c = at.channel + j, first = at.at + j, last = at.at + at.rows * f->block;
        vec zero = {0}, scale = q->scale ? vec_load(q->scale + c, left) : zero,
            shift = q->scale ? vec_load(q->shift + c, left) : zero, mean = vec_load(q->mean + c, left);
        if (m == MASK_NONE)
            sums_column(first, last, f->block, left, q, scale, shift, mean, MASK_NONE, q->out, s1 + c,
                        s2 + c);
        else if (m == MASK_FROM_X)
            sums_column(first, last, f->block, left, q, scale, shift, mean, MASK_FROM_X, q->out, s1 + c,
                        s2 + c);
        else if (q->out)
            sums_column(first, last, f->block, left, q, scale, shift, mean, MASK_FROM_Y, true, s1 + c,
                        s2 + c);
        else
            sums_column(first, last, f->block, left, q, scale, shift, mean, MASK_FROM_Y, false, s1 + c,
                        s2 + c);
    }
}

void KERNEL(batch_norm_grad_sums)(const form *f, const float *x, const float *dy, const float *y,
                                  const float *scale, const float *shift, const float *mean, float *dresidual,
                                  double *scratch, double *sums)
{
    tiling t = tiling_of(f);
    int64_t lanes = form_lanes(f);
    grad_arguments q = {
        .x = x, .dy = dy, .y = y, .scale = scale, .shift = shift, .mean = mean, .out = dresidual};
    mask m = mask_of(y, scale);
    int team = 1;
#pragma omp parallel if (parallel(f))
    {
        double *s1 = scratch + omp_get_thread_num() * 2 * lanes, *s2 = s1 + lanes;
        memset(s1, 0, (size_t)(2 * lanes) * sizeof *s1);
#pragma omp single
        team = omp_get_num_threads();
#pragma omp for schedule(static)
        for (int64_t i = 0; i < t.tiles; i++)
            tile_sums(f, tile_at(f, &t, i), &q, m, s1, s2);
    }
    gather(scratch, 2 * lanes, team);
    memcpy(sums, scratch, (size_t)(2 * lanes) * sizeof *sums);
}

INLINE void apply_column(int64_t first, int64_t last, int64_t stride, int64_t left, const grad_arguments *q,
                         int64_t c, mask m)
{
    const float *x = q->x, *dy = q->dy, *y = q->y;
    float *out = q->out;
    vec zero = {0}, scale = m == MASK_FROM_X ? vec_load(q->scale + c, left) : zero,
        shift = m == MASK_FROM_X ? vec_load(q->shift + c, left) : zero;
    vec mean = vec_load(q->mean + c, left), a = vec_load(q->a + c, left), b = vec_load(q->b + c, left),
        d = vec_load(q->d + c, left);
#define APPLY(some)                                                                                          \
    vec v = vec_load(x + i, some);                                                                           \
    vec g = masked(vec_load(dy + i, some), m == MASK_FROM_Y ? vec_load(y + i, some) : v * scale + shift, m); \
    vec_store(out + i, a * g + (b * (v - mean) + d), some);
    EACH_ROW(APPLY)
}

static void tile_apply(const form *f, tile at, const grad_arguments *q, mask m)
{
    for (int64_t j = 0; j < f->block; j += LANES) {
        int64_t left = f->block - j, c = at.channel + j, first = at.at + j, last = at.at + at.rows * f->block;
        if (m == MASK_NONE)
            apply_column(first, last, f->block, left, q, c, MASK_NONE);
        else if (m == MASK_FROM_X)
            apply_column(first, last, f->block, left, q, c, MASK_FROM_X);
        else
            apply_column(first, last, f->block, left, q, c, MASK_FROM_Y);
    }
}

void KERNEL(batch_norm_grad_apply)(const form *f, const float *x, const float *dy, const float *y,
                                   const float *scale, const float *shift, const float *mean, const float *a,
                                   const float *b, const float *d, float *dx)
{
    tiling t = tiling_of(f);
    grad_arguments q = {x, dy, y, scale, shift, mean, a, b, d, dx};
    mask m = mask_of(y, scale);
#pragma omp parallel for schedule(static) if (parallel(f))
    for (int64_t i = 0; i < t.tiles; i++)
        tile_apply(f, tile_at(f, &t, i), &q, m);
}
