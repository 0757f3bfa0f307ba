/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader keeps of decoded pictures (docs/loading.md).
 *
 * Where nothing chooses a part of the picture, every epoch begins with the same fitted picture: that is kept, and nothing changes
 * but the time. Where a part is chosen, the whole picture is kept, reduced by 2, 4 or 8 as long as its sides are at least SHARPNESS times
 * the network's input. Parts are then cut out of the reduced picture, whether it was kept or has just been decoded: the bytes of a
 * batch do not depend on what was kept.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/digest.h"
#include "data/loader_parts.h"
#include "data/store.h"

/* A part of half the picture's area, whose sides are 0.71 of the picture's, has then a pixel for each of the input's. */
static const double SHARPNESS = 1.5;

enum {
    NAME_BYTES = 4096 + 64,
    BLOCK_NAMES = 1024 /* names that are digested together */
};

/* ---- what the kept pixels depend on ---- */

/* The file's size and time; of a picture in an archive, the archive's. `last` saves asking twice about the same one. */
static void add_file(text *t, char *name, char *last, struct stat *s)
{
    text_add(t, "%s", name);
    while (strcmp(name, last) != 0 && stat(name, s) != 0 && strrchr(name, '/'))
        *strrchr(name, '/') = 0;
    strcpy(last, name);
    text_add(t, " %lld %lld.%09ld\n", (long long)s->st_size, (long long)s->st_mtim.tv_sec,
             s->st_mtim.tv_nsec);
}

/* Replaces what is in `t` by its digest. */
static fv_status fold(text *t, char hex[DIGEST_SIZE])
{
    STATUS_TRY(text_status(t));
    STATUS_TRY(digest_bytes(text_string(t), t->length, hex));
    text_release(t);
    text_add(t, "%s\n", hex);
    return FV_OK;
}

static void add_geometry(const loader *l, text *t)
{
    const fv_preprocess *p = &l->options.preprocess;
    text_add(t, "%s %lld %lld %lld, mode %d, crop %.9g, interpolation %d, colours %d, reduced %d, ",
             l->chooser ? "whole" : "fitted", (long long)p->height, (long long)p->width,
             (long long)p->channels, (int)p->resize_mode, (double)p->crop_fraction, (int)p->interpolation,
             (int)p->ignore_profile, l->options.reduced_decode);
    text_add(t, "window %d %.9g %.9g, fill %d %d %d", (int)p->window, (double)p->window_low,
             (double)p->window_high, l->fill[0], l->fill[1], l->fill[2]);
    for (const image_library *i = image_libraries(); i->name; i++)
        text_add(t, ", %s %s", i->name, i->version);
    text_add(t, "\n");
}

fv_status loader_fingerprint(const loader *l, char hex[DIGEST_SIZE])
{
    const store *s = l->options.data->store;
    char name[NAME_BYTES], last[NAME_BYTES] = "";
    struct stat about = {0};
    text t = {0};
    fv_status status = FV_OK;
    add_geometry(l, &t);
    for (size_t k = 0; k < s->sources.count; k++) {
        const source *from = s->sources.sources[k];
        for (int64_t i = 0; status == FV_OK && i < from->count; i++) {
            from->file(from, i, name, sizeof name);
            add_file(&t, name, last, &about);
            if (i % BLOCK_NAMES == BLOCK_NAMES - 1)
                status = fold(&t, hex);
        }
    }
    if (status == FV_OK)
        status = fold(&t, hex);
    text_release(&t);
    return status;
}

/* ---- making ---- */

/* Pictures of other sources lie in memory as they are. */
static bool any_to_decode(const store *s)
{
    for (size_t k = 0; k < s->sources.count; k++)
        if (s->sources.sources[k]->read)
            return true;
    return false;
}

fv_status loader_cache_create(loader *l)
{
    const loader_options *o = &l->options;
    char fingerprint[DIGEST_SIZE] = "";
    STATUS_TRY(cache_check(o->cache));
    if (!o->cache || strcmp(o->cache, "none") == 0 || !any_to_decode(o->data->store))
        return FV_OK;
    if (strcmp(o->cache, "ram") != 0)
        STATUS_TRY(loader_fingerprint(l, fingerprint));
    return cache_create(&(cache_options){.where = o->cache,
                                         .limit = o->cache_limit,
                                         .count = o->data->store->count,
                                         .fingerprint = fingerprint},
                        &l->cache);
}

/* ---- fitted pictures ---- */

