/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/store.h"

/* Keeps the split's random numbers apart from those of augmentation, which use small epochs. */
static const uint32_t split_stream = 0x53504c54;

/* FNV-1a (Fowler, Noll, Vo): the class's name, not its place, names the stream, so other classes have no
 * influence. */
static uint64_t name_hash(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *p = name; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
    return hash;
}

static int64_t share(int64_t n, float part)
{
    int64_t k = llround((double)n * (double)part);
    if (k > n - 1)
        k = n - 1;
    return k < 1 && n >= 2 ? 1 : k;
}

fv_status split_choose(const int32_t *labels, int64_t count, const name_list *classes, float part,
                       uint64_t seed, uint8_t *chosen)
{
    fv_status status = FV_OK;
    /* Counting sort by class: members of class c are order[start[c]] ... order[start[c + 1] - 1]. */
    int64_t *start = mem_array(classes->count + 2, sizeof *start),
            *order = mem_array((size_t)count, sizeof *order);
    if (!start || !order) {
        status = status_last();
        goto done;
    }
    for (int64_t i = 0; i < count; i++)
        start[labels[i] + 2]++;
    for (size_t c = 0; c < classes->count; c++)
        start[c + 2] += start[c + 1];
    for (int64_t i = 0; i < count; i++)
        order[start[labels[i] + 1]++] = i;
    for (size_t c = 0; c < classes->count; c++) {
        int64_t n = start[c + 1] - start[c], k = share(n, part);
        rng r = rng_at(seed, split_stream, name_hash(classes->items[c]));
        rng_shuffle(&r, order + start[c], n);
        for (int64_t i = 0; i < k; i++)
            chosen[order[start[c] + i]] = 1;
    }
done:
    free(start);
    free(order);
    return status;
}
