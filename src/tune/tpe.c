/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "tune/parzen.h"
#include "tune/sampler.h"

enum {
    CANDIDATES = 24,
    GOOD_MOST = 25,
    GOOD_PART = 10 /* one in so many */
};

/* A trial and how it compares: complete ones by their value, then pruned ones, those that came further first, then those that
 * failed or run: a point that is being tried is not worth a second trial. */
typedef struct ranked {
    const fv_trial *trial;
    int group;
    double loss;
} ranked;

static int by_rank(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->group == 1 && a->trial->step != b->trial->step)
        return a->trial->step > b->trial->step ? -1 : 1;
    if (a->loss != b->loss)
        return a->loss < b->loss ? -1 : 1;
    return a->trial->number < b->trial->number ? -1 : 1;
}

static int by_number(const void *left, const void *right)
{
    const fv_trial *a = ((const ranked *)left)->trial, *b = ((const ranked *)right)->trial;
    return a->number < b->number ? -1 : a->number > b->number;
}

static ranked rank_of(const fv_trial *t, bool maximize)
{
    bool valued = isfinite(t->value);
    int group = valued && t->state == FV_TRIAL_COMPLETE ? 0 : valued && t->state == FV_TRIAL_PRUNED ? 1 : 2;
    return (ranked){.trial = t, .group = group, .loss = group == 2 ? 0 : maximize ? -t->value : t->value};
}

static fv_status choose(const parzen *good, const parzen *others, int64_t dimensions, rng *r, double *values)
{
    double *candidate = mem_array((size_t)dimensions, sizeof *candidate), best = -INFINITY;
    if (!candidate)
        return status_last();
    for (int i = 0; i < CANDIDATES; i++) {
        parzen_draw(good, r, candidate);
        double ratio = parzen_log_density(good, candidate) - parzen_log_density(others, candidate);
        if (i > 0 && !(ratio > best))
            continue;
        best = ratio;
        memcpy(values, candidate, (size_t)dimensions * sizeof *values);
    }
    free(candidate);
    return FV_OK;
}

fv_status tpe_draw(const sampler_input *in, rng *r, double *values)
{
    parzen good = {0}, others = {0};
    ranked *list = mem_array((size_t)in->count, sizeof *list);
    const double **observations = mem_array((size_t)in->count, sizeof *observations);
    fv_status status = list && observations ? FV_OK : status_last();
    int64_t valued = 0, count;
    for (int64_t i = 0; status == FV_OK && i < in->count; i++) {
        list[i] = rank_of(&in->trials[i], in->maximize);
        valued += list[i].group < 2;
    }
    if (status == FV_OK) {
        count = (valued + GOOD_PART - 1) / GOOD_PART;
        count = count > GOOD_MOST ? GOOD_MOST : count;
        qsort(list, (size_t)in->count, sizeof *list, by_rank);
        qsort(list, (size_t)count, sizeof *list, by_number);
        qsort(list + count, (size_t)(in->count - count), sizeof *list, by_number);
        for (int64_t i = 0; i < in->count; i++)
            observations[i] = list[i].trial->values;
        status = parzen_init(&good, in->space, observations, count);
        if (status == FV_OK)
            status = parzen_init(&others, in->space, observations + count, in->count - count);
    }
    if (status == FV_OK)
        status = choose(&good, &others, in->space->count, r, values);
    parzen_release(&good);
    parzen_release(&others);
    free(observations);
    free(list);
    return status;
}
