/* SPDX-License-Identifier: Apache-2.0 */
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "engine/engine.h"

/* Dropout's random numbers are drawn at a place that no picture and no epoch's order has. */
static const uint32_t dropout_epoch = UINT32_MAX;

struct trainer {
    fv_model *model;
    step_graph graph;
    feature_cut cut;
    engine *engine;
    plan *plan;
    bool *used; /* by tensor: it takes part in the step */
    uint64_t seed;
    int64_t batch_size;
    int64_t first_step, epoch_steps;
    double accumulated; /* the weight of the batches whose gradients are gathered for the next update */
    float gradient_norm;
    step_loss loss;
    float *counted, *positive; /* (batch): what a step's inputs are made in */
};

static void find_used(trainer *t)
{
    const fv_model *m = t->model;
    const graph *g = t->graph.graph;
    for (int32_t k = 0; k < m->tensor_count; k++)
        for (int32_t i = 0; i < g->op_count && !t->used[k]; i++)
            for (int j = 0; j < g->ops[i].input_count; j++)
                t->used[k] |= g->ops[i].inputs[j] == m->tensors[k].value;
}

static fv_status allocate(trainer *t)
{
    t->used = mem_array((size_t)t->model->tensor_count, sizeof *t->used);
    t->counted = mem_array((size_t)t->batch_size, sizeof *t->counted);
    t->positive = mem_array((size_t)t->batch_size, sizeof *t->positive);
    return t->used && t->counted && t->positive ? FV_OK : status_last();
}

fv_status trainer_create(fv_model *m, int64_t batch_size, uint64_t seed, const step_loss *loss, trainer **out)
{
    return trainer_create_from(m, &(feature_cut){0}, batch_size, seed, loss, out);
}

fv_status trainer_create_from(fv_model *m, const feature_cut *cut, int64_t batch_size, uint64_t seed,
                              const step_loss *loss, trainer **out)
{
    trainer *t = mem_array(1, sizeof *t);
    if (!t)
        return status_last();
    t->model = m;
    t->seed = seed;
    t->batch_size = batch_size;
    t->loss = *loss;
    t->cut = *cut;
    t->gradient_norm = NAN;
    fv_status status = step_graph_build_from(m, cut, batch_size, loss, &t->graph);
    if (status == FV_OK)
        status = allocate(t);
    if (status == FV_OK)
        status = engine_open(m->compile.engine, m->compile.threads, &t->engine);
    if (status == FV_OK)
        status = plan_create(t->engine, t->graph.graph, &t->plan);
    if (status != FV_OK) {
        trainer_destroy(t);
        return status;
    }
    find_used(t);
    *out = t;
    return FV_OK;
}

fv_status trainer_measure(fv_model *m, int64_t batch_size, const step_loss *loss, size_t *bytes)
{
    step_graph s;
    engine *e = NULL;
    STATUS_TRY(step_graph_build(m, batch_size, loss, &s));
    fv_status status = engine_open(m->compile.engine, m->compile.threads, &e);
    if (status == FV_OK)
        status = plan_measure(e, s.graph, bytes);
    engine_close(e);
    step_graph_release(&s);
    return status;
}

void trainer_destroy(trainer *t)
{
    if (!t)
        return;
    plan_destroy(t->plan);
    engine_close(t->engine);
    step_graph_release(&t->graph);
    free(t->used);
    free(t->counted);
    free(t->positive);
    free(t);
}

void trainer_start_from(trainer *t, int64_t first_step, int64_t epoch_steps)
{
    t->first_step = first_step;
    t->epoch_steps = epoch_steps;
}

int64_t trainer_update(const trainer *t, int64_t step)
{
    int64_t n = t->model->compile.accumulate, epoch = t->epoch_steps;
    step -= t->first_step;
    return epoch ? step / epoch * trainer_updates(epoch, n) + step % epoch / n : step / n;
}

