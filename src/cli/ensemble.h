/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One model, or several of which the probabilities are averaged.
 *
 *     ensemble s = {0};
 *     if (ensemble_load(&s, "a.safetensors,b.safetensors") == FV_OK && ensemble_evaluate(&s, &options) == FV_OK)
 *         evaluation_print(&s.evaluation);
 *     ensemble_release(&s);
 */
#ifndef CLI_ENSEMBLE_H
#define CLI_ENSEMBLE_H

#include "cli/cli.h"

typedef struct ensemble {
    fv_model **models;
    size_t count, capacity;
    fv_evaluation evaluation;
} ensemble;

/* "A,B,C"; a file with commas in its name is one model. */
fv_status ensemble_load(ensemble *s, const char *names);
/* model and result of the options are the ensemble's. */
fv_status ensemble_evaluate(ensemble *s, const fv_evaluate_options *options);
void ensemble_release(ensemble *s);

#endif
