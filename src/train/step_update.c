/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The optimizer's part of a training step, what fv_compile's options ask for of it, in this order: the gradient of each trainable tensor, its
 * average over the accumulated batches, penalties and a limit for its values, the factor that limits the norm of all, the update of the
 * tensor, the average of the weights.
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "graph/passes/rewrite.h"
#include "train/step_graph.h"

enum {
    STATES_PER_TENSOR = 4 /* two of the optimizer, accumulated gradient, averaged weights */
};

/* Muon's weights have a rate of another kind than those that it leaves to AdamW: 3e-4 to 0.02 in Jordan's recipe. */
static const float muon_rest_rate = 0.015f;

/* An update's operation, and the states that it has beside the parameter. */
static const struct recipe {
    op_kind kind;
    const char *states[2]; /* "momentum" only where there is some */
    bool counts;           /* it is told the step's number */
} recipes[] = {
    [FV_SGD] = {OP_UPDATE_SGD, {"momentum"}, false},
    [FV_ADAM] = {OP_UPDATE_ADAM, {"m", "v"}, true},
    [FV_ADAMW] = {OP_UPDATE_ADAM, {"m", "v"}, true},
    [FV_RMSPROP] = {OP_UPDATE_RMSPROP, {"square", "momentum"}, false},
    [FV_ADAGRAD] = {OP_UPDATE_ADAGRAD, {"square"}, false},
    [FV_NADAM] = {OP_UPDATE_ADAM, {"m", "v"}, true},
    [FV_LION] = {OP_UPDATE_LION, {"m"}, false},
    [FV_LAMB] = {OP_UPDATE_LAMB, {"m", "v"}, true},
    [FV_MUON] = {OP_UPDATE_ADAM, {"m", "v"}, true},
};

/* A tensor on its way to the update. */
typedef struct target {
    const network_tensor *tensor;
    value_id gradient;
} target;

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

static fv_status add_scalar(step_graph *s, const char *name, value_id *out)
{
    *out = graph_input(s->graph, name, TYPE_F32, shape_1(1));
    return *out == NO_VALUE ? status_last() : FV_OK;
}

/* average := (1 - share) * average + share * x */
static value_id add_average(step_graph *s, const network_tensor *t, const char *suffix, value_id x,
                            value_id share)
{
    value_id average = add_state(s, t, suffix);
    if (average == NO_VALUE)
        return NO_VALUE;
    return graph_add(s->graph, OP_AVERAGE, (value_id[]){average, x, share}, 3, NULL, t->name);
}

static fv_status accumulate(step_graph *s, target *targets, int count)
{
    STATUS_TRY(add_scalar(s, "step.batch_share", &s->batch_share));
    for (int i = 0; i < count; i++) {
        target *t = &targets[i];
        t->gradient = add_average(s, t->tensor, "accumulated", t->gradient, s->batch_share);
        if (t->gradient == NO_VALUE)
            return status_last();
    }
    return FV_OK;
}

/* Penalties are for what weight decay is for. The gradient of l2 * w^2 is 2 * l2 * w. */
static fv_status adjust(step_graph *s, const fv_compile_options *o, target *t)
{
    bool decays = t->tensor->decay;
    op_attributes a = {.l1 = decays ? o->l1 : 0, .l2 = decays ? 2 * o->l2 : 0, .limit = o->clip_value};
    if (a.l1 == 0 && a.l2 == 0 && a.limit == 0)
        return FV_OK;
    t->gradient = graph_add(s->graph, OP_ADJUST_GRADIENT, (value_id[]){t->gradient, t->tensor->value}, 2, &a,
                            t->tensor->name);
    return t->gradient == NO_VALUE ? status_last() : FV_OK;
}

