/* SPDX-License-Identifier: Apache-2.0 */
#include "data/loader.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/names.h"
#include "data/ring.h"

/* The stream that shuffles an epoch; samples have the streams of their index. */
static const uint64_t order_stream = UINT64_MAX;

/* `view` is first, so that the batch that was handed out leads back to its slot. */
typedef struct loader_slot {
    batch view;
    uint8_t *pixels;
    int32_t *labels;
    float *weights;
    int64_t *indices;
    fv_status *statuses; /* (batch), and what went wrong */
    char **messages;
} loader_slot;

typedef struct worker {
    pthread_t thread;
    loader *owner;
    image decoded, fitted;
    image_space space;
} worker;

struct loader {
    loader_options options;
    size_t picture_bytes; /* with all its views */
    int64_t samples;
    uint32_t *order; /* (samples): indices in the data set */
    int64_t epoch;
    image_decode_options decode;
    uint8_t fill[3]; /* of a letterbox */
    bool exact;      /* a picture of the network's size needs no fitting: no border is cut off */
    const augment_step
        *chooser; /* the policy's first step that chooses a part to decode; NULL: there is none */
    ring ring;
    loader_slot *slots;
    uint8_t *pixels; /* of all slots */
    worker *workers;
    int started;     /* workers that run */
    uint8_t *listed; /* a bit a picture: it is among the skipped ones */
    name_list skipped;
};

/* ---- one sample ---- */

/* The whole picture, as the preprocessing fits it. */
static fv_status read_fitted(const loader *l, worker *w, int64_t index, image **result)
{
    const fv_preprocess *p = &l->options.preprocess;
    STATUS_TRY(dataset_decode(l->options.data, index, &l->decode, &w->space, &w->decoded));
    *result = &w->decoded;
    if (l->exact && w->decoded.height == p->height && w->decoded.width == p->width)
        return FV_OK;
    *result = &w->fitted;
    return image_fit(&w->decoded, p, l->fill, &w->space, &w->fitted);
}

typedef struct choice {
    const loader *owner;
    rng *r;
} choice;

static void choose_part(void *user, int64_t height, int64_t width, image_region *region)
{
    const choice *c = user;
    const augment_step *s = c->owner->chooser;
    s->what->choose(s->parameters, s->strength, height, width, c->r, region);
    region->min_height = c->owner->options.preprocess.height;
    region->min_width = c->owner->options.preprocess.width;
}

/* The part that the policy chooses, resized to the network's input. */
static fv_status read_part(const loader *l, worker *w, int64_t index, rng *r, image **result)
{
    const fv_preprocess *p = &l->options.preprocess;
    choice c = {l, r};
    image_decode_options o = l->decode;
    o.choose = choose_part;
    o.user = &c;
    STATUS_TRY(dataset_decode(l->options.data, index, &o, &w->space, &w->decoded));
    *result = &w->fitted;
    return image_resize(&w->decoded, NULL, p->height, p->width, p->interpolation, &w->space, &w->fitted);
}

/* All views of one decoded picture. */
static fv_status prepare_views(const loader *l, worker *w, int64_t index, uint8_t *to)
{
    STATUS_TRY(dataset_decode(l->options.data, index, &l->decode, &w->space, &w->decoded));
    return image_views_make(&l->options.views, &w->decoded, &l->options.preprocess, l->fill, &w->space, to);
}

static fv_status prepare(const loader *l, worker *w, int64_t index, uint8_t *to)
{
    if (l->options.views.count > 1)
        return prepare_views(l, w, index, to);
    rng r = rng_at(l->options.seed, (uint32_t)l->epoch, (uint64_t)index);
    const augment_step *s = l->chooser;
    image *result;
    if (s && (s->probability >= 1 || rng_uniform(&r) < s->probability))
        STATUS_TRY(read_part(l, w, index, &r, &result));
    else
        STATUS_TRY(read_fitted(l, w, index, &result));
    if (l->options.augment)
        STATUS_TRY(augment_policy_apply(l->options.augment, result, &r, &w->space));
    memcpy(to, result->data, l->picture_bytes);
    return FV_OK;
}

