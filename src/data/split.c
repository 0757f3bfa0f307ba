/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/name_table.h"
#include "data/store.h"

/* Keeps the split's random numbers apart from those of augmentation, which use small epochs. */
static const uint32_t split_stream = 0x53504c54;

/* What is drawn: samples of `store` whose part is still FV_ALL, of which `part` get the part `mark`. */
typedef struct draw {
    const store *store;
    float part;
    uint64_t seed;
    uint32_t stream; /* another one for each mark */
    uint8_t mark;
    uint8_t *parts; /* (training), fv_part */
} draw;

static int64_t share(int64_t n, float part)
{
    int64_t k = llround((double)n * (double)part);
    if (k > n - 1)
        k = n - 1;
    return k < 1 && n >= 2 ? 1 : k;
}

/* ---- one class a picture: each class by itself, from the seed, its name and its number of pictures ---- */

static fv_status choose_by_class(const draw *d)
{
    const store *s = d->store;
    fv_status status = FV_OK;
    size_t classes = s->classes.count;
    /* Counting sort by class: members of class c are order[start[c]] ... order[start[c + 1] - 1]. */
    int64_t *start = mem_array(classes + 2, sizeof *start);
    uint32_t *order = mem_array((size_t)s->training, sizeof *order);
    if (!start || !order) {
        status = status_last();
        goto done;
    }
    for (int64_t i = 0; i < s->training; i++)
        start[s->labels[i] + 2] += d->parts[i] == FV_ALL;
    for (size_t c = 0; c < classes; c++)
        start[c + 2] += start[c + 1];
    for (int64_t i = 0; i < s->training; i++)
        if (d->parts[i] == FV_ALL)
            order[start[s->labels[i] + 1]++] = (uint32_t)i;
    for (size_t c = 0; c < classes; c++) {
        int64_t n = start[c + 1] - start[c], k = share(n, d->part);
        /* The class's name, not its place, names the stream: other classes have no influence. */
        rng r = rng_at(d->seed, d->stream, name_hash(s->classes.items[c]));
        rng_shuffle_u32(&r, order + start[c], n);
        for (int64_t i = 0; i < k; i++)
            d->parts[order[start[c] + i]] = d->mark;
    }
done:
    free(start);
    free(order);
    return status;
}

/* ---- units: what is chosen as a whole, a group or a picture that has none ---- */

typedef struct units {
    uint32_t *samples; /* those that may be chosen, unit by unit */
    uint32_t
        *first; /* (count + 1): unit u is samples[first[u]] to samples[first[u + 1] - 1]; NULL: one each */
    int64_t count, sample_count;
} units;

static void units_release(units *u)
{
    free(u->samples);
    free(u->first);
}

static bool may_choose(const draw *d, int64_t sample)
{
    return d->parts[sample] == FV_ALL;
}

/* Samples in order, each a unit. */
static void list_samples(units *u, const draw *d)
{
    for (int64_t i = 0; i < d->store->training; i++)
        if (may_choose(d, i))
            u->samples[u->count++] = (uint32_t)i;
}

/* A counting sort by group, `sizes` (groups + 1) being their sizes; samples without a group, sizes[0], come last. */
static fv_status list_groups(units *u, const draw *d, uint32_t *sizes)
{
    const store *s = d->store;
    size_t groups = s->group_names.count;
    if (!(u->first = mem_array(groups + sizes[0] + 1, sizeof *u->first)))
        return status_last();
    uint32_t alone = sizes[0], place = 0;
    for (size_t g = 1; g <= groups; g++) {
        uint32_t size = sizes[g];
        sizes[g] = place; /* from here on where the group's next sample goes */
        place += size;
        if (size > 0)
            u->first[++u->count] = place;
    }
    for (uint32_t i = 1; i <= alone; i++)
        u->first[++u->count] = place + i;
    sizes[0] = place;
    for (int64_t i = 0; i < s->training; i++)
        if (may_choose(d, i))
            u->samples[sizes[s->groups[i]]++] = (uint32_t)i;
    return FV_OK;
}

