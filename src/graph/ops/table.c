/* SPDX-License-Identifier: Apache-2.0 */
/* The operation table, and what several families share. */
#include "graph/ops/ops_internal.h"

static const op_info *const table[OP_KIND_COUNT] = {
    [OP_NORMALIZE] = &op_normalize,
    [OP_CONV2D] = &op_conv2d,
    [OP_CONV2D_GRAD_INPUT] = &op_conv2d_grad_input,
    [OP_CONV2D_GRAD_WEIGHT] = &op_conv2d_grad_weight,
    [OP_DENSE] = &op_dense,
    [OP_DENSE_GRAD_INPUT] = &op_dense_grad_input,
    [OP_DENSE_GRAD_WEIGHT] = &op_dense_grad_weight,
    [OP_MAX_POOL2D] = &op_max_pool2d,
    [OP_MAX_POOL2D_GRAD] = &op_max_pool2d_grad,
    [OP_AVERAGE_POOL2D] = &op_average_pool2d,
    [OP_AVERAGE_POOL2D_GRAD] = &op_average_pool2d_grad,
    [OP_GLOBAL_AVERAGE_POOL2D] = &op_global_average_pool2d,
    [OP_GLOBAL_AVERAGE_POOL2D_GRAD] = &op_global_average_pool2d_grad,
    [OP_BATCH_NORM] = &op_batch_norm,
    [OP_BATCH_NORM_GRAD] = &op_batch_norm_grad,
    [OP_BATCH_NORM_INFERENCE] = &op_batch_norm_inference,
    [OP_BATCH_NORM_INFERENCE_GRAD] = &op_batch_norm_inference_grad,
    [OP_FOLD_BATCH_NORM] = &op_fold_batch_norm,
    [OP_GROUP_NORM] = &op_group_norm,
    [OP_GROUP_NORM_GRAD] = &op_group_norm_grad,
    [OP_ATTENTION] = &op_attention,
    [OP_ATTENTION_GRAD] = &op_attention_grad,
    [OP_ACTIVATION] = &op_activation,
    [OP_ACTIVATION_GRAD] = &op_activation_grad,
    [OP_SOFTMAX] = &op_softmax,
    [OP_SOFTMAX_GRAD] = &op_softmax_grad,
    [OP_FAKE_QUANTIZE] = &op_fake_quantize,
    [OP_FAKE_QUANTIZE_GRAD] = &op_fake_quantize_grad,
    [OP_DROPOUT] = &op_dropout,
    [OP_ADD] = &op_add,
    [OP_MULTIPLY] = &op_multiply,
    [OP_REDUCE_SUM] = &op_reduce_sum,
    [OP_CONCAT] = &op_concat,
    [OP_PAD] = &op_pad,
    [OP_CROP] = &op_crop,
    [OP_SHUFFLE] = &op_shuffle,
    [OP_RESHAPE] = &op_reshape,
    [OP_FLATTEN] = &op_flatten,
    [OP_UNFLATTEN] = &op_unflatten,
    [OP_SOFTMAX_CROSS_ENTROPY] = &op_softmax_cross_entropy,
    [OP_SOFTMAX_CROSS_ENTROPY_GRAD] = &op_softmax_cross_entropy_grad,
    [OP_SIGMOID_CROSS_ENTROPY] = &op_sigmoid_cross_entropy,
    [OP_SIGMOID_CROSS_ENTROPY_GRAD] = &op_sigmoid_cross_entropy_grad,
    [OP_SOFTMAX_LOSS] = &op_softmax_loss,
    [OP_SIGMOID_LOSS] = &op_sigmoid_loss,
    [OP_LOSS_GRAD] = &op_loss_grad,
    [OP_CORRECT] = &op_correct,
    [OP_VOTE] = &op_vote,
    [OP_ADJUST_GRADIENT] = &op_adjust_gradient,
    [OP_SQUARE_SUM] = &op_square_sum,
    [OP_CLIP_FACTOR] = &op_clip_factor,
    [OP_AVERAGE] = &op_average,
    [OP_UPDATE_SGD] = &op_update_sgd,
    [OP_UPDATE_ADAM] = &op_update_adam,
    [OP_UPDATE_RMSPROP] = &op_update_rmsprop,
    [OP_UPDATE_ADAGRAD] = &op_update_adagrad,
    [OP_UPDATE_LION] = &op_update_lion,
    [OP_UPDATE_LAMB] = &op_update_lamb,
    [OP_ORTHOGONAL_MOMENTUM] = &op_orthogonal_momentum,
};

const op_info *op_info_of(op_kind kind)
{
    return table[kind];
}

fv_status op_require(const graph *g, const op *o, int i, const char *what, int rank, data_type type)
{
    static const char *const types[] = {"f32", "u8", "i32", "workspace"};
    char text[64];
    if (!has_input(o, i))
        return status_set(FV_ERROR_INVALID, "needs its %s", what);
    const value *v = &g->values[o->inputs[i]];
    if (rank > 0 && v->shape.rank != rank)
        return status_set(FV_ERROR_INVALID, "the %s must have %d dimensions%s, but its shape is %s", what,
                          rank, rank == 4 ? " (N, H, W, C)" : "", shape_text(&v->shape, text));
    if (v->type != type)
        return status_set(FV_ERROR_INVALID, "the %s must be %s, not %s", what, types[type], types[v->type]);
    return FV_OK;
}

fv_status op_require_shape(const graph *g, const op *o, int i, const char *what, shape s)
{
    char is[64], wanted[64];
    if (!has_input(o, i))
        return FV_OK;
    shape have = input_shape(g, o, i);
    if (shape_equal(&have, &s))
        return FV_OK;
    return status_set(FV_ERROR_INVALID, "the %s has the shape %s where %s is needed", what,
                      shape_text(&have, is), shape_text(&s, wanted));
}

fv_status op_infer_same(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    outputs[0] = f32_value(input_shape(g, o, 0));
    return FV_OK;
}