/* The squares are added up from the last tensor to the first, as gradients come: each while it is still in the cache. */
static fv_status clip(step_graph *s, const fv_compile_options *o, const target *targets, int count,
                      value_id *factor)
{
    value_id total = NO_VALUE;
    for (int i = count - 1; i >= 0; i--) {
        total = graph_add(s->graph, OP_SQUARE_SUM, (value_id[]){targets[i].gradient, total}, 2, NULL,
                          targets[i].tensor->name);
        if (total == NO_VALUE)
            return status_last();
    }
    *factor =
        graph_add(s->graph, OP_CLIP_FACTOR, &total, 1, &(op_attributes){.limit = o->clip_norm}, "gradients");
    if (*factor == NO_VALUE)
        return status_last();
    s->gradient_norm = graph_last(s->graph)->outputs[1];
    graph_mark_output(s->graph, s->gradient_norm);
    return FV_OK;
}

/* Matrices between others, as its author says: the first dimension against the rest, without the head. */
static bool is_muon(const fv_model *m, const network_tensor *t)
{
    const layer_record *head = network_head(m);
    int64_t place = t - m->tensors;
    bool of_head = head && place >= head->first_tensor && place < head->first_tensor + head->tensor_count;
    return m->compile.optimizer == FV_MUON && t->decay && t->shape.rank >= 2 && !of_head;
}

static fv_status add_muon(step_graph *s, const target *t, value_id factor, op_attributes *a)
{
    value_id buffer = add_state(s, t->tensor, "momentum");
    if (buffer == NO_VALUE)
        return status_last();
    value_id direction = graph_add(s->graph, OP_ORTHOGONAL_MOMENTUM,
                                   (value_id[]){t->gradient, buffer, factor}, 3, a, t->tensor->name);
    if (direction == NO_VALUE)
        return status_last();
    value_id inputs[] = {t->tensor->value, direction, NO_VALUE, s->learning_rate};
    graph_add(s->graph, OP_UPDATE_SGD, inputs, 4, a, t->tensor->name);
    return FV_OK;
}

static fv_status add_recipe(step_graph *s, const fv_compile_options *o, const target *t, value_id factor,
                            const op_attributes *a)
{
    const struct recipe *r = &recipes[o->optimizer];
    value_id inputs[OP_MAX_INPUTS] = {t->tensor->value, t->gradient};
    int count = 2;
    for (int i = 0; i < 2 && r->states[i]; i++, count++) {
        inputs[count] = NO_VALUE;
        if (strcmp(r->states[i], "momentum") == 0 && o->momentum == 0)
            continue;
        if ((inputs[count] = add_state(s, t->tensor, r->states[i])) == NO_VALUE)
            return status_last();
    }
    inputs[count++] = s->learning_rate;
    if (r->counts)
        inputs[count++] = s->counter;
    inputs[count++] = factor;
    graph_add(s->graph, r->kind, inputs, count, a, t->tensor->name);
    return FV_OK;
}

static fv_status add_update(step_graph *s, const fv_model *m, const target *t, value_id factor)
{
    const fv_compile_options *o = &m->compile;
    bool muon = is_muon(m, t->tensor);
    op_attributes a = {.epsilon = o->epsilon,
                       .weight_decay = t->tensor->decay ? o->weight_decay : 0,
                       .lr_scale = t->tensor->rate_scale,
                       .momentum = o->momentum,
                       .nesterov = o->optimizer == FV_NADAM || (o->optimizer == FV_SGD && o->nesterov),
                       .beta_1 = o->optimizer == FV_RMSPROP ? o->rho : o->beta_1,
                       .beta_2 = o->beta_2,
                       .decoupled = o->optimizer == FV_ADAMW || o->optimizer == FV_MUON,
                       .adapt = t->tensor->decay};
    if (o->optimizer == FV_MUON && !muon)
        a.lr_scale *= muon_rest_rate;
    int32_t before = s->graph->op_count;
    STATUS_TRY(muon ? add_muon(s, t, factor, &a) : add_recipe(s, o, t, factor, &a));
    return s->graph->op_count > before ? FV_OK : status_last();
}

static bool is_updated(const graph *g, value_id v)
{
    for (int32_t i = 0; i < g->op_count; i++)
        for (int k = 0; k < g->ops[i].output_count; k++)
            if (g->ops[i].outputs[k] == v)
                return true;
    return false;
}

