/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watching training: TensorBoard's files, the files of the live page, or a program's own eyes.
 *
 *     fv_watcher events = {0};
 *     const fv_watcher *watchers[] = {&events, NULL};
 *     if (fv_events_init(&events, "runs/photos") == FV_OK)
 *         fv_fit(m, train, .validation = val, .out = "runs/photos", .watchers = watchers);
 *     fv_watcher_release(&events);
 */
#ifndef FOVEA_WATCH_H
#define FOVEA_WATCH_H

#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A wrong prediction of the last validation. */
typedef struct fv_mistake {
    int64_t index; /* in the validation data */
    int32_t label, predicted;
    float probability;     /* of the predicted class */
    const uint8_t *pixels; /* (height, width, channels), as the network saw it */
} fv_mistake;

/* What watchers are shown; borrowed for the call. */
typedef struct fv_run_view {
    const fv_progress *progress;
    fv_model *model; /* to read only; its tensors are those of the last epoch's end */
    const fv_dataset *validation;
    const char *results; /* results.csv as far as it goes; "" before the first epoch's end */
    /* The first batch that this process trained with, augmented: (count, height, width, channels). on_batch only, else NULL. */
    const uint8_t *pixels;
    int64_t count, height, width, channels;
    /* on_epoch after a validation of pictures with one class each, else NULL and 0: */
    const int64_t
        *confusion; /* (class_count, class_count): row true, column predicted; NULL above 1024 classes */
    int64_t class_count;
    const fv_mistake
        *mistakes; /* the wrong predictions of the highest probability, at most 12, the worst first */
    int64_t mistake_count;
} fv_run_view;

/* Functions that may be NULL; they run on fv_fit's thread, between steps. One that fails is told to on_log, and this watcher is not
 * called again but for on_end: training goes on. */
typedef struct fv_watcher {
    size_t struct_size;
    fv_status (*on_batch)(const fv_run_view *view, void *user); /* before the first step */
    fv_status (*on_step)(const fv_run_view *view, void *user);  /* after each step */
    fv_status (*on_epoch)(const fv_run_view *view,
                          void *user); /* before its checkpoint is written: a run that is killed in between
                                                                 shows it again */
    void (*on_end)(fv_status status, const char *message, void *user); /* how fv_fit ended */
    void (*release)(void *user);                                       /* what fv_watcher_release calls */
    void *user;
} fv_watcher;

/* Lets go of what the functions below made; a zeroed watcher is fine. */
FV_API void fv_watcher_release(fv_watcher *w);

/* Writes RUN/events.out.tfevents.NNN.fovea, the file that TensorBoard reads; NNN counts the processes that worked on the run. It holds
 * the columns of results.csv an epoch; loss and learning rate every few steps; a batch as the network sees it; the confusion matrix and
 * histograms of the weights, of at most about 50 epochs; and args.yaml, where there is one. The folder is made. */
FV_API fv_status fv_events_init(fv_watcher *w, const char *run);

/* Keeps RUN/live/ up to date, which `fovea runs --watch` shows: state.json, a batch, and the worst mistakes of the last validation. Until
 * it is released other processes see that the run is being trained; an error where it is already. */
FV_API fv_status fv_live_init(fv_watcher *w, const char *run);

#ifdef __cplusplus
}
#endif
#endif
