/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning-rate schedules: a pure function of the step.
 *
 *     schedule s = {.kind = FV_SCHEDULE_COSINE, .base = 0.1, .steps = 1000, .epochs = 10, .warmup_steps = 50};
 *     float rate = schedule_rate(&s, step, 1);
 */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include "fovea.h"

typedef struct schedule {
    fv_schedule kind;
    double base;          /* the peak */
    int64_t steps;        /* of the whole run; updates, where gradients of several batches are accumulated */
    int64_t epochs;       /* steps is a multiple */
    int64_t warmup_steps; /* linear from base / warmup_steps to base; one-cycle has its own rise */
} schedule;

/* The rate of step 0..steps-1. `scale` is schedule_plateau's (1 for other kinds). */
double schedule_rate(const schedule *s, int64_t step, double scale);

/* FV_SCHEDULE_PLATEAU: told the monitored value (greater is better) after each epoch, it says by what the rate is multiplied. */
typedef struct plateau {
    double scale, best; /* begin with 1, -INFINITY */
    int64_t waited;     /* epochs since best */
} plateau;
/* A tenth after `patience` epochs without a better value. */
void plateau_tell(plateau *p, double value, int64_t patience);

#endif