/* Whether the batches accumulated with this one are all that its update is made of. */
static bool is_update(const trainer *t, int64_t step)
{
    return trainer_update(t, step + 1) > trainer_update(t, step);
}

/* NO_VALUE when nothing is averaged, or not this tensor. */
static value_id average_of(const trainer *t, int32_t tensor)
{
    return t->graph.averages ? t->graph.averages[tensor] : NO_VALUE;
}

/* The average begins with what the weights are. */
fv_status trainer_write(trainer *t)
{
    const fv_model *m = t->model;
    for (int32_t i = 0; i < m->tensor_count; i++) {
        if (t->used[i])
            STATUS_TRY(plan_write(t->plan, m->tensors[i].value, m->tensors[i].data));
        if (average_of(t, i) != NO_VALUE)
            STATUS_TRY(plan_write(t->plan, average_of(t, i), m->tensors[i].data));
    }
    return FV_OK;
}

static fv_status read_tensors(trainer *t, bool averaged)
{
    fv_model *m = t->model;
    for (int32_t i = 0; i < m->tensor_count; i++) {
        value_id average = averaged ? average_of(t, i) : NO_VALUE;
        if (t->used[i])
            STATUS_TRY(
                plan_read(t->plan, average != NO_VALUE ? average : m->tensors[i].value, m->tensors[i].data));
    }
    network_changed(m);
    return FV_OK;
}

fv_status trainer_read(trainer *t)
{
    return read_tensors(t, false);
}

fv_status trainer_read_average(trainer *t)
{
    return read_tensors(t, true);
}

/* A network of one output is told the second class's part. */
static fv_status write_labels(trainer *t, const batch *b)
{
    if (t->loss.targets == STEP_LABELS)
        return plan_write(t->plan, t->graph.labels, b->labels);
    if (fv_model_class_count(t->model) > 1)
        return plan_write(t->plan, t->graph.labels, b->targets);
    for (int64_t i = 0; i < t->batch_size; i++)
        t->positive[i] = b->targets[2 * i + 1];
    return plan_write(t->plan, t->graph.labels, t->positive);
}

/* However much a picture weighs in the loss, accuracy counts pictures. */
static fv_status write_weights(trainer *t, const batch *b)
{
    for (int64_t i = 0; i < t->batch_size; i++)
        t->counted[i] = b->weights[i] > 0;
    STATUS_TRY(plan_write(t->plan, t->graph.weights, b->weights));
    return plan_write(t->plan, t->graph.counted, t->counted);
}

/* The mean over all accumulated pictures is kept as it grows: a batch has the part in it that its pictures' weights have. */
static fv_status write_batch_share(trainer *t, const batch *b)
{
    double weight = 0;
    if (t->graph.batch_share == NO_VALUE)
        return FV_OK;
    for (int64_t i = 0; i < t->batch_size; i++)
        weight += (double)b->weights[i];
    t->accumulated += weight;
    float share = t->accumulated > 0 ? (float)(weight / t->accumulated) : 1;
    return plan_write(t->plan, t->graph.batch_share, &share);
}

/* The decay of the average grows to what was asked for as 1 - (1 + t)^(-2/3), as timm's ModelEmaV3 warms it up: short runs would
 * else hardly leave the weights that they began with. */
static fv_status write_average_share(trainer *t, int64_t update)
{
    if (t->graph.average_share == NO_VALUE)
        return FV_OK;
    double decay = 1 - pow(1 + (double)update, -2.0 / 3);
    float share = (float)(1 - fmin(decay, (double)t->model->compile.ema));
    return plan_write(t->plan, t->graph.average_share, &share);
}

