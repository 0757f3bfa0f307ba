/* SPDX-License-Identifier: Apache-2.0 */
#include "train/fit.h"

#include <math.h>

#include "core/clock.h"

/* The value that decides, greater is better. */
static double monitored(const fit_run *r, const fit_result *result)
{
    if (r->o.monitor == FV_MONITOR_F1)
        return result->validation_f1;
    if (r->o.monitor == FV_MONITOR_MAP)
        return result->validation_map;
    if (r->o.monitor == FV_MONITOR_LOSS)
        return -(r->validation ? result->validation_loss : result->train_loss);
    return r->validation ? result->validation_accuracy : result->train_accuracy;
}

static int64_t plateau_patience(const fit_run *r)
{
    int64_t epochs = (r->o.patience > 0 ? r->o.patience : 10) / 3;
    return epochs > 0 ? epochs : 1;
}

/* The head's phase runs to its end: what counts is whether the thawed network improves on it. */
static bool ran_out_of_patience(const fit_run *r)
{
    const fit_state *s = &r->state;
    int64_t since = s->best_epoch > r->o.head_epochs ? s->best_epoch : r->o.head_epochs;
    return r->o.patience > 0 && s->best_epoch > 0 && s->epoch - since >= r->o.patience;
}

/* F1 and mAP reach 1 long before a network is sure of what it says: then the loss decides. */
static bool is_better(const fit_run *r, double now, const fit_result *result)
{
    const fit_state *s = &r->state;
    bool tied = now == s->best && (r->o.monitor == FV_MONITOR_F1 || r->o.monitor == FV_MONITOR_MAP);
    return now > s->best || (tied && result->validation_loss < s->best_loss);
}

static void judge(fit_run *r, fit_result *result)
{
    fit_state *s = &r->state;
    double now = monitored(r, result);
    result->is_best = is_better(r, now, result);
    if (result->is_best) {
        s->best = now;
        s->best_loss = isnan(result->validation_loss) ? 0 : result->validation_loss;
        s->best_epoch = s->epoch + 1;
        fit_keep_best(r);
    }
    if (r->o.schedule == FV_SCHEDULE_PLATEAU)
        plateau_tell(&s->plateau, now, plateau_patience(r));
}

static fv_progress epoch_progress(const fit_run *r, const fit_result *result)
{
    fv_progress p = fit_progress(r);
    p.seconds = result->seconds;
    p.seconds_left = fmax(0, p.seconds_left - r->between_seconds); /* this epoch's validation is over */
    p.images_per_second = result->images_per_second;
    p.wait_share = result->wait_share;
    p.validation_loss = (float)result->validation_loss;
    p.validation_accuracy = (float)result->validation_accuracy;
    p.validation_f1 = (float)result->validation_f1;
    p.validation_map = (float)result->validation_map;
    p.is_best = result->is_best;
    return p;
}

static void begin_next_epoch(fit_state *s)
{
    s->epoch++;
    s->batch = s->pictures = s->counted = 0;
    s->loss_sum = s->correct_sum = s->weight_sum = s->seconds = s->waited = 0;
}

/* What is left of the epoch under way, and its files. The checkpoint comes last: a run that is killed in between repeats an epoch
 * and writes the same again. */
static fv_status one_epoch(fit_run *r)
{
    fit_result result;
    STATUS_TRY(fit_epoch(r, &result));
    judge(r, &result);
    STATUS_TRY(fit_save_results(r, &result));
    if (result.is_best)
        STATUS_TRY(fit_save_best(r));
    STATUS_TRY(fit_warn_epoch(r, &result));
    fv_progress p = epoch_progress(r, &result);
    fit_watch_epoch(r, &p);
    begin_next_epoch(&r->state);
    if (r->trainer && r->model->compile.ema > 0) /* what was validated was the average */
        STATUS_TRY(trainer_read(r->trainer));
    STATUS_TRY(fit_save_last(r));
    r->between_seconds = clock_seconds() - r->trained;
    if (r->o.on_epoch && r->o.on_epoch(&p, r->o.user) && r->state.epoch < r->o.epochs)
        return status_set(FV_INTERRUPTED, "interrupted after epoch %lld of %lld", (long long)r->state.epoch,
                          (long long)r->o.epochs);
    return FV_OK;
}

static fv_status all_epochs(fit_run *r)
{
    while (r->state.epoch < r->o.epochs && !ran_out_of_patience(r)) {
        if (fit_phase_is_over(r))
            STATUS_TRY(fit_begin_phase(r, NULL));
        STATUS_TRY(one_epoch(r));
    }
    if (r->state.epoch < r->o.epochs)
        fit_log(r, "stopped after epoch %lld: no better value since epoch %lld", (long long)r->state.epoch,
                (long long)r->state.best_epoch);
    fit_warn_end(r);
    return FV_OK;
}

/* A stop within an epoch: the checkpoint says after which step. Its message stays, unless saving fails. */
static fv_status save_interrupted(fit_run *r)
{
    if (r->state.batch == 0 || !r->trainer)
        return FV_INTERRUPTED;
    STATUS_TRY(fit_save_within_epoch(r));
    return FV_INTERRUPTED;
}

fv_status fv_fit_with(const fv_fit_options *options)
{
    fit_run r;
    fv_status status = fit_prepare(&r, options);
    if (status == FV_OK) {
        status = all_epochs(&r);
        if (status == FV_INTERRUPTED)
            status = save_interrupted(&r);
        fit_restore_best(&r);
    }
    fit_watch_end(&r, status);
    fit_release(&r);
    return status;
}
