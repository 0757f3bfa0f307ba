/* SPDX-License-Identifier: Apache-2.0 */
/* The held-out folds of a cross-validation as one evaluation. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "train/metrics.h"

static fv_status check_classes(const fv_evaluation *const *list, int64_t count)
{
    const fv_evaluation *first = list[0];
    for (int64_t m = 1; m < count; m++) {
        const fv_evaluation *other = list[m];
        bool same = other->class_count == first->class_count &&
                    (other->multi_label != 0) == (first->multi_label != 0);
        for (int64_t k = 0; same && k < first->class_count; k++)
            same = strcmp(first->classes[k].name, other->classes[k].name) == 0;
        if (!same)
            return status_set(FV_ERROR_INVALID, "pool: evaluations 1 and %lld are of other classes",
                              (long long)m + 1);
    }
    return FV_OK;
}

/* Which of the evaluations has the picture that comes next, at[] telling how far each was read; -1 at the end. */
static int64_t find_next(const fv_evaluation *const *list, int64_t count, const int64_t *at)
{
    int64_t next = -1;
    for (int64_t m = 0; m < count; m++)
        if (at[m] < list[m]->images && (next < 0 || list[m]->index[at[m]] < list[next]->index[at[next]]))
            next = m;
    return next;
}

static fv_status add_picture(fv_evaluation *e, const fv_evaluation *from, int64_t i)
{
    size_t classes = (size_t)e->class_count;
    int64_t to = e->images;
    if (to > 0 && e->index[to - 1] == from->index[i])
        return status_set(FV_ERROR_INVALID, "pool: picture %lld is in two evaluations",
                          (long long)from->index[i]);
    e->index[to] = from->index[i];
    e->label[to] = from->label[i];
    if (e->targets)
        memcpy(e->targets + (size_t)to * classes, from->targets + (size_t)i * classes, classes);
    memcpy(e->probabilities + (size_t)to * classes, from->probabilities + (size_t)i * classes,
           classes * sizeof *e->probabilities);
    e->images++;
    return FV_OK;
}

static fv_status pool(const fv_evaluation *const *list, int64_t count, fv_evaluation *e, int64_t *at)
{
    int64_t images = 0, next;
    double loss = 0;
    STATUS_TRY(check_classes(list, count));
    for (int64_t m = 0; m < count; m++)
        images += list[m]->images;
    STATUS_TRY(evaluation_like(e, list[0], images));
    e->unknown = 0;
    for (int64_t m = 0; m < count; m++) {
        e->unknown += list[m]->unknown;
        e->skipped += list[m]->skipped;
        loss += list[m]->loss * (double)list[m]->images;
    }
    while ((next = find_next(list, count, at)) >= 0)
        STATUS_TRY(add_picture(e, list[next], at[next]++));
    if (e->images == 0)
        return status_set(FV_ERROR_INVALID, "pool: the evaluations have no pictures");
    STATUS_TRY(metrics_fill(e));
    e->loss = loss / (double)images;
    return FV_OK;
}

fv_status fv_evaluation_pool(const fv_evaluation *const *list, int64_t count, fv_evaluation *result)
{
    if (!list || count < 1 || !result)
        return status_set(FV_ERROR_INVALID, "pool: evaluations and a result are required");
    *result = (fv_evaluation){0};
    int64_t *at = mem_array((size_t)count, sizeof *at);
    fv_status status = at ? pool(list, count, result, at) : status_last();
    free(at);
    if (status != FV_OK)
        fv_evaluation_release(result);
    return status;
}
