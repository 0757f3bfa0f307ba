/* SPDX-License-Identifier: Apache-2.0 */
/* What is computed elsewhere becomes an input. */
#include "graph/passes/rewrite.h"

fv_status graph_cut(graph *g, const value_id *values, int count)
{
    for (int i = 0; i < count; i++) {
        const op *o = graph_producer(g, values[i]);
        if (!o)
            return status_set(FV_ERROR_INTERNAL, "value %d cannot become an input: nothing computes it",
                              (int)values[i]);
        rewrite_remove(g, rewrite_index(g, o));
        g->values[values[i]].kind = VALUE_INPUT;
    }
    return graph_remove_dead(g);
}
