/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bootstrap (Efron 1979): what scores would have been with other pictures of the same kind, told from resamples of those that
 * there are, drawn with replacement.
 *
 *     bootstrap b = {.images = e->images, .resamples = 2000, .values = 3, .threads = 8, .score = score, .user = &mine};
 *     STATUS_TRY(bootstrap_run(&b, intervals));
 */
#ifndef TRAIN_BOOTSTRAP_H
#define TRAIN_BOOTSTRAP_H

#include <stdint.h>

#include "core/status.h"

enum {
    BOOTSTRAP_RESAMPLES = 2000,
    BOOTSTRAP_MOST = 1000000
};

typedef struct bootstrap {
    int64_t images, resamples, values;
    uint64_t seed; /* resample r is drawn from (seed, r): threads make no difference */
    int threads;
    /* times (images): how many times each picture was drawn; `out` (values). On a thread, 0..threads - 1. */
    void (*score)(void *user, int thread, const uint32_t *times, double *out);
    void *user;
} bootstrap;

/* The 2.5 and 97.5 percentiles of each value over the resamples in which it is defined (interpolated, as NumPy does); NAN when there are
 * none. */
fv_status bootstrap_run(const bootstrap *b, fv_interval *intervals);

/* Fills in defaults and checks what the caller said. `what` begins the error. */
fv_status bootstrap_settle(const char *what, int64_t *resamples, int *threads);

#endif
