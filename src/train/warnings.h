/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run's numbers say about it, in words. Pure functions of the history, so that each can be tried on either side:
 *
 *     text line = {0};
 *     if (warning_check(WARNING_OVERFITTING, &history, &line))
 *         ... text_string(&line) ...
 */
#ifndef TRAIN_WARNINGS_H
#define TRAIN_WARNINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

/* A row of results.csv; NAN where there is no value. */
typedef struct warning_epoch {
    double seconds, train_loss, train_accuracy, validation_loss, validation_accuracy, rate, wait_share;
} warning_epoch;

typedef struct warning_history {
    const warning_epoch *epochs;
    int64_t count; /* finished epochs */
    int64_t planned;
    bool ended;          /* no epoch follows */
    double chance_loss;  /* of a network that knows nothing */
    double highest_rate; /* of the schedule */
    int64_t validation_pictures;
    bool one_class;           /* a picture has one class: accuracy is a share of the pictures */
    const int64_t *confusion; /* (classes, classes) of the last epoch; NULL: not known */
    int64_t classes;
    const char *const *names; /* of classes */
    bool cached;              /* decoded pictures are kept */
} warning_history;

typedef enum warning_kind {
    WARNING_OVERFITTING, /* the validation has been getting worse while training gets better */
    WARNING_RATE,        /* the loss rises, or is above that of guessing */
    WARNING_PLATEAU,     /* training stands still, far from done */
    WARNING_LOADER,      /* much of the time is waiting for pictures */
    WARNING_CLASS,       /* a class is never predicted */
    WARNING_VALIDATION,  /* too few validation pictures for what epochs differ by */
    WARNING_KINDS
} warning_kind;

/* Appends the warning where it is called for. */
bool warning_check(warning_kind kind, const warning_history *h, text *line);

#endif
