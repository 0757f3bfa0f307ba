/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to gradients before an update, and running averages: of gradients over batches, of weights over steps. */
#include "graph/ops/ops_internal.h"

static fv_status infer_adjust(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 1, "parameter", 0, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 1, "parameter", input_shape(g, o, 0)));
    return op_infer_same(g, o, outputs);
}

static fv_status infer_square_sum(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 0, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 1, "total", shape_1(1)));
    outputs[0] = f32_value(shape_1(1));
    return FV_OK;
}

static fv_status infer_clip_factor(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "total", 1, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 0, "total", shape_1(1)));
    outputs[0] = outputs[1] = f32_value(shape_1(1));
    return FV_OK;
}

static fv_status infer_average(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    STATUS_TRY(op_require(g, o, 0, "average", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "value", 0, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 1, "value", input_shape(g, o, 0)));
    STATUS_TRY(op_require(g, o, 2, "share", 1, TYPE_F32));
    return op_require_shape(g, o, 2, "share", shape_1(1));
}

const op_info op_adjust_gradient = {"adjust_gradient", 2, 2, 1, infer_adjust, NULL, .in_place = 1 << 0};
const op_info op_square_sum = {"square_sum", 1, 2, 1, infer_square_sum, NULL};
const op_info op_clip_factor = {"clip_factor", 1, 1, 2, infer_clip_factor, NULL};
const op_info op_average = {"average", 3, 3, 1, infer_average, NULL, .updates = {1}};
