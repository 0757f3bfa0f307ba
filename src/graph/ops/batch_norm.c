/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalisation (Ioffe & Szegedy 2015): over all but the last dimension. */
#include "graph/ops/ops_internal.h"

static fv_status check(const graph *g, const op *o, shape *x)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    *x = input_shape(g, o, 0);
    if (x->rank != 2 && x->rank != 4)
        return status_set(FV_ERROR_INVALID, "the input must be (N, C) or (N, H, W, C)");
    if (!(o->a.epsilon > 0))
        return status_set(FV_ERROR_INVALID, "epsilon must be positive, not %g", (double)o->a.epsilon);
    return FV_OK;
}

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    static const char *const names[] = {"input", "weight", "bias", "running mean", "running variance"};
    shape x;
    STATUS_TRY(check(g, o, &x));
    shape c = shape_1(x.d[x.rank - 1]);
    for (int i = 1; i < 5; i++)
        STATUS_TRY(op_require_shape(g, o, i, names[i], c));
    STATUS_TRY(op_require_shape(g, o, 5, "residual", x));
    outputs[0] = f32_value(x);
    if (o->kind == OP_BATCH_NORM) {
        outputs[1] = outputs[2] = f32_value(c);
        outputs[3] = (value){.type = TYPE_OPAQUE, .shape = x};
    }
    return FV_OK;
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (dy[0] == NO_VALUE)
        return FV_OK;
    value_id y = o->a.activation == FV_LINEAR ? NO_VALUE : o->outputs[0];
    value_id inputs[] = {o->inputs[0], dy[0], o->inputs[1], o->outputs[1], o->outputs[2], o->outputs[3], y};
    if (graph_add(g, OP_BATCH_NORM_GRAD, inputs, 7, &o->a, o->name) == NO_VALUE)
        return status_last();
    op *last = graph_last(g);
    dx[0] = last->outputs[0];
    dx[1] = last->outputs[1];
    dx[2] = last->outputs[2];
    if (has_input(o, 5) && wanted[5])
        dx[5] = last->outputs[3];
    else
        last->outputs[3] = NO_VALUE;
    return FV_OK;
}

const op_info op_batch_norm = {"batch_norm", 5, 6, 6, infer, gradient, .updates = {0, 0, 0, 0, 4, 5}};

static fv_status infer_grad(const graph *g, const op *o, value *outputs)
{
    shape x;
    STATUS_TRY(check(g, o, &x));
    outputs[0] = outputs[3] = f32_value(x);
    outputs[1] = outputs[2] = f32_value(shape_1(x.d[x.rank - 1]));
    return FV_OK;
}

const op_info op_batch_norm_grad = {"batch_norm_grad", 7, 7, 4, infer_grad, NULL, .in_place = 1 << 1};

static fv_status gradient_inference(graph *g, const op *o, const value_id *dy, const bool *wanted,
                                    value_id *dx)
{
    if (!activation_uses_output(o->a.activation))
        return status_set(FV_ERROR_INTERNAL, "the fused activation of a batch norm has no gradient");
    value_id d = op_before_activation(g, o, NO_VALUE, o->outputs[0], dy[0]);
    if (d == NO_VALUE)
        return status_last();
    if (has_input(o, 5) && wanted[5])
        dx[5] = d;
    if (!wanted[0] && !wanted[1] && !wanted[2])
        return FV_OK;
    value_id inputs[] = {o->inputs[0], d, o->inputs[1], o->inputs[3], o->inputs[4]};
    op_attributes a = {.epsilon = o->a.epsilon};
    if (graph_add(g, OP_BATCH_NORM_INFERENCE_GRAD, inputs, 5, &a, o->name) == NO_VALUE)
        return status_last();
    op *last = graph_last(g);
    for (int i = 0; i < 3; i++)
        if (wanted[i])
            dx[i] = last->outputs[i];
        else if (i > 0)
            last->outputs[i] = NO_VALUE;
    return FV_OK;
}

const op_info op_batch_norm_inference = {"batch_norm_inference",     5, 6, 1, infer, gradient_inference,
                                         .in_place = 1 << 0 | 1 << 5};
const op_info op_batch_norm_inference_grad = {"batch_norm_inference_grad", 5, 5, 3, infer_grad, NULL,
                                              .in_place = 1 << 1};

static fv_status infer_fold(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "weights", 0, TYPE_F32));
    shape w = input_shape(g, o, 0);
    for (int i = 1; i < 6; i++)
        STATUS_TRY(op_require_shape(g, o, i, "folded vector", shape_1(w.d[0])));
    outputs[0] = f32_value(w);
    outputs[1] = f32_value(shape_1(w.d[0]));
    return FV_OK;
}

const op_info op_fold_batch_norm = {"fold_batch_norm", 6, 6, 2, infer_fold, NULL};
