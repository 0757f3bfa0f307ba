/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of the instruction set that this file is compiled for, with gcc's and clang's vector extensions, and the elementary
 * functions on them:
 *
 *     for (int64_t i = 0; i < count; i += LANES) {
 *         vec v = vec_load(x + i, count - i);
 *         vec_store(y + i, vec_exp(v), count - i);
 *     }
 */
#ifndef ENGINE_ONEDNN_KERNELS_VECTOR_H
#define ENGINE_ONEDNN_KERNELS_VECTOR_H

#include <string.h>

#include "core/processor.h"
#include "engine/onednn/kernels/kernels.h"

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef float vec_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* Work in pieces of CHUNK floats; below PARALLEL_MINIMUM floats a team costs more than it saves. */
enum {
    CHUNK = 4096,
    PARALLEL_MINIMUM = 24576
};
static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
/* Sums that must not depend on the number of threads are made of this many pieces of so many elements. */
enum {
    SUM_PIECES = 64
};
static inline int64_t sum_piece(int64_t count)
{
    int64_t share = (count + SUM_PIECES - 1) / SUM_PIECES;
    return (share + CHUNK - 1) / CHUNK * CHUNK;
}

static inline vec vec_all(float f)
{
    return (vec){0} + f;
}
static inline vec vec_full(const float *p)
{
    return *(const vec_unaligned *)p;
}
static inline void vec_put(float *p, vec v)
{
    *(vec_unaligned *)p = v;
}
/* The first `left` lanes (all when left >= LANES); zeros in the others. */
static inline vec vec_load(const float *p, int64_t left)
{
    if (left >= LANES)
        return vec_full(p);
    vec v = {0};
    memcpy(&v, p, (size_t)left * sizeof *p);
    return v;
}
static inline void vec_store(float *p, vec v, int64_t left)
{
    if (left >= LANES)
        vec_put(p, v);
    else
        memcpy(p, &v, (size_t)left * sizeof *p);
}
/* mask's lanes are 0 or -1 */
static inline vec vec_where(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}
/* a NaN in v stays */
static inline vec vec_at_least(vec v, float low)
{
    return vec_where(v < vec_all(low), vec_all(low), v);
}
static inline vec vec_at_most(vec v, float high)
{
    return vec_where(v > vec_all(high), vec_all(high), v);
}
static inline vec vec_positive(vec v)
{
    return vec_where(v <= vec_all(0), vec_all(0), v);
}
static inline vec vec_absolute(vec v)
{
    return (vec)((ivec)v & 0x7fffffff);
}
static inline float vec_sum(vec v)
{
    float s = 0;
    for (int i = 0; i < LANES; i++)
        s += v[i];
    return s;
}
static inline double vec_sum_double(vec v)
{
    double s = 0;
    for (int i = 0; i < LANES; i++)
        s += (double)v[i];
    return s;
}

/* e^x, relative error below 2e-7 for x in [-87.3, 88.3]; x is held in that range. Cody-Waite reduction to |r| <= ln(2)/2 and a
 * minimax polynomial (Moshier's Cephes, expf). */
static inline vec vec_exp(vec x)
{
    x = vec_at_most(vec_at_least(x, -87.3f), 88.3f);
    const float magic =
        12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, which stands in the low bits */
    vec shifted = x * 1.44269504f + magic;
    ivec power = ((ivec)shifted - 0x4b400000) << 23;
    vec whole = shifted - magic;
    vec r = x - whole * 0.693359375f;
    r = r + whole * 2.12194440e-4f;
    vec p = vec_all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return (vec)((ivec)p + power);
}

static inline vec vec_sigmoid(vec x)
{
    return 1.0f / (1.0f + vec_exp(-x));
}

/* Near 0 an odd polynomial (Cephes, tanhf), else 1 - 2 / (e^2x + 1). */
static inline vec vec_tanh(vec x)
{
    vec a = vec_absolute(x), z = x * x;
    vec p = vec_all(-5.70498872745e-3f);
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    vec near = p * z * x + x;
    vec far = 1.0f - 2.0f / (vec_exp(2.0f * a) + 1.0f);
    far = (vec)((ivec)far | ((ivec)x & INT32_MIN)); /* with the sign of x */
    return vec_where(a < vec_all(0.625f), near, far);
}

/* erfc, relative error below 1.2e-7 but for rounding (Press et al., Numerical Recipes in C, 6.2: a Chebyshev fit). */
static inline vec vec_erfc(vec x)
{
    vec z = vec_absolute(x), t = 1.0f / (1.0f + 0.5f * z);
    vec p = vec_all(0.17087277f);
    p = p * t - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    p = p * t - 1.26551223f;
    vec tail = t * vec_exp(p - z * z);
    return vec_where(x >= vec_all(0), tail, 2.0f - tail);
}