static fv_status write_inputs(trainer *t, const batch *b, int64_t step, float rate)
{
    const step_graph *g = &t->graph;
    int64_t update = trainer_update(t, step);
    float counter = (float)(update + 1);
    rng r = rng_at(t->seed, dropout_epoch, (uint64_t)step);
    uint32_t key[2] = {rng_u32(&r), rng_u32(&r)};
    if (t->cut.count == 0)
        STATUS_TRY(plan_write(t->plan, g->pixels, b->pixels));
    for (int32_t i = 0; i < t->cut.count; i++)
        STATUS_TRY(plan_write(t->plan, t->cut.values[i], b->features[i]));
    STATUS_TRY(write_labels(t, b));
    STATUS_TRY(write_weights(t, b));
    STATUS_TRY(plan_write(t->plan, g->learning_rate, &rate));
    STATUS_TRY(plan_write(t->plan, g->counter, &counter));
    STATUS_TRY(write_batch_share(t, b));
    STATUS_TRY(write_average_share(t, update));
    if (g->positive != NO_VALUE)
        STATUS_TRY(plan_write(t->plan, g->positive, t->loss.positive));
    return g->dropout_step == NO_VALUE ? FV_OK : plan_write(t->plan, g->dropout_step, key);
}

fv_status trainer_teach(trainer *t, const float *probabilities)
{
    return plan_write(t->plan, t->graph.teacher, probabilities);
}

fv_status trainer_step(trainer *t, const batch *b, int64_t step, float rate, float *loss, float *correct)
{
    bool update = is_update(t, step);
    STATUS_TRY(write_inputs(t, b, step, rate));
    STATUS_TRY(update ? plan_run(t->plan) : plan_run_without_updates(t->plan));
    if (update)
        t->accumulated = 0;
    if (update && t->graph.gradient_norm != NO_VALUE)
        STATUS_TRY(plan_read(t->plan, t->graph.gradient_norm, &t->gradient_norm));
    STATUS_TRY(plan_read(t->plan, t->graph.loss, loss));
    return plan_read(t->plan, t->graph.correct, correct);
}

float trainer_gradient_norm(const trainer *t)
{
    return t->gradient_norm;
}

/* Kept exactly, as its bits in hexadecimal. */
static const char accumulated_key[] = "accumulated";

static fv_status save_accumulated(const trainer *t, checkpoint_extra *x)
{
    uint64_t bits;
    memcpy(&bits, &t->accumulated, sizeof bits);
    return checkpoint_add_value(x, accumulated_key, "%" PRIx64, bits);
}

static fv_status load_accumulated(trainer *t, const checkpoint_extra *x)
{
    const char *saved = checkpoint_find_value(x, accumulated_key);
    char *end = NULL;
    uint64_t bits = saved ? strtoull(saved, &end, 16) : 0;
    memcpy(&t->accumulated, &bits, sizeof bits);
    if (!saved || end == saved || *end || !(t->accumulated >= 0 && isfinite(t->accumulated)))
        return status_set(FV_ERROR_INVALID,
                          "resume: the checkpoint's '%s' is missing or no weight of pictures",
                          accumulated_key);
    return FV_OK;
}

fv_status trainer_save(trainer *t, checkpoint_extra *x)
{
    const graph *g = t->graph.graph;
    for (int32_t i = 0; i < t->graph.state_count; i++) {
        const value *v = &g->values[t->graph.states[i]];
        float *data = checkpoint_add_tensor(x, v->name, shape_count(&v->shape));
        if (!data)
            return status_last();
        STATUS_TRY(plan_read(t->plan, t->graph.states[i], data));
    }
    return save_accumulated(t, x);
}

fv_status trainer_load(trainer *t, const checkpoint_extra *x)
{
    const graph *g = t->graph.graph;
    for (int32_t i = 0; i < t->graph.state_count; i++) {
        const value *v = &g->values[t->graph.states[i]];
        const checkpoint_tensor *saved = checkpoint_find_tensor(x, v->name);
        if (!saved || saved->count != shape_count(&v->shape))
            return status_set(
                FV_ERROR_INVALID,
                "resume: the checkpoint has no optimizer state %s of this size; resume with the "
                "options of the interrupted run",
                v->name);
        STATUS_TRY(plan_write(t->plan, t->graph.states[i], saved->data));
    }
    return load_accumulated(t, x);
}