bool loader_cache_find_fitted(const loader *l, int64_t index, image *fitted)
{
    const fv_preprocess *p = &l->options.preprocess;
    int64_t sample = dataset_sample(l->options.data, index);
    cache_shape s;
    return cache_find(l->cache, sample, &s) && s.height == p->height && s.width == p->width &&
           s.channels == p->channels &&
           cache_part(l->cache, sample, &(image_region){.height = p->height, .width = p->width}, fitted);
}

void loader_cache_put_fitted(const loader *l, int64_t index, const image *fitted)
{
    cache_shape s = {.height = (uint32_t)fitted->height,
                     .width = (uint32_t)fitted->width,
                     .channels = (uint32_t)fitted->channels};
    s.full_height = s.height;
    s.full_width = s.width;
    cache_put(l->cache, dataset_sample(l->options.data, index), &s, fitted->data);
}

/* ---- reduced pictures ---- */

typedef struct whole {
    const loader *owner;
    cache_shape *shape;
} whole;

static int64_t sharp(int64_t side)
{
    return (int64_t)ceil(SHARPNESS * (double)side);
}

static void choose_all(void *user, int64_t height, int64_t width, image_region *region)
{
    const whole *w = user;
    w->shape->full_height = (uint32_t)height;
    w->shape->full_width = (uint32_t)width;
    region->min_height = sharp(w->owner->options.preprocess.height);
    region->min_width = sharp(w->owner->options.preprocess.width);
}

/* The largest of 1, 2, 4 and 8 that leaves sides of at least the minimum. */
static int64_t reduction(const image *im, int64_t min_height, int64_t min_width)
{
    int64_t by = 8;
    while (by > 1 && (im->height < by * min_height || im->width < by * min_width))
        by /= 2;
    return by;
}

/* Decodes the whole picture to w->reduced. Decoders that know no scales give all pixels, which are then averaged. */
static fv_status reduce(const loader *l, loader_worker *w, int64_t index, cache_shape *shape)
{
    const fv_preprocess *p = &l->options.preprocess;
    whole user = {l, shape};
    image_decode_options o = l->decode;
    o.choose = choose_all;
    o.user = &user;
    STATUS_TRY(dataset_decode(l->options.data, index, &o, &w->space, &w->reduced));
    int64_t by = reduction(&w->reduced, sharp(p->height), sharp(p->width));
    if (by > 1) {
        image all = w->reduced;
        w->reduced = w->fitted;
        w->fitted = all;
        STATUS_TRY(image_resize(&w->fitted, NULL, (all.height + by - 1) / by, (all.width + by - 1) / by,
                                FV_BOX, &w->space, &w->reduced));
    }
    shape->height = (uint32_t)w->reduced.height;
    shape->width = (uint32_t)w->reduced.width;
    shape->channels = (uint32_t)w->reduced.channels;
    return FV_OK;
}

/* A side of the part in kept pixels. The decoder's scale is 1, 2, 4 or 8 times smaller, rounded up; where it is another, what it
 * comes to. */
static void scale_side(int64_t *from, int64_t *length, int64_t full, int64_t kept)
{
    int64_t num = kept, denom = full;
    for (int64_t by = 1; by <= 8; by *= 2)
        if ((full + by - 1) / by == kept) {
            num = 1;
            denom = by;
            break;
        }
    image_scale_side(from, length, full, kept, num, denom);
}

static image_region scale_part(const image_region *chosen, const cache_shape *s)
{
    image_region part = *chosen;
    scale_side(&part.top, &part.height, s->full_height, s->height);
    scale_side(&part.left, &part.width, s->full_width, s->width);
    return part;
}

static void choose_part(const image_decode_options *o, const cache_shape *s, image_region *chosen)
{
    *chosen = (image_region){.height = s->full_height, .width = s->full_width};
    if (o->choose)
        o->choose(o->user, s->full_height, s->full_width, chosen);
}

fv_status loader_cache_decode(const loader *l, loader_worker *w, int64_t index, const image_decode_options *o)
{
    int64_t sample = dataset_sample(l->options.data, index);
    cache_shape s, kept = {0};
    image_region chosen, part;
    if (cache_find(l->cache, sample, &kept) && kept.channels == l->options.preprocess.channels) {
        choose_part(o, &kept, &chosen);
        part = scale_part(&chosen, &kept);
        if (cache_part(l->cache, sample, &part, &w->decoded))
            return FV_OK;
    }
    STATUS_TRY(reduce(l, w, index, &s));
    cache_put(l->cache, sample, &s, w->reduced.data);
    if (s.full_height != kept.full_height || s.full_width != kept.full_width)
        choose_part(o, &s, &chosen);
    part = scale_part(&chosen, &s);
    return image_copy_part(&w->reduced, &part, &w->decoded);
}
