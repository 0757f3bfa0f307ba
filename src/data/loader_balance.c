/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An epoch that has every class equally often. A picture belongs to one group: its class; in multi-label data the rarest of its
 * classes, or the last group where it has none.
 */
#include <stdlib.h>

#include "core/memory.h"
#include "data/loader_parts.h"

typedef struct loader_balance {
    int64_t groups, present; /* present: those that have samples */
    int64_t *pictures;       /* (groups): that have the class, which tells the rarest */
    int64_t *first;          /* (groups + 1): members[first[g]] to members[first[g + 1] - 1] */
    uint32_t *members;       /* (samples): by group */
} loader_balance;

static int64_t group_count(const loader *l)
{
    int64_t n = fv_dataset_class_count(l->options.data), most = n;
    for (int64_t i = 0; l->options.class_map && i < n; i++)
        most = l->options.class_map[i] >= most ? l->options.class_map[i] + 1 : most;
    return most + 1;
}

static int64_t group_of(const loader *l, int64_t index)
{
    const loader_balance *b = l->balance;
    const int32_t *labels;
    int64_t group = b->groups - 1, n = loader_labels(l, index, &labels);
    for (int64_t k = 0; k < n; k++) {
        int64_t c = loader_class(l, labels, k);
        if (k == 0 || b->pictures[c] < b->pictures[group])
            group = c;
    }
    return group;
}

static void count(const loader *l)
{
    loader_balance *b = l->balance;
    const int32_t *labels;
    for (int64_t i = 0; i < l->samples; i++)
        for (int64_t k = loader_labels(l, l->order[i], &labels); k-- > 0;)
            b->pictures[loader_class(l, labels, k)]++;
    for (int64_t i = 0; i < l->samples; i++)
        b->first[group_of(l, l->order[i]) + 1]++;
    for (int64_t g = 0; g < b->groups; g++) {
        b->present += b->first[g + 1] > 0;
        b->first[g + 1] += b->first[g];
    }
}

/* A counting sort; first[g] is where group g ends afterwards, and is moved back. */
static fv_status sort_members(const loader *l)
{
    loader_balance *b = l->balance;
    if (!(b->members = mem_array((size_t)l->samples, sizeof *b->members)))
        return status_last();
    for (int64_t i = 0; i < l->samples; i++)
        b->members[b->first[group_of(l, l->order[i])]++] = l->order[i];
    for (int64_t g = b->groups; g > 0; g--)
        b->first[g] = b->first[g - 1];
    b->first[0] = 0;
    return FV_OK;
}

fv_status loader_balance_create(loader *l)
{
    loader_balance *b = l->balance = mem_array(1, sizeof *b);
    if (!b)
        return status_last();
    b->groups = group_count(l);
    b->pictures = mem_array((size_t)b->groups, sizeof *b->pictures);
    b->first = mem_array((size_t)b->groups + 1, sizeof *b->first);
    if (!b->pictures || !b->first)
        return status_last();
    count(l);
    return sort_members(l);
}

void loader_balance_release(loader *l)
{
    if (!l->balance)
        return;
    free(l->balance->pictures);
    free(l->balance->first);
    free(l->balance->members);
    free(l->balance);
}

/* `wanted` of a group's members: all of them as often as they fit, and a random part of them once more (selection sampling,
 * Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S). Over the epochs each member is drawn equally often, in an
 * epoch none twice more than another. Returns the end of what was written. */
static uint32_t *draw(rng *r, const uint32_t *members, int64_t n, int64_t wanted, uint32_t *to)
{
    for (; wanted >= n; wanted -= n)
        for (int64_t i = 0; i < n; i++)
            *to++ = members[i];
    for (int64_t i = 0; i < n && wanted > 0; i++)
        if ((int64_t)rng_below(r, (uint64_t)(n - i)) < wanted) {
            *to++ = members[i];
            wanted--;
        }
    return to;
}

/* Every group has samples / present places; those that are left go to groups drawn in the same way. */
void loader_balance_epoch(loader *l, rng *r)
{
    const loader_balance *b = l->balance;
    if (l->samples == 0)
        return;
    int64_t share = l->samples / b->present, more = l->samples % b->present, left = b->present;
    uint32_t *to = l->order;
    for (int64_t g = 0; g < b->groups; g++) {
        int64_t n = b->first[g + 1] - b->first[g];
        if (n == 0)
            continue;
        bool one_more = (int64_t)rng_below(r, (uint64_t)left--) < more;
        more -= one_more;
        to = draw(r, b->members + b->first[g], n, share + one_more, to);
    }
}
