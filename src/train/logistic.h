/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multinomial logistic regression with an L2 penalty, fitted to convergence: what scikit-learn's LogisticRegression gives on
 * features that its StandardScaler has scaled. The weights that come out are for the features as they are.
 *
 *     logistic_problem p = {.rows = rows, .labels = labels, .weights = weights, .count = n, .features = d, .classes = k, .c = 1};
 *     STATUS_TRY(logistic_fit(&p, w, b, &result));
 */
#ifndef TRAIN_LOGISTIC_H
#define TRAIN_LOGISTIC_H

#include "core/status.h"

typedef struct logistic_problem {
    const float *const *rows; /* (count), `features` floats each */
    const int32_t *labels;    /* (count), below `classes` */
    const float *weights;     /* (count) */
    int64_t count, features, classes;
    double
        c; /* the smaller the stronger the penalty: c * sum of the losses + half of the squared scaled weights */
} logistic_problem;

typedef struct logistic_result {
    int64_t iterations;
    double gradient; /* the largest of the objective, as a part of the sum of weights times c */
} logistic_result;

/* `w` (classes, features) and `b` (classes); b NULL: no intercept, and features are scaled but not centred. */
fv_status logistic_fit(const logistic_problem *p, float *w, float *b, logistic_result *result);

#endif
