/* SPDX-License-Identifier: Apache-2.0 */
#include "train/trial.h"

#include <string.h>

#include "core/clock.h"

fv_status trial_open(fit_run *r, const fv_fit_options *options)
{
    fv_fit_options o = {0};
    *r = (fit_run){0};
    if (!options)
        return status_set(FV_ERROR_INVALID, "options are required");
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    o.struct_size = sizeof o;
    o.resume = o.cache = NULL;
    o.watchers = NULL;
    o.unfreeze_every = 0;
    STATUS_TRY(fit_prepare_trial(r, &o));
    r->started = clock_seconds();
    fit_keep_best(r);
    r->state.best_epoch = 1;
    return FV_OK;
}

/* A head that is to be solved is trained here: solving is no step. */
fv_status trial_begin(fit_run *r, int64_t epoch)
{
    r->state.epoch = epoch;
    STATUS_TRY(fit_begin_phase(r, NULL));
    r->state.step = r->first_step;
    return FV_OK;
}

static fv_status take_batches(fit_run *r, trial_take take, void *context, bool *more)
{
    while (*more) {
        const batch *b;
        STATUS_TRY(loader_next(r->loader, &b));
        if (!b)
            return FV_OK;
        fv_status status = take(r, b, context, more);
        loader_done(r->loader, b);
        STATUS_TRY(status);
    }
    return FV_OK;
}

fv_status trial_steps(fit_run *r, trial_take take, void *context)
{
    bool more = true;
    for (int64_t pass = 0; more; pass++) {
        r->state.batch = 0;
        STATUS_TRY(loader_start(r->loader, pass, 0));
        STATUS_TRY(take_batches(r, take, context, &more));
    }
    return FV_OK;
}

fv_status trial_tell(const fit_run *r, const char *phase, int64_t step, int64_t steps)
{
    fv_progress p = fit_progress(r);
    p.epoch = p.epochs = 1;
    p.step = step;
    p.steps = steps;
    p.phase = phase;
    p.seconds_left = p.seconds / (double)step * (double)(steps - step);
    if (r->o.on_step && r->o.on_step(&p, r->o.user))
        return status_set(FV_INTERRUPTED, "interrupted before the first epoch");
    return FV_OK;
}

bool trial_has_head(const fit_run *r)
{
    return r->o.head_epochs > 0 && r->o.head_epochs < r->o.epochs;
}

void trial_close(fit_run *r)
{
    if (r->best)
        fit_restore_best(r);
    fit_release(r);
}