static int32_t label_of(const loader *l, int64_t index)
{
    int64_t label = fv_dataset_label(l->options.data, index);
    return l->options.class_map ? l->options.class_map[label] : (int32_t)label;
}

/* Places behind the last sample repeat the epoch's first ones; when these stand in the same batch they are
 * copied later. */
static void fill_place(const loader *l, worker *w, loader_slot *s, int64_t number, int64_t i)
{
    int64_t place = number * l->options.batch + i, index = l->order[place % l->samples];
    s->indices[i] = index;
    s->labels[i] = label_of(l, index);
    s->weights[i] = place < l->samples ? 1.0f : 0.0f;
    s->statuses[i] = FV_OK;
    free(s->messages[i]); /* of an epoch that was dropped */
    s->messages[i] = NULL;
    if (place >= l->samples && l->samples < l->options.batch)
        return;
    s->statuses[i] = prepare(l, w, index, s->pixels + (size_t)i * l->picture_bytes);
    if (s->statuses[i] != FV_OK) {
        s->weights[i] = 0;
        s->messages[i] = mem_string(fv_error_message());
    }
}

static void *work(void *argument)
{
    worker *w = argument;
    loader *l = w->owner;
    for (ring_unit u; ring_take(&l->ring, &u); ring_finish(&l->ring, &u))
        for (int64_t i = u.from; i < u.to; i++)
            fill_place(l, w, &l->slots[u.slot], u.batch, i);
    return NULL;
}

/* ---- making and ending ---- */

static fv_status check(const loader_options *o)
{
    const fv_preprocess *p = &o->preprocess;
    if (!o->data || o->batch < 1 || o->threads < 1 || o->ring < 0)
        return status_set(FV_ERROR_INVALID, "loader: data, a batch size and threads are needed");
    if (o->only && (o->only_count < 1 || o->only_count > fv_dataset_size(o->data)))
        return status_set(FV_ERROR_INVALID, "loader: %lld pictures cannot take part", (long long)o->only_count);
    if (o->views.count > 1 && o->augment)
        return status_set(FV_ERROR_INVALID, "loader: several views are not augmented");
    if (p->height < 1 || p->width < 1 || (p->channels != 1 && p->channels != 3))
        return status_set(FV_ERROR_INVALID, "loader: pictures of %lld x %lld x %lld cannot be made",
                          (long long)p->height, (long long)p->width, (long long)p->channels);
    return FV_OK;
}

/* `order` receives the indices that take part. */
static void select_samples(loader *l)
{
    const int64_t *only = l->options.only;
    int64_t n = only ? l->options.only_count : fv_dataset_size(l->options.data);
    l->samples = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t index = only ? only[i] : i;
        if (!l->options.class_map || label_of(l, index) >= 0)
            l->order[l->samples++] = (uint32_t)index;
    }
}

static void set_geometry(loader *l)
{
    const fv_preprocess *p = &l->options.preprocess;
    int64_t height, width;
    image_fit_minimum(p, &height, &width);
    l->exact = height == p->height && width == p->width;
    l->decode = image_fit_options(p);
    if (l->options.reduced_decode) {
        l->decode.min_height = height;
        l->decode.min_width = width;
    }
    image_fit_fill(p, l->fill);
    const augment_policy *a = l->options.augment;
    for (size_t i = a ? a->count : 0; i-- > 0;)
        if (a->steps[i].what->choose)
            l->chooser = &a->steps[i];
}

