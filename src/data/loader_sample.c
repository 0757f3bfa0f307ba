/* SPDX-License-Identifier: Apache-2.0 */
/* One sample: decoded, brought to the network's size, augmented. */
#include <string.h>

#include "core/random.h"
#include "data/loader_parts.h"

void loader_sample_prepare(loader *l)
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

static fv_status decode(const loader *l, loader_worker *w, int64_t index, const image_decode_options *o)
{
    if (l->cache && l->chooser)
        return loader_cache_decode(l, w, index, o);
    return dataset_decode(l->options.data, index, o, &w->space, &w->decoded);
}

/* The whole picture, as the preprocessing fits it. */
static fv_status make_fitted(const loader *l, loader_worker *w, int64_t index, image **result)
{
    const fv_preprocess *p = &l->options.preprocess;
    STATUS_TRY(decode(l, w, index, &l->decode));
    *result = &w->decoded;
    if (l->exact && w->decoded.height == p->height && w->decoded.width == p->width)
        return FV_OK;
    *result = &w->fitted;
    return image_fit(&w->decoded, p, l->fill, &w->space, &w->fitted);
}

static fv_status read_fitted(const loader *l, loader_worker *w, int64_t index, image **result)
{
    bool keep = l->cache && !l->chooser;
    *result = &w->fitted;
    if (keep && loader_cache_find_fitted(l, index, &w->fitted))
        return FV_OK;
    STATUS_TRY(make_fitted(l, w, index, result));
    if (keep)
        loader_cache_put_fitted(l, index, *result);
    return FV_OK;
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
static fv_status read_part(const loader *l, loader_worker *w, int64_t index, rng *r, image **result)
{
    const fv_preprocess *p = &l->options.preprocess;
    choice c = {l, r};
    image_decode_options o = l->decode;
    o.choose = choose_part;
    o.user = &c;
    STATUS_TRY(decode(l, w, index, &o));
    *result = &w->fitted;
    return image_resize(&w->decoded, NULL, p->height, p->width, p->interpolation, &w->space, &w->fitted);
}

/* All views of one decoded picture. */
static fv_status read_views(const loader *l, loader_worker *w, int64_t index, uint8_t *to)
{
    STATUS_TRY(decode(l, w, index, &l->decode));
    return image_views_make(&l->options.views, &w->decoded, &l->options.preprocess, l->fill, &w->space, to);
}

fv_status loader_sample_read(const loader *l, loader_worker *w, int64_t index, uint64_t stream, uint8_t *to)
{
    if (l->options.views.count > 1)
        return read_views(l, w, index, to);
    rng r = rng_at(l->options.seed, (uint32_t)l->epoch, stream);
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
