/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what nobody asks for. */
#include <stdlib.h>

#include "core/memory.h"
#include "graph/passes/rewrite.h"

fv_status graph_remove_dead(graph *g)
{
    bool *live = mem_array((size_t)g->value_count, sizeof *live);
    if (!live)
        return status_last();
    for (value_id v = 0; v < g->value_count; v++)
        live[v] = g->values[v].output;
    for (int32_t i = g->op_count - 1; i >= 0; i--) {
        op *o = &g->ops[i];
        bool needed = false;
        for (int k = 0; k < o->output_count; k++) {
            value_id v = o->outputs[k];
            needed = needed || (v != NO_VALUE && (live[v] || g->values[v].kind != VALUE_COMPUTED));
        }
        if (!needed) {
            rewrite_remove(g, i);
            continue;
        }
        for (int k = 0; k < o->input_count; k++)
            if (o->inputs[k] != NO_VALUE)
                live[o->inputs[k]] = true;
        /* Only a gradient reads where a maximum was, or what was attended to. */
        if ((o->kind == OP_MAX_POOL2D || o->kind == OP_ATTENTION) && o->outputs[1] != NO_VALUE &&
            !live[o->outputs[1]])
            o->outputs[1] = NO_VALUE;
    }
    free(live);
    return FV_OK;
}
