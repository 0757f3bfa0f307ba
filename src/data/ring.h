/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who fills what, and when: batches go through a ring of slots in order, each filled by several threads in
 * chunks.
 *
 *     // worker                                  // consumer
 *     while (ring_take(&r, &u)) {                ring_quiet(&r);  ring_begin(&r, batches, 0);
 *         ... fill u.from to u.to of u.slot ...  STATUS_TRY(ring_next(&r, &slot));   // -1 after the last
 *         if (ring_filled(&r, &u)) {             ... use the slot ...
 *             ... complete u.slot ...            ring_done(&r, slot);
 *             ring_ready(&r, &u);
 *         }
 *     }
 */
#ifndef DATA_RING_H
#define DATA_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

typedef struct ring_slot {
    int64_t batch;  /* its number, -1: free */
    int64_t left;   /* positions not filled yet */
    bool ready;     /* the consumer may have it */
    bool delivered; /* the consumer holds it */
} ring_slot;

typedef struct ring {
    pthread_mutex_t lock;
    pthread_cond_t work, ready, quiet;
    ring_slot *slots;
    int slot_count;
    int64_t positions, chunk;      /* of a batch */
    int64_t batches;               /* in this epoch */
    int64_t fill_batch, fill_from; /* what is taken next */
    int64_t next_batch;            /* what the consumer gets next */
    int active;                    /* units being filled */
    bool stopped;
    double waited; /* seconds, since ring_begin */
} ring;

typedef struct ring_unit {
    int slot;
    int64_t batch, from, to; /* positions [from, to) of this batch */
} ring_unit;

fv_status ring_init(ring *r, int slots, int64_t positions, int threads);
void ring_release(ring *r); /* no thread uses it any more */

bool ring_take(ring *r, ring_unit *u); /* waits; false: the thread shall end */
/* True when it was the slot's last unit: then whatever concerns the whole batch is done, and ring_ready called. */
bool ring_filled(ring *r, const ring_unit *u);
void ring_ready(ring *r, const ring_unit *u);

fv_status ring_next(ring *r, int *slot); /* waits */
void ring_done(ring *r, int slot);

void ring_quiet(ring *r); /* drops what is under way; afterwards no thread fills anything until ring_begin */
void ring_begin(ring *r, int64_t batches, int64_t first);
void ring_stop(ring *r); /* ring_take returns false from now on */

#endif
