/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "model/predictor.h"
#include "train/fit.h"
#include "train/metrics.h"
#include "train/scoring.h"

fv_status fit_diverged(const fit_run *r, const char *what)
{
    return status_set(
        FV_ERROR_DIVERGED,
        "the %s loss became infinite or not a number in epoch %lld after step %lld of %lld, at a "
        "learning rate of %g; try a tenth of it%s",
        what, (long long)r->state.epoch + 1, (long long)r->state.batch, (long long)loader_batches(r->loader),
        r->state.rate, r->state.best_epoch > 0 ? " (the best epoch so far is kept)" : "");
}

void fit_tell_cache_problem(const fit_run *r, loader *l)
{
    text line = {0};
    if (loader_cache_problem(l, &line))
        fit_log(r, "%s", text_string(&line));
    text_release(&line);
}

/* What the metrics of all pictures together need: an evaluation without what costs time only. */
typedef struct validation {
    fit_run *run;
    double loss, correct;
    int64_t outputs;
    bool binary;
    fv_evaluation e;
    float *probabilities; /* (pictures, classes); NULL where none need them */
} validation;

static void add_multi_label(validation *v, const float *targets, const float *logits)
{
    int64_t from = v->e.images * v->outputs;
    for (int64_t k = 0; k < v->outputs; k++)
        v->e.targets[from + k] = targets[k] > 0.5f;
    v->loss += metrics_targets_loss(logits, v->outputs, targets);
    v->correct += metrics_targets_right(logits, v->outputs, 0, targets);
}

static void add_row(void *to, const batch *b, int64_t i, const float *logits)
{
    validation *v = to;
    fv_evaluation *e = &v->e;
    int32_t label = b->labels[i];
    if (v->probabilities)
        metrics_probabilities(logits, v->outputs, v->binary, v->probabilities + e->images * e->class_count);
    if (e->multi_label) {
        add_multi_label(v, b->targets + i * v->outputs, logits);
    } else {
        float pair[2] = {0, logits[0]}; /* a single output: positive means the second class */
        int32_t best = metrics_largest(v->outputs == 1 ? pair : logits, e->class_count);
        e->label[e->images] = label;
        e->predicted[e->images] = best;
        v->loss += metrics_loss(logits, v->outputs, v->binary, label);
        v->correct += best == label;
        fit_watch_prediction(v->run, b, i, best, logits);
    }
    e->images++;
}

static fv_status allocate(const fit_run *r, validation *v)
{
    size_t n = (size_t)loader_samples(r->validation), k = (size_t)v->e.class_count, cells;
    if (__builtin_mul_overflow(n, k, &cells))
        return status_set(FV_ERROR_MEMORY, "validation: too many classes and pictures");
    v->e.label = mem_array(n, sizeof *v->e.label);
    v->e.predicted = mem_array(n, sizeof *v->e.predicted);
    if (!v->e.label || !v->e.predicted)
        return status_last();
    if (r->multi_label && !(v->e.targets = mem_array(cells, 1)))
        return status_last();
    if ((r->multi_label || r->o.monitor == FV_MONITOR_MAP) &&
        !(v->probabilities = mem_array(cells, sizeof *v->probabilities)))
        return status_last();
    v->e.probabilities = v->probabilities;
    return FV_OK;
}

static fv_status measure(fit_run *r, validation *v, fit_result *result)
{
    scoring s = {.model = r->model,
                 .loader = fit_validation_loader(r),
                 .batch_size = r->o.batch,
                 .views = 1,
                 .row = add_row,
                 .logits = r->kept.validation ? fit_features_logits : NULL,
                 .source = r,
                 .to = v};
    STATUS_TRY(scoring_run(&s));
    scoring_tell_skipped(r->validation, r->o.on_log, r->o.user, &r->validation_skips_told);
    fit_tell_cache_problem(r, r->validation);
    if (v->e.images == 0)
        return status_set(FV_ERROR_IO, "none of the validation pictures could be read; the first: %s",
                          loader_skipped_message(r->validation, 0));
    result->validation_loss = v->loss / (double)v->e.images;
    result->validation_accuracy = v->correct / (double)v->e.images;
    if (!isfinite(v->loss))
        return fit_diverged(r, "validation");
    result->validation_f1 = metrics_macro_f1(&v->e);
    return v->probabilities ? metrics_mean_precision(&v->e, &result->validation_map) : FV_OK;
}

fv_status fit_validate(fit_run *r, fit_result *result)
{
    int64_t outputs = fv_model_class_count(r->model);
    validation v = {.run = r,
                    .outputs = outputs,
                    .binary = predictor_is_binary(r->model),
                    .e = {.multi_label = r->multi_label, .class_count = metrics_classes(outputs)}};
    if (!r->validation)
        return FV_OK;
    fit_watch_validation(r);
    fv_status status = allocate(r, &v);
    if (status == FV_OK)
        status = measure(r, &v, result);
    fv_evaluation_release(&v.e);
    return status;
}
