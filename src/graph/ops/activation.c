/* SPDX-License-Identifier: Apache-2.0 */
/* Activations and softmax. */
#include "graph/ops/ops_internal.h"

bool activation_uses_output(fv_activation_kind kind)
{
    return kind != FV_GELU && kind != FV_SILU && kind != FV_HARD_SWISH && kind != FV_GELU_TANH;
}

value_id op_before_activation(graph *g, const op *o, value_id x, value_id y, value_id dy)
{
    fv_activation_kind kind = o->a.activation;
    if (kind == FV_LINEAR)
        return dy;
    bool from_output = activation_uses_output(kind);
    if (!from_output && x == NO_VALUE) {
        status_set(FV_ERROR_INTERNAL, "layer %s: a fused activation needs its input for the gradient",
                   o->name ? o->name : "?");
        return NO_VALUE;
    }
    op_attributes a = {.activation = kind, .alpha = o->a.alpha};
    value_id inputs[] = {from_output ? NO_VALUE : x, from_output ? y : NO_VALUE, dy};
    return graph_add(g, OP_ACTIVATION_GRAD, inputs, 3, &a, o->name);
}

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    if (o->a.activation == FV_LINEAR || o->a.activation == FV_SOFTMAX)
        return status_set(FV_ERROR_INVALID, "is no activation that works element by element");
    return op_infer_same(g, o, outputs);
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    dx[0] = op_before_activation(g, o, o->inputs[0], o->outputs[0], dy[0]);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_activation = {"activation", 1, 1, 1, infer, gradient, .in_place = 1 << 0};

static fv_status infer_grad(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 2, "output gradient", 0, TYPE_F32));
    outputs[0] = f32_value(input_shape(g, o, 2));
    STATUS_TRY(op_require_shape(g, o, 0, "input", outputs[0].shape));
    return op_require_shape(g, o, 1, "output", outputs[0].shape);
}

const op_info op_activation_grad = {"activation_grad", 3, 3, 1, infer_grad, NULL, .in_place = 1 << 2};

static fv_status gradient_softmax(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    dx[0] = graph_add(g, OP_SOFTMAX_GRAD, (value_id[]){o->outputs[0], dy[0]}, 2, NULL, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_softmax = {"softmax", 1, 1, 1, op_infer_same, gradient_softmax, .in_place = 1 << 0};
const op_info op_softmax_grad = {"softmax_grad", 2, 2, 1, op_infer_same, NULL, .in_place = 1 << 1};
