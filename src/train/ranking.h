/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pictures of an evaluation in the order of one class's probability, and the areas under its curves.
 *
 *     ranking_sort(e, k, list, row);
 *     ranking_areas(row, e->images, times, &auc, &average_precision);
 */
#ifndef TRAIN_RANKING_H
#define TRAIN_RANKING_H

#include <stdint.h>

#include "core/status.h"

/* An entry of a row: the picture's number and two marks. */
enum {
    RANKING_POSITIVE = 1 << 30, /* the picture has the class */
    RANKING_LAST = 1 << 29,     /* the next one's probability is smaller */
    RANKING_INDEX = RANKING_LAST - 1
};

typedef struct ranking_entry {
    float score;
    uint32_t index;
} ranking_entry;

/* Fills row (images), likeliest first; `list` (images) is room to sort in. */
void ranking_sort(const fv_evaluation *e, int64_t class_index, ranking_entry *list, uint32_t *row);

/* The area under the ROC curve as the share of (positive, negative) pairs in the right order, ties counting a half (Hanley & McNeil
 * 1982), and the average precision, the sum of (R_n - R_{n-1}) P_n over all thresholds. NAN where undefined. `times` as in
 * scores_count. */
void ranking_areas(const uint32_t *row, int64_t images, const uint32_t *times, double *auc,
                   double *average_precision);

#endif
