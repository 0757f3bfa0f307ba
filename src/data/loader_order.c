/* SPDX-License-Identifier: Apache-2.0 */
/* Which samples take part, and in which order an epoch has them. */
#include <stdlib.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/loader_parts.h"

/* The stream that shuffles an epoch; samples have the streams of their index. */
static const uint64_t order_stream = UINT64_MAX;

int64_t loader_labels(const loader *l, int64_t index, const int32_t **labels)
{
    return dataset_labels(l->options.data, index, labels);
}

int32_t loader_class(const loader *l, const int32_t *labels, int64_t k)
{
    return l->options.class_map ? l->options.class_map[labels[k]] : labels[k];
}

int32_t loader_label(const loader *l, int64_t index)
{
    const int32_t *labels;
    return loader_labels(l, index, &labels) > 0 ? loader_class(l, labels, 0) : -1;
}

float loader_weight(const loader *l, int64_t index)
{
    int32_t label = loader_label(l, index);
    return l->options.class_weights && label >= 0 ? l->options.class_weights[label] : 1;
}

uint64_t loader_stream(const loader *l, int64_t place)
{
    return l->options.balanced ? (uint64_t)place : l->order[place];
}

/* Whether the model knows all of its classes. */
static bool is_known(const loader *l, int64_t index)
{
    const int32_t *labels;
    for (int64_t k = loader_labels(l, index, &labels); k-- > 0;)
        if (loader_class(l, labels, k) < 0)
            return false;
    return true;
}

/* `order` receives the indices that take part. */
static void select_samples(loader *l)
{
    const int64_t *only = l->options.only;
    int64_t n = only ? l->options.only_count : fv_dataset_size(l->options.data);
    l->samples = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t index = only ? only[i] : i;
        if (!l->options.class_map || is_known(l, index))
            l->order[l->samples++] = (uint32_t)index;
    }
}

fv_status loader_order_create(loader *l)
{
    if (!(l->order = mem_array((size_t)fv_dataset_size(l->options.data), sizeof *l->order)))
        return status_last();
    select_samples(l);
    return l->options.balanced ? loader_balance_create(l) : FV_OK;
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
    rng r = rng_at(l->options.seed, (uint32_t)l->epoch, order_stream);
    if (l->options.balanced)
        loader_balance_epoch(l, &r);
    else
        select_samples(l);
    rng_shuffle_u32(&r, l->order, l->samples);
}
