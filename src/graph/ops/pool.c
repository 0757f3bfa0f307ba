/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: maximum, average, global average. */
#include "graph/ops/ops_internal.h"

static fv_status infer_window(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_F32));
    shape x = input_shape(g, o, 0);
    const window *w = &o->a.window;
    int64_t out[2];
    STATUS_TRY(window_output(w, &x, out));
    for (int i = 0; i < 2; i++)
        if (w->pad[2 * i] >= w->kernel[i] || w->pad[2 * i + 1] >= w->kernel[i])
            return status_set(FV_ERROR_INVALID, "the padding of a pool must be smaller than its size");
    outputs[0] = f32_value(shape_4(x.d[0], out[0], out[1], x.d[3]));
    return FV_OK;
}

static fv_status infer_max(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(infer_window(g, o, outputs));
    outputs[1] = (value){.type = TYPE_OPAQUE, .shape = outputs[0].shape};
    return FV_OK;
}

static fv_status gradient_max(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    op_attributes a = {.window = o->a.window};
    dx[0] =
        graph_add(g, OP_MAX_POOL2D_GRAD, (value_id[]){o->inputs[0], dy[0], o->outputs[1]}, 3, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_max_pool2d = {"max_pool2d", 1, 1, 2, infer_max, gradient_max};
const op_info op_max_pool2d_grad = {"max_pool2d_grad", 3, 3, 1, op_infer_same, NULL};

static fv_status gradient_average(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    op_attributes a = {
        .window = o->a.window, .count_padding = o->a.count_padding, .shape = input_shape(g, o, 0)};
    op_kind kind = o->kind == OP_AVERAGE_POOL2D ? OP_AVERAGE_POOL2D_GRAD : OP_GLOBAL_AVERAGE_POOL2D_GRAD;
    dx[0] = graph_add(g, kind, (value_id[]){dy[0]}, 1, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

static fv_status infer_given(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "output gradient", 0, TYPE_F32));
    outputs[0] = f32_value(o->a.shape);
    return FV_OK;
}

const op_info op_average_pool2d = {"average_pool2d", 1, 1, 1, infer_window, gradient_average};
const op_info op_average_pool2d_grad = {"average_pool2d_grad", 1, 1, 1, infer_given, NULL};

static fv_status infer_global(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_F32));
    shape x = input_shape(g, o, 0);
    outputs[0] = f32_value(shape_2(x.d[0], x.d[3]));
    return FV_OK;
}

const op_info op_global_average_pool2d = {"global_average_pool2d", 1, 1, 1, infer_global, gradient_average};
const op_info op_global_average_pool2d_grad = {"global_average_pool2d_grad", 1, 1, 1, infer_given, NULL};
