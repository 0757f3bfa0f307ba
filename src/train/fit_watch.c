/* SPDX-License-Identifier: Apache-2.0 */
/* Those who look on while fit trains: the views they are shown, and what a validation leaves for them. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "model/predictor.h"
#include "train/fit.h"
#include "train/metrics.h"

enum {
    MISTAKES = 12,
    CONFUSION_CLASSES = 1024 /* the matrix grows with their square */
};

struct fit_watch {
    bool *failed; /* of each watcher */
    bool batch_shown;
    int64_t classes;
    float *probabilities;
    int64_t *confusion; /* NULL: too many classes */
    fv_mistake mistakes[MISTAKES];
    int64_t mistake_count;
    uint8_t *pixels; /* of the mistakes, a place each; NULL: nobody watches */
    size_t picture;  /* bytes */
};

static const fv_watcher *watcher_at(const fit_run *r, int64_t i)
{
    return r->o.watchers ? r->o.watchers[i] : NULL;
}

fv_status fit_watch_begin(fit_run *r)
{
    const fv_preprocess *p = &r->model->preprocess;
    int64_t count = 0;
    while (watcher_at(r, count))
        count++;
    fit_watch *w = r->watch = mem_array(1, sizeof *w);
    if (!w)
        return status_last();
    w->classes = metrics_classes(fv_model_class_count(r->model));
    w->picture = (size_t)(p->height * p->width * p->channels);
    w->failed = mem_array((size_t)count, sizeof *w->failed);
    w->probabilities = mem_array((size_t)w->classes, sizeof *w->probabilities);
    if (!w->failed || !w->probabilities)
        return status_last();
    if (w->classes <= CONFUSION_CLASSES &&
        !(w->confusion = mem_array((size_t)(w->classes * w->classes), sizeof *w->confusion)))
        return status_last();
    if (count > 0 && !(w->pixels = mem_array(MISTAKES, w->picture)))
        return status_last();
    for (int i = 0; w->pixels && i < MISTAKES; i++)
        w->mistakes[i].pixels = w->pixels + (size_t)i * w->picture;
    return FV_OK;
}

void fit_watch_end(fit_run *r, fv_status status)
{
    fit_watch *w = r->watch;
    char *message = mem_string(status == FV_OK ? "" : fv_error_message());
    for (int64_t i = 0; w && message && watcher_at(r, i); i++)
        if (watcher_at(r, i)->on_end)
            watcher_at(r, i)->on_end(status, message, watcher_at(r, i)->user);
    if (status != FV_OK && message)
        status_restore(status, message); /* whatever the watchers met with */
    free(message);
    if (w) {
        free(w->failed);
        free(w->probabilities);
        free(w->confusion);
        free(w->pixels);
    }
    free(w);
    r->watch = NULL;
}

/* ---- the last validation ---- */

void fit_watch_validation(fit_run *r)
{
    fit_watch *w = r->watch;
    if (w->confusion)
        memset(w->confusion, 0, (size_t)(w->classes * w->classes) * sizeof *w->confusion);
    w->mistake_count = 0;
}

/* Keeps the surest ones, sorted. The place of the one that falls out is used again. */
static void keep_mistake(fit_watch *w, const batch *b, int64_t i, int32_t predicted)
{
    float p = w->probabilities[predicted];
    int64_t at = w->mistake_count;
    while (at > 0 && w->mistakes[at - 1].probability < p)
        at--;
    if (at == MISTAKES)
        return;
    int64_t moved = w->mistake_count < MISTAKES ? w->mistake_count++ : MISTAKES - 1;
    const uint8_t *place = w->mistakes[moved].pixels;
    memmove(&w->mistakes[at + 1], &w->mistakes[at], (size_t)(moved - at) * sizeof *w->mistakes);
    w->mistakes[at] = (fv_mistake){.index = b->indices[i],
                                   .label = b->labels[i],
                                   .predicted = predicted,
                                   .probability = p,
                                   .pixels = place};
    memcpy(w->pixels + (place - w->pixels), b->pixels + (size_t)i * w->picture, w->picture);
}

void fit_watch_prediction(fit_run *r, const batch *b, int64_t i, int32_t predicted, const float *logits)
{
    fit_watch *w = r->watch;
    if (w->confusion)
        w->confusion[b->labels[i] * w->classes + predicted]++;
    if (b->labels[i] == predicted || !w->pixels ||
        r->kept.validation) /* on features there are no pictures to show */
        return;
    metrics_probabilities(logits, fv_model_class_count(r->model), predictor_is_binary(r->model),
                          w->probabilities);
    keep_mistake(w, b, i, predicted);
}

const int64_t *fit_watch_confusion(const fit_run *r)
{
    return r->validation && !r->multi_label ? r->watch->confusion : NULL;
}

/* ---- views ---- */

static fv_run_view make_view(const fit_run *r, const fv_progress *p)
{
    return (fv_run_view){.progress = p,
                         .model = r->model,
                         .validation = r->o.validation,
                         .results = text_string(&r->state.results)};
}

/* Calls the function at `offset` in every watcher that has it and has not failed. */
static void show(fit_run *r, const fv_run_view *view, size_t offset)
{
    for (int64_t i = 0; watcher_at(r, i); i++) {
        const fv_watcher *w = watcher_at(r, i);
        fv_status (*function)(const fv_run_view *, void *);
        memcpy(&function, (const char *)w + offset, sizeof function);
        if (!function || r->watch->failed[i] || function(view, w->user) == FV_OK)
            continue;
        r->watch->failed[i] = true;
        fit_log(r, "what watches the run stops doing so: %s", fv_error_message());
    }
}

void fit_watch_batch(fit_run *r, const batch *b)
{
    const fv_preprocess *p = &r->model->preprocess;
    if (r->watch->batch_shown || !watcher_at(r, 0) || r->kept.train)
        return;
    fv_progress progress = fit_progress(r);
    fv_run_view view = make_view(r, &progress);
    view.pixels = b->pixels;
    view.count = b->count;
    view.height = p->height;
    view.width = p->width;
    view.channels = p->channels;
    r->watch->batch_shown = true;
    show(r, &view, offsetof(fv_watcher, on_batch));
}

void fit_watch_step(fit_run *r, const fv_progress *p)
{
    if (!watcher_at(r, 0))
        return;
    fv_run_view view = make_view(r, p);
    show(r, &view, offsetof(fv_watcher, on_step));
}

void fit_watch_epoch(fit_run *r, const fv_progress *p)
{
    const fit_watch *w = r->watch;
    if (!watcher_at(r, 0))
        return;
    fv_run_view view = make_view(r, p);
    view.height = r->model->preprocess.height;
    view.width = r->model->preprocess.width;
    view.channels = r->model->preprocess.channels;
    if (r->validation && !r->multi_label) {
        view.confusion = fit_watch_confusion(r);
        view.class_count = w->classes;
        view.mistakes = w->mistakes;
        view.mistake_count = w->mistake_count;
    }
    show(r, &view, offsetof(fv_watcher, on_epoch));
}