static fv_status make_slot(loader *l, loader_slot *s, uint8_t *pixels)
{
    size_t n = (size_t)l->options.batch;
    s->pixels = pixels;
    s->labels = mem_array(n, sizeof *s->labels);
    s->weights = mem_array(n, sizeof *s->weights);
    s->indices = mem_array(n, sizeof *s->indices);
    s->statuses = mem_array(n, sizeof *s->statuses);
    s->messages = mem_array(n, sizeof *s->messages);
    if (!s->labels || !s->weights || !s->indices || !s->statuses || !s->messages)
        return status_last();
    s->view = (batch){.pixels = s->pixels, .labels = s->labels, .weights = s->weights, .indices = s->indices};
    return FV_OK;
}

static fv_status make_slots(loader *l)
{
    const loader_options *o = &l->options;
    size_t bytes, all;
    l->picture_bytes = (size_t)(o->preprocess.height * o->preprocess.width * o->preprocess.channels);
    if (o->views.count > 1)
        l->picture_bytes *= (size_t)o->views.count;
    if (__builtin_mul_overflow(l->picture_bytes, (size_t)o->batch, &bytes) ||
        __builtin_mul_overflow(bytes, (size_t)o->ring, &all))
        return status_set(FV_ERROR_MEMORY, "loader: batches of %lld pictures are too large",
                          (long long)o->batch);
    if (!(l->pixels = mem_aligned(all)) || !(l->slots = mem_array((size_t)o->ring, sizeof *l->slots)))
        return status_last();
    for (int i = 0; i < o->ring; i++)
        STATUS_TRY(make_slot(l, &l->slots[i], l->pixels + (size_t)i * bytes));
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
        worker *w = &l->workers[l->started];
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
    l->order = mem_array(n, sizeof *l->order);
    l->listed = mem_array(n / 8 + 1, 1);
    l->workers = mem_array((size_t)o->threads, sizeof *l->workers);
    if (!l->order || !l->listed || !l->workers)
        return status_last();
    select_samples(l);
    set_geometry(l);
    STATUS_TRY(make_slots(l));
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

static void slot_release(loader_slot *s, int64_t n)
{
    for (int64_t i = 0; s->messages && i < n; i++)
        free(s->messages[i]);
    free(s->labels);
    free(s->weights);
    free(s->indices);
    free(s->statuses);
    free(s->messages);
}

void loader_destroy(loader *l)
{
    if (!l)
        return;
    if (l->started > 0)
        ring_stop(&l->ring);
    for (int i = 0; i < l->started; i++) {
        worker *w = &l->workers[i];
        pthread_join(w->thread, NULL);
        image_release(&w->decoded);
        image_release(&w->fitted);
        image_space_release(&w->space);
    }
    ring_release(&l->ring);
    for (int i = 0; l->slots && i < l->options.ring; i++)
        slot_release(&l->slots[i], l->options.batch);
    free(l->slots);
    free(l->pixels);
    free(l->workers);
    free(l->order);
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
    if (l->options.shuffle) {
        select_samples(
            l); /* every epoch's order is made from the same one, so that it can be entered anywhere */
        rng r = rng_at(l->options.seed, (uint32_t)epoch, order_stream);
        rng_shuffle_u32(&r, l->order, l->samples);
    }
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

/* Gives places without pixels of their own those of another: repeats of this batch, and pictures that could
 * not be read. */
static void fill_gaps(const loader *l, loader_slot *s)
{
    int64_t n = l->options.batch, good = 0;
    while (good < n && (s->statuses[good] != FV_OK || good >= l->samples))
        good++;
    for (int64_t i = 0; i < n; i++) {
        uint8_t *to = s->pixels + (size_t)i * l->picture_bytes;
        int64_t from = i < l->samples ? i : i % l->samples;
        if (s->statuses[from] != FV_OK)
            from = good;
        if (from == n)
            memset(to, 0, l->picture_bytes); /* none could be read */
        else if (from != i)
            memcpy(to, s->pixels + (size_t)from * l->picture_bytes, l->picture_bytes);
    }
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
    fill_gaps(l, s);
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
