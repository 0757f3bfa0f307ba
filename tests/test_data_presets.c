/* SPDX-License-Identifier: Apache-2.0 */
/* Presets: what they choose for which data, and that the loader makes the same bytes of them whatever the threads. */
#include "test_data.h"

#include "data/augment.h"
#include "data/loader.h"

static const char *const presets[] = {"none", "light", "standard", "strong"};
static const char *const digits[] = {"0", "1", "9"}, *const letters[] = {"A", "b", "\xc3\xa9"},
                         *const things[] = {"cat", "d", "1"};

static const struct {
    const char *kind;
    augment_context context;
    bool mirrors;
} cases[] = {
    {"grey pictures", {28, 28, 1, things, 3}, false},
    {"grey pictures", {224, 224, 1, NULL, 0}, false},
    {"digits and letters", {32, 32, 3, digits, 3}, false},
    {"digits and letters", {224, 224, 3, letters, 3}, false},
    {"small colour pictures", {32, 32, 3, things, 3}, true},
    {"small colour pictures", {64, 200, 3, NULL, 0}, true},
    {"photos", {65, 65, 3, things, 3}, true},
    {"photos", {224, 224, 3, NULL, 0}, true},
};
enum {
    CASES = sizeof cases / sizeof *cases
};

static void made(augment_policy *p, const char *words, const augment_context *c, text *line)
{
    *line = (text){0};
    assert_ok(augment_policy_init(p, words, c));
    augment_policy_describe(p, line);
}

/* Mirrors left and right where that is the same thing, never top and bottom; turns and moves the others; and says so. */
static void what_is_chosen(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++) {
        const augment_context *c = &cases[k].context;
        assert_string_equal(augment_kind(c), cases[k].kind);
        for (int i = 0; i < 4; i++) {
            augment_policy p, again;
            text line, told = {0}, repeated;
            made(&p, presets[i], c, &line);
            bool mirrors = strstr(text_string(&line), "random_horizontal_flip: {p: 0.5}") != NULL;
            assert_true(mirrors == (cases[k].mirrors && i > 0));
            assert_true((strstr(text_string(&line), "flip") != NULL) == mirrors);
            assert_true((p.count > 0) == (i > 0));
            if (i > 1 && !mirrors)
                assert_true(strstr(text_string(&line), "random_rotation") ||
                            strstr(text_string(&line), "random_affine"));
            augment_policy_tell(&p, presets[i], c, &told);
            assert_non_null(strstr(text_string(&told), text_string(&line)));
            assert_true((strstr(text_string(&told), cases[k].kind) != NULL) == (i > 0));
            /* What is said is what would be read. */
            made(&again, i > 0 ? text_string(&line) : "none", c, &repeated);
            assert_string_equal(text_string(&line), text_string(&repeated));
            augment_policy_release(&p);
            augment_policy_release(&again);
            text_release(&line);
            text_release(&told);
            text_release(&repeated);
        }
    }
}

/* Also a step that usually leaves some pictures alone, but here none. */
static void certain_steps(void **state)
{
    (void)state;
    augment_policy p;
    text line;
    made(&p,
         "[random_perspective: {p: 1}, random_rotation: {p: 1}, random_invert, random_erasing: {p: 0.3, "
         "strength: 2}]",
         &cases[4].context, &line);
    assert_string_equal(text_string(&line),
                        "[random_perspective: {p: 1}, random_rotation, random_invert: {p: 0.5}, "
                        "random_erasing: {p: 0.3, strength: 2}]");
    augment_policy_release(&p);
    text_release(&line);
}

static void unknown_names(void **state)
{
    (void)state;
    augment_policy p;
    assert_int_equal(augment_policy_init(&p, "standrad", &cases[4].context), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "did you mean 'standard'?"));
}

enum {
    PICTURES = 13,
    BATCH = 5,
    EPOCHS = 2
};

static const batch *next(loader *l)
{
    const batch *b;
    assert_ok(loader_next(l, &b));
    return b;
}

/* (EPOCHS, PICTURES, bytes) by index in the data. */
static uint8_t *load(const fv_dataset *d, const augment_context *c, const char *preset, int threads,
                     uint64_t seed, bool shuffle)
{
    size_t bytes = (size_t)(c->height * c->width * c->channels);
    uint8_t *all = calloc(EPOCHS * PICTURES, bytes);
    augment_policy policy;
    loader *l;
    assert_ok(augment_policy_init(&policy, preset, c));
    loader_options o = {.data = d,
                        .preprocess = {.height = c->height, .width = c->width, .channels = c->channels},
                        .augment = policy.count > 0 ? &policy : NULL,
                        .batch = BATCH,
                        .shuffle = shuffle,
                        .seed = seed,
                        .threads = threads};
    o.preprocess.crop_fraction = 1;
    assert_ok(loader_create(&o, &l));
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        const batch *b;
        assert_ok(loader_start(l, epoch, 0));
        while ((b = next(l))) {
            for (int64_t i = 0; i < b->count; i++)
                memcpy(all + (size_t)(epoch * PICTURES + b->indices[i]) * bytes,
                       b->pixels + (size_t)i * bytes, bytes);
            loader_done(l, b);
        }
    }
    loader_destroy(l);
    augment_policy_release(&policy);
    return all;
}

/* By seed, epoch and picture: with 1 and with 8 threads, shuffled or not. */
static void same_bytes_for_any_threads(void **state)
{
    (void)state;
    char name[64];
    for (int i = 0; i < PICTURES; i++) {
        snprintf(name, sizeof name, "%d/%02d.png", i % 2, i);
        put_picture(name, 40 + 9 * i, 50 + 5 * i, 3, 11 * i);
    }
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    assert_non_null(d);
    for (int k = 0; k < CASES; k++)
        for (int i = 0; i < 4; i++) {
            const augment_context *c = &cases[k].context;
            size_t bytes = (size_t)(c->height * c->width * c->channels), epoch = PICTURES * bytes;
            uint8_t *one = load(d, c, presets[i], 1, 7, true), *eight = load(d, c, presets[i], 8, 7, true),
                    *other = load(d, c, presets[i], 8, 8, true),
                    *in_order = load(d, c, presets[i], 3, 7, false);
            assert_memory_equal(one, eight, EPOCHS * epoch);
            assert_memory_equal(one, in_order, EPOCHS * epoch);
            assert_true((memcmp(one, other, EPOCHS * epoch) != 0) == (i > 0));
            assert_true((memcmp(one, one + epoch, epoch) != 0) == (i > 0));
            free(one);
            free(eight);
            free(other);
            free(in_order);
        }
    fv_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_chosen),
        cmocka_unit_test(certain_steps),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test_setup_teardown(same_bytes_for_any_threads, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
