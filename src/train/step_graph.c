/* SPDX-License-Identifier: Apache-2.0 */
#include "train/step_graph.h"

#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"
#include "graph/passes/rewrite.h"

enum {
    STATES_PER_TENSOR = 2
};

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

static fv_status add_loss(step_graph *s, const fv_model *m, step_targets targets)
{
    const fv_compile_options *o = &m->compile;
    op_kind kind = o->loss == FV_BINARY_CROSSENTROPY ? OP_SIGMOID_CROSS_ENTROPY : OP_SOFTMAX_CROSS_ENTROPY;
    op_attributes a = {.smoothing = o->label_smoothing}, each = {.each = targets == STEP_MULTI_LABEL};
    value_id inputs[] = {m->output->value, s->labels, s->weights};
    s->loss = graph_add(s->graph, kind, inputs, 3, &a, "loss");
    if (s->loss == NO_VALUE)
        return status_last();
    inputs[2] = s->counted;
    s->correct = graph_add(s->graph, OP_CORRECT, inputs, 3, &each, "accuracy");
    if (s->correct == NO_VALUE)
        return status_last();
    s->graph->values[m->output->value].output = false; /* only two numbers are read after a step */
    graph_mark_output(s->graph, s->loss);
    graph_mark_output(s->graph, s->correct);
    return FV_OK;
}

static value_id add_state(step_graph *s, const network_tensor *t, const char *suffix)
{
    text name = {0};
    text_add(&name, "%s.%s", t->name, suffix);
    value_id v = text_status(&name) == FV_OK
                     ? graph_persistent(s->graph, VALUE_STATE, text_string(&name), t->shape)
                     : NO_VALUE;
    text_release(&name);
    if (v != NO_VALUE)
        s->states[s->state_count++] = v;
    return v;
}

static fv_status add_sgd(step_graph *s, const fv_compile_options *o, const network_tensor *t,
                         value_id gradient, op_attributes *a)
{
    value_id buffer = NO_VALUE;
    if (o->momentum > 0 && (buffer = add_state(s, t, "momentum")) == NO_VALUE)
        return status_last();
    a->momentum = o->momentum;
    a->nesterov = o->nesterov != 0;
    value_id inputs[] = {t->value, gradient, buffer, s->learning_rate};
    graph_add(s->graph, OP_UPDATE_SGD, inputs, 4, a, t->name);
    return FV_OK;
}

static fv_status add_adam(step_graph *s, const fv_compile_options *o, const network_tensor *t,
                          value_id gradient, op_attributes *a)
{
    value_id first = add_state(s, t, "m"), second = add_state(s, t, "v");
    if (first == NO_VALUE || second == NO_VALUE)
        return status_last();
    a->beta_1 = o->beta_1;
    a->beta_2 = o->beta_2;
    a->decoupled = o->optimizer == FV_ADAMW;
    value_id inputs[] = {t->value, gradient, first, second, s->learning_rate, s->counter};
    graph_add(s->graph, OP_UPDATE_ADAM, inputs, 6, a, t->name);
    return FV_OK;
}

static fv_status add_rmsprop(step_graph *s, const fv_compile_options *o, const network_tensor *t,
                             value_id gradient, op_attributes *a)
{
    value_id square = add_state(s, t, "square"), buffer = NO_VALUE;
    if (square == NO_VALUE || (o->momentum > 0 && (buffer = add_state(s, t, "momentum")) == NO_VALUE))
        return status_last();
    a->beta_1 = o->rho;
    a->momentum = o->momentum;
    value_id inputs[] = {t->value, gradient, square, buffer, s->learning_rate};
    graph_add(s->graph, OP_UPDATE_RMSPROP, inputs, 5, a, t->name);
    return FV_OK;
}

