/* SPDX-License-Identifier: Apache-2.0 */
#include "train/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/ordered.h"
#include "core/random.h"
#include "train/scores.h"

/* Areas of more pictures times classes times resamples would take minutes. */
static const double most_ranked = 2e10;

/* ---- any values ---- */

typedef struct bootstrap_state {
    const bootstrap *b;
    uint32_t *times; /* (threads, images) */
    double *table;   /* (resamples, values) */
} bootstrap_state;

static fv_status resample(void *user, int thread, int64_t item, int slot)
{
    (void)slot;
    const bootstrap_state *s = user;
    int64_t n = s->b->images;
    uint32_t *times = s->times + thread * n;
    rng r = rng_at(s->b->seed, 0, (uint64_t)item);
    memset(times, 0, (size_t)n * sizeof *times);
    for (int64_t i = 0; i < n; i++)
        times[rng_below(&r, (uint64_t)n)]++;
    s->b->score(s->b->user, thread, times, s->table + item * s->b->values);
    return FV_OK;
}

static fv_status pass_on(void *user, int64_t item, int slot, fv_status status)
{
    (void)user, (void)item, (void)slot;
    return status;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, int64_t count, double part)
{
    double place = part * (double)(count - 1);
    int64_t below = (int64_t)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

static fv_interval interval_of(const double *table, const bootstrap *b, int64_t value, double *room)
{
    int64_t count = 0;
    for (int64_t r = 0; r < b->resamples; r++)
        if (!isnan(table[r * b->values + value]))
            room[count++] = table[r * b->values + value];
    qsort(room, (size_t)count, sizeof *room, by_size);
    return count == 0 ? (fv_interval){NAN, NAN}
                      : (fv_interval){percentile(room, count, 0.025), percentile(room, count, 0.975)};
}

fv_status bootstrap_run(const bootstrap *b, fv_interval *intervals)
{
    bootstrap_state s = {.b = b,
                         .times = mem_array((size_t)b->threads * (size_t)b->images, sizeof *s.times),
                         .table = mem_array((size_t)(b->resamples * b->values), sizeof *s.table)};
    double *room = mem_array((size_t)b->resamples, sizeof *room);
    fv_status status = s.times && s.table && room ? FV_OK : status_last();
    if (status == FV_OK)
        status = ordered_run(&(ordered_work){
            .count = b->resamples, .threads = b->threads, .work = resample, .take = pass_on, .user = &s});
    for (int64_t v = 0; status == FV_OK && v < b->values; v++)
        intervals[v] = interval_of(s.table, b, v, room);
    free(s.times);
    free(s.table);
    free(room);
    return status;
}

fv_status bootstrap_settle(const char *what, int64_t *resamples, int *threads)
{
    if (*resamples == 0)
        *resamples = BOOTSTRAP_RESAMPLES;
    if (*threads == 0)
        *threads = ordered_cores();
    if (*resamples < 1 || *resamples > BOOTSTRAP_MOST || *threads < 1)
        return status_set(FV_ERROR_INVALID,
                          "%s: resamples must be 1..%d and threads at least 1, not %lld and %d", what,
                          BOOTSTRAP_MOST, (long long)*resamples, *threads);
    return FV_OK;
}

/* ---- the scores of an evaluation ---- */

typedef struct score_run {
    scores_base base;
    scores *threads; /* (thread_count) */
    int thread_count;
} score_run;

static void score(void *user, int thread, const uint32_t *times, double *out)
{
    const score_run *r = user;
    scores *s = &r->threads[thread];
    scores_count(&r->base, times, s);
    memcpy(out, s->values, sizeof s->values);
}

static fv_status prepare(score_run *r, const fv_evaluation *e, int64_t resamples, int threads)
{
    double ranked = (double)e->images * (double)e->class_count * (double)resamples;
    STATUS_TRY(scores_base_init(&r->base, e, ranked <= most_ranked ? SCORES_SORTED : SCORES_COUNTED));
    if (!(r->threads = mem_array((size_t)threads, sizeof *r->threads)))
        return status_last();
    for (; r->thread_count < threads; r->thread_count++)
        STATUS_TRY(scores_init(&r->threads[r->thread_count], e));
    return FV_OK;
}

fv_status fv_bootstrap_with(const fv_bootstrap_options *options)
{
    fv_bootstrap_options o = {0};
    score_run r = {0};
    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.evaluation || !o.intervals || o.evaluation->images < 1)
        return status_set(FV_ERROR_INVALID,
                          "bootstrap: an evaluation with pictures and intervals are required");
    STATUS_TRY(bootstrap_settle("bootstrap", &o.resamples, &o.threads));
    fv_status status = prepare(&r, o.evaluation, o.resamples, o.threads);
    if (status == FV_OK)
        status = bootstrap_run(&(bootstrap){.images = o.evaluation->images,
                                            .resamples = o.resamples,
                                            .values = FV_SCORE_COUNT,
                                            .seed = o.seed,
                                            .threads = o.threads,
                                            .score = score,
                                            .user = &r},
                               o.intervals);
    for (int i = 0; i < r.thread_count; i++)
        scores_release(&r.threads[i]);
    free(r.threads);
    scores_base_release(&r.base);
    return status;
}
