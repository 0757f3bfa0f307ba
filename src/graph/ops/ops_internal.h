/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of graph/ops/ share: each defines the op_info rows of one family, table.c lists them. */
#ifndef GRAPH_OPS_INTERNAL_H
#define GRAPH_OPS_INTERNAL_H

#include "graph/graph.h"

static inline bool has_input(const op *o, int i)
{
    return op_input(o, i) != NO_VALUE;
}

/* Shape of input i; a rank-0 shape when the input is absent. */
static inline shape input_shape(const graph *g, const op *o, int i)
{
    return has_input(o, i) ? g->values[o->inputs[i]].shape : (shape){0};
}

static inline value f32_value(shape s)
{
    return (value){.type = TYPE_F32, .shape = s};
}

/* Errors when input i is absent or has another rank or type. */
fv_status op_require(const graph *g, const op *o, int i, const char *what, int rank, data_type type);
/* Errors when input i, if present, has not this shape. */
fv_status op_require_shape(const graph *g, const op *o, int i, const char *what, shape s);

/* infer of element-by-element operations: output 0 has the shape of input 0, or of the last one for
 * gradients. */
fv_status op_infer_same(const graph *g, const op *o, value *outputs);

/* The gradient before an activation that was applied last: dy itself when linear. NO_VALUE with the error
 * set. */
value_id op_before_activation(graph *g, const op *o, value_id x, value_id y, value_id dy);
/* The gradient of y = act(x * w + b + residual), inputs in this order. */
fv_status op_linear_gradient(graph *g, const op *o, value_id dy, const bool *wanted, value_id *dx,
                             op_kind input_kind, op_kind weight_kind);
/* True when the gradient of the activation needs its output alone. */
bool activation_uses_output(fv_activation_kind kind);

/* Output sizes of a window over x (N,H,W,C); errors name what does not fit. */
fv_status window_output(const window *w, const shape *x, int64_t out[2]);

extern const op_info op_normalize, op_conv2d, op_conv2d_grad_input, op_conv2d_grad_weight, op_dense,
    op_dense_grad_input, op_dense_grad_weight, op_max_pool2d, op_max_pool2d_grad, op_average_pool2d,
    op_average_pool2d_grad, op_global_average_pool2d, op_global_average_pool2d_grad, op_batch_norm,
    op_batch_norm_grad, op_batch_norm_inference, op_batch_norm_inference_grad, op_fold_batch_norm,
    op_group_norm, op_group_norm_grad, op_attention, op_attention_grad, op_activation, op_activation_grad,
    op_softmax, op_softmax_grad, op_fake_quantize, op_fake_quantize_grad, op_dropout, op_add, op_multiply,
    op_reduce_sum, op_concat, op_pad, op_crop, op_shuffle, op_reshape, op_flatten, op_unflatten,
    op_softmax_cross_entropy, op_softmax_cross_entropy_grad, op_sigmoid_cross_entropy,
    op_sigmoid_cross_entropy_grad, op_softmax_loss, op_sigmoid_loss, op_loss_grad, op_correct, op_vote,
    op_adjust_gradient, op_square_sum, op_clip_factor, op_average, op_update_sgd, op_update_adam,
    op_update_rmsprop, op_update_adagrad, op_update_lion, op_update_lamb, op_orthogonal_momentum;

#endif
