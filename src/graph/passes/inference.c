/* SPDX-License-Identifier: Apache-2.0 */
/* From the network as it is trained to the network as it is used. */
#include <stdlib.h>

#include "core/memory.h"
#include "graph/passes/rewrite.h"

void graph_fix_statistics(op *o)
{
    o->kind = OP_BATCH_NORM_INFERENCE;
    o->output_count = 1;
    for (int k = 1; k < OP_MAX_OUTPUTS; k++)
        o->outputs[k] = NO_VALUE;
}

fv_status graph_to_inference(graph *g)
{
    for (int32_t i = g->op_count - 1; i >= 0; i--) {
        op *o = &g->ops[i];
        if (o->kind == OP_BATCH_NORM) {
            graph_fix_statistics(o);
        } else if (o->kind == OP_DROPOUT) {
            if (g->values[o->outputs[0]].output) {
                o->a.rate = 0; /* its own value is asked for: keep it as the identity */
                continue;
            }
            rewrite_replace(g, o->outputs[0], o->inputs[0]);
            rewrite_remove(g, i);
        }
    }
    return FV_OK;
}

static bool can_take_batch_norm(const graph *g, const op *producer)
{
    return producer && (producer->kind == OP_CONV2D || producer->kind == OP_DENSE) &&
           producer->a.activation == FV_LINEAR && op_input(producer, 3) == NO_VALUE &&
           rewrite_uses(g, producer->outputs[0]) == 1;
}

/* Batch norm number `index` goes into the operation before it. */
static fv_status fold_one(graph *g, int32_t index, int32_t producer)
{
    op norm = g->ops[index];
    op *before = &g->ops[producer];
    value_id bias = op_input(before, 2);
    value_id inputs[] = {before->inputs[1], bias,           norm.inputs[1],
                         norm.inputs[2],    norm.inputs[3], norm.inputs[4]};
    op_attributes a = {.epsilon = norm.a.epsilon};
    if (graph_add(g, OP_FOLD_BATCH_NORM, inputs, 6, &a, norm.name) == NO_VALUE)
        return status_last();
    value_id weight = graph_last(g)->outputs[0], folded_bias = graph_last(g)->outputs[1];
    before = &g->ops[producer];
    before->input_count = 4;
    before->inputs[1] = weight;
    before->inputs[2] = folded_bias;
    before->inputs[3] = op_input(&norm, 5);
    before->a.activation = norm.a.activation;
    before->a.alpha = norm.a.alpha;
    before->outputs[0] = norm.outputs[0];
    /* To the batch norm's place, because its residual may be computed in between; the folding before
     * everything. */
    rewrite_move(g, producer, index + 1);
    rewrite_remove(g, index - 1);
    rewrite_move(g, g->op_count - 1, 0);
    return FV_OK;
}

fv_status graph_fold_batch_norm(graph *g)
{
    for (int32_t i = 0; i < g->op_count; i++) {
        if (g->ops[i].kind != OP_BATCH_NORM_INFERENCE)
            continue;
        op *producer = graph_producer(g, g->ops[i].inputs[0]);
        if (can_take_batch_norm(g, producer))
            STATUS_TRY(fold_one(g, i, rewrite_index(g, producer)));
    }
    return FV_OK;
}

/* updated[v]: an operation writes the persistent value v. */
static void find_updated(const graph *g, bool *updated)
{
    for (int32_t i = 0; i < g->op_count; i++)
        for (int k = 0; k < g->ops[i].output_count; k++)
            if (g->ops[i].outputs[k] != NO_VALUE)
                updated[g->ops[i].outputs[k]] |= g->values[g->ops[i].outputs[k]].kind != VALUE_COMPUTED;
}

/* Whether `o` writes none and reads only what is the same in every run. */
static bool is_constant(const graph *g, const op *o, const bool *updated)
{
    for (int k = 0; k < o->output_count; k++)
        if (o->outputs[k] != NO_VALUE && updated[o->outputs[k]])
            return false;
    for (int k = 0; k < o->input_count; k++) {
        if (o->inputs[k] == NO_VALUE)
            continue;
        const value *v = &g->values[o->inputs[k]];
        const op *producer = v->kind == VALUE_COMPUTED ? graph_producer(g, o->inputs[k]) : NULL;
        bool persistent = v->kind == VALUE_PARAMETER || v->kind == VALUE_STATE;
        if (!(persistent && !updated[o->inputs[k]]) && !(producer && producer->prologue))
            return false;
    }
    return true;
}

fv_status graph_hoist(graph *g)
{
    bool *updated = mem_array((size_t)g->value_count, sizeof *updated);
    if (!updated)
        return status_last();
    find_updated(g, updated);
    for (int32_t i = 0; i < g->op_count; i++)
        g->ops[i].prologue = is_constant(g, &g->ops[i], updated);
    free(updated);
    return FV_OK;
}