static fv_status units_create(units *u, const draw *d)
{
    const store *s = d->store;
    size_t groups = s->groups ? s->group_names.count : 0;
    *u = (units){0};
    uint32_t *sizes = mem_array(groups + 1, sizeof *sizes);
    if (!sizes)
        return status_last();
    for (int64_t i = 0; i < s->training; i++)
        if (may_choose(d, i))
            sizes[groups ? s->groups[i] : 0]++, u->sample_count++;
    bool grouped = false;
    for (size_t g = 1; g <= groups; g++)
        grouped = grouped || sizes[g] > 1;
    fv_status status = FV_OK;
    if (!(u->samples = mem_array((size_t)u->sample_count, sizeof *u->samples)))
        status = status_last();
    else if (grouped)
        status = list_groups(u, d, sizes);
    else
        list_samples(u, d);
    free(sizes);
    if (status != FV_OK)
        units_release(u);
    return status;
}

/* ---- several classes a picture, or groups ---- */

/*
 * With several classes in a unit no choice meets every class's share exactly. Sought is a small
 *     sum over classes of (chosen_c - share_c)^2 / pictures_c,
 * with two more classes: "any picture", so that the part has its size, and "no class". The units are visited in a
 * random order, and each changes sides when that makes the sum smaller, until none does. Each change lowers the sum, so
 * it ends; a rare class weighs more (1 / pictures_c), which is what iterative stratification (Sechidis, Tsoumakas and
 * Vlahavas, "On the stratification of multi-label data", ECML 2011) gets by placing rare classes first.
 *
 * Groups are coarse: where they decide, the best of several random orders is taken, and the sum gets a penalty, which
 * outweighs all else, for each class that has two groups and all its pictures on one side.
 */
typedef struct class_balance {
    double excess, weight; /* chosen - share, and 1 / pictures */
    double share, pictures;
    int64_t units; /* that have the class; counted with groups only */
    int64_t count; /* of the unit in hand; zero else */
} class_balance;

typedef struct balance {
    const draw *draw;
    const units *units;
    class_balance *classes;
    size_t any, none, count;        /* the two classes more, and all */
    size_t *present, present_count; /* the classes that the unit in hand has */
    double penalty;
} balance;

enum {
    MAX_PASSES = 50,
    MAX_ORDERS = 16,
    ORDERS_SAMPLES =
        1 << 19 /* with so many samples one order does: the groups are then small beside the shares */
};

static void count_one(balance *b, size_t c)
{
    if (b->classes[c].count++ == 0)
        b->present[b->present_count++] = c;
}

static void take_unit(balance *b, int64_t unit)
{
    const units *u = b->units;
    int64_t first = u->first ? u->first[unit] : unit, end = u->first ? u->first[unit + 1] : unit + 1;
    for (int64_t i = first; i < end; i++) {
        const int32_t *labels;
        int64_t n = store_labels(b->draw->store, u->samples[i], &labels);
        count_one(b, b->any);
        if (n == 0)
            count_one(b, b->none);
        for (int64_t k = 0; k < n; k++)
            count_one(b, (size_t)labels[k]);
    }
}

static double penalty(const balance *b, const class_balance *c, double excess)
{
    double chosen = c->share + excess;
    return c->units > 1 && (chosen < 0.5 || chosen > c->pictures - 0.5) ? b->penalty : 0;
}

/* How much the sum grows when the unit in hand is chosen (sign 1) or given back (sign -1). */
static double cost(const balance *b, int sign)
{
    double sum = 0;
    for (size_t i = 0; i < b->present_count; i++) {
        const class_balance *c = &b->classes[b->present[i]];
        double k = (double)(sign * c->count);
        sum += (2 * c->excess + k) * k * c->weight;
        sum += penalty(b, c, c->excess + k) - penalty(b, c, c->excess);
    }
    return sum;
}

static double total_cost(const balance *b)
{
    double sum = 0;
    for (size_t c = 0; c < b->count; c++) {
        const class_balance *one = &b->classes[c];
        sum += one->excess * one->excess * one->weight + penalty(b, one, one->excess);
    }
    return sum;
}

/* Chooses the unit in hand, gives it back, or (sign 0) only puts it down. */
static void put_down(balance *b, int sign)
{
    for (size_t i = 0; i < b->present_count; i++) {
        class_balance *c = &b->classes[b->present[i]];
        c->excess += (double)(sign * c->count);
        c->count = 0;
    }
    b->present_count = 0;
}

