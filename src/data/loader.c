/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/loader_parts.h"

static void *work(void *argument)
{
    loader_worker *w = argument;
    loader *l = w->owner;
    for (ring_unit u; ring_take(&l->ring, &u);) {
        loader_slot *s = &l->slots[u.slot];
        for (int64_t i = u.from; i < u.to; i++)
            loader_batch_place(l, w, s, u.batch, i);
        if (ring_filled(&l->ring, &u)) {
            if (!l->options.readable)
                loader_batch_fill_gaps(l, s);
            loader_mix(l, w, s, u.batch);
            ring_ready(&l->ring, &u);
        }
    }
    return NULL;
}

/* ---- making and ending ---- */

static fv_status check(const loader_options *o)
{
    const fv_preprocess *p = &o->preprocess;
    if (!o->data || o->batch < 1 || o->threads < 1 || o->ring < 0)
        return status_set(FV_ERROR_INVALID, "loader: data, a batch size and threads are needed");
    if (o->only && (o->only_count < 1 || o->only_count > fv_dataset_size(o->data)))
        return status_set(FV_ERROR_INVALID, "loader: %lld pictures cannot take part",
                          (long long)o->only_count);
    if (o->views.count > 1 && o->augment)
        return status_set(FV_ERROR_INVALID, "loader: several views are not augmented");
    if (o->readable && o->augment)
        return status_set(FV_ERROR_INVALID, "loader: pictures that are not read are not augmented");
    if (p->height < 1 || p->width < 1 || (p->channels != 1 && p->channels != 3))
        return status_set(FV_ERROR_INVALID, "loader: pictures of %lld x %lld x %lld cannot be made",
                          (long long)p->height, (long long)p->width, (long long)p->channels);
    if (o->classes < 0 || (o->classes == 0 && o->augment && augment_policy_mixes(o->augment)))
        return status_set(FV_ERROR_INVALID,
                          "loader: a policy that mixes pictures needs the number of classes");
    if (o->balanced && !o->shuffle)
        return status_set(FV_ERROR_INVALID, "loader: classes cannot be balanced this way");
    return FV_OK;
}

/* Signals are for the program's own threads: the loader's block them all. */
static fv_status start_threads(loader *l)
{
    sigset_t all, before;
    fv_status status = FV_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; status == FV_OK && l->started < l->options.threads; l->started += status == FV_OK) {
        loader_worker *w = &l->workers[l->started];
        w->owner = l;
        int code = pthread_create(&w->thread, NULL, work, w);
        if (code != 0)
            status = status_set(FV_ERROR_MEMORY, "loader: thread %d of %d cannot be started: %s",
                                l->started + 1, l->options.threads, strerror(code));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static fv_status make(loader *l)
{
    loader_options *o = &l->options;
    size_t n = (size_t)fv_dataset_size(o->data);
    if (o->ring == 0)
        o->ring = 2 + o->threads;
    l->listed = mem_array(n / 8 + 1, 1);
    l->workers = mem_array((size_t)o->threads, sizeof *l->workers);
    if (!l->listed || !l->workers)
        return status_last();
    STATUS_TRY(loader_order_create(l));
    loader_sample_prepare(l);
    STATUS_TRY(loader_cache_create(l));
    STATUS_TRY(loader_batch_create(l));
    STATUS_TRY(ring_init(&l->ring, o->ring, o->batch, o->threads));
    return start_threads(l);
}

fv_status loader_create(const loader_options *options, loader **out)
{
    *out = NULL;
    STATUS_TRY(check(options));
    loader *l = mem_array(1, sizeof *l);
    if (!l)
        return status_last();
    l->options = *options;
    fv_status status = make(l);
    if (status == FV_OK)
        *out = l;
    else
        loader_destroy(l);
    return status;
}

void loader_destroy(loader *l)
{
    if (!l)
        return;
    if (l->started > 0)
        ring_stop(&l->ring);
    for (int i = 0; i < l->started; i++) {
        loader_worker *w = &l->workers[i];
        pthread_join(w->thread, NULL);
        image_release(&w->decoded);
        image_release(&w->fitted);
        image_release(&w->reduced);
        image_space_release(&w->space);
    }
    ring_release(&l->ring);
    loader_batch_release(l);
    cache_destroy(l->cache);
    loader_balance_release(l);
    loader_order_release(l);
    free(l->workers);
    free(l->listed);
    names_release(&l->skipped);
    free(l);
}

/* ---- an epoch ---- */

int64_t loader_samples(const loader *l)
{
    return l->samples;
}

int64_t loader_batches(const loader *l)
{
    return l->samples / l->options.batch + (l->samples % l->options.batch != 0);
}

fv_status loader_start(loader *l, int64_t epoch, int64_t first)
{
    if (epoch < 0 || epoch > UINT32_MAX || first < 0 || first > loader_batches(l))
        return status_set(FV_ERROR_INVALID, "loader: epoch %lld has no batch %lld", (long long)epoch,
                          (long long)first);
    ring_quiet(&l->ring);
    l->epoch = epoch;
    loader_order_epoch(l);
    ring_begin(&l->ring, loader_batches(l), first);
    return FV_OK;
}

/* Takes the message of a picture that failed; lists it unless it is listed already. */
static fv_status list_failure(loader *l, loader_slot *s, int64_t i)
{
    fv_status status = FV_OK;
    uint8_t *bits = &l->listed[s->indices[i] / 8], bit = (uint8_t)(1u << (s->indices[i] % 8));
    if (!(*bits & bit))
        status = names_add(&l->skipped, "%s", s->messages[i] ? s->messages[i] : "out of memory");
    *bits |= bit;
    return status;
}

/* In the order of the batch, so that which failure is reported first does not depend on the threads. */
static fv_status report_failures(loader *l, loader_slot *s)
{
    fv_status status = FV_OK;
    for (int64_t i = 0; i < l->options.batch; i++) {
        if (s->statuses[i] != FV_OK && status == FV_OK) {
            bool fatal =
                l->options.on_error == FV_FAIL || s->statuses[i] == FV_ERROR_MEMORY || !s->messages[i];
            status = fatal ? status_restore(s->statuses[i], s->messages[i] ? s->messages[i] : "out of memory")
                           : list_failure(l, s, i);
        }
        free(s->messages[i]);
        s->messages[i] = NULL;
    }
    return status;
}

fv_status loader_next(loader *l, const batch **out)
{
    int k;
    *out = NULL;
    STATUS_TRY(ring_next(&l->ring, &k));
    if (k < 0)
        return FV_OK;
    loader_slot *s = &l->slots[k];
    fv_status status = report_failures(l, s);
    if (status != FV_OK) {
        ring_done(&l->ring, k);
        return status;
    }
    int64_t left = l->samples - l->ring.slots[k].batch * l->options.batch;
    s->view.count = left < l->options.batch ? left : l->options.batch;
    *out = &s->view;
    return FV_OK;
}

void loader_done(loader *l, const batch *b)
{
    ring_done(&l->ring, (int)((const loader_slot *)b - l->slots));
}

double loader_waited(const loader *l)
{
    return l->ring.waited;
}

int64_t loader_skipped(const loader *l)
{
    return (int64_t)l->skipped.count;
}

const char *loader_skipped_message(const loader *l, int64_t index)
{
    return index >= 0 && index < loader_skipped(l) ? l->skipped.items[index] : NULL;
}

const picture_cache *loader_cache(const loader *l)
{
    return l->cache;
}

bool loader_cache_problem(loader *l, text *out)
{
    return l->cache && cache_problem(l->cache, out);
}
