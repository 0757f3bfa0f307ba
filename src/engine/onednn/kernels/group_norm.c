/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group normalisation (Wu & He 2018) of row-major x (units, places, groups, width), forward and backward; layer normalisation
 * (Ba et al. 2016) has a unit a place and one group. Sums are f32 along a row of `width` and double across rows, and the
 * variance is taken around the mean, so nothing cancels.
 */
#include <math.h>

#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

enum {
    ROWS_IN_F32 = 64 /* of the sums over all rows: then they go on in double */
};

static inline int64_t first_element(const group_norm_arguments *a, int64_t part)
{
    return (part / a->groups * a->places * a->groups + part % a->groups) * a->width;
}

static inline int64_t channel_count(const group_norm_arguments *a)
{
    return a->groups * a->width;
}

static inline bool worth_a_team(const group_norm_arguments *a)
{
    return a->units * a->places * channel_count(a) > PARALLEL_MINIMUM;
}

static double part_mean(const group_norm_arguments *a, const float *x)
{
    double sum = 0;
    for (int64_t s = 0; s < a->places; s++, x += channel_count(a)) {
        vec v = {0};
        for (int64_t i = 0; i < a->width; i += LANES)
            v += vec_load(x + i, a->width - i);
        sum += vec_sum_double(v);
    }
    return sum / (double)(a->places * a->width);
}

static double part_variance(const group_norm_arguments *a, const float *x, float mean)
{
    double sum = 0;
    for (int64_t s = 0; s < a->places; s++, x += channel_count(a)) {
        vec v = {0};
        int64_t i = 0;
        for (; i + LANES <= a->width; i += LANES) {
            vec d = vec_full(x + i) - mean;
            v += d * d;
        }
        for (; i < a->width; i++)
            sum += (double)(x[i] - mean) * (double)(x[i] - mean);
        sum += vec_sum_double(v);
    }
    return sum / (double)(a->places * a->width);
}

void KERNEL(group_norm)(const group_norm_arguments *a, const float *x, const float *gamma, const float *beta,
                        float *y, float *mean, float *scale)
{
#pragma omp parallel for schedule(static) if (worth_a_team(a))
    for (int64_t part = 0; part < a->units * a->groups; part++) {
        int64_t at = first_element(a, part), channel = part % a->groups * a->width;
        float m = (float)part_mean(a, x + at);
        float s = (float)(1 / sqrt(part_variance(a, x + at, m) + (double)a->epsilon));
        mean[part] = m;
        scale[part] = s;
        for (int64_t p = 0; p < a->places; p++, at += channel_count(a))
            for (int64_t i = 0; i < a->width; i += LANES) {
                int64_t left = a->width - i;
                vec z = (vec_load(x + at + i, left) - m) * s;
                vec_store(y + at + i,
                          z * vec_load(gamma + channel + i, left) + vec_load(beta + channel + i, left), left);
            }
    }
}

/* dx = scale * (g - mean(g) - z * mean(g z)) of one part, where z = (x - mean) * scale and g = gamma * dy. */
static void part_grad(const group_norm_arguments *a, const float *x, const float *dy, const float *gamma,
                      float mean, float scale, float *dx)
{
    double g_sum = 0, gz_sum = 0;
    int64_t stride = channel_count(a);
    for (int64_t p = 0; p < a->places; p++) {
        vec g1 = {0}, gz1 = {0};
        for (int64_t i = 0; i < a->width; i += LANES) {
            int64_t left = a->width - i;
            vec g = vec_load(gamma + i, left) * vec_load(dy + p * stride + i, left);
            g1 += g;
            gz1 += g * ((vec_load(x + p * stride + i, left) - mean) * scale);
        }
        g_sum += vec_sum_double(g1);
        gz_sum += vec_sum_double(gz1);
    }
    double count = (double)(a->places * a->width);
    float g_mean = (float)(g_sum / count), gz_mean = (float)(gz_sum / count);
    for (int64_t p = 0; p < a->places; p++)
        for (int64_t i = 0; i < a->width; i += LANES) {
            int64_t left = a->width - i;
            vec g = vec_load(gamma + i, left) * vec_load(dy + p * stride + i, left);
            vec z = (vec_load(x + p * stride + i, left) - mean) * scale;
            vec_store(dx + p * stride + i, (g - g_mean - z * gz_mean) * scale, left);
        }
}

/* dgamma and dbeta of up to LANES channels of one group, over all rows. */
static void column_grad(const group_norm_arguments *a, const float *x, const float *dy, const float *mean,
                        const float *scale, int64_t group, int64_t first, float *dgamma, float *dbeta)
{
    int64_t left = smaller(a->width - first, LANES), channel = group * a->width + first;
    int64_t rows = a->units * a->places;
    double sums[2][LANES] = {{0}};
    for (int64_t row = 0; row < rows;) {
        vec s1 = {0}, s2 = {0};
        for (int64_t end = smaller(row + ROWS_IN_F32, rows); row < end; row++) {
            int64_t at = row * channel_count(a) + channel, part = row / a->places * a->groups + group;
            vec d = vec_load(dy + at, left);
            s1 += d * ((vec_load(x + at, left) - mean[part]) * scale[part]);
            s2 += d;
        }
        for (int64_t i = 0; i < left; i++) {
            sums[0][i] += (double)s1[i];
            sums[1][i] += (double)s2[i];
        }
    }
    for (int64_t i = 0; i < left; i++) {
        dgamma[channel + i] = (float)sums[0][i];
        dbeta[channel + i] = (float)sums[1][i];
    }
}

void KERNEL(group_norm_grad)(const group_norm_arguments *a, const float *x, const float *dy,
                             const float *gamma, const float *mean, const float *scale, float *dx,
                             float *dgamma, float *dbeta)
{
    int64_t pieces = (a->width + LANES - 1) / LANES;
#pragma omp parallel for schedule(static) if (worth_a_team(a))
    for (int64_t part = 0; part < a->units * a->groups; part++) {
        int64_t at = first_element(a, part);
        part_grad(a, x + at, dy + at, gamma + part % a->groups * a->width, mean[part], scale[part], dx + at);
    }
#pragma omp parallel for schedule(static) if (worth_a_team(a))
    for (int64_t i = 0; i < a->groups * pieces; i++)
        column_grad(a, x, dy, mean, scale, i / pieces, i % pieces * LANES, dgamma, dbeta);
}
