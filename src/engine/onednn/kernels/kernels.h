/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own kernels: what oneDNN lacks or does slowly. Every file of this folder is compiled once an instruction set; the
 * engine picks one table when it is created:
 *
 *     const kernel_table *k = kernels_select();
 *     k->activate(FV_RELU, 0, x, y, count);
 *
 * They run on the caller's OpenMP team. f32 throughout; sums over many elements are finished in double precision.
 */
#ifndef ENGINE_ONEDNN_KERNELS_KERNELS_H
#define ENGINE_ONEDNN_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "fovea.h"

/* How pictures and features lie in memory. Element (n, c, s), s = h * W + w, stands at
 * ((n * groups + c / block) * spatial + s) * block + c % block; lanes c >= channels hold zeros. */
typedef struct form {
    int64_t n, groups, spatial, block, channels;
} form;
static inline int64_t form_lanes(const form *f)
{
    return f->groups * f->block;
}
static inline int64_t form_elements(const form *f)
{
    return f->n * f->groups * f->spatial * f->block;
}

/* Whether the activation of 0 is 0, so that lanes which only pad stay zero. */
static inline bool activation_keeps_zero(fv_activation_kind kind)
{
    return kind != FV_SIGMOID && kind != FV_HARD_SIGMOID;
}

/* OP_NORMALIZE: pixels (n, spatial, channels) -> y in form f, which has all channels in one group, or planes (block 1). */
typedef struct normalize_arguments {
    form f;
    int reverse;
    float mean[FV_MAX_CHANNELS], std[FV_MAX_CHANNELS];
} normalize_arguments;

/* OP_FAKE_QUANTIZE: x / scale is held in [low, high], which are whole numbers, and rounded. */
typedef struct grid {
    float scale, low, high;
} grid;

typedef struct box {
    int64_t in[5], out[5],
        at[5]; /* out[i] elements from in[i] beginning at at[i]; negative or beyond: zero */
} box;

typedef struct broadcast {
    int64_t size[4], a[4], b[4]; /* of y; strides of a and b, 0 where they repeat; y is row-major */
} broadcast;

/* OP_GROUP_NORM on row-major x (units, places, groups, width): a mean for each unit and group. */
typedef struct group_norm_arguments {
    int64_t units, places, groups, width;
    float epsilon;
} group_norm_arguments;

typedef struct loss_arguments {
    int64_t n, classes;
    float smoothing;
    bool indices; /* the target is i32 (N), not f32 (N, K) */
    bool sigmoid; /* the i32 target of a single class is its value */
    bool each;    /* OP_CORRECT: every class is an answer of its own */
} loss_arguments;

typedef struct update_arguments {
    int64_t count;
    float lr_scale, weight_decay, momentum, beta_1, beta_2, epsilon;
    int nesterov, decoupled, adapt;
    float l1, l2, limit;
} update_arguments;