/* The standard normal distribution function and density. */
static inline vec vec_normal_cdf(vec x)
{
    return 0.5f * vec_erfc(x * -0.707106781f);
}
static inline vec vec_normal_density(vec x)
{
    return 0.398942280f * vec_exp(-0.5f * x * x);
}

/* (1 + tanh(u)) / 2 = sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3). */
static inline vec vec_gelu_gate(vec x)
{
    return vec_sigmoid(1.59576912f * (x + 0.044715f * x * x * x));
}

static inline __attribute__((always_inline)) vec vec_activate(fv_activation_kind kind, float alpha, vec x)
{
    switch (kind) {
    case FV_RELU:
        return vec_positive(x);
    case FV_LEAKY_RELU:
        return vec_where(x > vec_all(0), x, x * alpha);
    case FV_RELU6:
        return vec_at_most(vec_positive(x), 6);
    case FV_GELU:
        return x * vec_normal_cdf(x);
    case FV_SILU:
        return x * vec_sigmoid(x);
    case FV_HARD_SWISH:
        return x * vec_at_most(vec_positive(x + 3.0f), 6) / 6.0f;
    case FV_SIGMOID:
        return vec_sigmoid(x);
    case FV_TANH:
        return vec_tanh(x);
    case FV_HARD_SIGMOID:
        return vec_at_most(vec_positive(x + 3.0f), 6) / 6.0f;
    case FV_GELU_TANH:
        return x * vec_gelu_gate(x);
    default:
        return x;
    }
}

/* d act / dx; v is the activation's output or input, as ops.h says for the kind. */
static inline __attribute__((always_inline)) vec vec_slope(fv_activation_kind kind, float alpha, vec v)
{
    vec one = vec_all(1), zero = vec_all(0), s;
    switch (kind) {
    case FV_RELU:
        return vec_where(v > zero, one, zero);
    case FV_LEAKY_RELU:
        return vec_where(v > zero, one, vec_all(alpha));
    case FV_RELU6:
        return vec_where((v > zero) & (v < vec_all(6)), one, zero);
    case FV_GELU:
        return vec_normal_cdf(v) + v * vec_normal_density(v);
    case FV_SILU:
        s = vec_sigmoid(v);
        return s * (1.0f + v * (1.0f - s));
    case FV_HARD_SWISH:
        return vec_where(v <= vec_all(-3), zero, vec_where(v >= vec_all(3), one, v / 3.0f + 0.5f));
    case FV_SIGMOID:
        return v * (1.0f - v);
    case FV_TANH:
        return 1.0f - v * v;
    case FV_HARD_SIGMOID:
        return vec_where((v > zero) & (v < one), vec_all(1.0f / 6), zero);
    case FV_GELU_TANH:
        s = vec_gelu_gate(v);
        return s + v * s * (1.0f - s) * (1.59576912f * (1.0f + 0.134145f * v * v));
    default:
        return one;
    }
}

/* Runs CALL(kind) with kind a constant, so that the loop inside is compiled for that activation alone. */
#define FOR_ACTIVATION(kind, CALL)                                                                           \
    switch (kind) {                                                                                          \
    case FV_RELU:                                                                                            \
        CALL(FV_RELU);                                                                                       \
        break;                                                                                               \
    case FV_LEAKY_RELU:                                                                                      \
        CALL(FV_LEAKY_RELU);                                                                                 \
        break;                                                                                               \
    case FV_RELU6:                                                                                           \
        CALL(FV_RELU6);                                                                                      \
        break;                                                                                               \
    case FV_GELU:                                                                                            \
        CALL(FV_GELU);                                                                                       \
        break;                                                                                               \
    case FV_SILU:                                                                                            \
        CALL(FV_SILU);                                                                                       \
        break;                                                                                               \
    case FV_HARD_SWISH:                                                                                      \
        CALL(FV_HARD_SWISH);                                                                                 \
        break;                                                                                               \
    case FV_SIGMOID:                                                                                         \
        CALL(FV_SIGMOID);                                                                                    \
        break;                                                                                               \
    case FV_TANH:                                                                                            \
        CALL(FV_TANH);                                                                                       \
        break;                                                                                               \
    case FV_HARD_SIGMOID:                                                                                    \
        CALL(FV_HARD_SIGMOID);                                                                               \
        break;                                                                                               \
    case FV_GELU_TANH:                                                                                       \
        CALL(FV_GELU_TANH);                                                                                  \
        break;                                                                                               \
    default:                                                                                                 \
        CALL(FV_LINEAR);                                                                                     \
        break;                                                                                               \
    }

#endif
