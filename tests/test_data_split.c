/* SPDX-License-Identifier: Apache-2.0 */
/* data: labels of several sources brought together, and splits of multi-label data. */
#include "test_data.h"

#include <math.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/store.h"

static void drop(source *s)
{
    source_free(s);
}

/* A source whose record i has the classes given as a string of letters; `single` has one each. */
static source *make_source(fv_part part, const char *classes, const char *const *records, int64_t count,
                           bool single)
{
    source *s = mem_array(1, sizeof *s);
    *s = (source){.part = part, .count = count, .destroy = drop};
    for (const char *c = classes; *c; c++)
        assert_ok(names_add(&s->classes, "%c", *c));
    s->label_first = single ? NULL : mem_array((size_t)count + 1, sizeof *s->label_first);
    int32_t *list = mem_array((size_t)count * 8, sizeof *list);
    uint32_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        for (const char *c = records[i]; *c; c++)
            list[n++] = (int32_t)(strchr(classes, *c) - classes);
        if (!single)
            s->label_first[i + 1] = n;
    }
    *(single ? &s->labels : &s->label_list) = list;
    return s;
}

static void expect_labels(const store *s, int64_t sample, const char *wanted)
{
    const int32_t *labels;
    int64_t n = store_labels(s, sample, &labels);
    assert_int_equal(n, strlen(wanted));
    for (int64_t k = 0; k < n; k++)
        assert_int_equal(s->classes.items[labels[k]][0], wanted[k]);
}

static void make_store(store *s, source **sources, size_t count)
{
    *s = (store){0};
    s->first = mem_array(count + 1, sizeof *s->first);
    for (size_t i = 0; i < count; i++) {
        assert_ok(listing_add(&s->sources, sources[i]));
        s->first[i + 1] = s->first[i] + sources[i]->count;
        if (sources[i]->part <= FV_TRAIN)
            s->training = s->first[i + 1];
    }
    s->count = s->first[count];
    assert_ok(store_take_labels(s));
}

static void free_store(store *s)
{
    listing_release(&s->sources);
    names_release(&s->classes);
    free(s->first);
    free(s->labels);
    free(s->label_first);
    free(s->label_list);
    free(s->groups);
    name_table_release(&s->group_names);
}

/* Sources whose classes stand in other orders, one of them with one class a record. */
static void labels_are_merged(void **state)
{
    (void)state;
    static const char *const train[] = {"ca", "", "b", "abc"}, *const test[] = {"c", "x", "a"};
    source *sources[] = {make_source(FV_TRAIN, "abc", train, 4, false),
                         make_source(FV_TEST, "xca", test, 3, true)};
    store s;
    make_store(&s, sources, 2);
    static const char *const wanted[] = {"ac", "", "b", "abc", "c", "x", "a"};
    for (int64_t i = 0; i < 7; i++)
        expect_labels(&s, i, wanted[i]);
    assert_int_equal(s.training_classes, 3);
    assert_int_equal(s.classes.count, 4);
    assert_int_equal(s.labels[1], -1);
    assert_int_equal(s.labels[0], 0);
    free_store(&s);

    sources[0] = make_source(FV_TRAIN, "xca", test, 3, true);
    sources[1] = make_source(FV_TEST, "abc", (const char *const[]){"a", "b"}, 2, true);
    make_store(&s, sources, 2);
    assert_null(s.label_first);
    static const char *const single[] = {"c", "x", "a", "a", "b"};
    for (int64_t i = 0; i < 5; i++)
        expect_labels(&s, i, single[i]);
    free_store(&s);
}

enum {
    MANY = 2000,
    LETTERS = 8
};

/* Classes between rare and common, correlated, and pictures without any. */
static store *make_many(void)
{
    static char texts[MANY][LETTERS + 1];
    static const char *records[MANY];
    static const float often[LETTERS] = {0.5f, 0.3f, 0.3f, 0.1f, 0.05f, 0.02f, 0.01f, 0.004f};
    for (int i = 0; i < MANY; i++) {
        rng r = rng_at(9, 0, (uint64_t)i);
        int n = 0;
        for (int c = 0; c < LETTERS; c++)
            if (rng_uniform(&r) < often[c] || (c == 2 && n > 0 && rng_uniform(&r) < 0.5f))
                texts[i][n++] = (char)('a' + c);
        texts[i][n] = 0;
        records[i] = texts[i];
    }
    source *s = make_source(FV_ALL, "abcdefgh", records, MANY, false);
    store *out = mem_array(1, sizeof *out);
    make_store(out, &s, 1);
    return out;
}

