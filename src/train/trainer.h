/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trainer: the plan of a training step with the tensors and the optimizer's state in it. It belongs to the thread that made
 * it: an engine and its team of threads do.
 *
 *     trainer *t;
 *     STATUS_TRY(trainer_create(m, 32, seed, STEP_LABELS, &t));
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

/* Compiled for m->compile; the optimizer's state is zero. `seed` is dropout's. Unless `targets` is STEP_LABELS, batches have
 * targets. */
fv_status trainer_create(fv_model *m, int64_t batch_size, uint64_t seed, step_targets targets, trainer **out);
/* The same from the cut on: batches have features in place of pixels. */
fv_status trainer_create_from(fv_model *m, const feature_cut *cut, int64_t batch_size, uint64_t seed,
                              step_targets targets, trainer **out);
void trainer_destroy(trainer *t); /* NULL is fine */

/* The first step that the optimizer counts; 0 unless told. */
void trainer_start_from(trainer *t, int64_t first_step);

fv_status trainer_write(trainer *t);
fv_status trainer_read(trainer *t);

/* One update; `step` counts from 0 over the whole run. `*loss` is the weighted mean, `*correct` how many of the pictures whose
 * weight is not 0 were right (of several labels: the sum of the shares that were). */
fv_status trainer_step(trainer *t, const batch *b, int64_t step, float rate, float *loss, float *correct);

/* The optimizer's state, into and out of a checkpoint. */
fv_status trainer_save(trainer *t, checkpoint_extra *x);
fv_status trainer_load(trainer *t, const checkpoint_extra *x);

#endif
