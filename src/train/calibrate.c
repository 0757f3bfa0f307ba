/* SPDX-License-Identifier: Apache-2.0 */
/* fv_calibrate: outputs, temperature, thresholds, scores before and after. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "model/predictor.h"
#include "train/calibrate.h"
#include "train/evaluate.h"
#include "train/metrics.h"

typedef struct calibration_run {
    const fv_calibrate_options *o;
    fv_model *model;
    fv_evaluation e;
    float *logits; /* (images, outputs), of temperature 1 */
    int64_t outputs;
    bool binary;
} calibration_run;

/* Into the evaluation and the model. */
static fv_status find_thresholds(calibration_run *r, ranking_entry *list, uint32_t *row, float *thresholds)
{
    fv_evaluation *e = &r->e;
    if (!e->multi_label) {
        thresholds[1] = calibrate_threshold(e, 1, list, row);
        thresholds[0] = 1 - thresholds[1];
        return fv_model_set_thresholds(r->model, thresholds + 1, 1);
    }
    for (int64_t k = 0; k < e->class_count; k++)
        thresholds[k] = calibrate_threshold(e, k, list, row);
    return fv_model_set_thresholds(r->model, thresholds, e->class_count);
}

static fv_status set_thresholds(calibration_run *r)
{
    fv_evaluation *e = &r->e;
    if (r->o->thresholds == FV_OFF || (!e->multi_label && !predictor_is_two_class(r->model)))
        return FV_OK;
    ranking_entry *list = mem_array((size_t)e->images, sizeof *list);
    uint32_t *row = mem_array((size_t)e->images, sizeof *row);
    e->thresholds = mem_array((size_t)e->class_count, sizeof *e->thresholds);
    fv_status status =
        list && row && e->thresholds ? find_thresholds(r, list, row, e->thresholds) : status_last();
    free(list);
    free(row);
    return status;
}

/* ---- before and after ---- */

static fv_calibrated scores_of(const calibration_run *r)
{
    const fv_evaluation *e = &r->e;
    return (fv_calibrated){.loss = e->loss,
                           .ece = e->ece,
                           .brier = e->brier,
                           .accuracy = e->accuracy,
                           .f1 = e->multi_label || !predictor_is_two_class(r->model) ? e->macro.f1
                                                                                     : e->classes[1].f1};
}

/* The evaluation's probabilities and loss from the logits. */
static fv_status rescore(calibration_run *r)
{
    fv_evaluation *e = &r->e;
    float temperature = fv_model_temperature(r->model);
    double loss = 0;
    float *targets = mem_array((size_t)e->class_count, sizeof *targets);
    if (!targets)
        return status_last();
    for (int64_t i = 0; i < e->images; i++) {
        float *z = r->logits + i * r->outputs;
        for (int64_t k = 0; k < r->outputs; k++)
            z[k] /= temperature;
        metrics_probabilities(z, r->outputs, r->binary, e->probabilities + i * e->class_count);
        for (int64_t k = 0; e->multi_label && k < e->class_count; k++)
            targets[k] = e->targets[i * e->class_count + k];
        loss += e->multi_label ? metrics_targets_loss(z, r->outputs, targets)
                               : metrics_loss(z, r->outputs, r->binary, e->label[i]);
    }
    free(targets);
    e->loss = loss / (double)e->images;
    return metrics_fill(e);
}

static fv_status calibrate(calibration_run *r, fv_calibration *result)
{
    const fv_calibrate_options *o = r->o;
    STATUS_TRY(fv_model_set_temperature(r->model, 1));
    STATUS_TRY(fv_model_set_thresholds(r->model, NULL, 0));
    STATUS_TRY(evaluate_keep(&(fv_evaluate_options){.struct_size = sizeof(fv_evaluate_options),
                                                    .model = r->model,
                                                    .data = o->data,
                                                    .result = &r->e,
                                                    .batch = o->batch,
                                                    .loader_threads = o->loader_threads,
                                                    .on_error = o->on_error,
                                                    .on_step = o->on_step,
                                                    .on_log = o->on_log,
                                                    .user = o->user},
                             &r->logits));
    result->images = r->e.images;
    result->before = scores_of(r);
    result->temperature = (float)calibrate_temperature(&r->e, r->logits, r->outputs, r->binary);
    result->at_limit =
        result->temperature == (float)CALIBRATE_LEAST || result->temperature == (float)CALIBRATE_MOST;
    STATUS_TRY(fv_model_set_temperature(r->model, result->temperature));
    STATUS_TRY(rescore(r));
    STATUS_TRY(set_thresholds(r));
    if (r->e.thresholds)
        STATUS_TRY(metrics_fill(&r->e));
    result->after = scores_of(r);
    return FV_OK;
}

/* The model as it was, when something fails. */
static void restore(fv_model *m, float temperature, float *thresholds, int64_t count)
{
    m->temperature = temperature;
    free(m->thresholds);
    m->thresholds = thresholds;
    m->threshold_count = count;
}

fv_status fv_calibrate_with(const fv_calibrate_options *options)
{
    fv_calibrate_options o = {0};
    fv_calibration ignored, *result;
    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.model || !o.data)
        return status_set(FV_ERROR_INVALID, "calibrate: model and data are required");
    calibration_run r = {.o = &o,
                         .model = o.model,
                         .outputs = fv_model_class_count(o.model),
                         .binary = predictor_is_binary(o.model)};
    float temperature = o.model->temperature, *thresholds = o.model->thresholds;
    int64_t count = o.model->threshold_count;
    o.model->thresholds = NULL;
    result = o.result ? o.result : &ignored;
    *result = (fv_calibration){0};
    fv_status status = calibrate(&r, result);
    if (status == FV_OK)
        free(thresholds);
    else
        restore(o.model, temperature, thresholds, count);
    fv_evaluation_release(&r.e);
    free(r.logits);
    return status;
}
