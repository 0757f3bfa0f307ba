/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that only move values: concat, pad, crop, shuffle, reshape, flatten. */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static fv_status infer_concat(const graph *g, const op *o, value *outputs)
{
    char first[64], other[64];
    STATUS_TRY(op_require(g, o, 0, "first input", 0, TYPE_F32));
    shape y = input_shape(g, o, 0);
    int last = y.rank - 1;
    for (int i = 1; i < o->input_count; i++) {
        STATUS_TRY(op_require(g, o, i, "input", y.rank, TYPE_F32));
        shape x = input_shape(g, o, i);
        for (int k = 0; k < last; k++)
            if (x.d[k] != y.d[k])
                return status_set(FV_ERROR_INVALID, "%s and %s differ in more than their channels",
                                  shape_text(&y, first), shape_text(&x, other));
        y.d[last] += x.d[last];
    }
    outputs[0] = f32_value(y);
    return FV_OK;
}

static fv_status gradient_concat(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    shape y = g->values[o->outputs[0]].shape;
    int last = y.rank - 1;
    int64_t begin = 0;
    for (int i = 0; i < o->input_count; i++) {
        int64_t size = input_shape(g, o, i).d[last];
        if (wanted[i]) {
            op_attributes a = {0};
            a.before[last] = begin;
            a.after[last] = y.d[last] - begin - size;
            if ((dx[i] = graph_add(g, OP_CROP, dy, 1, &a, o->name)) == NO_VALUE)
                return status_last();
        }
        begin += size;
    }
    return FV_OK;
}

const op_info op_concat = {"concat", 1, OP_MAX_INPUTS, 1, infer_concat, gradient_concat};

static fv_status infer_margins(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    shape s = input_shape(g, o, 0);
    int64_t sign = o->kind == OP_PAD ? 1 : -1;
    for (int i = 0; i < s.rank; i++) {
        int64_t before = o->a.before[i], after = o->a.after[i];
        if (before < 0 || after < 0 || before > 65536 || after > 65536)
            return status_set(FV_ERROR_INVALID, "margins must be 0..65536, not %" PRId64 " and %" PRId64,
                              before, after);
        if (before == 0 && after == 0)
            continue;
        s.d[i] += sign * (before + after);
        if (s.d[i] < 1)
            return status_set(FV_ERROR_INVALID, "nothing is left of dimension %d", i);
    }
    outputs[0] = f32_value(s);
    return FV_OK;
}

static fv_status gradient_margins(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    dx[0] = graph_add(g, o->kind == OP_PAD ? OP_CROP : OP_PAD, dy, 1, &o->a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_pad = {"pad", 1, 1, 1, infer_margins, gradient_margins};
const op_info op_crop = {"crop", 1, 1, 1, infer_margins, gradient_margins};

static fv_status infer_shuffle(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    shape s = input_shape(g, o, 0);
    int64_t channels = s.d[s.rank - 1];
    if (o->a.groups < 1 || channels % o->a.groups)
        return status_set(FV_ERROR_INVALID, "%" PRId64 " channels cannot be divided into %" PRId64 " groups",
                          channels, o->a.groups);
    outputs[0] = f32_value(s);
    return FV_OK;
}

/* The way back is the same with the sizes of groups and their number exchanged. */
static fv_status gradient_shuffle(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    shape s = input_shape(g, o, 0);
    op_attributes a = {.groups = s.d[s.rank - 1] / o->a.groups};
    dx[0] = graph_add(g, OP_SHUFFLE, dy, 1, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_shuffle = {"shuffle", 1, 1, 1, infer_shuffle, gradient_shuffle};

static fv_status infer_reshape(const graph *g, const op *o, value *outputs)
{
    char from[64], to[64];
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    shape x = input_shape(g, o, 0), y = o->a.shape;
    if (y.rank > 0 && y.d[0] == BATCH)
        y.d[0] = x.d[0];
    bool batch = x.d[0] == BATCH, keeps_batch = y.rank > 0 && y.d[0] == BATCH;
    if (batch != keeps_batch || shape_count(&x) != shape_count(&y))
        return status_set(FV_ERROR_INVALID, "%s cannot be seen as %s", shape_text(&x, from),
                          shape_text(&y, to));
    outputs[0] = f32_value(y);
    return FV_OK;
}

static fv_status gradient_reshape(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    op_attributes a = {.shape = input_shape(g, o, 0)};
    dx[0] = graph_add(g, OP_RESHAPE, dy, 1, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_reshape = {"reshape", 1, 1, 1, infer_reshape, gradient_reshape};

static fv_status infer_flatten(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_F32));
    shape x = input_shape(g, o, 0);
    outputs[0] = f32_value(shape_2(x.d[0], x.d[1] * x.d[2] * x.d[3]));
    return FV_OK;
}

static fv_status gradient_flatten(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    op_attributes a = {.shape = input_shape(g, o, 0)};
    dx[0] = graph_add(g, OP_UNFLATTEN, dy, 1, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_flatten = {"flatten", 1, 1, 1, infer_flatten, gradient_flatten};

static fv_status infer_unflatten(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 2, TYPE_F32));
    outputs[0] = f32_value(o->a.shape);
    return FV_OK;
}

static fv_status gradient_unflatten(graph *g, const op *o, const value_id *dy, const bool *wanted,
                                    value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    dx[0] = graph_add(g, OP_FLATTEN, dy, 1, NULL, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_unflatten = {"unflatten", 1, 1, 1, infer_unflatten, gradient_unflatten};
