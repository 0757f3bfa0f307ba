/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scores of an evaluation, or of some of its pictures, each any number of times: what the evaluation itself, the bootstrap and the
 * comparison of groups are computed from.
 *
 *     scores_base base;
 *     scores s;
 *     STATUS_TRY(scores_base_init(&base, evaluation, SCORES_ALL));
 *     STATUS_TRY(scores_init(&s, evaluation));
 *     scores_count(&base, times, &s);   // any number of times; s.values[FV_SCORE_ACCURACY], s.classes[k].auc
 *     scores_release(&s);
 *     scores_base_release(&base);
 */
#ifndef TRAIN_SCORES_H
#define TRAIN_SCORES_H

#include <stdbool.h>

#include "core/status.h"

/* What scores_count is prepared for. */
typedef enum scores_kind {
    SCORES_COUNTED, /* no areas under curves: these are NAN */
    SCORES_ALL,     /* each class's pictures are sorted when they are counted */
    SCORES_SORTED   /* they are sorted once: 4 bytes a picture and class */
} scores_kind;

typedef struct scores_base {
    const fv_evaluation *e;
    scores_kind kind;
    double *log_loss, *brier; /* (images) */
    bool *in_top, *exact;     /* (images) */
    uint32_t *order;          /* SCORES_SORTED: (class_count, images), see ranking.h; SCORES_ALL: one row */
    void *list;               /* for sorting one row */
} scores_base;

/* How many pictures have a class, are predicted to, and both. */
typedef struct class_tally {
    int64_t support, predicted, right;
} class_tally;

typedef struct scores {
    int64_t images; /* every picture counted as many times as it occurs */
    class_tally *counts;
    fv_class_score *classes, macro, weighted, micro;
    double values[FV_SCORE_COUNT];
} scores;

/* `e` has images, class_count, probabilities, top_k, label and predicted (or targets) filled in, and outlives the base. */
fv_status scores_base_init(scores_base *b, const fv_evaluation *e, scores_kind kind);
void scores_base_release(scores_base *b);
fv_status scores_init(scores *s, const fv_evaluation *e);
void scores_release(scores *s);

/* times (images): how many times each picture occurs; NULL: once. Threads may share a base of SCORES_COUNTED or SCORES_SORTED. */
void scores_count(const scores_base *b, const uint32_t *times, scores *s);

/* Whether picture i has class k, and whether it is predicted to. */
static inline bool evaluation_has(const fv_evaluation *e, int64_t i, int64_t k)
{
    return e->multi_label ? e->targets[i * e->class_count + k] != 0 : e->label[i] == (int32_t)k;
}
static inline bool evaluation_says(const fv_evaluation *e, int64_t i, int64_t k)
{
    if (!e->multi_label)
        return e->predicted[i] == (int32_t)k;
    return e->probabilities[i * e->class_count + k] > (e->thresholds ? e->thresholds[k] : 0.5f);
}

#endif
