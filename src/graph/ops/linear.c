/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient of y = act(x * w + b + residual), where * is a convolution or a matrix product. */
#include "graph/ops/ops_internal.h"

fv_status op_linear_gradient(graph *g, const op *o, value_id dy, const bool *wanted, value_id *dx,
                             op_kind input_kind, op_kind weight_kind)
{
    value_id d = op_before_activation(g, o, NO_VALUE, o->outputs[0], dy);
    if (d == NO_VALUE)
        return status_last();
    bool bias = has_input(o, 2) && wanted[2];
    if (has_input(o, 3) && wanted[3])
        dx[3] = d;
    op_attributes a = {.window = o->a.window, .each_place = o->a.each_place};
    if (wanted[1] || bias) {
        a.shape = input_shape(g, o, 1);
        if (graph_add(g, weight_kind, (value_id[]){o->inputs[0], d}, 2, &a, o->name) == NO_VALUE)
            return status_last();
        op *last = graph_last(g);
        dx[1] = last->outputs[0];
        if (bias)
            dx[2] = last->outputs[1];
        else
            last->outputs[1] = NO_VALUE;
    }
    if (wanted[0]) {
        a.shape = input_shape(g, o, 0);
        dx[0] = graph_add(g, input_kind, (value_id[]){d, o->inputs[1]}, 2, &a, o->name);
        if (dx[0] == NO_VALUE)
            return status_last();
    }
    return FV_OK;
}
