/* SPDX-License-Identifier: Apache-2.0 */
/* Losses on logits, and the count of right answers. */
#include "graph/ops/ops_internal.h"

static fv_status check_target(const graph *g, const op *o, int i, shape logits)
{
    if (!has_input(o, i))
        return status_set(FV_ERROR_INVALID, "needs its target");
    bool indices = g->values[o->inputs[i]].type == TYPE_I32;
    STATUS_TRY(op_require(g, o, i, "target", 0, indices ? TYPE_I32 : TYPE_F32));
    shape expected = indices ? shape_1(logits.d[0]) : logits;
    STATUS_TRY(op_require_shape(g, o, i, "target", expected));
    STATUS_TRY(op_require(g, o, i + 1, "weight", 1, TYPE_F32));
    return op_require_shape(g, o, i + 1, "weight", shape_1(logits.d[0]));
}

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "logits", 2, TYPE_F32));
    shape x = input_shape(g, o, 0);
    STATUS_TRY(check_target(g, o, 1, x));
    if (!(o->a.smoothing >= 0 && o->a.smoothing < 1))
        return status_set(FV_ERROR_INVALID, "label smoothing must be in [0, 1), not %g",
                          (double)o->a.smoothing);
    outputs[0] = f32_value(shape_1(1));
    outputs[1] = f32_value(x);
    return FV_OK;
}

static fv_status refuse_gradient(const value_id *dy)
{
    return dy[0] == NO_VALUE && dy[1] == NO_VALUE
               ? FV_OK
               : status_set(FV_ERROR_UNSUPPORTED,
                            "a loss is the end of a network: it takes no gradient from further operations");
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    STATUS_TRY(refuse_gradient(dy));
    if (!wanted[0])
        return FV_OK;
    op_kind kind =
        o->kind == OP_SOFTMAX_CROSS_ENTROPY ? OP_SOFTMAX_CROSS_ENTROPY_GRAD : OP_SIGMOID_CROSS_ENTROPY_GRAD;
    op_attributes a = {.smoothing = o->a.smoothing};
    dx[0] = graph_add(g, kind, (value_id[]){o->outputs[1], o->inputs[1], o->inputs[2]}, 3, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_softmax_cross_entropy = {"softmax_cross_entropy", 3, 3, 2, infer, gradient};
const op_info op_sigmoid_cross_entropy = {"sigmoid_cross_entropy", 3, 3, 2, infer, gradient};
const op_info op_softmax_cross_entropy_grad = {
    "softmax_cross_entropy_grad", 3, 3, 1, op_infer_same, NULL, .in_place = 1};
const op_info op_sigmoid_cross_entropy_grad = {
    "sigmoid_cross_entropy_grad", 3, 3, 1, op_infer_same, NULL, .in_place = 1};

static fv_status infer_loss(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(infer(g, o, outputs));
    shape x = input_shape(g, o, 0);
    if (!(o->a.gamma >= 0))
        return status_set(FV_ERROR_INVALID, "a focal loss's gamma must be 0 or more, not %g",
                          (double)o->a.gamma);
    if (has_input(o, 3)) {
        STATUS_TRY(op_require(g, o, 3, "teacher", 2, TYPE_F32));
        STATUS_TRY(op_require_shape(g, o, 3, "teacher", x));
        if (!(o->a.temperature > 0 && o->a.teacher_share >= 0 && o->a.teacher_share <= 1))
            return status_set(FV_ERROR_INVALID,
                              "a teacher needs a temperature above 0 and a share in 0..1, not %g and %g",
                              (double)o->a.temperature, (double)o->a.teacher_share);
    }
    if (!has_input(o, 4))
        return FV_OK;
    STATUS_TRY(op_require(g, o, 4, "positive", 1, TYPE_F32));
    return op_require_shape(g, o, 4, "positive", shape_1(x.d[1]));
}

static fv_status loss_gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    STATUS_TRY(refuse_gradient(dy));
    if (!wanted[0])
        return FV_OK;
    dx[0] = graph_add(g, OP_LOSS_GRAD, (value_id[]){o->outputs[1], o->inputs[2]}, 2, &(op_attributes){0},
                      o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

static fv_status infer_loss_grad(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "slope", 2, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "weight", 1, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 1, "weight", shape_1(input_shape(g, o, 0).d[0])));
    outputs[0] = f32_value(input_shape(g, o, 0));
    return FV_OK;
}

const op_info op_softmax_loss = {"softmax_loss", 3, 4, 2, infer_loss, loss_gradient};
const op_info op_sigmoid_loss = {"sigmoid_loss", 3, 5, 2, infer_loss, loss_gradient};
const op_info op_loss_grad = {"loss_grad", 2, 2, 1, infer_loss_grad, NULL, .in_place = 1};

static fv_status infer_correct(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "logits", 2, TYPE_F32));
    STATUS_TRY(check_target(g, o, 1, input_shape(g, o, 0)));
    if (o->a.each)
        STATUS_TRY(op_require(g, o, 1, "target", 2, TYPE_F32));
    outputs[0] = f32_value(shape_1(1));
    return FV_OK;
}

const op_info op_correct = {"correct", 3, 3, 1, infer_correct, NULL};
