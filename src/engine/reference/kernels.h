/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels of the reference engine: one function an operation (src/graph/ops.h says what each means). The
 * folder is compiled twice, with `real` float and, where REFERENCE_DOUBLE is defined, double; REAL_NAME keeps
 * the two sets of names apart.
 *
 *     KERNEL(softmax)
 *     {
 *         const real *x = input(c, 0);
 *         real *y = output(c, 0);
 *         ...
 *     }
 *
 * Sums are accumulated in double in both, so that the float engine's results are good to a rounding or two.
 */
#ifndef ENGINE_REFERENCE_KERNELS_H
#define ENGINE_REFERENCE_KERNELS_H

#include "engine/reference/reference.h"

#ifdef REFERENCE_DOUBLE
typedef double real;
#define REAL_NAME(name) name##_f64
#else
typedef float real;
#define REAL_NAME(name) name##_f32
#endif

/* An input or output of an operation. */
typedef struct operand {
    void *data; /* real, uint8_t or int32_t after `type`; NULL where the optional one is absent */
    data_type type;
    shape shape;
} operand;

typedef struct kernel_call {
    op_attributes a;
    int input_count;
    operand in[OP_MAX_INPUTS], out[OP_MAX_OUTPUTS];
} kernel_call;

static inline const real *input(const kernel_call *c, int i)
{
    return c->in[i].data;
}
static inline real *output(const kernel_call *c, int i)
{
    return c->out[i].data;
}
/* The last dimension: channels or classes; what stands before it are rows. */
static inline int64_t columns_of(const operand *o)
{
    return o->shape.d[o->shape.rank - 1];
}
static inline int64_t rows_of(const operand *o)
{
    return shape_count(&o->shape) / columns_of(o);
}

/* The activation in the operation's attributes, of one number. */
double REAL_NAME(activate)(double x, const op_attributes *a);

#define KERNEL(name) void REAL_NAME(reference_##name)(const kernel_call *c)

/* normalize.c */
KERNEL(normalize);
/* convolution.c */
KERNEL(conv2d);
KERNEL(conv2d_grad_input);
KERNEL(conv2d_grad_weight);
/* dense.c */
KERNEL(dense);
KERNEL(dense_grad_input);
KERNEL(dense_grad_weight);
/* pool.c */
KERNEL(max_pool2d);
KERNEL(max_pool2d_grad);
KERNEL(average_pool2d);
KERNEL(average_pool2d_grad);
KERNEL(global_average_pool2d);
KERNEL(global_average_pool2d_grad);
/* batch_norm.c */
KERNEL(batch_norm);
KERNEL(batch_norm_grad);
KERNEL(batch_norm_inference);
KERNEL(batch_norm_inference_grad);
KERNEL(fold_batch_norm);
/* group_norm.c */
KERNEL(group_norm);
KERNEL(group_norm_grad);
/* vote.c */
KERNEL(vote);
/* attention.c */
KERNEL(attention);
KERNEL(attention_grad);
/* activation.c */
KERNEL(activation);
KERNEL(activation_grad);
KERNEL(softmax);
KERNEL(softmax_grad);
/* quantize.c */
KERNEL(fake_quantize);
KERNEL(fake_quantize_grad);
/* dropout.c */
KERNEL(dropout);
/* elementwise.c */
KERNEL(add);
KERNEL(multiply);
KERNEL(reduce_sum);
/* shape.c */
KERNEL(concat);
KERNEL(pad);
KERNEL(crop);
KERNEL(shuffle);
KERNEL(reshape);
KERNEL(flatten);
KERNEL(unflatten);
/* loss.c */
KERNEL(softmax_cross_entropy);
KERNEL(softmax_cross_entropy_grad);
KERNEL(sigmoid_cross_entropy);
KERNEL(sigmoid_cross_entropy_grad);
KERNEL(softmax_loss);
KERNEL(sigmoid_loss);
KERNEL(loss_grad);
KERNEL(correct);
/* update.c */
KERNEL(update_sgd);
KERNEL(update_adam);
KERNEL(update_rmsprop);
KERNEL(update_adagrad);
KERNEL(update_lion);
KERNEL(update_lamb);
/* gradient.c */
KERNEL(adjust_gradient);
KERNEL(square_sum);
KERNEL(clip_factor);
KERNEL(average);
/* muon.c */
KERNEL(orthogonal_momentum);

#endif
