/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a hyperparameter search: its sections (study.c) and one plot of their own (parallel.c). */
#ifndef REPORT_STUDY_H
#define REPORT_STUDY_H

#include "core/text.h"

typedef struct study_content {
    const fv_space *space;
    const fv_study_options *o;
    const fv_trial *trials;
    int64_t count, best;      /* best: its place; -1: none */
    const double *importance; /* (dimensions) */
} study_content;

/* A <figure>: an axis for each dimension and one for the value, a line a trial; the best tenth stands out. Nothing where no trial has a
 * value. */
void study_add_parallel(text *out, const study_content *c);

#endif
