/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and dense layers. `bias` has a number for each output channel, `residual`, which may be NULL and may be y, one for each
 * output. */
#include <stddef.h>

#include "convert/csource/emitted/window.h"

enum {
    LARGEST_GROUP = 1
};

/* ---- conv2d ---- */
/*
 * Blocks of 16 output channels of 4 places at a time: 64 sums that a compiler can keep in vector registers. Weights lie in
 * blocks, (group, block, ky, kx, input channel, 16), the last block of a group filled up with zeros, and so does the bias.
 */
enum {
    BLOCK = 16,
    PLACES = 4
};

/* Input channels of padding. */
static const float conv2d_zeros[LARGEST_GROUP];

/* sum += x * w for `count` input channels of four places. */
static void conv2d_add(const float *const x[PLACES], const float *restrict w, int count, float *restrict sum0,
                       float *restrict sum1, float *restrict sum2, float *restrict sum3)
{
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && !defined(__ARM_FEATURE_MVE)
    /* Most Cortex-M have no vectors: sixteen sums at a time stay in registers, which takes half of the instructions. */
    for (int o = 0; o < BLOCK; o += 4) {
        float a0 = sum0[o], a1 = sum1[o], a2 = sum2[o], a3 = sum3[o];
        float b0 = sum0[o + 1], b1 = sum1[o + 1], b2 = sum2[o + 1], b3 = sum3[o + 1];
        float c0 = sum0[o + 2], c1 = sum1[o + 2], c2 = sum2[o + 2], c3 = sum3[o + 2];
        float d0 = sum0[o + 3], d1 = sum1[o + 3], d2 = sum2[o + 3], d3 = sum3[o + 3];
        for (int i = 0; i < count; i++) {
            float x0 = x[0][i], x1 = x[1][i], x2 = x[2][i], x3 = x[3][i];
            const float *k = w + i * BLOCK + o;
            a0 += x0 * k[0], a1 += x1 * k[0], a2 += x2 * k[0], a3 += x3 * k[0];
            b0 += x0 * k[1], b1 += x1 * k[1], b2 += x2 * k[1], b3 += x3 * k[1];
            c0 += x0 * k[2], c1 += x1 * k[2], c2 += x2 * k[2], c3 += x3 * k[2];
            d0 += x0 * k[3], d1 += x1 * k[3], d2 += x2 * k[3], d3 += x3 * k[3];
        }
        sum0[o] = a0, sum1[o] = a1, sum2[o] = a2, sum3[o] = a3;
        sum0[o + 1] = b0, sum1[o + 1] = b1, sum2[o + 1] = b2, sum3[o + 1] = b3;
        sum0[o + 2] = c0, sum1[o + 2] = c1, sum2[o + 2] = c2, sum3[o + 2] = c3;
        sum0[o + 3] = d0, sum1[o + 3] = d1, sum2[o + 3] = d2, sum3[o + 3] = d3;
    }
#else
    for (int i = 0; i < count; i++, w += BLOCK) {
        float x0 = x[0][i], x1 = x[1][i], x2 = x[2][i], x3 = x[3][i];
        for (int o = 0; o < BLOCK; o++) {
            sum0[o] += x0 * w[o];
            sum1[o] += x1 * w[o];
            sum2[o] += x2 * w[o];
            sum3[o] += x3 * w[o];
        }
    }
#endif
}

/* The sums of the `places` places (at most PLACES) from `first` on. */
static void conv2d_sums(const window *v, const float *x, int first, int places, const float *w,
                        const float *bias, float sums[PLACES][BLOCK])
{
    int count = v->in[2] / v->groups;
    for (int p = 0; p < PLACES; p++)
        for (int o = 0; o < BLOCK; o++)
            sums[p][o] = bias[o];
    for (int ky = 0; ky < v->kernel[0]; ky++)
        for (int kx = 0; kx < v->kernel[1]; kx++, w += count * BLOCK) {
            const float *from[PLACES];
            for (int p = 0; p < PLACES; p++) {
                const float *pixel = p < places ? under(v, x, first + p, ky, kx) : NULL;
                from[p] = pixel ? pixel : conv2d_zeros;
            }
            conv2d_add(from, w, count, sums[0], sums[1], sums[2], sums[3]);
        }
}

