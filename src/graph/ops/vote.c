/* SPDX-License-Identifier: Apache-2.0 */
/* The vote of the nearest rows. Which rows these are does not change with small changes of the scores: there is no gradient. */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "scores", 2, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "labels", 1, TYPE_F32));
    STATUS_TRY(op_require(g, o, 2, "number of neighbours", 1, TYPE_F32));
    shape scores = input_shape(g, o, 0);
    STATUS_TRY(op_require_shape(g, o, 1, "labels", shape_1(scores.d[1])));
    STATUS_TRY(op_require_shape(g, o, 2, "number of neighbours", shape_1(1)));
    if (o->a.classes < 1)
        return status_set(FV_ERROR_INVALID, "there must be a class or more to vote for, not %" PRId64,
                          o->a.classes);
    outputs[0] = f32_value(shape_2(scores.d[0], o->a.classes));
    return FV_OK;
}

const op_info op_vote = {"vote", 3, 3, 1, infer, NULL};
