/* SPDX-License-Identifier: Apache-2.0 */
/* The network as all exports write it. What depends on parameters alone (folded batch norms, reshaped tokens) is computed once by the
 * reference engine. */
#include <math.h>
#include <stdlib.h>

#include "convert/export.h"
#include "core/memory.h"
#include "engine/engine.h"
#include "graph/passes/rewrite.h"
#include "model/predictor.h"

/* ---- the graph ---- */

/* The network's outputs are logits: divided by the temperature, then probabilities. */
static fv_status add_probabilities(export_network *n)
{
    const fv_model *m = n->model;
    graph *g = n->graph;
    value_id x = m->output->value;
    g->values[x].output = false;
    n->temperature = fv_model_temperature(m);
    if (n->temperature != 1) {
        value_id inverse = graph_persistent(g, VALUE_STATE, "inverse_temperature", shape_2(1, 1));
        if (inverse == NO_VALUE ||
            (x = graph_add(g, OP_MULTIPLY, (value_id[]){x, inverse}, 2, NULL, "temperature")) == NO_VALUE)
            return status_last();
    }
    bool binary = predictor_is_binary(m);
    op_attributes a = {.activation = binary ? FV_SIGMOID : FV_LINEAR};
    n->probabilities = graph_add(g, binary ? OP_ACTIVATION : OP_SOFTMAX, &x, 1, &a, "probabilities");
    if (n->probabilities == NO_VALUE)
        return status_last();
    graph_mark_output(g, n->probabilities);
    return FV_OK;
}

static fv_status make_graph(export_network *n, bool fused)
{
    n->graph = network_graph(n->model, BATCH, NETWORK_DIFFERENTIABLE, NULL);
    if (!n->graph)
        return status_last();
    n->pixels = n->model->pixels;
    STATUS_TRY(graph_fold_batch_norm(n->graph));
    STATUS_TRY(add_probabilities(n));
    if (fused)
        STATUS_TRY(graph_fuse(n->graph, false));
    STATUS_TRY(graph_remove_dead(n->graph));
    return graph_hoist(n->graph);
}

/* ---- numbers ---- */

static fv_status take_parameters(export_network *n)
{
    const fv_model *m = n->model;
    for (int32_t i = 0; i < m->tensor_count; i++)
        n->data[m->tensors[i].value] = m->tensors[i].data;
    value_id inverse = graph_find(n->graph, "inverse_temperature");
    if (inverse != NO_VALUE) {
        if (!(n->owned[inverse] = mem_array(1, sizeof(float))))
            return status_last();
        n->owned[inverse][0] = 1 / n->temperature;
        n->data[inverse] = n->owned[inverse];
    }
    return FV_OK;
}

/* The operations of the prologue alone; `wanted`: which of their values the others read. */
static graph *prologue_of(const graph *g, bool *wanted)
{
    graph *p = graph_copy(g);
    if (!p)
        return NULL;
    for (value_id v = 0; v < p->value_count; v++)
        p->values[v].output = false;
    for (int32_t i = p->op_count - 1; i >= 0; i--) {
        if (p->ops[i].prologue)
            continue;
        for (int k = 0; k < p->ops[i].input_count; k++) {
            const op *producer = graph_producer(g, p->ops[i].inputs[k]);
            if (producer && producer->prologue && !wanted[p->ops[i].inputs[k]]) {
                wanted[p->ops[i].inputs[k]] = true;
                graph_mark_output(p, p->ops[i].inputs[k]);
            }
        }
        rewrite_remove(p, i);
    }
    return p;
}

static fv_status run_prologue(export_network *n, plan *p, const bool *wanted)
{
    const graph *g = n->graph;
    for (value_id v = 0; v < g->value_count; v++)
        if (n->data[v])
            STATUS_TRY(plan_write(p, v, n->data[v]));
    STATUS_TRY(plan_run(p));
    for (value_id v = 0; v < g->value_count; v++) {
        if (!wanted[v])
            continue;
        if (!(n->owned[v] = mem_array((size_t)shape_count(&g->values[v].shape), sizeof(float))))
            return status_last();
        STATUS_TRY(plan_read(p, v, n->owned[v]));
        n->data[v] = n->owned[v];
    }
    return FV_OK;
}

static void drop_prologue(graph *g, const bool *wanted)
{
    for (int32_t i = g->op_count - 1; i >= 0; i--)
        if (g->ops[i].prologue)
            rewrite_remove(g, i);
    for (value_id v = 0; v < g->value_count; v++)
        if (wanted[v])
            g->values[v].kind = VALUE_STATE;
}

static fv_status fold_constants(export_network *n)
{
    engine *e = NULL;
    plan *p = NULL;
    bool *wanted = mem_array((size_t)n->graph->value_count, sizeof *wanted);
    graph *prologue = wanted ? prologue_of(n->graph, wanted) : NULL;
    fv_status status = prologue ? engine_open("reference", n->model->compile.threads, &e) : status_last();
    if (status == FV_OK && prologue->op_count > 0) {
        status = graph_set_batch(prologue, 1);
        if (status == FV_OK)
            status = plan_create(e, prologue, &p);
        if (status == FV_OK)
            status = run_prologue(n, p, wanted);
    }
    if (status == FV_OK)
        drop_prologue(n->graph, wanted);
    plan_destroy(p);
    engine_close(e);
    graph_destroy(prologue);
    free(wanted);
    return status;
}

fv_status export_network_make(fv_model *m, bool fused, export_network *out)
{
    *out = (export_network){.model = m, .pixels = NO_VALUE, .probabilities = NO_VALUE};
    fv_status status = make_graph(out, fused);
    if (status == FV_OK) {
        size_t count = (size_t)out->graph->value_count;
        out->data = mem_array(count, sizeof *out->data);
        out->owned = mem_array(count, sizeof *out->owned);
        status = out->data && out->owned ? take_parameters(out) : status_last();
    }
    if (status == FV_OK)
        status = fold_constants(out);
    if (status != FV_OK)
        export_network_release(out);
    return status;
}

void export_scale_shift(const export_network *n, const op *o, float *scale, float *shift)
{
    const float *gamma = n->data[o->inputs[1]], *beta = n->data[o->inputs[2]], *mean = n->data[o->inputs[3]],
                *variance = n->data[o->inputs[4]];
    for (int64_t c = 0; c < n->graph->values[o->inputs[1]].shape.d[0]; c++) {
        double factor = (double)gamma[c] / sqrt((double)variance[c] + (double)o->a.epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)((double)beta[c] - factor * (double)mean[c]);
    }
}

const char *export_parameter_name(const export_network *n, const op *o, value_id v, const char *part,
                                  mem_pool *pool)
{
    const value *info = &n->graph->values[v];
    return info->kind == VALUE_PARAMETER && info->name
               ? info->name
               : mem_pool_text(pool, "%s%s%s", o->name ? o->name : "network", *part ? "." : "", part);
}

void export_network_release(export_network *n)
{
    for (value_id v = 0; n->owned && v < n->graph->value_count; v++)
        free(n->owned[v]);
    free(n->owned);
    free(n->data);
    graph_destroy(n->graph);
    *n = (export_network){0};
}