static void conv2d(const window *v, const float *x, const float *w, const float *bias, const float *residual,
                   float low, float high, float *y)
{
    int inputs = v->in[2] / v->groups, outputs = v->out[2] / v->groups, all = v->out[0] * v->out[1];
    int block;
    for (int c = 0; c < v->out[2]; c += block) {
        int group = c / outputs, left = (group + 1) * outputs - c;
        block = left < BLOCK ? left : BLOCK;
        for (int first = 0; first < all; first += PLACES) {
            float sums[PLACES][BLOCK];
            int places = all - first < PLACES ? all - first : PLACES;
            conv2d_sums(v, x + group * inputs, first, places, w, bias, sums);
            for (int p = 0; p < places; p++)
                for (int o = 0; o < block; o++) {
                    int at = (first + p) * v->out[2] + c + o;
                    y[at] = bounded(sums[p][o] + (residual ? residual[at] : 0), low, high);
                }
        }
        w += v->kernel[0] * v->kernel[1] * inputs * BLOCK;
        bias += BLOCK;
    }
}

/* ---- conv2d_narrow ---- */
/* For groups of few output channels. Weights (output channel, ky, kx, input channel). */
static void conv2d_narrow(const window *v, const float *x, const float *w, const float *bias,
                          const float *residual, float low, float high, float *y)
{
    int inputs = v->in[2] / v->groups, outputs = v->out[2] / v->groups;
    for (int place = 0; place < v->out[0] * v->out[1]; place++) {
        const float *weight = w;
        for (int o = 0; o < v->out[2]; o++) {
            int at = place * v->out[2] + o;
            float sum = bias[o] + (residual ? residual[at] : 0);
            for (int ky = 0; ky < v->kernel[0]; ky++)
                for (int kx = 0; kx < v->kernel[1]; kx++, weight += inputs) {
                    const float *pixel = under(v, x, place, ky, kx);
                    for (int i = 0; pixel && i < inputs; i++)
                        sum += pixel[o / outputs * inputs + i] * weight[i];
                }
            y[at] = bounded(sum, low, high);
        }
    }
}

/* ---- depthwise_conv2d ---- */
/* sum += x * w, channel by channel. */
static void depthwise_conv2d_add(int channels, const float *restrict x, const float *restrict w,
                                 float *restrict sum)
{
    for (int c = 0; c < channels; c++)
        sum[c] += x[c] * w[c];
}

/* Each channel with its own kernel. Weights (ky, kx, channel). */
static void depthwise_conv2d(const window *v, const float *x, const float *w, const float *bias,
                             const float *residual, float low, float high, float *y)
{
    int channels = v->in[2];
    for (int place = 0; place < v->out[0] * v->out[1]; place++, y += channels) {
        for (int c = 0; c < channels; c++)
            y[c] = bias[c] + (residual ? residual[place * channels + c] : 0);
        for (int ky = 0; ky < v->kernel[0]; ky++)
            for (int kx = 0; kx < v->kernel[1]; kx++) {
                const float *pixel = under(v, x, place, ky, kx);
                if (pixel)
                    depthwise_conv2d_add(channels, pixel, w + (ky * v->kernel[1] + kx) * channels, y);
            }
        for (int c = 0; c < channels; c++)
            y[c] = bounded(y[c], low, high);
    }
}

/* ---- dense ---- */
/* y += x * w for one input. */
static void dense_add(int outputs, float x, const float *restrict w, float *restrict y)
{
    for (int o = 0; o < outputs; o++)
        y[o] += x * w[o];
}

/* Weights (input, output). */
static void dense(int inputs, int outputs, const float *x, const float *w, const float *bias,
                  const float *residual, float low, float high, float *y)
{
    for (int o = 0; o < outputs; o++)
        y[o] = bias[o] + (residual ? residual[o] : 0);
    for (int i = 0; i < inputs; i++, w += outputs)
        dense_add(outputs, x[i], w, y);
    for (int o = 0; o < outputs; o++)
        y[o] = bounded(y[o], low, high);
}
/* ---- end ---- */
