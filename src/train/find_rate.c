/* SPDX-License-Identifier: Apache-2.0 */
/* The learning-rate range test of Smith 2017: training at a rate that rises from step to step. */
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "train/rate_curve.h"
#include "train/trial.h"

enum {
    UPDATES_MOST = 100,
    UPDATES_LEAST = 30,
    EPOCHS_MOST = 10,
    HEAD_STEPS = 100
};

static const double span = 1000; /* either side of the compiled rate */
static const double rate_limit = 1000;
static const char phase[] = "learning rate";

typedef struct range_test {
    fv_learning_rates *found;
    double low, high;
    int64_t updates, update;
    double loss_sum, weight_sum; /* of the run before the update under way */
} range_test;

static int64_t count_updates(const fit_run *r)
{
    int64_t n = EPOCHS_MOST * trainer_updates(loader_batches(r->loader), r->model->compile.accumulate);
    return n > UPDATES_MOST ? UPDATES_MOST : n < UPDATES_LEAST ? UPDATES_LEAST : n;
}

static double rate_of(const range_test *t)
{
    return t->low * pow(t->high / t->low, (double)t->update / (double)(t->updates - 1));
}

/* An update in which no picture could be read has no loss. */
static bool end_update(range_test *t, const fit_run *r)
{
    double weight = r->state.weight_sum - t->weight_sum, loss = r->state.loss_sum - t->loss_sum;
    bool more = weight > 0 ? rate_curve_add(t->found, rate_of(t), loss / weight) : true;
    t->weight_sum = r->state.weight_sum;
    t->loss_sum = r->state.loss_sum;
    return ++t->update < t->updates && more;
}

static fv_status take(fit_run *r, const batch *b, void *context, bool *more)
{
    range_test *t = context;
    fv_status status = fit_train_batch(r, b, rate_of(t));
    if (status == FV_ERROR_DIVERGED) { /* what it is to find out */
        *more = false;
        return FV_OK;
    }
    STATUS_TRY(status);
    if (trainer_update(r->trainer, r->state.step) == t->update)
        return FV_OK;
    *more = end_update(t, r);
    return trial_tell(r, phase, t->update, t->updates);
}

static fv_status take_for_head(fit_run *r, const batch *b, void *context, bool *more)
{
    const int64_t *steps = context;
    STATUS_TRY(fit_train_batch(r, b, (double)r->o.head_learning_rate));
    *more = r->state.step < *steps;
    return trial_tell(r, "head", r->state.step, *steps);
}

/* The rate is for a network whose head has learned already. */
static fv_status train_head(fit_run *r)
{
    int64_t steps = r->o.head_epochs * loader_batches(r->loader);
    if (steps > HEAD_STEPS)
        steps = HEAD_STEPS;
    STATUS_TRY(trial_begin(r, 0));
    STATUS_TRY(trial_steps(r, take_for_head, &steps));
    return trainer_read(r->trainer);
}

static fv_status test_range(fit_run *r, fv_learning_rates *found)
{
    double middle = (double)r->model->compile.learning_rate;
    range_test t = {.found = found, .low = middle / span, .high = fmin(middle * span, rate_limit)};
    if (trial_has_head(r))
        STATUS_TRY(train_head(r));
    STATUS_TRY(trial_begin(r, trial_has_head(r) ? r->o.head_epochs : 0));
    t.updates = count_updates(r);
    t.loss_sum = r->state.loss_sum;
    t.weight_sum = r->state.weight_sum;
    found->rates = mem_array((size_t)t.updates, sizeof *found->rates);
    found->losses = mem_array((size_t)t.updates, sizeof *found->losses);
    found->smoothed = mem_array((size_t)t.updates, sizeof *found->smoothed);
    if (!found->rates || !found->losses || !found->smoothed)
        return status_last();
    STATUS_TRY(trial_steps(r, take, &t));
    found->suggestion = (float)rate_curve_suggest(found);
    if (!(found->suggestion > 0))
        return status_set(FV_ERROR_DIVERGED,
                          "the loss fell at no learning rate from %.3g to %.3g; check the labels and the "
                          "network, or give a rate",
                          t.low, t.high);
    return FV_OK;
}

fv_status fv_find_learning_rate(const fv_fit_options *options, fv_learning_rates *found)
{
    fit_run r;
    *found = (fv_learning_rates){0};
    fv_status status = trial_open(&r, options);
    if (status == FV_OK)
        status = test_range(&r, found);
    trial_close(&r);
    return status;
}

void fv_learning_rates_release(fv_learning_rates *found)
{
    free(found->rates);
    free(found->losses);
    free(found->smoothed);
    *found = (fv_learning_rates){0};
}
