/* SPDX-License-Identifier: Apache-2.0 */
/* fv_study_importance: which values of which trials the forest is grown from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "tune/forest.h"
#include "tune/study.h"

enum {
    POINTS_MOST = 1000 /* the latest */
};

/* What a trial is compared by: with a pruner, where all have come to. */
static double value_of(const fv_trial *t, const trial_value *rung, int64_t rung_count, bool pruned)
{
    if (!pruned)
        return t->state == FV_TRIAL_COMPLETE ? t->value : NAN;
    for (int64_t i = 0; i < rung_count; i++)
        if (rung[i].trial == t->number)
            return rung[i].value;
    return NAN;
}

fv_status fv_study_importance(fv_study *s, double *importance)
{
    fv_trial *trials = NULL;
    trial_value *rung = NULL;
    int64_t count = 0, rung_count = 0, n = 0, dimensions = s->space->count;
    bool pruned = s->o.pruner == FV_PRUNER_ASHA;
    fv_status status = fv_study_trials(s, &trials, &count);
    if (status == FV_OK && pruned)
        status = trials_values_at(s, s->o.min_steps, &rung, &rung_count);
    double *points = mem_array(POINTS_MOST * (size_t)dimensions, sizeof *points);
    double *values = mem_array(POINTS_MOST, sizeof *values);
    if (status == FV_OK && (!points || !values))
        status = status_last();
    for (int64_t i = count; status == FV_OK && i-- > 0 && n < POINTS_MOST;) {
        values[n] = value_of(&trials[i], rung, rung_count, pruned);
        if (isfinite(values[n]))
            memcpy(&points[n++ * dimensions], trials[i].values, (size_t)dimensions * sizeof *points);
    }
    if (status == FV_OK)
        status = forest_importance(s->space, points, values, n, importance);
    free(points);
    free(values);
    free(rung);
    fv_trials_release(trials, count);
    return status;
}
