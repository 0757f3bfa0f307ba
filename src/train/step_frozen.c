/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/memory.h"
#include "train/step_graph.h"

/* frozen[v], by value: a tensor that stays. */
static bool *find_frozen(const graph *g, const fv_model *m)
{
    bool *frozen = mem_array((size_t)g->value_count, sizeof *frozen);
    for (int32_t i = 0; frozen && i < m->tensor_count; i++)
        frozen[m->tensors[i].value] = m->tensors[i].frozen;
    return frozen;
}

/* Whether inputs first.. of `o` that are tensors are all frozen. */
static bool all_frozen(const op *o, int first, int end, const bool *frozen)
{
    for (int k = first; k < end && k < o->input_count; k++)
        if (o->inputs[k] != NO_VALUE && !frozen[o->inputs[k]])
            return false;
    return true;
}

/* Folded, a layer's weights are made of both layers' tensors: gradients could not tell them apart. */
static bool can_fold(const graph *g, const op *norm, const bool *frozen)
{
    const op *before = graph_producer(g, norm->inputs[0]);
    return all_frozen(norm, 1, 5, frozen) && before && all_frozen(before, 1, 3, frozen);
}

fv_status step_fix_statistics(graph *g, const fv_model *m)
{
    enum {
        MEAN = 3
    }; /* the place of the running mean among the inputs */
    bool *frozen = find_frozen(g, m);
    if (!frozen)
        return status_last();
    for (int32_t i = 0; i < g->op_count; i++)
        if (g->ops[i].kind == OP_BATCH_NORM && can_fold(g, &g->ops[i], frozen))
            graph_fix_statistics(&g->ops[i]);
    fv_status status = graph_fold_batch_norm(g);
    for (int32_t i = 0; status == FV_OK && i < g->op_count; i++)
        if (g->ops[i].kind == OP_BATCH_NORM && (m->keep_statistics || frozen[g->ops[i].inputs[MEAN]]))
            graph_fix_statistics(&g->ops[i]);
    free(frozen);
    return status;
}
