/* SPDX-License-Identifier: Apache-2.0 */
#include "train/step_graph.h"

#include <stdlib.h>

#include "core/memory.h"

static fv_status add_inputs(step_graph *s, const fv_model *m, int64_t batch_size, step_targets targets)
{
    bool labels = targets == STEP_LABELS;
    s->pixels = m->pixels;
    s->dropout_step = m->dropout_step;
    s->labels = graph_input(s->graph, labels ? "step.labels" : "step.targets", labels ? TYPE_I32 : TYPE_F32,
                            labels ? shape_1(batch_size) : shape_2(batch_size, fv_model_class_count(m)));
    s->weights = graph_input(s->graph, "step.weights", TYPE_F32, shape_1(batch_size));
    s->counted = graph_input(s->graph, "step.counted", TYPE_F32, shape_1(batch_size));
    s->learning_rate = graph_input(s->graph, "step.learning_rate", TYPE_F32, shape_1(1));
    s->counter = graph_input(s->graph, "step.counter", TYPE_F32, shape_1(1));
    return s->labels == NO_VALUE || s->weights == NO_VALUE || s->counted == NO_VALUE ||
                   s->learning_rate == NO_VALUE || s->counter == NO_VALUE
               ? status_last()
               : FV_OK;
}

fv_status step_graph_build(const fv_model *m, int64_t batch_size, const step_loss *loss, step_graph *s)
{
    return step_graph_build_from(m, &(feature_cut){0}, batch_size, loss, s);
}

fv_status step_graph_build_from(const fv_model *m, const feature_cut *cut, int64_t batch_size,
                                const step_loss *loss, step_graph *s)
{
    *s = (step_graph){.graph = network_graph(m, batch_size, true, NULL),
                      .batch_share = NO_VALUE,
                      .average_share = NO_VALUE,
                      .gradient_norm = NO_VALUE};
    fv_status status = s->graph ? FV_OK : status_last();
    if (status == FV_OK)
        status = step_fix_statistics(s->graph, m);
    if (status == FV_OK && cut->count > 0)
        status = graph_cut(s->graph, cut->values, cut->count);
    if (status == FV_OK)
        status = graph_fuse(s->graph, true);
    if (status == FV_OK)
        status = add_inputs(s, m, batch_size, loss->targets);
    if (status == FV_OK)
        status = step_add_loss(s, m, batch_size, loss);
    if (status == FV_OK)
        status = step_add_updates(s, m);
    if (status == FV_OK)
        status = graph_remove_dead(s->graph);
    if (status == FV_OK)
        status = graph_hoist(s->graph);
    if (status != FV_OK)
        step_graph_release(s);
    return status;
}

void step_graph_release(step_graph *s)
{
    graph_destroy(s->graph);
    free(s->states);
    free(s->averages);
    *s = (step_graph){0};
}
