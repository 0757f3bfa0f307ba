/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to floats, boxes of tensors, means over pictures. */
#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

typedef float pixel_table[FV_MAX_CHANNELS][256];

/* One pixel; its channels stand `step` floats apart. */
static inline void put_pixel(const pixel_table table, int64_t channels, int reverse, const uint8_t *p,
                             float *y, int64_t step)
{
    for (int64_t c = 0; c < channels; c++)
        y[c * step] = table[c][p[reverse ? channels - 1 - c : c]];
}

/* Pixels [first, last) of picture n. */
static void normalize_pixels(const normalize_arguments *a, const pixel_table table, int64_t n, int64_t first,
                             int64_t last, const uint8_t *pixels, float *y)
{
    const form *f = &a->f;
    bool planes = f->groups >
                  1; /* otherwise the channels of a pixel are neighbours, perhaps with padding behind them */
    const uint8_t *p = pixels + n * f->spatial * f->channels;
    float *to = y + n * f->groups * f->spatial * f->block;
    for (int64_t s = first; s < last; s++) {
        float *at = to + s * f->block;
        put_pixel(table, f->channels, a->reverse, p + s * f->channels, at, planes ? f->spatial : 1);
        for (int64_t c = f->channels; !planes && c < f->block; c++)
            at[c] = 0;
    }
}

/* A whole number of pixels, of vectors, and of any count of channels up to 4. */
enum {
    PATTERN = 48
};

/* Where bytes and floats lie in the same order, the quotients of a vector are computed faster than looked up. */
static void normalize_dense(const normalize_arguments *a, const uint8_t *p, float *y, int64_t count)
{
    float mean[PATTERN], std[PATTERN];
    for (int64_t i = 0; i < PATTERN; i++) {
        mean[i] = a->mean[i % a->f.channels];
        std[i] = a->std[i % a->f.channels];
    }
#pragma omp parallel for schedule(static) if (count > PARALLEL_MINIMUM)
    for (int64_t k = 0; k < count / PATTERN; k++)
        for (int64_t i = 0; i < PATTERN; i++)
            y[k * PATTERN + i] = ((float)p[k * PATTERN + i] - mean[i]) / std[i];
    for (int64_t i = 0; i < count % PATTERN; i++)
        y[count / PATTERN * PATTERN + i] = ((float)p[count / PATTERN * PATTERN + i] - mean[i]) / std[i];
}

/* The form has all channels in one group, or planes of one channel each. */
void KERNEL(normalize)(const normalize_arguments *a, const uint8_t *pixels, float *y)
{
    /* A pixel has 256 values, so the exact quotients are looked up. */
    pixel_table table;
    const form *f = &a->f;
    if (f->groups == 1 && f->block == f->channels && !a->reverse) {
        normalize_dense(a, pixels, y, f->n * f->spatial * f->channels);
        return;
    }
    for (int64_t c = 0; c < f->channels; c++)
        for (int v = 0; v < 256; v++)
            table[c][v] = ((float)v - a->mean[c]) / a->std[c];
    const int64_t piece = 1024, pieces = (f->spatial + piece - 1) / piece;
#pragma omp parallel for schedule(static) if (f->n * f->spatial * f->channels > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < f->n * pieces; i++) {
        int64_t first = i % pieces * piece;
        normalize_pixels(a, table, i / pieces, first, smaller(first + piece, f->spatial), pixels, y);
    }
}

void KERNEL(box_copy)(const box *b, const float *x, float *y)
{
    const int64_t *in = b->in, *out = b->out, *at = b->at;
    int64_t rows = out[0] * out[1] * out[2] * out[3];
    /* Columns [first, last) of a row of y come from x. */
    int64_t first = at[4] < 0 ? smaller(-at[4], out[4]) : 0, last = smaller(out[4], in[4] - at[4]);
    if (last < first)
        last = first;
#pragma omp parallel for schedule(static) if (rows * out[4] > PARALLEL_MINIMUM)
    for (int64_t row = 0; row < rows; row++) {
        int64_t from = 0, rest = row, index[4];
        bool inside = true;
        for (int i = 3; i >= 0; i--) {
            index[i] = rest % out[i] + at[i];
            rest /= out[i];
            inside = inside && index[i] >= 0 && index[i] < in[i];
        }
        float *py = y + row * out[4];
        if (!inside) {
            memset(py, 0, (size_t)out[4] * sizeof *py);
            continue;
        }
        for (int i = 0; i < 4; i++)
            from = from * in[i] + index[i];
        const float *px = x + from * in[4] + at[4];
        memset(py, 0, (size_t)first * sizeof *py);
        if (last > first)
            memcpy(py + first, px + first, (size_t)(last - first) * sizeof *py);
        memset(py + last, 0, (size_t)(out[4] - last) * sizeof *py);
    }
}

void KERNEL(spatial_mean)(const form *f, float scale, const float *x, float *y)
{
    int64_t units = f->n * f->groups;
#pragma omp parallel for schedule(static) if (form_elements(f) > PARALLEL_MINIMUM)
    for (int64_t u = 0; u < units; u++) {
        int64_t first = u % f->groups * f->block, lanes = smaller(f->block, f->channels - first);
        for (int64_t j = 0; j < lanes; j += LANES) {
            vec a[2] = {{0}};
            const float *p = x + u * f->spatial * f->block + j;
            for (int64_t s = 0; s < f->spatial; s++)
                a[s & 1] += vec_load(p + s * f->block, f->block - j);
            vec_store(y + u / f->groups * f->channels + first + j, (a[0] + a[1]) * scale, lanes - j);
        }
    }
}

void KERNEL(spatial_spread)(const form *f, float scale, const float *dy, float *dx)
{
    int64_t units = f->n * f->groups;
#pragma omp parallel for schedule(static) if (form_elements(f) > PARALLEL_MINIMUM)
    for (int64_t u = 0; u < units; u++) {
        int64_t first = u % f->groups * f->block, lanes = smaller(f->block, f->channels - first);
        for (int64_t j = 0; j < f->block; j += LANES) {
            vec v = {0};
            if (j < lanes)
                v = vec_load(dy + u / f->groups * f->channels + first + j, lanes - j) * scale;
            float *p = dx + u * f->spatial * f->block + j;
            for (int64_t s = 0; s < f->spatial; s++)
                vec_store(p + s * f->block, v, f->block - j);
        }
    }
}
