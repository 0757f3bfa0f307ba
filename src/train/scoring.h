/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass of a model over the pictures of a loader: what validation and evaluation share.
 *
 *     scoring s = {.model = m, .loader = l, .batch_size = 64, .views = 1, .row = take_row, .to = &sums};
 *     STATUS_TRY(scoring_run(&s));
 */
#ifndef TRAIN_SCORING_H
#define TRAIN_SCORING_H

#include "data/loader.h"
#include "nn/network.h"

typedef struct scoring {
    fv_model *model;
    loader *loader;
    int64_t batch_size, views; /* the loader's */
    /* Called for every picture that could be read: the i-th of batch `b`. */
    void (*row)(void *to, const batch *b, int64_t i, const float *logits);
    /* The logits of a batch in place of the model's for its pixels; NULL: these. */
    fv_status (*logits)(void *source, const batch *b, float *logits);
    void *source;
    /* Called after every batch; nonzero stops with FV_INTERRUPTED. May be NULL. */
    int (*step)(void *to, int64_t step, int64_t steps);
    void *to;
} scoring;

fv_status scoring_run(const scoring *s);

/* The data's classes by the model's names: `map` for the loader, which the caller frees. `*unknown`: pictures of classes that
 * the model does not know. An error when nothing is left; `what` names the data in it. */
fv_status scoring_match(const fv_model *m, const fv_dataset *data, const char *what, int32_t **map,
                        int64_t *unknown);

/* A line for each picture that the loader could not read, from number *told on, which moves to their count. `log` may be
 * NULL. */
void scoring_tell_skipped(const loader *l, fv_log_callback log, void *user, int64_t *told);

/* What a callback is told after a step of a pass: no numbers of training or validation. `l` NULL: how long it was waited for is not known. */
fv_progress scoring_progress(int64_t step, int64_t steps, int64_t pictures, double seconds, const loader *l);

#endif
