/* SPDX-License-Identifier: Apache-2.0 */
/* fovea cv, in three files: the folds' runs (cv.c), their evaluations (cv_evaluate.c), and what is written and printed of
 * them (cv_results.c). */
#ifndef CLI_CV_H
#define CLI_CV_H

#include "cli/train.h"

typedef struct cv_run {
    train_setup s;          /* the arguments that all folds share; no data and no model of its own */
    int64_t folds, count;   /* count: folds * repeats */
    fv_dataset *whole;      /* undivided */
    const fv_dataset *test; /* a part that the data names; NULL: none */

    /* By run, the repeats one after the other: */
    fv_evaluation *held;   /* (count): of the held-out pictures, `index` being places in `whole` */
    fv_evaluation *tested; /* (count): of the test part */
    fv_model *model;       /* of the first run */

    fv_evaluation pooled;   /* all held-out pictures, of the first division */
    fv_evaluation ensemble; /* all models together on the test part; empty where there is none */
    fv_interval intervals[FV_SCORE_COUNT]; /* of `pooled` */
} cv_run;

/* Run number i: the arguments of its fold, but for `out`; and its folder, which the caller frees. */
train_arguments cv_fold_arguments(const cv_run *r, int64_t i);
char *cv_fold_folder(const cv_run *r, int64_t i);

/* Fills the evaluations in. The caller's release takes them, also on failure. */
fv_status cv_evaluate(cv_run *r);

/* predictions.csv, results.csv, summary.csv and, last, the report. */
fv_status cv_write(const cv_run *r);
void cv_print(const cv_run *r);

#endif
