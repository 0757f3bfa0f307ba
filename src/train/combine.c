/* SPDX-License-Identifier: Apache-2.0 */
/* Several models as one: the mean of their probabilities. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "train/metrics.h"

typedef struct combination {
    const fv_evaluation *const *list;
    int64_t count;
    int64_t *at;  /* (count): how far each has been read */
    int32_t *map; /* (count, class_count): where the first's class is in each */
    fv_evaluation *e;
} combination;

static fv_status match_classes(combination *c)
{
    const fv_evaluation *first = c->list[0];
    for (int64_t m = 0; m < c->count; m++) {
        const fv_evaluation *other = c->list[m];
        if ((other->multi_label != 0) != (first->multi_label != 0) ||
            other->class_count != first->class_count)
            return status_set(FV_ERROR_INVALID,
                              "ensemble: model 1 tells %lld classes apart and model %lld tells %lld",
                              (long long)first->class_count, (long long)m + 1, (long long)other->class_count);
        for (int64_t k = 0; k < first->class_count; k++) {
            int32_t *found = &c->map[m * first->class_count + k];
            for (*found = 0; *found < other->class_count; ++*found)
                if (strcmp(first->classes[k].name, other->classes[*found].name) == 0)
                    break;
            if (*found == other->class_count)
                return status_set(FV_ERROR_INVALID,
                                  "ensemble: model %lld does not know class '%.200s' of model 1",
                                  (long long)m + 1, first->classes[k].name);
        }
    }
    return FV_OK;
}

fv_status evaluation_like(fv_evaluation *e, const fv_evaluation *first, int64_t images)
{
    size_t n = (size_t)images, k = (size_t)first->class_count;
    *e = (fv_evaluation){.class_count = first->class_count,
                         .unknown = first->unknown,
                         .multi_label = first->multi_label,
                         .views = first->views,
                         .top_k = first->top_k,
                         .classes = mem_array(k, sizeof *e->classes),
                         .index = mem_array(n, sizeof *e->index),
                         .label = mem_array(n, sizeof *e->label),
                         .predicted = mem_array(n, sizeof *e->predicted),
                         .probability = mem_array(n, sizeof *e->probability),
                         .probabilities = mem_array(n * k, sizeof *e->probabilities)};
    if (e->multi_label)
        e->targets = mem_array(n * k, sizeof *e->targets);
    else
        e->confusion = mem_array(k * k, sizeof *e->confusion);
    if (!e->classes || !e->index || !e->label || !e->predicted || !e->probability || !e->probabilities ||
        (!e->targets && !e->confusion))
        return status_last();
    for (size_t i = 0; i < k; i++)
        e->classes[i].name = first->classes[i].name;
    return FV_OK;
}

static fv_status allocate(combination *c)
{
    const fv_evaluation *first = c->list[0];
    c->at = mem_array((size_t)c->count, sizeof *c->at);
    c->map = mem_array((size_t)(c->count * first->class_count), sizeof *c->map);
    return c->at && c->map ? evaluation_like(c->e, first, first->images) : status_last();
}

/* Whether every evaluation has the picture; then at[] points to it. */
static bool find_picture(combination *c, int64_t index)
{
    bool all = true;
    for (int64_t m = 0; m < c->count; m++) {
        const fv_evaluation *e = c->list[m];
        while (c->at[m] < e->images && e->index[c->at[m]] < index)
            c->at[m]++;
        all = all && c->at[m] < e->images && e->index[c->at[m]] == index;
    }
    return all;
}

static void add_picture(combination *c)
{
    const fv_evaluation *first = c->list[0];
    fv_evaluation *e = c->e;
    int64_t classes = e->class_count, from = c->at[0], to = e->images++;
    e->index[to] = first->index[from];
    e->label[to] = first->label[from];
    if (e->targets)
        memcpy(e->targets + to * classes, first->targets + from * classes, (size_t)classes);
    for (int64_t k = 0; k < classes; k++) {
        double sum = 0;
        for (int64_t m = 0; m < c->count; m++)
            sum += (double)c->list[m]->probabilities[c->at[m] * classes + c->map[m * classes + k]];
        e->probabilities[to * classes + k] = (float)(sum / (double)c->count);
    }
}

static fv_status combine(combination *c)
{
    const fv_evaluation *first = c->list[0];
    STATUS_TRY(allocate(c));
    STATUS_TRY(match_classes(c));
    for (int64_t i = 0; i < first->images; i++)
        if (find_picture(c, first->index[i]))
            add_picture(c);
    c->e->skipped = first->images + first->skipped - c->e->images;
    if (c->e->images == 0)
        return status_set(FV_ERROR_INVALID, "ensemble: the evaluations have no picture in common");
    STATUS_TRY(metrics_fill(c->e));
    c->e->loss = c->e->log_loss;
    return FV_OK;
}

fv_status fv_evaluation_combine(const fv_evaluation *const *list, int64_t count, fv_evaluation *result)
{
    combination c = {.list = list, .count = count, .e = result};
    if (!list || count < 1 || !result)
        return status_set(FV_ERROR_INVALID, "ensemble: evaluations and a result are required");
    fv_status status = combine(&c);
    free(c.at);
    free(c.map);
    if (status != FV_OK)
        fv_evaluation_release(result);
    return status;
}
