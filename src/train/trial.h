/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some steps of a run that is not made: what finding a learning rate and measuring speed share.
 *
 *     fit_run r;
 *     fv_status status = trial_open(&r, options);
 *     if (status == FV_OK)
 *         status = trial_begin(&r, 0);
 *     if (status == FV_OK)
 *         status = trial_steps(&r, take, &context);
 *     trial_close(&r);
 */
#ifndef TRAIN_TRIAL_H
#define TRAIN_TRIAL_H

#include "train/fit.h"

/* Nothing is cached, resumed from or watched. The model's tensors are remembered. */
fv_status trial_open(fit_run *r, const fv_fit_options *options);
/* The phase of this epoch, at its first step; all stages are thawed at once. */
fv_status trial_begin(fit_run *r, int64_t epoch);

/* Takes a batch; `*more` is true at first. */
typedef fv_status (*trial_take)(fit_run *r, const batch *b, void *context, bool *more);
/* Batches of one epoch after another, until there should be no more. */
fv_status trial_steps(fit_run *r, trial_take take, void *context);
/* Calls on_step. */
fv_status trial_tell(const fit_run *r, const char *phase, int64_t step, int64_t steps);

/* Whether epoch 0 is of another phase than the last one. */
bool trial_has_head(const fit_run *r);

/* Gives the tensors back; frees. */
void trial_close(fit_run *r);

#endif