static fv_status add_update(step_graph *s, const fv_model *m, const network_tensor *t, value_id gradient)
{
    const fv_compile_options *o = &m->compile;
    op_attributes a = {
        .epsilon = o->epsilon, .weight_decay = t->decay ? o->weight_decay : 0, .lr_scale = t->rate_scale};
    int32_t before = s->graph->op_count;
    if (o->optimizer == FV_SGD)
        STATUS_TRY(add_sgd(s, o, t, gradient, &a));
    else if (o->optimizer == FV_RMSPROP)
        STATUS_TRY(add_rmsprop(s, o, t, gradient, &a));
    else
        STATUS_TRY(add_adam(s, o, t, gradient, &a));
    return s->graph->op_count > before ? FV_OK : status_last();
}

/* Whether `o` has to stay before an update of `parameter` with `gradient`. */
static bool precedes(const op *o, value_id parameter, value_id gradient)
{
    for (int k = 0; k < o->input_count; k++)
        if (o->inputs[k] == parameter || o->inputs[k] == gradient)
            return true;
    for (int k = 0; k < o->output_count; k++)
        if (o->outputs[k] == gradient)
            return true;
    return false;
}

/* Each update goes right behind the last operation that needs its parameter or gradient: then gradients are still in the cache, and
 * share memory instead of all living until the end. */
static void move_updates(graph *g, int32_t first)
{
    for (int32_t i = first; i < g->op_count; i++) {
        const op update = g->ops[i];
        int32_t to = i;
        while (to > 0 && !precedes(&g->ops[to - 1], update.inputs[0], update.inputs[1]))
            to--;
        rewrite_move(g, i, to);
    }
}

/* Gradients of all trainable tensors, and an update for each that the loss depends on. */
static fv_status add_updates(step_graph *s, const fv_model *m)
{
    size_t n = (size_t)m->tensor_count;
    value_id *wrt = mem_array(n, sizeof *wrt), *gradients = mem_array(n, sizeof *gradients);
    int32_t *which = mem_array(n, sizeof *which);
    int count = 0;
    fv_status status = wrt && gradients && which ? FV_OK : status_last();
    for (int32_t i = 0; status == FV_OK && i < m->tensor_count; i++)
        if (m->tensors[i].trainable && !m->tensors[i].frozen) {
            which[count] = i;
            wrt[count++] = m->tensors[i].value;
        }
    if (status == FV_OK)
        status = count > 0 ? graph_gradients(s->graph, s->loss, NO_VALUE, wrt, count, gradients)
                           : status_set(FV_ERROR_INVALID, "model %s: has no tensors to train: all are frozen",
                                        m->name);
    int32_t first = s->graph->op_count;
    for (int i = 0; status == FV_OK && i < count; i++)
        if (gradients[i] != NO_VALUE)
            status = add_update(s, m, &m->tensors[which[i]], gradients[i]);
    if (status == FV_OK)
        move_updates(s->graph, first);
    free(wrt);
    free(gradients);
    free(which);
    return status;
}

fv_status step_graph_build(const fv_model *m, int64_t batch_size, step_targets targets, step_graph *s)
{
    return step_graph_build_from(m, &(feature_cut){0}, batch_size, targets, s);
}

fv_status step_graph_build_from(const fv_model *m, const feature_cut *cut, int64_t batch_size,
                                step_targets targets, step_graph *s)
{
    *s = (step_graph){.graph = network_graph(m, batch_size, true, NULL)};
    s->states = mem_array((size_t)m->tensor_count * STATES_PER_TENSOR, sizeof *s->states);
    fv_status status = s->graph && s->states ? FV_OK : status_last();
    if (status == FV_OK)
        status = step_fix_statistics(s->graph, m);
    if (status == FV_OK && cut->count > 0)
        status = graph_cut(s->graph, cut->values, cut->count);
    if (status == FV_OK)
        status = graph_fuse(s->graph, true);
    if (status == FV_OK)
        status = add_inputs(s, m, batch_size, targets);
    if (status == FV_OK)
        status = add_loss(s, m, targets);
    if (status == FV_OK)
        status = add_updates(s, m);
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
    *s = (step_graph){0};
}
