/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-head self-attention (Vaswani et al. 2017) between the places of a picture. */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

static fv_status infer(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "input", 4, TYPE_F32));
    shape x = input_shape(g, o, 0);
    int64_t places = x.d[1] * x.d[2], heads = o->a.heads;
    if (heads < 1 || x.d[3] % 3 || x.d[3] / 3 % heads)
        return status_set(FV_ERROR_INVALID,
                          "%" PRId64 " channels are not the queries, keys and values of %" PRId64 " heads",
                          x.d[3], heads);
    if (places > 65536)
        return status_set(FV_ERROR_INVALID,
                          "%" PRId64 " places are more than the 65536 among which attention is possible",
                          places);
    outputs[0] = f32_value(shape_4(x.d[0], x.d[1], x.d[2], x.d[3] / 3));
    outputs[1] = f32_value(shape_4(x.d[0], heads, places, places));
    return FV_OK;
}

static fv_status gradient(graph *g, const op *o, const value_id *dy, const bool *wanted, value_id *dx)
{
    if (!wanted[0] || dy[0] == NO_VALUE)
        return FV_OK;
    op_attributes a = {.heads = o->a.heads};
    dx[0] = graph_add(g, OP_ATTENTION_GRAD, (value_id[]){o->inputs[0], o->outputs[1], dy[0]}, 3, &a, o->name);
    return dx[0] == NO_VALUE ? status_last() : FV_OK;
}

const op_info op_attention = {"attention", 1, 1, 2, infer, gradient};
const op_info op_attention_grad = {"attention_grad", 3, 3, 1, op_infer_same, NULL};
