/* SPDX-License-Identifier: Apache-2.0 */
/* What the loss of a run is made of, and what is monitored. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "train/class_weights.h"
#include "train/fit.h"
#include "train/metrics.h"

static const float weight_limit = 1e6f;

fv_status fit_check_loss(const fv_fit_options *o)
{
    if (o->class_weights && (o->balance == FV_BALANCE_WEIGHTS || o->balance == FV_BALANCE_EFFECTIVE))
        return status_set(FV_ERROR_INVALID, "fit: class_weights and a balance by weights exclude each other");
    for (int64_t k = 0; o->class_weights && k < fv_dataset_class_count(o->train); k++)
        if (!(o->class_weights[k] > 0 && o->class_weights[k] <= weight_limit))
            return status_set(
                FV_ERROR_INVALID, "fit: the weight of class %s must be above 0 and at most %g, not %g",
                fv_dataset_class_name(o->train, k), (double)weight_limit, (double)o->class_weights[k]);
    if (o->teacher_count < 0 || o->teacher_count > TEACHERS_MOST || (o->teacher_count > 0 && !o->teachers))
        return status_set(FV_ERROR_INVALID, "fit: there must be 0..%d teachers, not %lld", TEACHERS_MOST,
                          (long long)o->teacher_count);
    if (!(o->distill_alpha > 0 && o->distill_alpha <= 1))
        return status_set(FV_ERROR_INVALID, "fit: distill_alpha must be above 0 and at most 1, not %g",
                          (double)o->distill_alpha);
    if (!(o->distill_temperature >= 0.1f && o->distill_temperature <= 100))
        return status_set(FV_ERROR_INVALID, "fit: distill_temperature must be 0.1..100, not %g",
                          (double)o->distill_temperature);
    return FV_OK;
}

/* The loss that was left open is settled by the data; a softmax would make classes exclude one another. */
static fv_status settle_kind(fit_run *r)
{
    fv_loss *loss = &r->model->compile.loss;
    r->multi_label = dataset_is_multi_label(r->o.train);
    if (*loss == FV_LOSS_DEFAULT)
        *loss = r->multi_label ? FV_BINARY_CROSSENTROPY : FV_SPARSE_CATEGORICAL_CROSSENTROPY;
    if (r->multi_label && (*loss != FV_BINARY_CROSSENTROPY || fv_model_class_count(r->model) == 1))
        return status_set(
            FV_ERROR_INVALID,
            "fit: pictures of the training data have several classes each, which needs the loss "
            "FV_BINARY_CROSSENTROPY, FV_FOCAL (or none given) and an output for every class");
    if (r->model->compile.focal_alpha > 0 && *loss != FV_BINARY_CROSSENTROPY)
        return status_set(
            FV_ERROR_INVALID,
            "fit: focal_alpha is of sigmoids; with a softmax class_weights say what classes weigh");
    return FV_OK;
}

/* A share of right answers hardly moves where most of the answers are no. */
static fv_status settle_monitor(fit_run *r)
{
    fv_monitor *monitor = &r->o.monitor;
    if (*monitor == FV_MONITOR_DEFAULT)
        *monitor = !r->multi_label ? FV_MONITOR_ACCURACY : r->o.validation ? FV_MONITOR_MAP : FV_MONITOR_LOSS;
    if (!r->o.validation && (*monitor == FV_MONITOR_F1 || *monitor == FV_MONITOR_MAP))
        return status_set(FV_ERROR_INVALID,
                          "fit: F1 and mAP are measured on validation pictures, of which there "
                          "are none; monitor accuracy or loss");
    return FV_OK;
}

fv_status fit_settle_loss(fit_run *r)
{
    STATUS_TRY(settle_kind(r));
    return settle_monitor(r);
}

static fv_status take_weights(fit_run *r, const class_counts *counts)
{
    const fv_fit_options *o = &r->o;
    if (!(r->class_weights = mem_array((size_t)counts->classes, sizeof *r->class_weights)))
        return status_last();
    if (o->class_weights) {
        for (int64_t k = 0; k < fv_dataset_class_count(o->train); k++)
            if (r->train_map[k] >= 0)
                r->class_weights[r->train_map[k]] = o->class_weights[k];
        for (int64_t k = 0; k < counts->classes; k++)
            if (r->class_weights[k] == 0)
                r->class_weights[k] = 1; /* the data does not know it */
    } else {
        class_weights_balance(counts, o->balance, r->multi_label, r->class_weights);
    }
    if (r->multi_label)
        r->loss.positive = r->class_weights;
    text line = {0};
    class_weights_describe(counts, (const char *const *)r->model->classes, r->class_weights, &line);
    fit_log(r, "%s%s", r->multi_label ? "where a picture has the class: " : "", text_string(&line));
    text_release(&line);
    return FV_OK;
}

fv_status fit_weigh_classes(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    class_counts counts;
    if (!o->class_weights && o->balance != FV_BALANCE_WEIGHTS && o->balance != FV_BALANCE_EFFECTIVE)
        return FV_OK;
    STATUS_TRY(
        class_counts_make(o->train, r->train_map, metrics_classes(fv_model_class_count(r->model)), &counts));
    fv_status status = take_weights(r, &counts);
    free(counts.with);
    return status;
}

fv_status fit_call_teachers(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    if (o->teacher_count == 0)
        return FV_OK;
    STATUS_TRY(teachers_create(r->model, o->teachers, o->teacher_count, o->batch, o->distill_temperature,
                               &r->teachers));
    r->loss.teacher_share = o->distill_alpha;
    r->loss.temperature = o->distill_temperature;
    text line = {0};
    teachers_describe(r->teachers, &line);
    fit_log(r, "teacher%s %s: %g of the loss, at temperature %g", o->teacher_count > 1 ? "s" : "",
            text_string(&line), (double)o->distill_alpha, (double)o->distill_temperature);
    text_release(&line);
    return FV_OK;
}

/* Only what is used: other runs are signed as they would be without it. */
void fit_sign_loss(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    const fv_compile_options *c = &r->model->compile;
    if (c->focal_gamma > 0 || c->focal_alpha > 0)
        text_add(&r->signature, ", focal gamma %.9g, alpha %.9g", (double)c->focal_gamma,
                 (double)c->focal_alpha);
    if (o->class_weights) {
        text_add(&r->signature, ", class weights");
        for (int64_t k = 0; k < metrics_classes(fv_model_class_count(r->model)); k++)
            text_add(&r->signature, " %.9g", (double)r->class_weights[k]);
    }
    if (r->teachers)
        text_add(&r->signature, ", teachers %llx, distill alpha %.9g, temperature %.9g",
                 (unsigned long long)teachers_fingerprint(r->teachers), (double)o->distill_alpha,
                 (double)o->distill_temperature);
}
