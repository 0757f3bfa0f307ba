/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ordered.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"

enum {
    SLOTS_A_THREAD = 4, /* items differ in how long they take */
    MESSAGE = 1024
};

typedef struct ordered_slot {
    bool done;
    fv_status status;
    char message[MESSAGE]; /* of a failure */
} ordered_slot;

typedef struct ordered {
    const ordered_work *work;
    pthread_mutex_t lock;
    pthread_cond_t free, ready; /* a slot was taken; the next item is done */
    ordered_slot *slots;
    int slot_count;
    int64_t next, taken; /* items */
    bool stopped;
} ordered;

typedef struct ordered_thread {
    ordered *shared;
    int number;
    pthread_t thread;
} ordered_thread;

int ordered_slots(int threads)
{
    return SLOTS_A_THREAD * threads;
}

int ordered_cores(void)
{
    cpu_set_t set;
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return cores > 0 ? cores : 1;
}

static void *run_thread(void *user)
{
    ordered_thread *t = user;
    ordered *o = t->shared;
    pthread_mutex_lock(&o->lock);
    while (!o->stopped && o->next < o->work->count) {
        if (o->next >= o->taken + o->slot_count) {
            pthread_cond_wait(&o->free, &o->lock);
            continue;
        }
        int64_t item = o->next++;
        int slot = (int)(item % o->slot_count);
        pthread_mutex_unlock(&o->lock);
        fv_status status = o->work->work(o->work->user, t->number, item, slot);
        if (status != FV_OK)
            snprintf(o->slots[slot].message, MESSAGE, "%s", fv_error_message());
        pthread_mutex_lock(&o->lock);
        o->slots[slot].status = status;
        o->slots[slot].done = true;
        if (item == o->taken)
            pthread_cond_signal(&o->ready);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static fv_status take_all(ordered *o)
{
    const ordered_work *w = o->work;
    fv_status status = FV_OK;
    for (int64_t item = 0; status == FV_OK && item < w->count; item++) {
        ordered_slot *s = &o->slots[item % o->slot_count];
        pthread_mutex_lock(&o->lock);
        while (!s->done)
            pthread_cond_wait(&o->ready, &o->lock);
        pthread_mutex_unlock(&o->lock);
        if (s->status != FV_OK)
            status_restore(s->status, s->message);
        status = w->take(w->user, item, (int)(item % o->slot_count), s->status);
        pthread_mutex_lock(&o->lock);
        s->done = false;
        o->taken++;
        pthread_cond_broadcast(&o->free);
        pthread_mutex_unlock(&o->lock);
    }
    return status;
}

fv_status ordered_run(const ordered_work *w)
{
    ordered o = {.work = w, .slot_count = ordered_slots(w->threads)};
    ordered_thread *threads = mem_array((size_t)w->threads, sizeof *threads);
    o.slots = mem_array((size_t)o.slot_count, sizeof *o.slots);
    fv_status status = threads && o.slots ? FV_OK : status_last();
    pthread_mutex_init(&o.lock, NULL);
    pthread_cond_init(&o.free, NULL);
    pthread_cond_init(&o.ready, NULL);
    int started = 0;
    for (; status == FV_OK && started < w->threads; started++) {
        threads[started] = (ordered_thread){.shared = &o, .number = started};
        if (pthread_create(&threads[started].thread, NULL, run_thread, &threads[started]) != 0)
            break; /* fewer do as well */
    }
    if (status == FV_OK && started == 0)
        status = status_set(FV_ERROR_MEMORY, "no thread can be started");
    if (status == FV_OK)
        status = take_all(&o);
    pthread_mutex_lock(&o.lock);
    o.stopped = true;
    pthread_cond_broadcast(&o.free);
    pthread_mutex_unlock(&o.lock);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i].thread, NULL);
    pthread_cond_destroy(&o.ready);
    pthread_cond_destroy(&o.free);
    pthread_mutex_destroy(&o.lock);
    free(o.slots);
    free(threads);
    return status;
}