typedef struct kernel_table {
    const char *set; /* "generic", "avx2" or "avx512" */
    int64_t lanes;   /* floats in a vector */

    void (*copy)(const float *x, float *y, int64_t count);
    void (*activate)(fv_activation_kind kind, float alpha, const float *x, float *y, int64_t count);
    /* `v` is the activation's output or input, as ops.h says for the kind. */
    void (*activate_grad)(fv_activation_kind kind, float alpha, const float *v, const float *dy, float *dx,
                          int64_t count);
    void (*add)(fv_activation_kind kind, float alpha, const float *a, const float *b, float *y,
                int64_t count);
    void (*multiply)(const float *a, const float *b, float *y, int64_t count);
    void (*scale)(const float *x, const float *factor, float *y, int64_t count); /* by one number */
    void (*add_broadcast)(const broadcast *w, fv_activation_kind kind, float alpha, const float *a,
                          const float *b, float *y);
    void (*multiply_broadcast)(const broadcast *w, const float *a, const float *b, float *y);
    /* y = a op b, b (N or 1, channels): one value a channel of each picture, or of all. */
    void (*channel_add)(const form *f, bool per_picture, const float *a, const float *b, float *y);
    void (*channel_multiply)(const form *f, bool per_picture, const float *a, const float *b, float *y);
    void (*zero_padding)(const form *f, float *y);
    void (*dropout)(const form *f, float rate, uint32_t stream, const int32_t *step, const float *x,
                    float *y);
    /* The factor of a whole sample at once. */
    void (*dropout_samples)(const form *f, float rate, uint32_t stream, const int32_t *step, const float *x,
                            float *y);
    void (*dropout_factors)(int64_t count, float rate, uint32_t stream, const int32_t *step, float *y);
    void (*softmax)(int64_t rows, int64_t classes, const float *x, float *y);
    void (*softmax_grad)(int64_t rows, int64_t classes, const float *y, const float *dy, float *dx);
    void (*fake_quantize)(const grid *g, const float *x, float *y, int64_t count);
    /* dx = dy where x / scale, rounded, is in [low, high], else 0 */
    void (*fake_quantize_grad)(const grid *g, const float *x, const float *dy, float *dx, int64_t count);

    void (*normalize)(const normalize_arguments *a, const uint8_t *pixels, float *y);
    void (*box_copy)(const box *b, const float *x, float *y);
    void (*spatial_mean)(const form *f, float scale, const float *x,
                         float *y); /* y (N, channels) = scale * sum over s */
    void (*spatial_spread)(const form *f, float scale, const float *dy,
                           float *dx); /* dx = scale * dy (N, channels) */
    void (*reduce_sum)(const broadcast *w, int64_t y_count, const float *x,
                       float *y); /* a: strides of y; b unused */
    void (*sum)(const float *x, float *y, int64_t count);

    /* scratch: threads * 2 * lanes doubles */
    void (*batch_norm_statistics)(const form *f, const float *x, double *scratch, float *mean,
                                  float *variance);
    /* y = act(x * scale + shift + residual); scale and shift have `lanes` entries; residual may be NULL. */
    void (*scale_shift)(const form *f, fv_activation_kind kind, float alpha, const float *x,
                        const float *scale, const float *shift, const float *residual, float *y);
    /* The gradient before the ReLU, g, is dy where `y` (or, when that is NULL, x * scale + shift) is positive; scale NULL: no ReLU.
     * sums[0..lanes) = sum of g, sums[lanes..) = sum of g * (x - mean). dresidual (may be NULL, may be dy) = g. */
    void (*batch_norm_grad_sums)(const form *f, const float *x, const float *dy, const float *y,
                                 const float *scale, const float *shift, const float *mean, float *dresidual,
                                 double *scratch, double *sums);
    /* dx = a * g + b * (x - mean) + d. */
    void (*batch_norm_grad_apply)(const form *f, const float *x, const float *dy, const float *y,
                                  const float *scale, const float *shift, const float *mean, const float *a,
                                  const float *b, const float *d, float *dx);

    void (*group_norm)(const group_norm_arguments *a, const float *x, const float *gamma, const float *beta,
                       float *y, float *mean, float *scale);
    void (*group_norm_grad)(const group_norm_arguments *a, const float *x, const float *dy,
                            const float *gamma, const float *mean, const float *scale, float *dx,
                            float *dgamma, float *dbeta);

    void (*loss)(const loss_arguments *a, const float *logits, const void *target, const float *weight,
                 float *loss, float *probabilities);
    void (*loss_grad)(const loss_arguments *a, const float *probabilities, const void *target,
                      const float *weight, float *dx);
    void (*correct)(const loss_arguments *a, const float *logits, const void *target, const float *weight,
                    float *count);

    void (*adjust_gradient)(const update_arguments *a, const float *g, const float *p, float *y);
    /* total may be NULL */
    void (*square_sum)(const float *x, const float *total, float *y, int64_t count);
    void (*average)(float *average, const float *x, const float *share, int64_t count);
    /* buffer and factor may be NULL */
    void (*update_sgd)(const update_arguments *a, float *p, const float *g, float *buffer, const float *lr,
                       const float *factor);
    void (*update_adam)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                        const float *lr, const float *t, const float *factor);
    void (*update_rmsprop)(const update_arguments *a, float *p, const float *g, float *s, float *buffer,
                           const float *lr, const float *factor);
    void (*update_adagrad)(const update_arguments *a, float *p, const float *g, float *s, const float *lr,
                           const float *factor);
    void (*update_lion)(const update_arguments *a, float *p, const float *g, float *m, const float *lr,
                        const float *factor);
    void (*update_lamb)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                        const float *lr, const float *t, const float *factor);
    /* OP_ORTHOGONAL_MOMENTUM's u */
    void (*momentum)(float momentum, const float *g, const float *factor, float *buffer, float *u,
                     int64_t count);
    /* y (columns, rows) = factor * x (rows, columns) */
    void (*transpose)(int64_t rows, int64_t columns, const float *factor, const float *x, float *y);
} kernel_table;

/* The best table for this processor; FOVEA_ISA (generic, avx2, avx512) and ONEDNN_MAX_CPU_ISA can only lower it. */
const kernel_table *kernels_select(void);

#endif
