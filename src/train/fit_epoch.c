/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "model/predictor.h"
#include "core/clock.h"
#include "train/fit.h"
#include "train/metrics.h"
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
                         .wait_share = fmin((s->waited + loader_waited(r->loader)) / seconds, 1),
                         .learning_rate = (float)s->rate,
                         .train_loss = s->weight_sum > 0 ? (float)(s->loss_sum / s->weight_sum) : NAN,
                         .train_accuracy =
                             s->counted > 0 ? (float)(s->correct_sum / (double)s->counted) : NAN,
                         .validation_loss = NAN,
                         .validation_accuracy = NAN,
                         .phase = fit_phase_name(r),
                         .step_loss = r->step_loss};
}

static fv_status diverged(const fit_run *r, const char *what)
{
    return status_set(
        FV_ERROR_DIVERGED,
        "the %s loss became infinite or not a number in epoch %lld after step %lld of %lld, at a "
        "learning rate of %g; try a tenth of it%s",
        what, (long long)r->state.epoch + 1, (long long)r->state.batch, (long long)loader_batches(r->loader),
        r->state.rate, r->state.best_epoch > 0 ? " (the best epoch so far is kept)" : "");
}

/* A batch in which no picture could be read teaches nothing and is passed over. */
static fv_status train_batch(fit_run *r, const batch *b)
{
    fit_state *s = &r->state;
    double weight = 0;
    float loss = 0, correct = 0;
    for (int64_t i = 0; i < b->count; i++)
        weight += (double)b->weights[i];
    for (int64_t i = 0; i < b->count; i++)
        s->counted += b->weights[i] > 0;
    s->rate = schedule_rate(&r->schedule, s->step - r->first_step, s->plateau.scale);
    if (weight > 0)
        STATUS_TRY(trainer_step(r->trainer, b, s->step, (float)s->rate, &loss, &correct));
    if (!isfinite(loss))
        return diverged(r, "training");
    r->step_loss = loss;
    s->loss_sum += weight * (double)loss;
    s->correct_sum += (double)correct;
    s->weight_sum += weight;
    s->pictures += b->count;
    s->batch++;
    s->step++;
    return FV_OK;
}

static void smooth_pace(fit_run *r, double seconds)
{
    r->step_seconds = r->step_seconds > 0 ? 0.95 * r->step_seconds + 0.05 * seconds : seconds;
}

/* The steps that are left of the epoch. */
static fv_status train_steps(fit_run *r)
{
    int64_t batches = loader_batches(r->loader);
    STATUS_TRY(loader_start(r->loader, r->state.epoch, r->state.batch));
    for (double before = clock_seconds(), now; r->state.batch < batches; before = now) {
        const batch *b;
        STATUS_TRY(loader_next(r->loader, &b));
        fit_watch_batch(r, b);
        fv_status status = train_batch(r, b);
        loader_done(r->loader, b);
        if (status != FV_OK)
            return status;
        now = clock_seconds();
        smooth_pace(r, now - before);
        fv_progress p = fit_progress(r);
        fit_watch_step(r, &p);
        if (r->o.on_step && r->o.on_step(&p, r->o.user))
            return status_set(FV_INTERRUPTED, "interrupted in epoch %lld after step %lld of %lld",
                              (long long)r->state.epoch + 1, (long long)r->state.batch, (long long)batches);
    }
    return FV_OK;
}

typedef struct validation_sums {
    fit_run *run;
    double loss, correct, count;
    int64_t outputs;
    bool binary;
} validation_sums;

static void add_row(void *to, const batch *b, int64_t i, const float *logits)
{
    validation_sums *v = to;
    int32_t label = b->labels[i];
    v->count++;
    if (b->targets) {
        const float *targets = b->targets + i * v->outputs;
        v->loss += metrics_targets_loss(logits, v->outputs, targets);
        v->correct += metrics_targets_right(logits, v->outputs, 0, targets);
        return;
    }
    float pair[2] = {0, logits[0]}; /* a single output: positive means the second class */
    v->loss += metrics_loss(logits, v->outputs, v->binary, label);
    int32_t predicted = metrics_largest(v->outputs == 1 ? pair : logits, metrics_classes(v->outputs));
    v->correct += predicted == label;
    fit_watch_prediction(v->run, b, i, predicted, logits);
}

static void tell_cache_problem(const fit_run *r, loader *l)
{
    text line = {0};
    if (loader_cache_problem(l, &line))
        fit_log(r, "%s", text_string(&line));
    text_release(&line);
}

static fv_status validate(fit_run *r, fit_result *result)
{
    if (!r->validation)
        return FV_OK;
    fit_watch_validation(r);
    validation_sums v = {.run = r, .outputs = fv_model_class_count(r->model), .binary = predictor_is_binary(r->model)};
    scoring s = {.model = r->model,
                 .loader = r->validation,
                 .batch_size = r->o.batch,
                 .views = 1,
                 .row = add_row,
                 .to = &v};
    STATUS_TRY(scoring_run(&s));
    scoring_tell_skipped(r->validation, r->o.on_log, r->o.user, &r->validation_skips_told);
    tell_cache_problem(r, r->validation);
    if (v.count == 0)
        return status_set(FV_ERROR_IO, "none of the validation pictures could be read; the first: %s",
                          loader_skipped_message(r->validation, 0));
    result->validation_loss = v.loss / v.count;
    result->validation_accuracy = v.correct / v.count;
    return isfinite(v.loss) ? FV_OK : diverged(r, "validation");
}

fv_status fit_epoch(fit_run *r, fit_result *result)
{
    fit_state *s = &r->state;
    r->started = clock_seconds();
    STATUS_TRY(train_steps(r));
    scoring_tell_skipped(r->loader, r->o.on_log, r->o.user, &r->skips_told);
    tell_cache_problem(r, r->loader);
    if (!(s->weight_sum > 0))
        return status_set(FV_ERROR_IO, "none of the training pictures could be read; the first: %s",
                          loader_skipped_message(r->loader, 0));
    fv_progress p = fit_progress(r);
    *result = (fit_result){.train_loss = s->loss_sum / s->weight_sum,
                           .train_accuracy = s->correct_sum / (double)s->counted,
                           .validation_loss = NAN,
                           .validation_accuracy = NAN,
                           .images_per_second = p.images_per_second,
                           .wait_share = p.wait_share};
    r->trained = clock_seconds();
    STATUS_TRY(trainer_read(r->trainer));
    STATUS_TRY(validate(r, result));
    result->seconds = epoch_seconds(r);
    return FV_OK;
}
