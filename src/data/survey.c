/* SPDX-License-Identifier: Apache-2.0 */
/* fv_survey: what single pictures are, looked at by threads. */
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/ordered.h"
#include "data/store.h"

enum {
    MAX_THREADS = 1024
};
static const int64_t default_pictures = 1000;

/* Half of a SHA-256: of ten million different pictures two have the same with a chance of 1e-25. */
typedef struct content {
    uint64_t high, low;
    int64_t place; /* in the survey */
} content;

typedef struct survey_space {
    image_space space;
    image picture;
} survey_space;

struct fv_survey {
    fv_picture_info *pictures; /* (count); problems are owned */
    int64_t count;
};

typedef struct survey_work {
    fv_survey *survey;
    const fv_survey_options *o;
    survey_space *spaces; /* by thread */
    content *contents;    /* with o->check, (survey->count) */
    uint8_t *parts;       /* of the store's samples */
} survey_work;

static fv_status resolve(const fv_survey_options *given, fv_survey_options *o)
{
    *o = (fv_survey_options){0};
    if (!given || given->struct_size < sizeof given->struct_size)
        return status_set(FV_ERROR_INVALID,
                          "survey: options without struct_size: use fv_survey_create(data, ...)");
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!o->data)
        return status_set(FV_ERROR_INVALID, "survey: a data set is needed");
    o->pictures = o->pictures ? o->pictures : default_pictures;
    o->threads = o->threads ? o->threads : ordered_cores();
    if (o->pictures < 1 || o->threads < 1 || o->threads > MAX_THREADS)
        return status_set(FV_ERROR_INVALID,
                          "survey: pictures must be at least 1 and threads 1 to %d, not %lld and %d",
                          MAX_THREADS, (long long)o->pictures, o->threads);
    return FV_OK;
}

/* ---- a picture ---- */

static fv_status measure_content(const survey_space *t, const source *s, content *c)
{
    char hex[DIGEST_SIZE];
    const image *im = &t->picture;
    const void *bytes = s->pixels ? (const void *)im->data : t->space.file.data;
    size_t size = s->pixels ? (size_t)(im->height * im->width * im->channels) : t->space.file.size;
    STATUS_TRY(digest_bytes(bytes, size, hex));
    hex[32] = 0;
    c->low = strtoull(hex + 16, NULL, 16);
    hex[16] = 0;
    c->high = strtoull(hex, NULL, 16);
    return FV_OK;
}

/* JPEG and WebP are read to their end also at the smallest scale, at which they take the least time. */
static void choose_smallest(void *user, int64_t height, int64_t width, image_region *region)
{
    (void)user, (void)height, (void)width;
    region->min_height = region->min_width = 1;
}

static fv_status look_at(survey_work *w, survey_space *t, fv_picture_info *p, image_info *info)
{
    int64_t record;
    const source *s = dataset_locate(w->o->data, p->index, &record);
    t->space.file.size = 0;
    if (!w->o->check || s->pixels)
        STATUS_TRY(source_probe(s, record, &t->space, info));
    if (w->o->check) {
        const image_decode_options o = {.choose = s->pixels ? NULL : choose_smallest};
        STATUS_TRY(source_decode(s, record, &o, &t->space, &t->picture));
        if (!s->pixels)
            STATUS_TRY(image_probe(t->space.file.data, t->space.file.size, "", info));
    }
    p->bytes = s->pixels ? s->height * s->width * s->channels : (int64_t)t->space.file.size;
    return FV_OK;
}

/* One thread writes one item: nothing is shared. */
static fv_status work(void *user, int thread, int64_t item, int slot)
{
    (void)slot;
    survey_work *w = user;
    survey_space *t = &w->spaces[thread];
    fv_picture_info *p = &w->survey->pictures[item];
    image_info info;
    int64_t record;
    p->index = dataset_spread(w->o->data, item, w->survey->count);
    p->part = (fv_part)w->parts[dataset_sample(w->o->data, p->index)];
    p->twin = -1;
    if (w->contents)
        w->contents[item].place = item;
    fv_status status = look_at(w, t, p, &info);
    if (status == FV_ERROR_MEMORY)
        return status;
    if (status != FV_OK) {
        p->bytes = (int64_t)t->space.file.size;
        p->problem = mem_string(fv_error_message());
        return p->problem ? FV_OK : status_last();
    }
    p->height = info.height;
    p->width = info.width;
    p->channels = info.channels;
    p->depth = info.depth;
    p->format = info.format;
    p->mode = info.mode;
    const source *s = dataset_locate(w->o->data, p->index, &record);
    return w->contents ? measure_content(t, s, &w->contents[item]) : FV_OK;
}

