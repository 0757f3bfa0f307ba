/* SPDX-License-Identifier: Apache-2.0 */
/* Dense: y (N, O) from x (N, I), or (N, H, W, C) flattened in C, H, W order, and w (O, I); or each place of x alone. */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static int64_t features(const shape *x)
{
    shape s = *x;
    s.d[0] = 1;
    return shape_count(&s);
}

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "weights", 2, TYPE_F32));
    shape x = input_shape(g, o, 0), w = input_shape(g, o, 1);
    if (x.rank != 2 && x.rank != 4)
        return status_set(FV_ERROR_INVALID, "the input must be (N, C) or (N, H, W, C)");
    bool each_place = o->a.each_place && x.rank == 4;
    int64_t inputs = each_place ? x.d[3] : features(&x);
    if (inputs != w.d[1])
        return status_set(FV_ERROR_INVALID,
                          "the input has %" PRId64 " features where the weights take %" PRId64, inputs,
                          w.d[1]);
    shape y = each_place ? shape_4(x.d[0], x.d[1], x.d[2], w.d[0]) : shape_2(x.d[0], w.d[0]);
    STATUS_TRY(op_require_shape(g, o, 2, "bias", shape_1(w.d[0])));
    STATUS_TRY(op_require_shape(g, o, 3, "residual", y));
    outputs[0] = f32_value(y);
    return FV_OK;
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    return op_linear_gradient(g, o, dy[0], wanted, dx, OP_DENSE_GRAD_INPUT, OP_DENSE_GRAD_WEIGHT);
}

const op_info op_dense = {"dense", 2, 4, 1, infer, gradient, .in_place = 1 << 3};

static fv_status infer_grad_input(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "output gradient", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "weights", 2, TYPE_F32));
    outputs[0] = f32_value(o->a.shape);
    return FV_OK;
}

const op_info op_dense_grad_input = {"dense_grad_input", 2, 2, 1, infer_grad_input, NULL};

static fv_status infer_grad_weight(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "output gradient", 0, TYPE_F32));
    outputs[0] = f32_value(o->a.shape);
    outputs[1] = f32_value(shape_1(o->a.shape.d[0]));
    return FV_OK;
}

const op_info op_dense_grad_weight = {"dense_grad_weight", 2, 2, 2, infer_grad_weight, NULL};
