/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "core/clock.h"
#include "train/fit.h"
#include "train/scoring.h"

static double epoch_seconds(const fit_run *r)
{
    return r->state.seconds + clock_seconds() - r->started;
}

/* Steps to come at the smoothed pace, and what lies between epochs. */
static double seconds_left(const fit_run *r)
{
    int64_t batches = loader_batches(r->loader);
    int64_t epochs = r->o.epochs - (r->state.step + batches - 1) / batches;
    return (double)(r->o.epochs * batches - r->state.step) * r->step_seconds +
           (double)epochs * r->between_seconds;
}

fv_progress fit_progress(const fit_run *r)
{
    const fit_state *s = &r->state;
    double seconds = epoch_seconds(r);
    return (fv_progress){.epoch = s->epoch + 1,
                         .epochs = r->o.epochs,
                         .step = s->batch,
                         .steps = loader_batches(r->loader),
                         .pictures = s->pictures,
                         .seconds = seconds,
                         .seconds_left = seconds_left(r),
                         .images_per_second = (double)s->pictures / seconds,
                         .wait_share = fmin((s->waited + loader_waited(fit_loader(r))) / seconds, 1),
                         .learning_rate = (float)s->rate,
                         .train_loss = s->weight_sum > 0 ? (float)(s->loss_sum / s->weight_sum) : NAN,
                         .train_accuracy =
                             s->counted > 0 ? (float)(s->correct_sum / (double)s->counted) : NAN,
                         .validation_loss = NAN,
                         .validation_accuracy = NAN,
                         .phase = fit_phase_name(r),
                         .gradient_norm = r->trainer ? trainer_gradient_norm(r->trainer) : NAN,
                         .validation_f1 = NAN,
                         .validation_map = NAN,
                         .step_loss = r->step_loss};
}

static fv_status ask_teachers(fit_run *r, const batch *b)
{
    const float *probabilities;
    if (!r->teachers)
        return FV_OK;
    STATUS_TRY(teachers_ask(r->teachers, b->pixels, &probabilities));
    return trainer_teach(r->trainer, probabilities);
}

static fv_status step(fit_run *r, const batch *pictures, float *loss, float *correct)
{
    batch b = *pictures;
    if (r->kept.train)
        b.features = features_gather(r->kept.train, pictures, r->state.epoch);
    return trainer_step(r->trainer, &b, r->state.step, (float)r->state.rate, loss, correct);
}

fv_status fit_train_batch(fit_run *r, const batch *b, double rate)
{
    fit_state *s = &r->state;
    double weight = 0;
    float loss = 0, correct = 0;
    for (int64_t i = 0; i < b->count; i++)
        weight += (double)b->weights[i];
    for (int64_t i = 0; i < b->count; i++)
        s->counted += b->weights[i] > 0;
    s->rate = rate;
    if (weight > 0)
        STATUS_TRY(ask_teachers(r, b));
    if (weight > 0)
        STATUS_TRY(step(r, b, &loss, &correct));
    if (!isfinite(loss))
        return fit_diverged(r, "training");
    r->step_loss = loss;
    s->loss_sum += weight * (double)loss;
    s->correct_sum += (double)correct;
    s->weight_sum += weight;
    s->pictures += b->count;
    s->batch++;
    s->step++;
    return FV_OK;
}

static double scheduled_rate(const fit_run *r)
{
    return schedule_rate(&r->schedule, r->schedule_update + trainer_update(r->trainer, r->state.step),
                         r->state.plateau.scale);
}

static void smooth_pace(fit_run *r, double seconds)
{
    r->step_seconds = r->step_seconds > 0 ? 0.95 * r->step_seconds + 0.05 * seconds : seconds;
}

/* The steps that are left of the epoch. */
static fv_status train_steps(fit_run *r)
{
    loader *l = fit_loader(r);
    int64_t batches = loader_batches(l);
    STATUS_TRY(loader_start(l, r->state.epoch, r->state.batch));
    for (double before = clock_seconds(), now; r->state.batch < batches; before = now) {
        const batch *b;
        STATUS_TRY(loader_next(l, &b));
        fit_watch_batch(r, b);
        fv_status status = fit_train_batch(r, b, scheduled_rate(r));
        loader_done(l, b);
        if (status != FV_OK)
            return status;
        now = clock_seconds();
        smooth_pace(r, now - before);
        fv_progress p = fit_progress(r);
        fit_watch_step(r, &p);
        if (r->o.on_step && r->o.on_step(&p, r->o.user))
            return status_set(FV_INTERRUPTED, "interrupted in epoch %lld after step %lld of %lld",
                              (long long)r->state.epoch + 1, (long long)r->state.batch, (long long)batches);
        STATUS_TRY(fit_save_when_due(r));
    }
    return FV_OK;
}

fv_status fit_epoch(fit_run *r, fit_result *result)
{
    fit_state *s = &r->state;
    r->started = clock_seconds();
    STATUS_TRY(fit_head_is_solved(r) ? fit_head_solve(r) : train_steps(r));
    scoring_tell_skipped(r->loader, r->o.on_log, r->o.user, &r->skips_told);
    fit_tell_cache_problem(r, r->loader);
    if (!(s->weight_sum > 0))
        return status_set(FV_ERROR_IO, "none of the training pictures could be read; the first: %s",
                          loader_skipped_message(r->loader, 0));
    fv_progress p = fit_progress(r);
    *result = (fit_result){.train_loss = s->loss_sum / s->weight_sum,
                           .train_accuracy = s->correct_sum / (double)s->counted,
                           .validation_loss = NAN,
                           .validation_accuracy = NAN,
                           .validation_f1 = NAN,
                           .validation_map = NAN,
                           .images_per_second = p.images_per_second,
                           .wait_share = p.wait_share};
    r->trained = clock_seconds();
    if (r->trainer)
        STATUS_TRY(r->model->compile.ema > 0 ? trainer_read_average(r->trainer) : trainer_read(r->trainer));
    STATUS_TRY(fit_validate(r, result));
    result->seconds = epoch_seconds(r);
    return FV_OK;
}
