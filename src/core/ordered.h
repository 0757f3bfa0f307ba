/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that threads work on in any order and one thread takes in theirs, so that the outcome does not depend on how many
 * threads there are:
 *
 *     ordered_work w = {.count = n, .threads = threads, .work = encode, .take = write, .user = &pack};
 *     fv_status status = ordered_run(&w);
 *
 * An item's result lies in one of ordered_slots(threads) places, which the caller has made.
 */
#ifndef CORE_ORDERED_H
#define CORE_ORDERED_H

#include <stdint.h>

#include "core/status.h"

typedef struct ordered_work {
    int64_t count;
    int threads; /* at least 1 */
    /* On a thread (0 .. threads - 1). */
    fv_status (*work)(void *user, int thread, int64_t item, int slot);
    /* On the calling thread, item after item. `status` is what `work` returned, its message the thread's last. What is not
     * FV_OK ends the run. */
    fv_status (*take)(void *user, int64_t item, int slot, fv_status status);
    void *user;
} ordered_work;

int ordered_slots(int threads);
fv_status ordered_run(const ordered_work *w);

/* The cores that this process may use. */
int ordered_cores(void);

#endif
