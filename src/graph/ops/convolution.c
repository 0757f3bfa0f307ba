/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution: y (N, OH, OW, O) from x (N, H, W, C) and w (O, C / groups, KH, KW). */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "weights", 4, TYPE_F32));
    shape x = input_shape(g, o, 0), w = input_shape(g, o, 1);
    const window *win = &o->a.window;
    if (win->groups < 1 || x.d[3] % win->groups || w.d[0] % win->groups || w.d[1] != x.d[3] / win->groups)
        return status_set(FV_ERROR_INVALID,
                          "%" PRId64 " filters over %" PRId64
                          " input channels cannot be divided into %" PRId64 " groups",
                          w.d[0], x.d[3], win->groups);
    if (w.d[2] != win->kernel[0] || w.d[3] != win->kernel[1])
        return status_set(FV_ERROR_INTERNAL, "the weights' kernel is not the window's");
    int64_t out[2];
    STATUS_TRY(window_output(win, &x, out));
    shape y = shape_4(x.d[0], out[0], out[1], w.d[0]);
    STATUS_TRY(op_require_shape(g, o, 2, "bias", shape_1(w.d[0])));
    STATUS_TRY(op_require_shape(g, o, 3, "residual", y));
    outputs[0] = f32_value(y);
    return FV_OK;
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    return op_linear_gradient(g, o, dy[0], wanted, dx, OP_CONV2D_GRAD_INPUT, OP_CONV2D_GRAD_WEIGHT);
}

const op_info op_conv2d = {"conv2d", 2, 4, 1, infer, gradient, .in_place = 1 << 3};

static fv_status infer_grad_input(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "output gradient", 4, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "weights", 4, TYPE_F32));
    outputs[0] = f32_value(o->a.shape);
    return FV_OK;
}

const op_info op_conv2d_grad_input = {"conv2d_grad_input", 2, 2, 1, infer_grad_input, NULL};

static fv_status infer_grad_weight(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "output gradient", 4, TYPE_F32));
    outputs[0] = f32_value(o->a.shape);
    outputs[1] = f32_value(shape_1(o->a.shape.d[0]));
    return FV_OK;
}

const op_info op_conv2d_grad_weight = {"conv2d_grad_weight", 2, 2, 2, infer_grad_weight, NULL};
