/* SPDX-License-Identifier: Apache-2.0 */
/* What a run costs on this machine: some steps of each phase, some batches of validation, the files of an epoch. */
#include <math.h>
#include <stdio.h>

#include "core/clock.h"
#include "train/scoring.h"
#include "train/trial.h"

enum {
    STEPS_LEAST = 3
};

static const char phase[] = "speed";
static const double tiny = 1e-3; /* of the rate: speed is measured, and nothing may diverge */

/* Batches at their pace. The first ones, which the loader has ready or for which the engine prepares, do not count. */
typedef struct pace {
    int64_t skip, taken;
    double limit;        /* seconds */
    double begun, start; /* at the first batch, and at the first that counts */
    double seconds;      /* a batch */
    double waited;       /* for the first one to be loaded, as at every epoch's start */
} pace;

/* What a phase takes. */
typedef struct phase_cost {
    double step, wait; /* seconds: a step, and until an epoch's first batch is there */
    bool on_features;
} phase_cost;

static pace pace_begin(const fit_run *r, double limit, int64_t batches)
{
    int64_t ready = r->o.loader_threads + 2;
    double now = clock_seconds();
    return (pace){.skip = batches >= ready + STEPS_LEAST ? ready : batches > 1,
                  .limit = limit,
                  .begun = now,
                  .start = now};
}

/* A batch was taken; false: that was enough. */
static bool pace_take(pace *p)
{
    double now = clock_seconds();
    p->taken++;
    if (p->taken <= p->skip) {
        p->start = now;
        return true;
    }
    int64_t counted = p->taken - p->skip;
    p->seconds = (now - p->start) / (double)counted;
    return counted < STEPS_LEAST || now - p->start < p->limit;
}

/* What the first batches took more than others. */
static double pace_extra(const pace *p)
{
    return fmax(0, p->start - p->begun - (double)p->skip * p->seconds);
}

/* ---- steps ---- */

static fv_status take(fit_run *r, const batch *b, void *context, bool *more)
{
    pace *p = context;
    if (p->taken == 0)
        p->waited = clock_seconds() - p->begun;
    STATUS_TRY(fit_train_batch(r, b, r->schedule.base * tiny));
    *more = pace_take(p);
    double spent = clock_seconds() - p->begun;
    int64_t steps = (int64_t)((double)p->taken * fmax(p->limit / spent, 1)) + 1;
    return trial_tell(r, phase, p->taken, steps);
}

/* Of the phase of `epoch`. */
static fv_status measure_steps(fit_run *r, int64_t epoch, double limit, fv_fit_cost *cost, phase_cost *of)
{
    double start = clock_seconds();
    STATUS_TRY(trial_begin(r, epoch));
    cost->once += clock_seconds() - start;
    pace p = pace_begin(r, limit, INT64_MAX);
    STATUS_TRY(trial_steps(r, take, &p));
    cost->once += pace_extra(&p);
    *of = (phase_cost){.step = p.seconds, .wait = p.waited, .on_features = r->state.on_features};
    return FV_OK;
}

/* ---- validation and files ---- */

static void no_row(void *to, const batch *b, int64_t i, const float *logits)
{
    (void)to, (void)b, (void)i, (void)logits;
}

static int validated(void *to, int64_t step, int64_t steps)
{
    (void)step, (void)steps;
    return !pace_take(to);
}

/* Seconds of a batch. */
static fv_status measure_validation(fit_run *r, double limit, fv_fit_cost *cost, double *seconds)
{
    if (!r->validation)
        return FV_OK;
    pace p = pace_begin(r, limit, loader_batches(r->validation));
    scoring s = {.model = r->model,
                 .loader = r->validation,
                 .batch_size = r->o.batch,
                 .views = 1,
                 .row = no_row,
                 .step = validated,
                 .to = &p};
    fv_status status = scoring_run(&s);
    if (status != FV_OK && status != FV_INTERRUPTED) /* the latter says that it was enough */
        return status;
    cost->once += pace_extra(&p);
    *seconds = p.seconds;
    return FV_OK;
}

/* The end of an epoch that is the best so far. */
static fv_status measure_files(fit_run *r, double *seconds)
{
    double start = clock_seconds();
    STATUS_TRY(trainer_read(r->trainer));
    STATUS_TRY(fit_save_results(r, &(fit_result){0}));
    STATUS_TRY(fit_save_best(r));
    STATUS_TRY(fit_save_last(r));
    *seconds = clock_seconds() - start;
    return FV_OK;
}

static void remove_files(const fit_run *r)
{
    if (r->best_path)
        remove(r->best_path);
    if (r->last_path)
        remove(r->last_path);
    if (r->results_path)
        remove(r->results_path);
}

/* ---- all of it ---- */

/* On features an epoch has next to no steps; but all pictures went through the network once. */
static double epoch_cost(const fit_run *r, const phase_cost *of, double validation, double files,
                         fv_fit_cost *cost)
{
    double steps = of->wait + (double)loader_batches(r->loader) * of->step,
           scored = r->validation ? of->wait + (double)loader_batches(r->validation) * validation : 0;
    if (!of->on_features)
        return steps + scored + files;
    int64_t views = r->augment.count > 0 && r->o.feature_views > 0 ? r->o.feature_views : 1;
    cost->once += (double)views * steps + scored;
    return files;
}

static fv_status measure(fit_run *r, double limit, fv_fit_cost *cost)
{
    phase_cost head, all;
    double validation = 0, files;
    bool has_head = trial_has_head(r);
    if (has_head)
        STATUS_TRY(measure_steps(r, 0, limit / 4, cost, &head));
    STATUS_TRY(measure_steps(r, has_head ? r->o.head_epochs : 0, limit / 2, cost, &all));
    STATUS_TRY(measure_validation(r, limit / 4, cost, &validation));
    STATUS_TRY(measure_files(r, &files));
    cost->picture =
        (r->validation ? validation : all.step / 3) / (double)r->o.batch; /* backwards is twice forwards */
    cost->epoch = epoch_cost(r, &all, validation, files, cost);
    cost->head_epoch = has_head ? epoch_cost(r, &head, validation, files, cost) : cost->epoch;
    return FV_OK;
}

fv_status fv_measure_fit(const fv_fit_options *options, double seconds, fv_fit_cost *cost)
{
    fit_run r;
    *cost = (fv_fit_cost){0};
    fv_status status = trial_open(&r, options);
    if (status == FV_OK)
        status = measure(&r, seconds, cost);
    remove_files(&r);
    trial_close(&r);
    return status;
}

/* ---- arithmetic ---- */

static double run_seconds(const fv_fit_cost *c, int64_t head_epochs, int64_t epochs)
{
    int64_t head = head_epochs == FV_OFF ? (epochs > 1 ? epochs / 2 : 0) : head_epochs;
    if (head > epochs)
        head = epochs;
    return c->once + (double)head * c->head_epoch + (double)(epochs - head) * c->epoch;
}

int64_t fv_fit_epochs(const fv_fit_cost *cost, double seconds, int64_t head_epochs, int64_t most)
{
    int64_t fits = 1, above = most + 1;
    while (above - fits > 1) {
        int64_t middle = fits + (above - fits) / 2;
        if (run_seconds(cost, head_epochs, middle) <= seconds)
            fits = middle;
        else
            above = middle;
    }
    return fits;
}
