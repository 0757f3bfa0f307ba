/* SPDX-License-Identifier: Apache-2.0 */
#include "model/lanes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "engine/engine.h"
#include "model/file.h"

struct lane {
    lanes *owner;
    lane *next; /* of the free ones */
    engine *engine;
    plan *single, *many; /* many: NULL where batches are of one picture */
    image_space space;
    uint8_t *padded; /* a whole batch, for one that is not full */
    float *logits;
    bool made;
};

struct lanes {
    const fv_model *model;
    fv_model *unread; /* the same while its tensors come from `file`, else NULL */
    const safetensors *file;
    int threads, count;
    int64_t batch, classes;
    size_t picture; /* bytes */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    lane *free;
    lane list[]; /* list[0] owns the weights */
};

/* A network's weights are most of its memory: from a file they come one tensor at a time, and nothing but the plan keeps them. */
static fv_status read_weights(const lanes *l, plan *p)
{
    for (int32_t i = 0; i < l->unread->tensor_count; i++) {
        network_tensor *t = &l->unread->tensors[i];
        fv_status status = model_file_read_tensor(l->unread, i, l->file);
        if (status == FV_OK)
            status = plan_write(p, t->value, t->data);
        free(t->data);
        t->data = NULL;
        STATUS_TRY(status);
    }
    return FV_OK;
}

static fv_status write_weights(const lanes *l, plan *p)
{
    if (l->unread)
        return read_weights(l, p);
    for (int32_t i = 0; i < l->model->tensor_count; i++)
        STATUS_TRY(plan_write(p, l->model->tensors[i].value, l->model->tensors[i].data));
    return FV_OK;
}

static fv_status make_plan(const lanes *l, lane *e, int64_t batch, const plan *of, plan **out)
{
    if (of)
        return plan_share(e->engine, of, out);
    const fv_model *m = l->model;
    graph *g = network_graph(m, batch, NETWORK_INFERENCE, NULL);
    if (!g)
        return status_last();
    fv_status status = plan_create(e->engine, g, out);
    graph_destroy(g);
    if (status == FV_OK)
        status = write_weights(l, *out);
    return status == FV_OK ? plan_settle(*out) : status;
}

/* What is made stays when a later part fails, and is used the next time. */
static fv_status make(const lanes *l, lane *e)
{
    const lane *first = e == &l->list[0] ? NULL : &l->list[0];
    if (!e->engine)
        STATUS_TRY(engine_open(l->model->compile.engine, l->threads, &e->engine));
    if (!e->single)
        STATUS_TRY(make_plan(l, e, 1, first ? first->single : NULL, &e->single));
    if (l->batch > 1 && !e->many)
        STATUS_TRY(make_plan(l, e, l->batch, first ? first->many : NULL, &e->many));
    if (l->batch > 1 && !e->padded && !(e->padded = mem_array((size_t)l->batch, l->picture)))
        return status_last();
    if (l->batch > 1 && !e->logits &&
        !(e->logits = mem_array((size_t)(l->batch * l->classes), sizeof *e->logits)))
        return status_last();
    e->made = true;
    return FV_OK;
}

static void release(lane *e)
{
    plan_destroy(e->single);
    plan_destroy(e->many);
    engine_close(e->engine);
    image_space_release(&e->space);
    free(e->padded);
    free(e->logits);
}

static lanes *new_lanes(const fv_model *m, int threads, int count, int64_t batch)
{
    if (network_check(m) != FV_OK)
        return NULL;
    lanes *l = mem_array(1, sizeof *l + (size_t)count * sizeof *l->list);
    if (!l)
        return NULL;
    const fv_preprocess *p = &m->preprocess;
    l->model = m;
    l->threads = threads;
    l->count = count;
    l->batch = batch;
    l->classes = fv_model_class_count(m);
    l->picture = (size_t)(p->height * p->width * p->channels);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->freed, NULL);
    for (int i = count - 1; i >= 0; i--) {
        l->list[i].owner = l;
        l->list[i].next = l->free;
        l->free = &l->list[i];
    }
    return l;
}

/* With the first lane, which has the weights. */
static fv_status start(lanes *l, lanes **out)
{
    fv_status status = l ? make(l, &l->list[0]) : status_last();
    if (status != FV_OK) {
        lanes_destroy(l);
        return status;
    }
    l->unread = NULL;
    l->file = NULL;
    *out = l;
    return FV_OK;
}

fv_status lanes_create(lanes **out, const fv_model *m, int threads, int count, int64_t batch)
{
    return start(new_lanes(m, threads, count, batch), out);
}

fv_status lanes_create_from_file(lanes **out, fv_model *m, const safetensors *f, int threads, int count)
{
    lanes *l = new_lanes(m, threads, count, 1);
    if (l) {
        l->unread = m;
        l->file = f;
    }
    return start(l, out);
}

void lanes_destroy(lanes *l)
{
    if (!l)
        return;
    for (int i = l->count - 1; i >= 0; i--) /* the first, whose weights the others use, last */
        release(&l->list[i]);
    pthread_cond_destroy(&l->freed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

lane *lanes_take(lanes *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->free)
        pthread_cond_wait(&l->freed, &l->lock);
    lane *e = l->free;
    l->free = e->next;
    pthread_mutex_unlock(&l->lock);
    if (e->made || make(l, e) == FV_OK)
        return e;
    lanes_give(l, e);
    return NULL;
}

/* The last one used comes first: its memory is in the caches, and lanes that are not needed are never made. */
void lanes_give(lanes *l, lane *e)
{
    pthread_mutex_lock(&l->lock);
    e->next = l->free;
    l->free = e;
    pthread_cond_signal(&l->freed);
    pthread_mutex_unlock(&l->lock);
}

image_space *lane_space(lane *e)
{
    return &e->space;
}

static fv_status run(const lanes *l, plan *p, const uint8_t *pixels, float *logits)
{
    STATUS_TRY(plan_write(p, l->model->pixels, pixels));
    STATUS_TRY(plan_run(p));
    return plan_read(p, l->model->output->value, logits);
}

/* A batch that is less than half full costs more than its pictures one by one. */
static fv_status run_part(lane *e, const uint8_t *pixels, int64_t count, float *logits, int64_t *done)
{
    const lanes *l = e->owner;
    *done = 1;
    if (l->batch == 1 || count <= l->batch / 2)
        return run(l, e->single, pixels, logits);
    *done = count < l->batch ? count : l->batch;
    if (*done == l->batch)
        return run(l, e->many, pixels, logits);
    memcpy(e->padded, pixels, (size_t)count * l->picture);
    STATUS_TRY(run(l, e->many, e->padded, e->logits));
    memcpy(logits, e->logits, (size_t)(count * l->classes) * sizeof *logits);
    return FV_OK;
}

fv_status lane_logits(lane *e, const uint8_t *pixels, int64_t count, float *logits)
{
    const lanes *l = e->owner;
    float temperature = fv_model_temperature(l->model);
    for (int64_t at = 0, done; at < count; at += done)
        STATUS_TRY(
            run_part(e, pixels + (size_t)at * l->picture, count - at, logits + at * l->classes, &done));
    for (int64_t i = 0; temperature != 1 && i < count * l->classes; i++)
        logits[i] /= temperature;
    return FV_OK;
}
