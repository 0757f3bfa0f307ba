/* SPDX-License-Identifier: Apache-2.0 */
/* Group normalisation (Wu & He 2018), and layer normalisation (Ba et al. 2016), which is one group of each place. */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static fv_status check(const graph *g, const op *o, shape *x)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    *x = input_shape(g, o, 0);
    if (x->rank != 2 && x->rank != 4)
        return status_set(FV_ERROR_INVALID, "the input must be (N, C) or (N, H, W, C)");
    if (o->a.groups < 1 || x->d[x->rank - 1] % o->a.groups)
        return status_set(FV_ERROR_INVALID, "%" PRId64 " channels cannot be divided into %" PRId64 " groups",
                          x->d[x->rank - 1], o->a.groups);
    if (!(o->a.epsilon > 0))
        return status_set(FV_ERROR_INVALID, "epsilon must be positive, not %g", (double)o->a.epsilon);
    return FV_OK;
}

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    shape x;
    STATUS_TRY(check(g, o, &x));
    shape c = shape_1(x.d[x.rank - 1]);
    STATUS_TRY(op_require_shape(g, o, 1, "weight", c));
    STATUS_TRY(op_require_shape(g, o, 2, "bias", c));
    int64_t places = o->a.each_place && x.rank == 4 ? x.d[1] * x.d[2] : 1;
    outputs[0] = f32_value(x);
    outputs[1] = outputs[2] = f32_value(shape_2(x.d[0], places * o->a.groups));
    return FV_OK;
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    (void)wanted;
    if (dy[0] == NO_VALUE)
        return FV_OK;
    value_id inputs[] = {o->inputs[0], dy[0], o->inputs[1], o->outputs[1], o->outputs[2]};
    if (graph_add(g, OP_GROUP_NORM_GRAD, inputs, 5, &o->a, o->name) == NO_VALUE)
        return status_last();
    for (int i = 0; i < 3; i++)
        dx[i] = graph_last(g)->outputs[i];
    return FV_OK;
}

const op_info op_group_norm = {"group_norm", 3, 3, 3, infer, gradient};

static fv_status infer_grad(const graph *g, const op *o, value *outputs)
{
    shape x;
    STATUS_TRY(check(g, o, &x));
    outputs[0] = f32_value(x);
    outputs[1] = outputs[2] = f32_value(shape_1(x.d[x.rank - 1]));
    return FV_OK;
}

const op_info op_group_norm_grad = {"group_norm_grad", 5, 5, 3, infer_grad, NULL};
