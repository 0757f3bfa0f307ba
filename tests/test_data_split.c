/* SPDX-License-Identifier: Apache-2.0 */
/* data: labels of several sources brought together, and splits of multi-label data. */
#include "test_data.h"

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
        assert_ok(split_choose(s, part, 5, chosen[0]));
        assert_ok(split_choose(s, part, 5, chosen[1]));
        assert_memory_equal(chosen[0], chosen[1], MANY);
        for (int64_t i = 0; i < MANY; i++) {
            const int32_t *labels;
            int64_t n = store_labels(s, i, &labels);
            for (int64_t k = 0; k < n; k++)
                all[labels[k]]++, taken[labels[k]] += chosen[0][i];
            all[LETTERS]++, taken[LETTERS] += chosen[0][i];
            all[LETTERS + 1] += n == 0, taken[LETTERS + 1] += n == 0 && chosen[0][i];
        }
        for (int c = 0; c < LETTERS + 2; c++) {
            assert_true(taken[c] >= 1 && taken[c] <= all[c] - 1);
            double slack = c == LETTERS ? 0.002 * MANY : 1.5;
            if (taken[c] < part * all[c] - slack || taken[c] > part * all[c] + slack)
                fail_msg("class %d: %g of %g for a share of %g", c, taken[c], all[c], (double)part);
        }
    }
    memset(chosen[1], 0, MANY);
    assert_ok(split_choose(s, 0.9f, 6, chosen[1]));
    assert_memory_not_equal(chosen[0], chosen[1], MANY);
    free_store(s);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels_are_merged),
                                       cmocka_unit_test(multi_label_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
