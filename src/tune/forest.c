/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    TREES = 64,
    DEPTH = 64,
    POINTS_LEAST = 4,
    STREAM = 0xf0e5 /* of random numbers: whose points make a tree */
};

/* Numbers lie in 0..1 on their scale, categories are their places. A leaf is a box: an interval, or a set of choices, of each dimension. */
typedef struct box {
    double low, high;
    uint64_t choices;
} box;

typedef struct leaf {
    double value;
    box *sides; /* (dimensions) */
} leaf;

typedef struct tree {
    const fv_space *space;
    const double *points, *values; /* (count, dimensions), (count) */
    leaf *leaves;
    int64_t count;
    size_t capacity;
} tree;

typedef struct split {
    int64_t dimension; /* -1: none */
    double gain, threshold;
    uint64_t choices; /* that go left */
} split;

static bool is_category(const tree *t, int64_t dimension)
{
    return t->space->list[dimension].type == FV_DIMENSION_CATEGORICAL;
}

static double at(const tree *t, int64_t point, int64_t dimension)
{
    return t->points[point * t->space->count + dimension];
}

static double part_of(const tree *t, const box *b, int64_t dimension)
{
    int64_t choices = t->space->list[dimension].choice_count;
    return is_category(t, dimension) ? (double)__builtin_popcountll(b->choices) / (double)choices
                                     : b->high - b->low;
}

/* ---- growing ---- */

typedef struct keyed {
    double key, value;
    uint64_t choice; /* a bit; 0 for numbers */
} keyed;

static int by_key(const void *left, const void *right)
{
    const keyed *a = left, *b = right;
    return a->key < b->key ? -1 : a->key > b->key;
}

/* Of a category the key is the mean value of its choice: among all divisions into two sets the best one is a cut in this order (Breiman et al.
 * 1984, section 4.2.2). */
static void fill_keys(const tree *t, const int64_t *list, int64_t n, int64_t dimension, keyed *keys)
{
    double sums[SPACE_CHOICES] = {0}, counts[SPACE_CHOICES] = {0};
    for (int64_t i = 0; i < n; i++) {
        double x = at(t, list[i], dimension);
        keys[i] = (keyed){.key = x, .value = t->values[list[i]]};
        if (!is_category(t, dimension))
            continue;
        keys[i].choice = (uint64_t)1 << (int)x;
        sums[(int)x] += keys[i].value;
        counts[(int)x]++;
    }
    for (int64_t i = 0; i < n && is_category(t, dimension); i++)
        keys[i].key = sums[(int)at(t, list[i], dimension)] / counts[(int)at(t, list[i], dimension)];
}

/* The cut that lowers the sum of squares most. */
static void try_dimension(const tree *t, const int64_t *list, int64_t n, int64_t dimension, keyed *keys,
                          split *best)
{
    double all = 0, left = 0;
    uint64_t choices = 0;
    fill_keys(t, list, n, dimension, keys);
    qsort(keys, (size_t)n, sizeof *keys, by_key);
    for (int64_t i = 0; i < n; i++)
        all += keys[i].value;
    for (int64_t i = 0; i + 1 < n; i++) {
        left += keys[i].value;
        choices |= keys[i].choice;
        if (!(keys[i].key < keys[i + 1].key))
            continue;
        double m = (double)(i + 1), right = all - left;
        double gain = left * left / m + right * right / ((double)n - m) - all * all / (double)n;
        if (gain > best->gain)
            *best = (split){dimension, gain, (keys[i].key + keys[i + 1].key) / 2, choices};
    }
}

static bool goes_left(const tree *t, const split *s, int64_t point)
{
    double x = at(t, point, s->dimension);
    return is_category(t, s->dimension) ? s->choices >> (int)x & 1 : x < s->threshold;
}

