/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trainer: the plan of a training step with the tensors and the optimizer's state in it. It belongs to the thread that made
 * it: an engine and its team of threads do.
 *
 *     trainer *t;
 *     STATUS_TRY(trainer_create(m, 32, seed, &(step_loss){.targets = STEP_LABELS}, &t));
 *     STATUS_TRY(trainer_write(t));                       // the model's tensors into the plan
 *     STATUS_TRY(trainer_step(t, batch, step, 0.1f, &loss, &correct));
 *     STATUS_TRY(trainer_read(t));                        // and back
 */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "data/loader.h"
#include "model/checkpoint.h"
#include "nn/network.h"
#include "train/step_graph.h"

typedef struct trainer trainer;

/* Compiled for m->compile; the optimizer's state is zero. `seed` is dropout's. Unless the targets are STEP_LABELS, batches have
 * targets. */
fv_status trainer_create(fv_model *m, int64_t batch_size, uint64_t seed, const step_loss *loss,
                         trainer **out);
/* The same from the cut on: batches have features in place of pixels. */
fv_status trainer_create_from(fv_model *m, const feature_cut *cut, int64_t batch_size, uint64_t seed,
                              const step_loss *loss, trainer **out);
/* The bytes of the plan that trainer_create would make. */
fv_status trainer_measure(fv_model *m, int64_t batch_size, const step_loss *loss, size_t *bytes);
void trainer_destroy(trainer *t); /* NULL is fine */

/* The first step that the optimizer counts, and how many steps an epoch has: with its last one accumulated gradients are used, however few
 * batches they are of. Unless told 0 and no end of epochs. */
void trainer_start_from(trainer *t, int64_t first_step, int64_t epoch_steps);
/* The update, from 0 at the first step, that a step belongs to: they differ where gradients of several batches are accumulated. */
int64_t trainer_update(const trainer *t, int64_t step);
/* Updates in an epoch of so many steps. */
static inline int64_t trainer_updates(int64_t steps, int64_t accumulate)
{
    return (steps + accumulate - 1) / accumulate;
}

fv_status trainer_write(trainer *t);
fv_status trainer_read(trainer *t);
/* The averaged weights in place of the others; m->compile has ema. */
fv_status trainer_read_average(trainer *t);

/* What the teacher says about the next step's batch: probabilities (N, K) at the temperature. */
fv_status trainer_teach(trainer *t, const float *probabilities);

/* One batch, and an update when it is the last of those that are accumulated; `step` counts from 0 over the whole run. `*loss` is the weighted mean, `*correct` how many of the pictures whose
 * weight is not 0 were right (of several labels: the sum of the shares that were). */
fv_status trainer_step(trainer *t, const batch *b, int64_t step, float rate, float *loss, float *correct);

/* The norm of all gradients at the last update; NAN without clip_norm. */
float trainer_gradient_norm(const trainer *t);

/* The optimizer's state, into and out of a checkpoint. */
fv_status trainer_save(trainer *t, checkpoint_extra *x);
fv_status trainer_load(trainer *t, const checkpoint_extra *x);

#endif
