/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of the table, declared for the instruction set that is being compiled; KERNEL_EACH(X) names them all. */
#ifndef ENGINE_ONEDNN_KERNELS_LIST_H
#define ENGINE_ONEDNN_KERNELS_LIST_H

#include "engine/onednn/kernels/vector.h"

#define KERNEL_EACH(X)                                                                                       \
    X(copy)                                                                                                  \
    X(activate)                                                                                              \
    X(activate_grad)                                                                                         \
    X(add)                                                                                                   \
    X(multiply)                                                                                              \
    X(scale)                                                                                                 \
    X(add_broadcast)                                                                                         \
    X(multiply_broadcast)                                                                                    \
    X(channel_add)                                                                                           \
    X(channel_multiply)                                                                                      \
    X(zero_padding)                                                                                          \
    X(dropout)                                                                                               \
    X(dropout_samples)                                                                                       \
    X(dropout_factors)                                                                                       \
    X(softmax)                                                                                               \
    X(softmax_grad)                                                                                          \
    X(fake_quantize)                                                                                         \
    X(fake_quantize_grad)                                                                                    \
    X(normalize)                                                                                             \
    X(box_copy)                                                                                              \
    X(spatial_mean)                                                                                          \
    X(spatial_spread)                                                                                        \
    X(reduce_sum)                                                                                            \
    X(sum)                                                                                                   \
    X(batch_norm_statistics)                                                                                 \
    X(scale_shift)                                                                                           \
    X(batch_norm_grad_sums)                                                                                  \
    X(batch_norm_grad_apply)                                                                                 \
    X(group_norm)                                                                                            \
    X(group_norm_grad)                                                                                       \
    X(loss)                                                                                                  \
    X(loss_grad)                                                                                             \
    X(correct)                                                                                               \
    X(adjust_gradient)                                                                                       \
    X(square_sum)                                                                                            \
    X(average)                                                                                               \
    X(update_sgd)                                                                                            \
    X(update_adam)                                                                                           \
    X(update_rmsprop)                                                                                        \
    X(update_adagrad)                                                                                        \
    X(update_lion)                                                                                           \
    X(update_lamb)                                                                                           \
    X(momentum)                                                                                              \
    X(transpose)

/* The table has the signatures; a kernel that differs from its row does not compile. */
void KERNEL(copy)(const float *x, float *y, int64_t count);
void KERNEL(activate)(fv_activation_kind kind, float alpha, const float *x, float *y, int64_t count);
void KERNEL(activate_grad)(fv_activation_kind kind, float alpha, const float *v, const float *dy, float *dx,
                           int64_t count);
void KERNEL(add)(fv_activation_kind kind, float alpha, const float *a, const float *b, float *y,
                 int64_t count);
void KERNEL(scale)(const float *x, const float *factor, float *y, int64_t count);
void KERNEL(multiply)(const float *a, const float *b, float *y, int64_t count);
void KERNEL(add_broadcast)(const broadcast *w, fv_activation_kind kind, float alpha, const float *a,
                           const float *b, float *y);
void KERNEL(multiply_broadcast)(const broadcast *w, const float *a, const float *b, float *y);
void KERNEL(channel_add)(const form *f, bool per_picture, const float *a, const float *b, float *y);
void KERNEL(channel_multiply)(const form *f, bool per_picture, const float *a, const float *b, float *y);
void KERNEL(zero_padding)(const form *f, float *y);
void KERNEL(dropout)(const form *f, float rate, uint32_t stream, const int32_t *step, const float *x,
                     float *y);
void KERNEL(dropout_samples)(const form *f, float rate, uint32_t stream, const int32_t *step, const float *x,
                             float *y);
void KERNEL(dropout_factors)(int64_t count, float rate, uint32_t stream, const int32_t *step, float *y);
void KERNEL(softmax)(int64_t rows, int64_t classes, const float *x, float *y);
void KERNEL(softmax_grad)(int64_t rows, int64_t classes, const float *y, const float *dy, float *dx);
void KERNEL(fake_quantize)(const grid *g, const float *x, float *y, int64_t count);
void KERNEL(fake_quantize_grad)(const grid *g, const float *x, const float *dy, float *dx, int64_t count);
void KERNEL(normalize)(const normalize_arguments *a, const uint8_t *pixels, float *y);
void KERNEL(box_copy)(const box *b, const float *x, float *y);
void KERNEL(spatial_mean)(const form *f, float scale, const float *x, float *y);
void KERNEL(spatial_spread)(const form *f, float scale, const float *dy, float *dx);
void KERNEL(reduce_sum)(const broadcast *w, int64_t y_count, const float *x, float *y);
void KERNEL(sum)(const float *x, float *y, int64_t count);
void KERNEL(batch_norm_statistics)(const form *f, const float *x, double *scratch, float *mean,
                                   float *variance);
void KERNEL(scale_shift)(const form *f, fv_activation_kind kind, float alpha, const float *x,
                         const float *scale, const float *shift, const float *residual, float *y);
void KERNEL(batch_norm_grad_sums)(const form *f, const float *x, const float *dy, const float *y,
                                  const float *scale, const float *shift, const float *mean, float *dresidual,
                                  double *scratch, double *sums);
void KERNEL(batch_norm_grad_apply)(const form *f, const float *x, const float *dy, const float *y,
                                   const float *scale, const float *shift, const float *mean, const float *a,
                                   const float *b, const float *d, float *dx);
void KERNEL(group_norm)(const group_norm_arguments *a, const float *x, const float *gamma, const float *beta,
                        float *y, float *mean, float *scale);
void KERNEL(group_norm_grad)(const group_norm_arguments *a, const float *x, const float *dy,
                             const float *gamma, const float *mean, const float *scale, float *dx,
                             float *dgamma, float *dbeta);
void KERNEL(loss)(const loss_arguments *a, const float *logits, const void *target, const float *weight,
                  float *loss, float *probabilities);
void KERNEL(loss_grad)(const loss_arguments *a, const float *probabilities, const void *target,
                       const float *weight, float *dx);
void KERNEL(correct)(const loss_arguments *a, const float *logits, const void *target, const float *weight,
                     float *count);
void KERNEL(adjust_gradient)(const update_arguments *a, const float *g, const float *p, float *y);
void KERNEL(square_sum)(const float *x, const float *total, float *y, int64_t count);
void KERNEL(average)(float *average, const float *x, const float *share, int64_t count);
void KERNEL(update_sgd)(const update_arguments *a, float *p, const float *g, float *buffer, const float *lr,
                        const float *factor);
void KERNEL(update_adam)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                         const float *lr, const float *t, const float *factor);
void KERNEL(update_rmsprop)(const update_arguments *a, float *p, const float *g, float *s, float *buffer,
                            const float *lr, const float *factor);
void KERNEL(update_adagrad)(const update_arguments *a, float *p, const float *g, float *s, const float *lr,
                            const float *factor);
void KERNEL(update_lion)(const update_arguments *a, float *p, const float *g, float *m, const float *lr,
                         const float *factor);
void KERNEL(update_lamb)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                         const float *lr, const float *t, const float *factor);
void KERNEL(momentum)(float momentum, const float *g, const float *factor, float *buffer, float *u,
                      int64_t count);
void KERNEL(transpose)(int64_t rows, int64_t columns, const float *factor, const float *x, float *y);

#endif