static fv_status take(void *user, int64_t item, int slot, fv_status status)
{
    (void)slot;
    const survey_work *w = user;
    const fv_survey_options *o = w->o;
    if (status == FV_OK && o->on_progress && o->on_progress(item + 1, w->survey->count, o->user))
        return status_set(FV_INTERRUPTED, "stopped after %lld of %lld pictures", (long long)item + 1,
                          (long long)w->survey->count);
    return status;
}

/* ---- all ---- */

/* NULL on failure. */
static uint8_t *parts_of_samples(const store *s)
{
    uint8_t *parts = mem_array((size_t)s->count, 1);
    for (fv_part p = FV_TRAIN; parts && p <= FV_TEST; p++)
        for (int64_t i = 0; i < s->parts[p].count; i++)
            parts[s->parts[p].indices[i]] = (uint8_t)p;
    return parts;
}

static int by_content(const void *a, const void *b)
{
    const content *x = a, *y = b;
    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void find_twins(survey_work *w)
{
    fv_survey *s = w->survey;
    qsort(w->contents, (size_t)s->count, sizeof *w->contents, by_content);
    int64_t first = 0; /* of those with this content */
    for (int64_t i = 1; i < s->count; i++) {
        const content *c = &w->contents[i];
        fv_picture_info *p = &s->pictures[c->place];
        if (c->high != w->contents[first].high || c->low != w->contents[first].low)
            first = i;
        else if (!p->problem)
            p->twin = s->pictures[w->contents[first].place].index;
    }
}

static fv_status run(survey_work *w)
{
    fv_survey *s = w->survey;
    const fv_survey_options *o = w->o;
    s->count = o->data->count < o->pictures ? o->data->count : o->pictures;
    s->pictures = mem_array((size_t)s->count, sizeof *s->pictures);
    w->spaces = mem_array((size_t)o->threads, sizeof *w->spaces);
    if (o->check)
        w->contents = mem_array((size_t)s->count, sizeof *w->contents);
    w->parts = parts_of_samples(o->data->store);
    if (!s->pictures || !w->spaces || !w->parts || (o->check && !w->contents))
        return status_last();
    STATUS_TRY(ordered_run(
        &(ordered_work){.count = s->count, .threads = o->threads, .work = work, .take = take, .user = w}));
    if (o->check)
        find_twins(w);
    return FV_OK;
}

fv_survey *fv_survey_create_with(const fv_survey_options *options)
{
    fv_survey_options o;
    if (resolve(options, &o) != FV_OK)
        return NULL;
    survey_work w = {.o = &o, .survey = mem_array(1, sizeof *w.survey)};
    if (!w.survey)
        return NULL;
    if (run(&w) != FV_OK) {
        fv_survey_destroy(w.survey);
        w.survey = NULL;
    }
    for (int i = 0; w.spaces && i < o.threads; i++) {
        image_space_release(&w.spaces[i].space);
        image_release(&w.spaces[i].picture);
    }
    free(w.spaces);
    free(w.contents);
    free(w.parts);
    return w.survey;
}

void fv_survey_destroy(fv_survey *s)
{
    if (!s)
        return;
    for (int64_t i = 0; s->pictures && i < s->count; i++)
        free((char *)(uintptr_t)s->pictures[i].problem);
    free(s->pictures);
    free(s);
}

int64_t fv_survey_size(const fv_survey *s)
{
    return s ? s->count : 0;
}

const fv_picture_info *fv_survey_get(const fv_survey *s, int64_t i)
{
    return s && i >= 0 && i < s->count ? &s->pictures[i] : NULL;
}
