/* SPDX-License-Identifier: Apache-2.0 */
#include "train/feature_cut.h"

#include <stdlib.h>

#include "core/memory.h"

/* By value: whether it is the same in every step, and whether it is a picture's. */
typedef struct value_facts {
    bool fixed, of_picture;
} value_facts;

static value_facts *know_inputs(const fv_model *m)
{
    value_facts *facts = mem_array((size_t)m->graph->value_count, sizeof *facts);
    if (!facts)
        return NULL;
    facts[m->pixels] = (value_facts){true, true};
    for (int32_t i = 0; i < m->tensor_count; i++)
        facts[m->tensors[i].value].fixed = m->tensors[i].frozen;
    return facts;
}

/* A batch norm's statistics stay with the model's, too. */
static bool is_fixed(const fv_model *m, const op *o, const value_facts *facts)
{
    enum {
        MEAN = 3
    }; /* the first of a batch norm's statistics among its inputs; two */
    for (int k = 0; k < o->input_count; k++) {
        bool statistics = o->kind == OP_BATCH_NORM && k >= MEAN && k < MEAN + 2;
        if (o->inputs[k] != NO_VALUE && !facts[o->inputs[k]].fixed && !(statistics && m->keep_statistics))
            return false;
    }
    return true;
}

/* Returns the multiply-additions that are the same in every step. */
static int64_t spread(const fv_model *m, value_facts *facts)
{
    const graph *g = m->graph;
    int64_t saved = 0;
    for (int32_t i = 0; i < g->op_count; i++) {
        const op *o = &g->ops[i];
        bool fixed = is_fixed(m, o, facts), of_picture = false;
        for (int k = 0; k < o->input_count; k++)
            of_picture |= o->inputs[k] != NO_VALUE && facts[o->inputs[k]].of_picture;
        for (int k = 0; k < o->output_count; k++)
            if (o->outputs[k] != NO_VALUE && g->values[o->outputs[k]].kind == VALUE_COMPUTED)
                facts[o->outputs[k]] = (value_facts){fixed, of_picture};
        if (fixed && of_picture)
            saved += op_multiply_adds(g, o);
    }
    return saved;
}

static bool has_value(const feature_cut *cut, value_id v)
{
    for (int32_t i = 0; i < cut->count; i++)
        if (cut->values[i] == v)
            return true;
    return false;
}

/* False when the cut cannot be made here: there are too many values, or pixels themselves are needed behind it. */
static bool add_value(const graph *g, feature_cut *cut, value_id v)
{
    const value *cut_here = &g->values[v];
    if (has_value(cut, v))
        return true;
    if (cut->count == CUT_MOST || cut_here->kind != VALUE_COMPUTED || cut_here->type != TYPE_F32)
        return false;
    cut->values[cut->count] = v;
    cut->row += cut->sizes[cut->count++] = shape_count(&cut_here->shape);
    return true;
}

feature_cut feature_cut_find(const fv_model *m)
{
    const feature_cut none = {.values = {NO_VALUE}};
    const graph *g = m->graph;
    feature_cut cut = none;
    value_facts *facts = know_inputs(m);
    bool ok = facts && spread(m, facts) > 0 && !facts[m->output->value].fixed;
    for (int32_t i = 0; ok && i < g->op_count; i++) {
        const op *o = &g->ops[i];
        for (int k = 0; ok && k < o->input_count && !is_fixed(m, o, facts); k++) {
            value_id v = o->inputs[k];
            if (v != NO_VALUE && facts[v].fixed && facts[v].of_picture)
                ok = add_value(g, &cut, v);
        }
    }
    free(facts);
    if (!ok)
        return none;
    cut.values[cut.count] = NO_VALUE;
    return cut;
}

feature_cut feature_cut_head(const fv_model *m)
{
    const feature_cut none = {.values = {NO_VALUE}};
    if (!network_ends_flat(m))
        return none;
    value_id v = m->graph->ops[network_head(m)->first_op].inputs[0];
    for (const op *before = graph_producer(m->graph, v); before && before->kind == OP_DROPOUT;
         before = graph_producer(m->graph, v))
        v = before->inputs[0];
    feature_cut cut = none;
    if (!add_value(m->graph, &cut, v))
        return none;
    cut.values[cut.count] = NO_VALUE;
    return cut;
}

graph *feature_cut_graph(const fv_model *m, const feature_cut *cut, int64_t batch, bool behind)
{
    graph *g = network_graph(m, batch, NETWORK_INFERENCE, cut->values);
    if (!g)
        return NULL;
    fv_status status = FV_OK;
    for (int32_t i = 0; behind && i < cut->count; i++)
        g->values[cut->values[i]].output = false;
    if (behind)
        status = graph_cut(g, cut->values, cut->count);
    else
        g->values[m->output->value].output = false;
    if (status == FV_OK)
        status = graph_remove_dead(g);
    if (status == FV_OK)
        return g;
    graph_destroy(g);
    return NULL;
}
