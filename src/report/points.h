/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The points of an evaluation's curves: ROC, precision against recall, and reliability.
 *
 *     report_points p = {0};
 *     STATUS_TRY(report_roc(e, 2, &p));
 *     ...                               // p.x[i], p.y[i] in 0..1
 *     report_points_release(&p);
 */
#ifndef REPORT_POINTS_H
#define REPORT_POINTS_H

#include "core/status.h"

#include <fovea/evaluation.h>

typedef struct report_points {
    double *x, *y; /* `count` each; owned */
    int64_t count; /* 0: undefined, as for a class without a picture */
} report_points;

void report_points_release(report_points *p);

/* One class against the rest, a point for each distinct probability, the highest first; `e` has probabilities. class_index -1: the
 * mean of the classes for which the curve is defined, at 101 places. */
/* x: false positive rate, y: true positive rate; begins at (0, 0), ends at (1, 1). */
fv_status report_roc(const fv_evaluation *e, int64_t class_index, report_points *p);
/* x: recall, y: precision; begins at (0, 1). */
fv_status report_precision_recall(const fv_evaluation *e, int64_t class_index, report_points *p);

enum {
    REPORT_BINS = 15 /* those of the calibration error */
};

typedef struct report_bins {
    int64_t count[REPORT_BINS];
    double confidence[REPORT_BINS], accuracy[REPORT_BINS]; /* means; NAN in an empty bin */
    int64_t total;
} report_bins;

void report_reliability(const fv_evaluation *e, report_bins *b);

#endif