static fv_status add_leaf(tree *t, const int64_t *list, int64_t n, const box *sides)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += t->values[list[i]];
    STATUS_TRY(MEM_GROW(t->leaves, t->count, t->capacity));
    leaf *l = &t->leaves[t->count];
    *l = (leaf){.value = sum / (double)n, .sides = mem_array((size_t)t->space->count, sizeof *sides)};
    if (!l->sides)
        return status_last();
    memcpy(l->sides, sides, (size_t)t->space->count * sizeof *sides);
    t->count++;
    return FV_OK;
}

static split find_split(const tree *t, const int64_t *list, int64_t n, keyed *keys)
{
    split best = {.dimension = -1, .gain = 1e-12};
    for (int64_t d = 0; d < t->space->count; d++)
        try_dimension(t, list, n, d, keys, &best);
    return best;
}

/* `sides` is the node's box, which is the same again afterwards. */
static fv_status grow(tree *t, int64_t *list, int64_t n, box *sides, keyed *keys, int depth)
{
    split s = n > 1 && depth < DEPTH ? find_split(t, list, n, keys) : (split){.dimension = -1};
    if (s.dimension < 0)
        return add_leaf(t, list, n, sides);
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++)
        if (goes_left(t, &s, list[i])) {
            int64_t point = list[i];
            list[i] = list[left];
            list[left++] = point;
        }
    box *side = &sides[s.dimension], whole = *side;
    side->high = is_category(t, s.dimension) ? whole.high : s.threshold;
    side->choices = whole.choices & s.choices;
    fv_status status = grow(t, list, left, sides, keys, depth + 1);
    *side = whole;
    side->low = is_category(t, s.dimension) ? whole.low : s.threshold;
    side->choices = whole.choices & ~s.choices;
    if (status == FV_OK)
        status = grow(t, list + left, n - left, sides, keys, depth + 1);
    *side = whole;
    return status;
}

static void release(tree *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(t->leaves[i].sides);
    free(t->leaves);
    t->leaves = NULL;
    t->count = 0;
    t->capacity = 0;
}

/* ---- analysis of variance ---- */

static double volume(const tree *t, const leaf *l)
{
    double product = 1;
    for (int64_t d = 0; d < t->space->count; d++)
        product *= part_of(t, &l->sides[d], d);
    return product;
}

