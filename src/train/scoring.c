/* SPDX-License-Identifier: Apache-2.0 */
#include "train/scoring.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"
#include "data/dataset.h"
#include "model/predictor.h"

static fv_status score_batches(const scoring *s, float *logits)
{
    int64_t outputs = fv_model_class_count(s->model), steps = loader_batches(s->loader);
    for (int64_t step = 1; step <= steps; step++) {
        const batch *b;
        STATUS_TRY(loader_next(s->loader, &b));
        fv_status status = s->logits ? s->logits(s->source, b, logits)
                                     : predictor_logits(s->model, b->pixels, b->count * s->views, logits);
        if (status == FV_OK)
            predictor_average(s->model, b->count, s->views, logits);
        for (int64_t i = 0; status == FV_OK && i < b->count; i++)
            if (b->weights[i] > 0)
                s->row(s->to, b, i, logits + i * outputs);
        loader_done(s->loader, b);
        if (status != FV_OK)
            return status;
        if (s->step && s->step(s->to, step, steps))
            return status_set(FV_INTERRUPTED, "interrupted after batch %lld of %lld", (long long)step,
                              (long long)steps);
    }
    return FV_OK;
}

fv_status scoring_run(const scoring *s)
{
    size_t rows = (size_t)s->batch_size * (size_t)s->views;
    float *logits = mem_array(rows * (size_t)fv_model_class_count(s->model), sizeof *logits);
    if (!logits)
        return status_last();
    fv_status status = loader_start(s->loader, 0, 0);
    if (status == FV_OK)
        status = score_batches(s, logits);
    free(logits);
    return status;
}

fv_status scoring_match(const fv_model *m, const fv_dataset *data, const char *what, int32_t **map,
                        int64_t *unknown)
{
    int64_t classes = fv_dataset_class_count(data), pictures = fv_dataset_size(data);
    *map = NULL;
    if (!m->classes)
        return status_set(FV_ERROR_INVALID,
                          "model %s: has no class names to match the %s data with; train it, or call "
                          "fv_model_set_classes",
                          m->name, what);
    if (!(*map = mem_array((size_t)classes, sizeof **map)))
        return status_last();
    *unknown = dataset_match_classes(data, (const char *const *)m->classes, m->class_count, *map);
    if (pictures > 0 && *unknown < pictures)
        return FV_OK;
    free(*map);
    *map = NULL;
    if (pictures == 0)
        return status_set(FV_ERROR_INVALID, "the %s data has no pictures", what);
    return status_set(FV_ERROR_INVALID,
                      "none of the %s data's %lld classes ('%s', …) is one of the model's ('%s', …); is this "
                      "the right model?",
                      what, (long long)classes, fv_dataset_class_name(data, 0), m->classes[0]);
}

void scoring_tell_skipped(const loader *l, fv_log_callback log, void *user, int64_t *told)
{
    for (int64_t count = loader_skipped(l); *told < count; ++*told) {
        text line = {0};
        text_add(&line, "left out: %s", loader_skipped_message(l, *told));
        if (log)
            log(text_string(&line), user);
        text_release(&line);
    }
}

fv_progress scoring_progress(int64_t step, int64_t steps, int64_t pictures, double seconds, const loader *l)
{
    return (fv_progress){.epoch = 1,
                         .epochs = 1,
                         .step = step,
                         .steps = steps,
                         .pictures = pictures,
                         .seconds = seconds,
                         .seconds_left = seconds / (double)step * (double)(steps - step),
                         .images_per_second = seconds > 0 ? (double)pictures / seconds : NAN,
                         .wait_share = !l            ? NAN
                                       : seconds > 0 ? loader_waited(l) / seconds
                                                     : 0,
                         .learning_rate = NAN,
                         .train_loss = NAN,
                         .train_accuracy = NAN,
                         .validation_loss = NAN,
                         .validation_accuracy = NAN,
                         .validation_f1 = NAN,
                         .validation_map = NAN,
                         .gradient_norm = NAN,
                         .step_loss = NAN};
}
