/* SPDX-License-Identifier: Apache-2.0 */
/* Which samples take part, and in which order an epoch has them. */
#include <stdlib.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/loader_parts.h"

/* The stream that shuffles an epoch; samples have the streams of their index. */
static const uint64_t order_stream = UINT64_MAX;

int32_t loader_label(const loader *l, int64_t index)
{
    int64_t label = fv_dataset_label(l->options.data, index);
    return l->options.class_map ? l->options.class_map[label] : (int32_t)label;
}

/* `order` receives the indices that take part. */
static void select_samples(loader *l)
{
    int64_t n = fv_dataset_size(l->options.data);
    l->samples = 0;
    for (int64_t i = 0; i < n; i++)
        if (!l->options.class_map || loader_label(l, i) >= 0)
            l->order[l->samples++] = (uint32_t)i;
}

fv_status loader_order_create(loader *l)
{
    if (!(l->order = mem_array((size_t)fv_dataset_size(l->options.data), sizeof *l->order)))
        return status_last();
    select_samples(l);
    return FV_OK;
}

void loader_order_release(loader *l)
{
    free(l->order);
}

/* Every epoch's order is made from the same one, so that it can be entered anywhere. */
void loader_order_epoch(loader *l)
{
    if (!l->options.shuffle)
        return;
    select_samples(l);
    rng r = rng_at(l->options.seed, (uint32_t)l->epoch, order_stream);
    rng_shuffle_u32(&r, l->order, l->samples);
}
