/* SPDX-License-Identifier: Apache-2.0 */
/* A slot of the ring: its memory, its places, and the places that have no pixels of their own. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/loader_parts.h"

static fv_status make_slot(loader *l, loader_slot *s, uint8_t *pixels)
{
    size_t n = (size_t)l->options.batch;
    s->pixels = pixels;
    s->labels = mem_array(n, sizeof *s->labels);
    s->weights = mem_array(n, sizeof *s->weights);
    s->indices = mem_array(n, sizeof *s->indices);
    s->statuses = mem_array(n, sizeof *s->statuses);
    s->messages = mem_array(n, sizeof *s->messages);
    if (l->options.classes > 0 &&
        !(s->targets = mem_array(n * (size_t)l->options.classes, sizeof *s->targets)))
        return status_last();
    if (!s->labels || !s->weights || !s->indices || !s->statuses || !s->messages)
        return status_last();
    s->view = (batch){.pixels = s->pixels,
                      .labels = s->labels,
                      .targets = s->targets,
                      .weights = s->weights,
                      .indices = s->indices};
    return FV_OK;
}

fv_status loader_batch_create(loader *l)
{
    const loader_options *o = &l->options;
    size_t bytes, all, targets;
    l->picture_bytes =
        o->readable ? 0 : (size_t)(o->preprocess.height * o->preprocess.width * o->preprocess.channels);
    if (o->views.count > 1)
        l->picture_bytes *= (size_t)o->views.count;
    if (__builtin_mul_overflow(l->picture_bytes, (size_t)o->batch, &bytes) ||
        __builtin_mul_overflow(bytes, (size_t)o->ring, &all) ||
        __builtin_mul_overflow((size_t)o->classes, (size_t)o->batch, &targets))
        return status_set(FV_ERROR_MEMORY, "loader: batches of %lld pictures are too large",
                          (long long)o->batch);
    if (!(l->pixels = mem_aligned(all)) || !(l->slots = mem_array((size_t)o->ring, sizeof *l->slots)))
        return status_last();
    for (int i = 0; i < o->ring; i++)
        STATUS_TRY(make_slot(l, &l->slots[i], l->pixels + (size_t)i * bytes));
    return FV_OK;
}

static void slot_release(loader_slot *s, int64_t n)
{
    for (int64_t i = 0; s->messages && i < n; i++)
        free(s->messages[i]);
    free(s->labels);
    free(s->targets);
    free(s->weights);
    free(s->indices);
    free(s->statuses);
    free(s->messages);
}

void loader_batch_release(loader *l)
{
    for (int i = 0; l->slots && i < l->options.ring; i++)
        slot_release(&l->slots[i], l->options.batch);
    free(l->slots);
    free(l->pixels);
}

void loader_batch_fail(loader_slot *s, int64_t i, fv_status status)
{
    s->weights[i] = 0;
    s->statuses[i] = status;
    if (!s->messages[i])
        s->messages[i] = mem_string(fv_error_message());
}

/* Places behind the last sample repeat the epoch's first ones; when these stand in the same batch they are
 * copied later. */
void loader_batch_place(const loader *l, loader_worker *w, loader_slot *s, int64_t number, int64_t i)
{
    int64_t place = number * l->options.batch + i, index = l->order[place % l->samples];
    s->indices[i] = index;
    s->labels[i] = loader_label(l, index);
    s->weights[i] = place < l->samples ? loader_weight(l, index) : 0;
    s->statuses[i] = FV_OK;
    free(s->messages[i]); /* of an epoch that was dropped */
    s->messages[i] = NULL;
    if (l->options.readable) {
        s->weights[i] *= l->options.readable[index];
        return;
    }
    if (place >= l->samples && l->samples < l->options.batch)
        return;
    s->statuses[i] = loader_sample_read(l, w, index, loader_stream(l, place % l->samples),
                                        s->pixels + (size_t)i * l->picture_bytes);
    if (s->statuses[i] != FV_OK)
        loader_batch_fail(s, i, s->statuses[i]);
}

/* Gives places without pixels of their own those of another: repeats of this batch, and pictures that could
 * not be read. */
void loader_batch_fill_gaps(const loader *l, loader_slot *s)
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
