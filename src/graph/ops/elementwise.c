/* SPDX-License-Identifier: Apache-2.0 */
/* Addition and multiplication with broadcast, the sum that undoes a broadcast, and dropout. */
#include "graph/ops/ops_internal.h"

static fv_status infer_broadcast(const graph *g, const op *o, value *outputs)
{
    char first[64], second[64];
    STATUS_TRY(op_require(g, o, 0, "first input", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "second input", 0, TYPE_F32));
    shape a = input_shape(g, o, 0), b = input_shape(g, o, 1), y = a;
    bool fits = a.rank == b.rank;
    for (int i = 0; fits && i < a.rank; i++) {
        fits = a.d[i] == b.d[i] || a.d[i] == 1 || b.d[i] == 1;
        y.d[i] = a.d[i] == 1 ? b.d[i] : a.d[i];
    }
    if (!fits)
        return status_set(FV_ERROR_INVALID, "%s and %s do not fit together: sides must be equal or 1",
                          shape_text(&a, first), shape_text(&b, second));
    outputs[0] = f32_value(y);
    return FV_OK;
}

/* Sums `d` down to the shape that input i had before it was broadcast. */
static value_id undo_broadcast(graph *g, const op *o, int i, value_id d)
{
    shape s = input_shape(g, o, i);
    if (shape_equal(&g->values[d].shape, &s))
        return d;
    op_attributes a = {.shape = s};
    return graph_add(g, OP_REDUCE_SUM, &d, 1, &a, o->name);
}

static fv_status gradient_add(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    value_id d = op_before_activation(g, o, NO_VALUE, o->outputs[0], dy[0]);
    if (d == NO_VALUE)
        return status_last();
    for (int i = 0; i < 2; i++)
        if (wanted[i] && (dx[i] = undo_broadcast(g, o, i, d)) == NO_VALUE)
            return status_last();
    return FV_OK;
}

static fv_status gradient_multiply(graph *g, const op *o, const value_id *dy, const bool *wanted,
                                   value_id *dx)
{
    for (int i = 0; i < 2; i++) {
        if (!wanted[i])
            continue;
        value_id product = graph_add(g, OP_MULTIPLY, (value_id[]){dy[0], o->inputs[1 - i]}, 2, NULL, o->name);
        if (product == NO_VALUE || (dx[i] = undo_broadcast(g, o, i, product)) == NO_VALUE)
            return status_last();
    }
    return FV_OK;
}

const op_info op_add = {"add", 2, 2, 1, infer_broadcast, gradient_add, .in_place = 1 << 0 | 1 << 1};
const op_info op_multiply = {
    "multiply", 2, 2, 1, infer_broadcast, gradient_multiply, .in_place = 1 << 0 | 1 << 1};

static fv_status infer_reduce(const graph *g, const op *o, value *outputs)
{
    char from[64], to[64];
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    shape x = input_shape(g, o, 0), y = o->a.shape;
    bool fits = x.rank == y.rank;
    for (int i = 0; fits && i < x.rank; i++)
        fits = y.d[i] == x.d[i] || y.d[i] == 1;
    if (!fits)
        return status_set(FV_ERROR_INVALID, "%s cannot be summed to %s", shape_text(&x, from),
                          shape_text(&y, to));
    outputs[0] = f32_value(y);
    return FV_OK;
}

const op_info op_reduce_sum = {"reduce_sum", 1, 1, 1, infer_reduce, NULL};

static fv_status infer_dropout(const graph *g, const op *o, value *outputs)
{
    if (!(o->a.rate >= 0 && o->a.rate < 1))
        return status_set(FV_ERROR_INVALID, "the rate must be in [0, 1), not %g", (double)o->a.rate);
    int rank = input_shape(g, o, 0).rank;
    if ((o->a.per_sample || o->a.per_channel) && rank != 2 && rank != 4)
        return status_set(FV_ERROR_INVALID, "the input must be (N, C) or (N, H, W, C)");
    STATUS_TRY(op_require(g, o, 1, "step", 1, TYPE_I32));
    STATUS_TRY(op_require_shape(g, o, 1, "step", shape_1(2)));
    return op_infer_same(g, o, outputs);
}

static fv_status gradient_dropout(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    dx[0] = graph_add(g, OP_DROPOUT, (value_id[]){dy[0], o->inputs[1]}, 2, &o->a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_dropout = {"dropout", 2, 2, 1, infer_dropout, gradient_dropout, .in_place = 1 << 0};