static fv_status balance_create(balance *b, const draw *d, const units *u)
{
    size_t n = d->store->classes.count + 2;
    *b = (balance){.draw = d, .units = u, .any = n - 2, .none = n - 1, .count = n};
    b->classes = mem_array(n, sizeof *b->classes);
    b->present = mem_array(n, sizeof *b->present);
    if (!b->classes || !b->present)
        return status_last();
    for (int64_t i = 0; i < u->count; i++) {
        take_unit(b, i);
        for (size_t k = 0; k < b->present_count; k++) {
            class_balance *c = &b->classes[b->present[k]];
            c->pictures += (double)c->count;
            c->units += u->first != NULL;
        }
        put_down(b, 0);
    }
    for (size_t k = 0; k < n; k++) {
        class_balance *c = &b->classes[k];
        c->share = (double)share((int64_t)c->pictures, d->part);
        c->weight = c->pictures > 0 ? 1 / c->pictures : 0;
    }
    b->penalty = 4 * (double)u->sample_count; /* the rest of the sum is at most half of it */
    return FV_OK;
}

static void balance_release(balance *b)
{
    free(b->classes);
    free(b->present);
}

/* From nothing chosen; side[u] becomes 1 for the chosen units. */
static void search(balance *b, const uint32_t *order, uint8_t *side)
{
    int64_t count = b->units->count;
    memset(side, 0, (size_t)count);
    for (size_t c = 0; c < b->count; c++)
        b->classes[c].excess = -b->classes[c].share;
    bool changed = true;
    for (int pass = 0; changed && pass < MAX_PASSES; pass++) {
        changed = false;
        for (int64_t i = 0; i < count; i++) {
            uint32_t unit = order[i];
            int sign = side[unit] ? -1 : 1;
            take_unit(b, unit);
            bool better = cost(b, sign) < -1e-9;
            put_down(b, better ? sign : 0);
            side[unit] ^= better;
            changed = changed || better;
        }
    }
}

static int order_count(const units *u)
{
    int64_t n = u->first ? ORDERS_SAMPLES / (u->sample_count + 1) : 1;
    return n < 1 ? 1 : n > MAX_ORDERS ? MAX_ORDERS : (int)n;
}

static void search_orders(balance *b, uint32_t *order, uint8_t *side, uint8_t *best)
{
    const draw *d = b->draw;
    const units *u = b->units;
    double least = INFINITY;
    for (int k = 0; k < order_count(u); k++) {
        for (int64_t i = 0; i < u->count; i++)
            order[i] = (uint32_t)i;
        rng r = rng_at(d->seed, d->stream, (uint64_t)k);
        rng_shuffle_u32(&r, order, u->count);
        search(b, order, side);
        double sum = total_cost(b);
        if (sum < least) {
            least = sum;
            memcpy(best, side, (size_t)u->count);
        }
    }
}

static fv_status choose_units(const draw *d, const units *u)
{
    balance b;
    fv_status status = balance_create(&b, d, u);
    uint32_t *order = mem_array((size_t)u->count, sizeof *order);
    uint8_t *side = mem_array((size_t)u->count, 1), *best = mem_array((size_t)u->count, 1);
    if (!order || !side || !best)
        status = status_last();
    if (status == FV_OK) {
        search_orders(&b, order, side, best);
        for (int64_t k = 0; k < u->count; k++)
            for (int64_t i = u->first ? u->first[k] : k; best[k] && i < (u->first ? u->first[k + 1] : k + 1);
                 i++)
                d->parts[u->samples[i]] = d->mark;
    }
    free(order);
    free(side);
    free(best);
    balance_release(&b);
    return status;
}

fv_status split_choose(const store *s, float part, uint64_t seed, fv_part mark, uint8_t *parts)
{
    draw d = {.store = s,
              .part = part,
              .seed = seed,
              .stream = split_stream + (uint32_t)mark - FV_VALIDATION,
              .mark = (uint8_t)mark,
              .parts = parts};
    if (!s->groups && !s->label_first)
        return choose_by_class(&d);
    units u;
    STATUS_TRY(units_create(&u, &d));
    fv_status status = u.first || s->label_first ? choose_units(&d, &u) : choose_by_class(&d);
    units_release(&u);
    return status;
}
