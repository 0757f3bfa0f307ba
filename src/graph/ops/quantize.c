/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated quantisation: f32 numbers that are held as whole numbers of few bits could hold them (Jacob et al. 2018). */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static fv_status check(const graph *g, const op *o)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "scale", 1, TYPE_F32));
    STATUS_TRY(op_require(g, o, 2, "zero point", 1, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 1, "scale", shape_1(1)));
    STATUS_TRY(op_require_shape(g, o, 2, "zero point", shape_1(1)));
    if (o->a.quant_min < OP_QUANT_LOWEST || o->a.quant_max > OP_QUANT_HIGHEST ||
        o->a.quant_min >= o->a.quant_max)
        return status_set(FV_ERROR_INVALID,
                          "quant_min and quant_max must be increasing, in %" PRId64 " to %" PRId64
                          ", not %" PRId64 " and %" PRId64,
                          (int64_t)OP_QUANT_LOWEST, (int64_t)OP_QUANT_HIGHEST, o->a.quant_min,
                          o->a.quant_max);
    return FV_OK;
}

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(check(g, o));
    return op_infer_same(g, o, outputs);
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0])
        return FV_OK;
    value_id inputs[] = {o->inputs[0], o->inputs[1], o->inputs[2], dy[0]};
    dx[0] = graph_add(g, OP_FAKE_QUANTIZE_GRAD, inputs, 4, &o->a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

static fv_status infer_grad(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(check(g, o));
    STATUS_TRY(op_require(g, o, 3, "output gradient", 0, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 3, "output gradient", input_shape(g, o, 0)));
    return op_infer_same(g, o, outputs);
}

const op_info op_fake_quantize = {"fake_quantize", 3, 3, 1, infer, gradient, .in_place = 1 << 0};
const op_info op_fake_quantize_grad = {"fake_quantize_grad", 4, 4, 1, infer_grad, NULL, .in_place = 1 << 3};