/* Every class, the pictures without one, and the whole have their share, to within one picture (the whole:
 * two in a thousand). */
static void multi_label_split(void **state)
{
    (void)state;
    store *s = make_many();
    uint8_t chosen[2][MANY];
    for (float part = 0.1f; part < 0.95f; part += 0.2f) {
        double all[LETTERS + 2] = {0}, taken[LETTERS + 2] = {0};
        memset(chosen, 0, sizeof chosen);
        assert_ok(split_choose(s, part, 5, FV_VALIDATION, chosen[0]));
        assert_ok(split_choose(s, part, 5, FV_VALIDATION, chosen[1]));
        assert_memory_equal(chosen[0], chosen[1], MANY);
        for (int64_t i = 0; i < MANY; i++) {
            const int32_t *labels;
            int64_t n = store_labels(s, i, &labels);
            for (int64_t k = 0; k < n; k++)
                all[labels[k]]++, taken[labels[k]] += chosen[0][i] != 0;
            all[LETTERS]++, taken[LETTERS] += chosen[0][i] != 0;
            all[LETTERS + 1] += n == 0, taken[LETTERS + 1] += n == 0 && chosen[0][i] != 0;
        }
        for (int c = 0; c < LETTERS + 2; c++) {
            assert_true(taken[c] >= 1 && taken[c] <= all[c] - 1);
            double slack = c == LETTERS ? 0.002 * MANY : 1.5;
            if (taken[c] < part * all[c] - slack || taken[c] > part * all[c] + slack)
                fail_msg("class %d: %g of %g for a share of %g", c, taken[c], all[c], (double)part);
        }
    }
    memset(chosen[1], 0, MANY);
    assert_ok(split_choose(s, 0.9f, 6, FV_VALIDATION, chosen[1]));
    assert_memory_not_equal(chosen[0], chosen[1], MANY);
    free_store(s);
    free(s);
}

/* A store of one class a picture: 60 %, 30 % and 10 %. */
static store *make_single(void)
{
    static const char *records[MANY];
    for (int i = 0; i < MANY; i++) {
        rng r = rng_at(3, 0, (uint64_t)i);
        uint64_t k = rng_below(&r, 10);
        records[i] = k < 6 ? "a" : k < 9 ? "b" : "c";
    }
    source *s = make_source(FV_ALL, "abc", records, MANY, true);
    store *out = mem_array(1, sizeof *out);
    make_store(out, &s, 1);
    return out;
}

static uint64_t hash_of(const uint8_t *chosen)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < MANY; i++)
        hash = (hash ^ (chosen[i] != 0)) * 0x100000001b3u;
    return hash;
}

/* A seed means the same split in every version; groups of one picture change nothing. */
static void splits_stay(void **state)
{
    (void)state;
    store *stores[] = {make_many(), make_single()};
    static const uint64_t wanted[] = {0x708d1ebf8bdbd696u, 0x10d1c03eb6e63047u};
    for (int k = 0; k < 2; k++) {
        store *s = stores[k];
        uint8_t parts[MANY] = {0};
        assert_ok(split_choose(s, 0.2f, 5, FV_VALIDATION, parts));
        assert_int_equal(hash_of(parts), wanted[k]);
        s->groups = mem_array(MANY, sizeof *s->groups);
        for (uint32_t i = 0; i < MANY; i++) {
            char name[16];
            snprintf(name, sizeof name, "%u", i);
            assert_ok(name_table_add(&s->group_names, name, &s->groups[i]));
            s->groups[i] = i % 3 ? s->groups[i] + 1 : 0;
        }
        memset(parts, 0, MANY);
        assert_ok(split_choose(s, 0.2f, 5, FV_VALIDATION, parts));
        assert_int_equal(hash_of(parts), wanted[k]);
        free_store(s);
        free(s);
    }
}

/* Groups of 1 to `most` pictures that stand apart from each other in the list; returns their number. */
static uint32_t make_groups(store *s, uint64_t most)
{
    uint32_t count = 0, left = 0, alone = 0;
    s->groups = mem_array(MANY, sizeof *s->groups);
    for (int i = 0; i < MANY; i++) {
        if (left == 0) {
            rng r = rng_at(11, 0, (uint64_t)i);
            char name[16];
            left = 1 + (uint32_t)rng_below(&r, most);
            snprintf(name, sizeof name, "%d", i);
            assert_ok(name_table_add(&s->group_names, name, &alone));
            count++;
        }
        left--;
        s->groups[i * 7 % MANY] = i % 50 == 49 ? 0 : count; /* some have none */
    }
    return count;
}

