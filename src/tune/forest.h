/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much each dimension matters: functional analysis of variance over a forest of regression trees (Hutter, Hoos & Leyton-Brown, "An efficient
 * approach for assessing hyperparameter importance", ICML 2014).
 *
 *     STATUS_TRY(forest_importance(space, points, values, count, importance));
 */
#ifndef TUNE_FOREST_H
#define TUNE_FOREST_H

#include "tune/space.h"

/* points (count, dimensions) as trials have them, values (count), finite. importance (dimensions): the variance of the trees' mean over all other
 * dimensions, as a part of their whole variance. NAN everywhere where there are fewer than 4 points or all values are the same. */
fv_status forest_importance(const fv_space *space, const double *points, const double *values, int64_t count,
                            double *importance);

#endif
