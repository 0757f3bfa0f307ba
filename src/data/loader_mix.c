/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What concerns a batch as a whole: pictures are mixed, and targets written.
 *
 * A picture is mixed with the one before it in the batch, the first with the last, as torchvision's collate functions do: the epoch's
 * order is random, so the partner is, and every picture is decoded and augmented once instead of twice. Each has its own share, from
 * its own stream. Whichever thread fills the batch's last place does it, while other threads fill the next batches.
 */
#include <string.h>

#include "data/loader_parts.h"

/* Apart from the streams of augmentation, whose numbers are below, and from that of the order. */
static const uint64_t mixing_streams = (uint64_t)1 << 63;

/* The last place before `i` that holds a picture of its own: no repeat and none that could not be read. -1: there is none. */
static int64_t own_before(const loader_slot *s, int64_t i)
{
    while (--i >= 0 && s->weights[i] == 0)
        continue;
    return i;
}

static image view(const loader *l, const loader_slot *s, int64_t i)
{
    const fv_preprocess *p = &l->options.preprocess;
    return (image){.height = p->height,
                   .width = p->width,
                   .channels = p->channels,
                   .data = s->pixels + (size_t)i * l->picture_bytes,
                   .capacity = l->picture_bytes};
}

/* Adds `share` for each class of the sample. */
static void add_target(const loader *l, int64_t index, float share, float *target)
{
    const int32_t *labels;
    for (int64_t k = loader_labels(l, index, &labels); k-- > 0;)
        target[loader_class(l, labels, k)] += share;
}

static fv_status mix_place(const loader *l, loader_slot *s, int64_t number, int64_t i, int64_t partner,
                           const image *other)
{
    float share, *target = s->targets + i * l->options.classes;
    image im = view(l, s, i);
    rng r = rng_at(l->options.seed, (uint32_t)l->epoch,
                   mixing_streams | loader_stream(l, number * l->options.batch + i));
    STATUS_TRY(augment_policy_mix(l->options.augment, &im, other, &r, &share));
    memset(target, 0, (size_t)l->options.classes * sizeof *target);
    add_target(l, s->indices[i], share, target);
    add_target(l, s->indices[partner], 1 - share, target);
    s->weights[i] = share * loader_weight(l, s->indices[i]) +
                    (1 - share) * loader_weight(l, s->indices[partner]);
    return FV_OK;
}

/* From the last place to the first, so that partners are not mixed yet; the first one's is kept aside. */
static fv_status mix(const loader *l, loader_worker *w, loader_slot *s, int64_t number)
{
    const fv_preprocess *p = &l->options.preprocess;
    int64_t last = own_before(s, l->options.batch);
    if (last < 0)
        return FV_OK;
    STATUS_TRY(image_reshape(&w->fitted, p->height, p->width, p->channels));
    memcpy(w->fitted.data, s->pixels + (size_t)last * l->picture_bytes, l->picture_bytes);
    for (int64_t i = last, before; i >= 0; i = before) {
        before = own_before(s, i);
        image other = before >= 0 ? view(l, s, before) : w->fitted;
        STATUS_TRY(mix_place(l, s, number, i, before >= 0 ? before : last, &other));
    }
    return FV_OK;
}

void loader_mix(const loader *l, loader_worker *w, loader_slot *s, int64_t number)
{
    int64_t n = l->options.batch, classes = l->options.classes;
    if (!s->targets)
        return;
    memset(s->targets, 0, (size_t)(n * classes) * sizeof *s->targets);
    for (int64_t i = 0; i < n; i++)
        add_target(l, s->indices[i], 1, s->targets + i * classes);
    fv_status status =
        l->options.augment && augment_policy_mixes(l->options.augment) ? mix(l, w, s, number) : FV_OK;
    if (status != FV_OK)
        loader_batch_fail(s, 0, status);
}