static int by_number(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* The mean over all other dimensions at the pieces edges[i]..edges[i + 1]; of a category the pieces are its choices. */
static void add_pieces(const tree *t, int64_t dimension, const double *edges, int64_t pieces, double *means)
{
    for (int64_t i = 0; i < t->count; i++) {
        const box *b = &t->leaves[i].sides[dimension];
        double part = part_of(t, b, dimension);
        double share = part > 0 ? t->leaves[i].value * volume(t, &t->leaves[i]) / part : 0;
        for (int64_t k = 0; k < pieces; k++)
            if (is_category(t, dimension) ? b->choices >> k & 1
                                          : edges[k] >= b->low && edges[k + 1] <= b->high)
                means[k] += share;
    }
}

/* `edges` and `means` have places for two a leaf, and for every choice. */
static double variance_of(const tree *t, int64_t dimension, double mean, double *edges, double *means)
{
    int64_t pieces = t->space->list[dimension].choice_count, count = 0;
    if (!is_category(t, dimension)) {
        for (int64_t i = 0; i < t->count; i++) {
            edges[count++] = t->leaves[i].sides[dimension].low;
            edges[count++] = t->leaves[i].sides[dimension].high;
        }
        qsort(edges, (size_t)count, sizeof *edges, by_number);
        pieces = 0;
        for (int64_t i = 1; i < count; i++)
            if (edges[i] > edges[pieces])
                edges[++pieces] = edges[i];
    }
    memset(means, 0, (size_t)pieces * sizeof *means);
    add_pieces(t, dimension, edges, pieces, means);
    double variance = 0;
    for (int64_t k = 0; k < pieces; k++) {
        double part = is_category(t, dimension) ? 1 / (double)pieces : edges[k + 1] - edges[k];
        variance += part * (means[k] - mean) * (means[k] - mean);
    }
    return variance;
}

/* Adds the parts of one tree's variance; false where it has none. */
static bool analyse(const tree *t, double *room, double *importance)
{
    double mean = 0, square = 0;
    for (int64_t i = 0; i < t->count; i++) {
        double part = volume(t, &t->leaves[i]);
        mean += part * t->leaves[i].value;
        square += part * t->leaves[i].value * t->leaves[i].value;
    }
    double whole = square - mean * mean;
    if (!(whole > 1e-12 * square))
        return false;
    for (int64_t d = 0; d < t->space->count; d++)
        importance[d] += variance_of(t, d, mean, room, room + 2 * t->count + SPACE_CHOICES) / whole;
    return true;
}

/* ---- the forest ---- */

/* Where a condition was not met, a number is taken for the middle of its range and a category for its first choice. */
static double *place_points(const fv_space *s, const double *points, int64_t count)
{
    double *placed = mem_array((size_t)(count * s->count), sizeof *placed);
    for (int64_t i = 0; placed && i < count * s->count; i++) {
        const fv_dimension *d = &s->list[i % s->count];
        double low = space_scaled_low(d), high = space_scaled_high(d);
        if (d->type == FV_DIMENSION_CATEGORICAL)
            placed[i] = isfinite(points[i]) ? points[i] : 0;
        else
            placed[i] =
                isfinite(points[i]) && high > low ? (space_scaled(d, points[i]) - low) / (high - low) : 0.5;
    }
    return placed;
}

/* With mean 0 and variance 1, which changes no part of the variance, so that what is too little to be a gain does not depend on the unit. */
static double *standardise(const double *values, int64_t count)
{
    double *standard = mem_array((size_t)count, sizeof *standard), mean = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        mean += values[i] / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean) / (double)count;
    for (int64_t i = 0; standard && i < count; i++)
        standard[i] = squares > 0 ? (values[i] - mean) / sqrt(squares) : 0;
    return standard;
}

static fv_status grow_tree(tree *t, int64_t count, uint64_t number, int64_t *list, keyed *keys, box *sides)
{
    rng r = rng_at(0, STREAM, number);
    for (int64_t i = 0; i < count; i++)
        list[i] = (int64_t)rng_below(&r, (uint64_t)count);
    for (int64_t d = 0; d < t->space->count; d++)
        sides[d] = (box){0, 1, is_category(t, d) ? ~(uint64_t)0 >> (64 - t->space->list[d].choice_count) : 0};
    return grow(t, list, count, sides, keys, 0);
}

fv_status forest_importance(const fv_space *space, const double *points, const double *values, int64_t count,
                            double *importance)
{
    for (int64_t d = 0; d < space->count; d++)
        importance[d] = NAN;
    if (count < POINTS_LEAST)
        return FV_OK;
    double *placed = place_points(space, points, count), *standard = standardise(values, count);
    double *room = mem_array((size_t)(4 * count + 2 * SPACE_CHOICES), sizeof *room);
    int64_t *list = mem_array((size_t)count, sizeof *list), trees = 0;
    keyed *keys = mem_array((size_t)count, sizeof *keys);
    box *sides = mem_array((size_t)space->count, sizeof *sides);
    double *sums = mem_array((size_t)space->count, sizeof *sums);
    fv_status status = placed && standard && room && list && keys && sides && sums ? FV_OK : status_last();
    tree t = {.space = space, .points = placed, .values = standard};
    for (uint64_t i = 0; status == FV_OK && i < TREES; i++) {
        status = grow_tree(&t, count, i, list, keys, sides);
        if (status == FV_OK)
            trees += analyse(&t, room, sums);
        release(&t);
    }
    for (int64_t d = 0; status == FV_OK && trees > 0 && d < space->count; d++)
        importance[d] = sums[d] / (double)trees;
    free(placed);
    free(standard);
    free(room);
    free(list);
    free(keys);
    free(sides);
    free(sums);
    return status;
}