static void expect_whole(const store *s, const uint8_t *parts, uint32_t groups)
{
    uint8_t *part_of = mem_array(groups + 1, 1);
    for (int i = 0; i < MANY; i++) {
        uint32_t g = s->groups[i];
        if (g > 0 && part_of[g] && part_of[g] != parts[i] + 1)
            fail_msg("group %u is in two parts", g);
        part_of[g] = (uint8_t)(parts[i] + 1);
    }
    free(part_of);
}

/* How far the most distant class, or the whole, is from its share, as a part of its own size, and at least one picture each. */
static double worst_share(const store *s, const uint8_t *parts, fv_part mark, double part)
{
    double all[LETTERS + 1] = {0}, taken[LETTERS + 1] = {0}, worst = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const int32_t *labels;
        for (int64_t k = store_labels(s, i, &labels); k-- > 0;)
            all[labels[k]]++, taken[labels[k]] += parts[i] == mark;
        all[LETTERS]++, taken[LETTERS] += parts[i] == mark;
    }
    for (size_t c = 0; c <= LETTERS; c++) {
        if (all[c] == 0)
            continue;
        assert_true(taken[c] >= 1 && taken[c] <= all[c] - 1);
        double off = fabs(taken[c] - part * all[c]);
        off = off <= 1.5 ? 0 : off / all[c]; /* of a handful no share is exact */
        worst = off > worst ? off : worst;
    }
    return worst;
}

/* Test and validation drawn one after the other: both have their shares, and no group is in two of the three parts. */
static void groups_stay_whole(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        store *s = kind & 1 ? make_single() : make_many();
        uint32_t groups = make_groups(s, kind & 2 ? 100 : 12);
        uint8_t parts[2][MANY];
        for (uint64_t seed = 0; seed < 6; seed++) {
            for (int again = 0; again < 2; again++) {
                memset(parts[again], 0, MANY);
                assert_ok(split_choose(s, 0.15f, seed, FV_TEST, parts[again]));
                expect_whole(s, parts[again], groups);
                assert_ok(split_choose(s, 0.2f / 0.85f, seed, FV_VALIDATION, parts[again]));
            }
            assert_memory_equal(parts[0], parts[1], MANY);
            expect_whole(s, parts[0], groups);
            /* About 40 groups of 50 pictures are coarse: a class of 20 in 15 of them cannot be met closely. */
            double slack = kind & 2 ? 0.1 : 0.02;
            double test = worst_share(s, parts[0], FV_TEST, 0.15),
                   validation = worst_share(s, parts[0], FV_VALIDATION, 0.2);
            if (test > slack || validation > slack)
                fail_msg("kind %d, seed %d: off by %.3f and %.3f", kind, (int)seed, test, validation);
        }
        memset(parts[1], 0, MANY);
        assert_ok(split_choose(s, 0.15f, 77, FV_TEST, parts[1]));
        assert_memory_not_equal(parts[0], parts[1], MANY);
        free_store(s);
        free(s);
    }
}

/* A class of two groups is on both sides, even where its share is much less than the smaller of them. */
static void both_sides(void **state)
{
    (void)state;
    static const char *records[MANY];
    for (int i = 0; i < MANY; i++)
        records[i] = i < 40 ? "c" : "a";
    source *from = make_source(FV_ALL, "abc", records, MANY, true);
    store s;
    make_store(&s, &from, 1);
    s.groups = mem_array(MANY, sizeof *s.groups);
    for (int i = 0; i < MANY; i++) {
        uint32_t index;
        char name[16];
        snprintf(name, sizeof name, "%d", i < 40 ? i / 20 : 100 + i / 4);
        assert_ok(name_table_add(&s.group_names, name, &index));
        s.groups[i] = index + 1;
    }
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint8_t parts[MANY] = {0};
        assert_ok(split_choose(&s, 0.1f, seed, FV_VALIDATION, parts));
        int c = 0, all = 0;
        for (int i = 0; i < MANY; i++)
            c += i < 40 && parts[i], all += parts[i] != 0;
        assert_int_equal(c, 20);
        assert_in_range(all, 200, 216); /* the 16 of c too many are shared between the whole and class a */
    }
    free_store(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels_are_merged),
                                       cmocka_unit_test(multi_label_split), cmocka_unit_test(splits_stay),
                                       cmocka_unit_test(groups_stay_whole), cmocka_unit_test(both_sides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
