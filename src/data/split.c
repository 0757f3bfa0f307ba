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

/* As rng_shuffle, in half the memory. */
static void shuffle(rng *r, uint32_t *list, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)rng_below(r, (uint64_t)i + 1);
        uint32_t t = list[i];
        list[i] = list[j];
        list[j] = t;
    }
}

/* ---- one class a picture: each class by itself, from the seed, its name and its number of pictures ---- */

static fv_status choose_by_class(const store *s, float part, uint64_t seed, uint8_t *chosen)
{
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
        start[s->labels[i] + 2]++;
    for (size_t c = 0; c < classes; c++)
        start[c + 2] += start[c + 1];
    for (int64_t i = 0; i < s->training; i++)
        order[start[s->labels[i] + 1]++] = (uint32_t)i;
    for (size_t c = 0; c < classes; c++) {
        int64_t n = start[c + 1] - start[c], k = share(n, part);
        rng r = rng_at(seed, split_stream, name_hash(s->classes.items[c]));
        shuffle(&r, order + start[c], n);
        for (int64_t i = 0; i < k; i++)
            chosen[order[start[c] + i]] = 1;
    }
done:
    free(start);
    free(order);
    return status;
}

/* ---- several classes a picture ---- */

/*
 * With several classes a picture no choice meets every class's share exactly. Sought is a small
 *     sum over classes of (chosen_c - share_c)^2 / pictures_c,
 * with two more classes: "any picture", so that the part has its size, and "no class". The pictures are visited in a
 * random order, and each changes sides when that makes the sum smaller, until none does. Each change lowers the sum, so
 * it ends; a rare class weighs more (1 / pictures_c), which is what iterative stratification (Sechidis, Tsoumakas and
 * Vlahavas, "On the stratification of multi-label data", ECML 2011) gets by placing rare classes first.
 */
typedef struct balance {
    const store *store;
    size_t any, none;         /* the two classes more */
    double *excess, *weight;  /* by class: chosen - share, and 1 / pictures */
    int64_t *counts;          /* by class, of the unit in hand; zero else */
    size_t *present, classes; /* the classes that the unit has */
} balance;

enum {
    MAX_PASSES = 50
};

static void count_one(balance *b, size_t c)
{
    if (b->counts[c]++ == 0)
        b->present[b->classes++] = c;
}

static void take_sample(balance *b, uint32_t sample)
{
    const int32_t *labels;
    int64_t n = store_labels(b->store, sample, &labels);
    count_one(b, b->any);
    if (n == 0)
        count_one(b, b->none);
    for (int64_t k = 0; k < n; k++)
        count_one(b, (size_t)labels[k]);
}

/* How much the sum grows when the unit in hand is chosen (sign 1) or given back (sign -1). */
static double cost(const balance *b, int sign)
{
    double sum = 0;
    for (size_t i = 0; i < b->classes; i++) {
        size_t c = b->present[i];
        double k = (double)(sign * b->counts[c]);
        sum += (2 * b->excess[c] + k) * k * b->weight[c];
    }
    return sum;
}

/* Chooses the unit in hand, gives it back, or (sign 0) only puts it down. */
static void put_down(balance *b, int sign)
{
    for (size_t i = 0; i < b->classes; i++) {
        size_t c = b->present[i];
        b->excess[c] += (double)(sign * b->counts[c]);
        b->counts[c] = 0;
    }
    b->classes = 0;
}

static fv_status balance_create(balance *b, const store *s, float part)
{
    size_t n = s->classes.count + 2;
    *b = (balance){.store = s, .any = n - 2, .none = n - 1};
    b->excess = mem_array(n, sizeof *b->excess);
    b->weight = mem_array(n, sizeof *b->weight);
    b->counts = mem_array(n, sizeof *b->counts);
    b->present = mem_array(n, sizeof *b->present);
    if (!b->excess || !b->weight || !b->counts || !b->present)
        return status_last();
    for (int64_t i = 0; i < s->training; i++)
        take_sample(b, (uint32_t)i);
    for (size_t c = 0; c < n; c++) {
        b->excess[c] = -(double)share(b->counts[c], part);
        b->weight[c] = b->counts[c] > 0 ? 1 / (double)b->counts[c] : 0;
    }
    put_down(b, 0);
    return FV_OK;
}

static void balance_release(balance *b)
{
    free(b->excess);
    free(b->weight);
    free(b->counts);
    free(b->present);
}

static fv_status choose_by_label(const store *s, float part, uint64_t seed, uint8_t *chosen)
{
    balance b;
    uint32_t *order = NULL;
    fv_status status = balance_create(&b, s, part);
    if (status == FV_OK && !(order = mem_array((size_t)s->training, sizeof *order)))
        status = status_last();
    if (status != FV_OK)
        goto done;
    for (int64_t i = 0; i < s->training; i++)
        order[i] = (uint32_t)i;
    rng r = rng_at(seed, split_stream, 0);
    shuffle(&r, order, s->training);
    bool changed = true;
    for (int pass = 0; changed && pass < MAX_PASSES; pass++) {
        changed = false;
        for (int64_t i = 0; i < s->training; i++) {
            uint32_t sample = order[i];
            int sign = chosen[sample] ? -1 : 1;
            take_sample(&b, sample);
            bool better = cost(&b, sign) < -1e-9;
            put_down(&b, better ? sign : 0);
            chosen[sample] ^= better;
            changed = changed || better;
        }
    }
done:
    free(order);
    balance_release(&b);
    return status;
}

fv_status split_choose(const store *s, float part, uint64_t seed, uint8_t *chosen)
{
    return s->label_first ? choose_by_label(s, part, seed, chosen) : choose_by_class(s, part, seed, chosen);
}
