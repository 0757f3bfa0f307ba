/* SPDX-License-Identifier: Apache-2.0 */
/* Reverse-mode autodiff as a transformation of the graph: each operation's gradient is more operations. */
#include <stdlib.h>

#include "core/memory.h"
#include "graph/graph.h"

/* needed[v]: v depends on one of wrt. */
static void find_needed(const graph *g, const value_id *wrt, int count, bool *needed)
{
    for (int i = 0; i < count; i++)
        needed[wrt[i]] = true;
    for (int32_t i = 0; i < g->op_count; i++) {
        const op *o = &g->ops[i];
        bool any = false;
        for (int k = 0; k < o->input_count; k++)
            any = any || (o->inputs[k] != NO_VALUE && needed[o->inputs[k]]);
        for (int k = 0; any && k < o->output_count; k++)
            if (o->outputs[k] != NO_VALUE && g->values[o->outputs[k]].kind == VALUE_COMPUTED)
                needed[o->outputs[k]] = true;
    }
}

/* Adds a contribution to the gradient of v. */
static fv_status accumulate(graph *g, value_id *total, value_id more, const char *name)
{
    if (more == NO_VALUE)
        return FV_OK;
    if (*total == NO_VALUE)
        *total = more;
    else if ((*total = graph_add(g, OP_ADD, (value_id[]){*total, more}, 2, NULL, name)) == NO_VALUE)
        return status_last();
    return FV_OK;
}

/* Emits the gradient of one operation and hands it to its inputs. */
static fv_status step_back(graph *g, const op *o, const bool *needed, value_id *totals)
{
    const op_info *info = op_info_of(o->kind);
    value_id dy[OP_MAX_OUTPUTS], dx[OP_MAX_INPUTS];
    bool wanted[OP_MAX_INPUTS] = {false}, any = false;
    for (int k = 0; k < OP_MAX_OUTPUTS; k++)
        dy[k] = k < o->output_count && o->outputs[k] != NO_VALUE ? totals[o->outputs[k]] : NO_VALUE;
    for (int k = 0; k < OP_MAX_INPUTS; k++) {
        dx[k] = NO_VALUE;
        wanted[k] = k < o->input_count && o->inputs[k] != NO_VALUE && needed[o->inputs[k]];
        any = any || wanted[k];
    }
    if (!any)
        return FV_OK;
    if (!info->gradient)
        return status_set(FV_ERROR_UNSUPPORTED, "layer %s: %s has no gradient", o->name ? o->name : "?",
                          info->name);
    STATUS_TRY(info->gradient(g, o, dy, wanted, dx));
    for (int k = 0; k < o->input_count; k++)
        if (wanted[k])
            STATUS_TRY(accumulate(g, &totals[o->inputs[k]], dx[k], o->name));
    return FV_OK;
}

fv_status graph_gradients(graph *g, value_id output, value_id seed, const value_id *wrt, int count,
                          value_id *gradients)
{
    fv_status status = FV_OK;
    int32_t forward = g->op_count;
    bool *needed = mem_array((size_t)g->value_count, sizeof *needed);
    value_id *totals = mem_array((size_t)g->value_count, sizeof *totals);
    if (!needed || !totals) {
        status = status_last();
        goto done;
    }
    for (value_id v = 0; v < g->value_count; v++)
        totals[v] = NO_VALUE;
    find_needed(g, wrt, count, needed);
    totals[output] = seed;
    for (int32_t i = forward - 1; i >= 0 && status == FV_OK; i--) {
        op o = g->ops[i]; /* a copy: the list may move while it grows */
        bool reached = seed == NO_VALUE && o.outputs[0] == output;
        for (int k = 0; k < o.output_count; k++)
            reached =
                reached || (o.outputs[k] != NO_VALUE && g->values[o.outputs[k]].kind == VALUE_COMPUTED &&
                            totals[o.outputs[k]] != NO_VALUE);
        if (reached)
            status = step_back(g, &o, needed, totals);
    }
    for (int i = 0; i < count; i++)
        gradients[i] = totals[wrt[i]];
done:
    free(needed);
    free(totals);
    return status;
}
