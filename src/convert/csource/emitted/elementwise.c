/* SPDX-License-Identifier: Apache-2.0 */
/* Number by number. y may be x, where there is one. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "convert/csource/emitted/window.h"

/* ---- normalize ---- */
/* y = (pixels - mean) / std; `reverse`: from RGB to BGR. */
static void normalize(int places, int channels, int reverse, const uint8_t *pixels, const float *mean,
                      const float *std, float *y)
{
    for (int p = 0; p < places; p++, pixels += channels)
        for (int c = 0; c < channels; c++)
            *y++ = ((float)pixels[reverse ? channels - 1 - c : c] - mean[c]) / std[c];
}

/* ---- scale_shift ---- */
/* A batch norm that no convolution could take. `residual` may be NULL. */
static void scale_shift(int places, int channels, const float *x, const float *scale, const float *shift,
                        const float *residual, float low, float high, float *y)
{
    for (int i = 0; i < places * channels; i++) {
        int c = i % channels;
        y[i] = bounded(x[i] * scale[c] + shift[c] + (residual ? residual[i] : 0), low, high);
    }
}

/* ---- pairs ---- */
/* Pictures that are broadcast: their sides, and how far apart neighbours are in a and b (0: the same one again). */
typedef struct pairs {
    int sides[3], a[3], b[3];
} pairs;

/* ---- add ---- */
static void add(const pairs *v, const float *a, const float *b, float low, float high, float *y)
{
    for (int i = 0; i < v->sides[0]; i++)
        for (int j = 0; j < v->sides[1]; j++)
            for (int k = 0; k < v->sides[2]; k++)
                *y++ = bounded(a[i * v->a[0] + j * v->a[1] + k * v->a[2]] +
                                   b[i * v->b[0] + j * v->b[1] + k * v->b[2]],
                               low, high);
}

/* ---- multiply ---- */
static void multiply(const pairs *v, const float *a, const float *b, float *y)
{
    for (int i = 0; i < v->sides[0]; i++)
        for (int j = 0; j < v->sides[1]; j++)
            for (int k = 0; k < v->sides[2]; k++)
                *y++ =
                    a[i * v->a[0] + j * v->a[1] + k * v->a[2]] * b[i * v->b[0] + j * v->b[1] + k * v->b[2]];
}

/* ---- bound ---- */
static void bound(int count, float low, float high, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = bounded(x[i], low, high);
}

/* ---- leaky_relu ---- */
static void leaky_relu(int count, float slope, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : slope * x[i];
}

/* ---- gelu ---- */
static void gelu(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.707106781f));
}

/* ---- gelu_tanh ---- */
static void gelu_tanh(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = x[i] / (1 + expf(-1.59576912f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

/* ---- silu ---- */
static void silu(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = x[i] / (1 + expf(-x[i]));
}

/* ---- hard_swish ---- */
static void hard_swish(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = x[i] <= -3 ? 0 : x[i] >= 3 ? x[i] : x[i] * (x[i] + 3) / 6;
}

/* ---- sigmoid ---- */
static void sigmoid(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = 1 / (1 + expf(-x[i]));
}

/* ---- hard_sigmoid ---- */
static void hard_sigmoid(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = x[i] <= -3 ? 0 : x[i] >= 3 ? 1 : (x[i] + 3) / 6;
}

/* ---- hyperbolic_tangent ---- */
static void hyperbolic_tangent(int count, const float *x, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = tanhf(x[i]);
}

/* ---- softmax ---- */
/* Over the channels of each place. */
static void softmax(int places, int channels, const float *x, float *y)
{
    for (int p = 0; p < places; p++, x += channels, y += channels) {
        float largest = x[0], sum = 0;
        for (int c = 1; c < channels; c++)
            largest = x[c] > largest ? x[c] : largest;
        for (int c = 0; c < channels; c++)
            sum += y[c] = expf(x[c] - largest);
        for (int c = 0; c < channels; c++)
            y[c] /= sum;
    }
}
/* ---- end ---- */
