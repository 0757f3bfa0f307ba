/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation of the 8-bit input: the plan's first operation. */
#include "graph/ops/ops_internal.h"

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_U8));
    shape x = input_shape(g, o, 0);
    if (x.d[3] > FV_MAX_CHANNELS)
        return status_set(FV_ERROR_INVALID, "pictures have at most %d channels", FV_MAX_CHANNELS);
    for (int c = 0; c < x.d[3]; c++)
        if (!(o->a.std[c] > 0))
            return status_set(FV_ERROR_INVALID,
                              "the standard deviation of channel %d must be positive, not %g", c,
                              (double)o->a.std[c]);
    outputs[0] = f32_value(x);
    return FV_OK;
}

const op_info op_normalize = {"normalize", 1, 1, 1, infer, NULL};