/* Of all that a step changes, running statistics too. */
static fv_status average_weights(step_graph *s, const fv_model *m)
{
    s->averages = mem_array((size_t)m->tensor_count, sizeof *s->averages);
    if (!s->averages)
        return status_last();
    STATUS_TRY(add_scalar(s, "step.average_share", &s->average_share));
    for (int32_t i = 0; i < m->tensor_count; i++) {
        const network_tensor *t = &m->tensors[i];
        s->averages[i] = NO_VALUE;
        if (!is_updated(s->graph, t->value))
            continue;
        s->averages[i] = add_average(s, t, "ema", t->value, s->average_share);
        if (s->averages[i] == NO_VALUE)
            return status_last();
    }
    return FV_OK;
}

static bool shares(const value_id *a, int count, const value_id *b, int others)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < others; k++)
            if (a[i] != NO_VALUE && a[i] == b[k])
                return true;
    return false;
}

/* Whether `o` has to stay before `later`: it makes what that reads or updates, or reads what that updates. */
static bool precedes(const op *o, const op *later)
{
    return shares(o->outputs, o->output_count, later->inputs, later->input_count) ||
           shares(o->outputs, o->output_count, later->outputs, later->output_count) ||
           shares(o->inputs, o->input_count, later->outputs, later->output_count);
}

/* Each operation goes right behind the last one that it needs: then gradients are still in the cache, and share memory instead of all living
 * until the end. */
static void move_forward(graph *g, int32_t first)
{
    for (int32_t i = first; i < g->op_count; i++) {
        const op moved = g->ops[i];
        int32_t to = i;
        while (to > 0 && !precedes(&g->ops[to - 1], &moved))
            to--;
        rewrite_move(g, i, to);
    }
}

/* From the gradients to the averaged weights. */
static fv_status add_optimizer(step_graph *s, const fv_model *m, target *targets, int count)
{
    const fv_compile_options *o = &m->compile;
    int32_t first = s->graph->op_count;
    if (o->accumulate > 1)
        STATUS_TRY(accumulate(s, targets, count));
    int32_t updates = s->graph->op_count;
    for (int i = 0; i < count; i++)
        STATUS_TRY(adjust(s, o, &targets[i]));
    value_id factor = NO_VALUE;
    if (o->clip_norm > 0)
        STATUS_TRY(clip(s, o, targets, count, &factor));
    for (int i = 0; i < count; i++)
        STATUS_TRY(add_update(s, m, &targets[i], factor));
    if (o->ema > 0)
        STATUS_TRY(average_weights(s, m));
    for (int32_t i = updates; o->accumulate > 1 && i < s->graph->op_count; i++)
        s->graph->ops[i].update = true;
    move_forward(s->graph, first);
    return FV_OK;
}

/* `gradients` and `wrt` are memory for as many as there are tensors. */
static fv_status add_gradients(step_graph *s, const fv_model *m, value_id *wrt, value_id *gradients,
                               target *targets, int *count)
{
    int trained = 0;
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].trainable && !m->tensors[i].frozen) {
            targets[trained].tensor = &m->tensors[i];
            wrt[trained++] = m->tensors[i].value;
        }
    if (trained == 0)
        return status_set(FV_ERROR_INVALID, "model %s: has no tensors to train: all are frozen", m->name);
    STATUS_TRY(graph_gradients(s->graph, s->loss, NO_VALUE, wrt, trained, gradients));
    for (int i = 0; i < trained; i++)
        if (gradients[i] != NO_VALUE)
            targets[(*count)++] = (target){targets[i].tensor, gradients[i]};
    return FV_OK;
}

fv_status step_add_updates(step_graph *s, const fv_model *m)
{
    size_t n = (size_t)m->tensor_count;
    value_id *wrt = mem_array(n, sizeof *wrt), *gradients = mem_array(n, sizeof *gradients);
    target *targets = mem_array(n, sizeof *targets);
    int count = 0;
    s->states = mem_array(n * STATES_PER_TENSOR, sizeof *s->states);
    fv_status status = wrt && gradients && targets && s->states ? FV_OK : status_last();
    if (status == FV_OK)
        status = add_gradients(s, m, wrt, gradients, targets, &count);
    if (status == FV_OK)
        status = add_optimizer(s, m, targets, count);
    free(wrt);
    free(gradients);
    free(targets);
    return status;
}
