/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to floats, boxes of tensors, means over pictures. */
#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

void KERNEL(normalize)(const normalize_arguments *a, const uint8_t *pixels, float *y)
{
    /* A pixel has 256 values, so the exact quotients are looked up. */
    float table[FV_MAX_CHANNELS][256];
    const form *f = &a->f;
    int64_t channels = f->channels;
    for (int64_t c = 0; c < channels; c++)
        for (int v = 0; v < 256; v++)
            table[c][v] = ((float)v - a->mean[c]) / a->std[c];
    int64_t pixel_count = f->n * f->spatial;
#pragma omp parallel for schedule(static) if (pixel_count * channels > PARALLEL_MINIMUM)
    for (int64_t chunk = 0; chunk < pixel_count; chunk += 1024)
        for (int64_t i = chunk; i < smaller(chunk + 1024, pixel_count); i++) {
            const uint8_t *p = pixels + i * channels;
            int64_t n = i / f->spatial, s = i % f->spatial;
            for (int64_t c = 0; c < form_lanes(f); c++) {
                int64_t at = ((n * f->groups + c / f->block) * f->spatial + s) * f->block + c % f->block;
                y[at] = c < channels ? table[c][p[a->reverse ? channels - 1 - c : c]] : 0;
            }
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
