/* SPDX-License-Identifier: Apache-2.0 */
#include "data/ring.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"

/* Chunks a thread gets of a batch: more even out unequal pictures, fewer cost less locking. */
enum {
    CHUNKS_A_THREAD = 4
};

fv_status ring_init(ring *r, int slots, int64_t positions, int threads)
{
    int64_t chunk = positions / (CHUNKS_A_THREAD * (int64_t)threads);
    *r = (ring){.slot_count = slots, .positions = positions, .chunk = chunk > 0 ? chunk : 1};
    if (!(r->slots = mem_array((size_t)slots, sizeof *r->slots)))
        return status_last();
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->work, NULL);
    pthread_cond_init(&r->ready, NULL);
    pthread_cond_init(&r->quiet, NULL);
    return FV_OK;
}

void ring_release(ring *r)
{
    if (!r->slots)
        return;
    pthread_cond_destroy(&r->quiet);
    pthread_cond_destroy(&r->ready);
    pthread_cond_destroy(&r->work);
    pthread_mutex_destroy(&r->lock);
    free(r->slots);
}

static bool can_take(const ring *r)
{
    if (r->fill_batch >= r->batches)
        return false;
    return r->fill_from > 0 || r->slots[r->fill_batch % r->slot_count].batch < 0;
}

bool ring_take(ring *r, ring_unit *u)
{
    pthread_mutex_lock(&r->lock);
    while (!r->stopped && !can_take(r))
        pthread_cond_wait(&r->work, &r->lock);
    bool go_on = !r->stopped;
    if (go_on) {
        int slot = (int)(r->fill_batch % r->slot_count);
        if (r->fill_from == 0)
            r->slots[slot] = (ring_slot){.batch = r->fill_batch, .left = r->positions};
        int64_t to = r->fill_from + r->chunk < r->positions ? r->fill_from + r->chunk : r->positions;
        *u = (ring_unit){.slot = slot, .batch = r->fill_batch, .from = r->fill_from, .to = to};
        r->fill_from = to < r->positions ? to : 0;
        r->fill_batch += to == r->positions;
        r->active++;
    }
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

static void leave(ring *r)
{
    if (--r->active == 0)
        pthread_cond_signal(&r->quiet);
}

bool ring_filled(ring *r, const ring_unit *u)
{
    pthread_mutex_lock(&r->lock);
    r->slots[u->slot].left -= u->to - u->from;
    bool all = r->slots[u->slot].left == 0;
    if (!all)
        leave(r);
    pthread_mutex_unlock(&r->lock);
    return all;
}

void ring_ready(ring *r, const ring_unit *u)
{
    pthread_mutex_lock(&r->lock);
    r->slots[u->slot].ready = true;
    pthread_cond_signal(&r->ready);
    leave(r);
    pthread_mutex_unlock(&r->lock);
}

fv_status ring_next(ring *r, int *slot)
{
    fv_status status = FV_OK;
    *slot = -1;
    pthread_mutex_lock(&r->lock);
    if (r->next_batch < r->batches) {
        int k = (int)(r->next_batch % r->slot_count);
        const ring_slot *s = &r->slots[k];
        if (s->delivered) {
            status =
                status_set(FV_ERROR_INTERNAL, "loader: all %d batches of the ring are in use", r->slot_count);
        } else {
            bool wait = s->batch != r->next_batch || !s->ready;
            double since = wait ? clock_seconds() : 0;
            while (s->batch != r->next_batch || !s->ready)
                pthread_cond_wait(&r->ready, &r->lock);
            r->waited += wait ? clock_seconds() - since : 0;
            r->slots[k].delivered = true;
            r->next_batch++;
            *slot = k;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return status;
}

static void free_slot(ring *r, int slot)
{
    r->slots[slot] = (ring_slot){.batch = -1};
}

void ring_done(ring *r, int slot)
{
    pthread_mutex_lock(&r->lock);
    if (r->slots[slot].delivered) /* else it belongs to an epoch that was dropped */
        free_slot(r, slot);
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}

void ring_quiet(ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->batches = r->fill_batch = r->next_batch = r->fill_from = 0;
    while (r->active > 0)
        pthread_cond_wait(&r->quiet, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

void ring_begin(ring *r, int64_t batches, int64_t first)
{
    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < r->slot_count; i++)
        free_slot(r, i);
    r->batches = batches;
    r->fill_batch = r->next_batch = first;
    r->fill_from = 0;
    r->waited = 0;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}

void ring_stop(ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}
