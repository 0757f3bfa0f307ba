/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"

/* However much there is to read, nobody waits longer than this (and the delay) for company. */
static const double patience = 0.005;

typedef struct job_list {
    job *first, **end;
    int64_t jobs;
} job_list;

/* Jobs of one version that are read. */
typedef struct gathering {
    struct gathering *next;
    served *served;
    job_list list;
    int64_t pictures;
} gathering;

struct work {
    work_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    job_list incoming;
    gathering *gatherings;
    int64_t depth;
    bool ending;
    int started;
    pthread_t threads[];
};

static void list_add(job_list *l, job *j)
{
    j->next = NULL;
    if (!l->first)
        l->end = &l->first;
    *l->end = j;
    l->end = &j->next;
    l->jobs++;
}

static job *list_take(job_list *l)
{
    job *j = l->first;
    if (j) {
        l->first = j->next;
        l->jobs--;
    }
    return j;
}

/* ---- one batch ---- */

static void finish(work *w, job *j, web_answer *a)
{
    web_request *r = j->request;
    job_destroy(j);
    pthread_mutex_lock(&w->lock);
    w->depth--;
    pthread_mutex_unlock(&w->lock);
    web_send(r, a);
}

static fv_status run(served *s, const uint8_t *pixels, int64_t count, float *outputs)
{
    lane *l = lanes_take(s->lanes);
    if (!l)
        return status_last();
    fv_status status = lane_logits(l, pixels, count, outputs);
    lanes_give(s->lanes, l);
    return status;
}

/* The pictures of several jobs side by side; those of one are already. */
static fv_status run_together(served *s, job *first, int64_t count)
{
    if (!first->next)
        return run(s, first->pixels, count, first->outputs);
    uint8_t *pixels = mem_array((size_t)count, s->picture);
    float *outputs = mem_array((size_t)(count * s->outputs), sizeof *outputs);
    fv_status status = pixels && outputs ? FV_OK : status_last();
    size_t at = 0;
    for (job *j = first; status == FV_OK && j; at += (size_t)j->count, j = j->next)
        memcpy(pixels + at * s->picture, j->pixels, (size_t)j->count * s->picture);
    if (status == FV_OK)
        status = run(s, pixels, count, outputs);
    at = 0;
    for (job *j = first; status == FV_OK && j; at += (size_t)(j->count * s->outputs), j = j->next)
        memcpy(j->outputs, outputs + at, (size_t)(j->count * s->outputs) * sizeof *outputs);
    free(pixels);
    free(outputs);
    return status;
}

static void run_batch(work *w, job *first)
{
    int64_t count = 0;
    for (const job *j = first; j; j = j->next)
        count += j->count;
    metrics_batch(w->options.metrics, first->served->series, count);
    fv_status status = run_together(first->served, first, count);
    for (job *j = first, *next; j; j = next) {
        web_answer a = {0};
        next = j->next;
        if (status == FV_OK)
            job_answer(j, &a);
        else
            job_refuse(status, &a);
        finish(w, j, &a);
    }
}

/* ---- who does what next; with the lock held ---- */

static gathering **find_gathering(work *w, const served *s)
{
    gathering **g = &w->gatherings;
    while (*g && (*g)->served != s)
        g = &(*g)->next;
    return g;
}

/* A job that cannot be gathered for lack of memory is run alone: it is returned. */
static job *gather(work *w, job *j)
{
    gathering **at = find_gathering(w, j->served), *g = *at;
    if (!g) {
        if (!(g = *at = mem_array(1, sizeof *g)))
            return j;
        g->served = j->served;
    }
    j->queued = clock_seconds();
    list_add(&g->list, j);
    g->pictures += j->count;
    return NULL;
}

/* Takes jobs of up to a batch of pictures, or one that has more. */
static job *take_batch(work *w, gathering **at)
{
    gathering *g = *at;
    job_list batch = {0};
    int64_t pictures = 0;
    do {
        pictures += g->list.first->count;
        list_add(&batch, list_take(&g->list));
    } while (g->list.first && pictures + g->list.first->count <= w->options.batch);
    g->pictures -= pictures;
    if (!g->list.first) {
        *at = g->next;
        free(g);
    }
    return batch.first;
}

/* The batch that is to be run now: a full one, or one that waits for longer than `age`. NULL: none; *next: when the first will be. */
static job *find_batch(work *w, double age, double *next)
{
    double now = clock_seconds();
    for (gathering **g = &w->gatherings; *g; g = &(*g)->next) {
        if ((*g)->pictures >= w->options.batch || now - (*g)->list.first->queued >= age || w->ending)
            return take_batch(w, g);
        double due = (*g)->list.first->queued + age;
        *next = *next == 0 || due < *next ? due : *next;
    }
    return NULL;
}

static void wait(work *w, double until)
{
    if (until == 0) {
        pthread_cond_wait(&w->changed, &w->lock);
        return;
    }
    struct timespec t = {(time_t)until, (long)((until - (double)(time_t)until) * 1e9)};
    pthread_cond_timedwait(&w->changed, &w->lock, &t);
}

/* Reads a job; it is gathered, or answered when it cannot be read. */
static void read_job(work *w, job *j, image_space *space)
{
    web_answer a = {0};
    if (clock_seconds() - j->queued > w->options.time_limit) {
        answer_error(&a, 503, "the request waited for longer than the time limit");
        a.retry_after = 1;
        finish(w, j, &a);
        return;
    }
    fv_status status = job_read(j, space);
    if (status != FV_OK) {
        job_refuse(status, &a);
        finish(w, j, &a);
        return;
    }
    pthread_mutex_lock(&w->lock);
    job *alone = gather(w, j);
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (alone) {
        alone->next = NULL;
        run_batch(w, alone);
    }
}

static void *labour(void *user)
{
    work *w = user;
    image_space space = {0};
    pthread_mutex_lock(&w->lock);
    for (;;) {
        double due = 0;
        double longest = w->options.delay > patience ? w->options.delay : patience;
        job *batch = find_batch(w, w->incoming.first ? longest : w->options.delay, &due);
        job *fresh = batch ? NULL : list_take(&w->incoming);
        if (!batch && !fresh) {
            if (w->ending && !w->gatherings)
                break;
            wait(w, due);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        if (batch)
            run_batch(w, batch);
        else
            read_job(w, fresh, &space);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    image_space_release(&space);
    return NULL;
}

/* ---- the outside ---- */

fv_status work_start(work **out, const work_options *o)
{
    work *w = mem_array(1, sizeof *w + (size_t)o->threads * sizeof *w->threads);
    if (!w)
        return status_last();
    w->options = *o;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC); /* clock_seconds */
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    while (w->started < o->threads && pthread_create(&w->threads[w->started], NULL, labour, w) == 0)
        w->started++;
    if (w->started < o->threads) {
        work_stop(w);
        return status_set(FV_ERROR_MEMORY, "%d threads cannot be started", o->threads);
    }
    *out = w;
    return FV_OK;
}

void work_stop(work *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->started; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

bool work_submit(work *w, job *j)
{
    pthread_mutex_lock(&w->lock);
    bool fits = w->depth < w->options.queue;
    if (fits) {
        w->depth++;
        j->queued = clock_seconds();
        list_add(&w->incoming, j);
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return fits;
}

int64_t work_depth(work *w)
{
    pthread_mutex_lock(&w->lock);
    int64_t depth = w->depth;
    pthread_mutex_unlock(&w->lock);
    return depth;
}
