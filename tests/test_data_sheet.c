/* SPDX-License-Identifier: Apache-2.0 */
/* fv_augment_sheet: its pictures are those that a training loader gives, whatever the threads. */
#include "test_data.h"

#include "data/augment.h"
#include "data/loader.h"

enum {
    SIDE = 12,
    FACTOR = 160 / SIDE, /* pixels are repeated */
    TILE = SIDE * FACTOR,
    CLASSES = 3,
    EACH = 8,
    ROWS = 4,
    COLUMNS = 3,
    PIXELS = SIDE * SIDE * 3
};

static const batch *next(loader *l)
{
    const batch *b;
    assert_ok(loader_next(l, &b));
    return b;
}

static fv_dataset *make_data(void)
{
    char name[64];
    for (int i = 0; i < CLASSES * EACH; i++) {
        snprintf(name, sizeof name, "class %d/%02d.png", i % CLASSES, i);
        put_picture(name, SIDE + i % 2, SIDE + i % 3, 3, 37 * i);
    }
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = 0.25f, .seed = 5);
    assert_non_null(d);
    return d;
}

static fv_status draw(const fv_dataset *d, const char *augment, const char *out, int threads, uint64_t seed)
{
    fv_preprocess p = {.height = SIDE, .width = SIDE, .channels = 3, .crop_fraction = 1};
    return fv_augment_sheet(fv_dataset_part(d, FV_TRAIN), out, .augment = augment, .preprocess = &p,
                            .seed = seed, .rows = ROWS, .columns = COLUMNS, .threads = threads);
}

/* Skips where there is nothing to draw with. */
static void draw_or_skip(const fv_dataset *d, const char *augment, const char *out, int threads,
                         uint64_t seed)
{
    fv_status status = draw(d, augment, out, threads, seed);
    if (status == FV_ERROR_UNSUPPORTED) {
        printf("[  REASON  ] %s\n", fv_error_message());
        skip();
    }
    assert_ok(status);
}

/* What training gets of every picture in an epoch, by index; epoch -1: nothing is augmented. */
static void train_on(const fv_dataset *d, const char *augment, int64_t epoch, uint8_t *pixels)
{
    augment_policy policy;
    const batch *b;
    loader *l;
    assert_ok(augment_policy_init(&policy, augment, &(augment_context){SIDE, SIDE, 3, NULL, 0}));
    loader_options o = {.data = fv_dataset_part(d, FV_TRAIN),
                        .preprocess = {.height = SIDE, .width = SIDE, .channels = 3, .crop_fraction = 1},
                        .augment = epoch >= 0 ? &policy : NULL,
                        .batch = 7,
                        .shuffle = true,
                        .reduced_decode = true,
                        .seed = 5,
                        .threads = 2};
    assert_ok(loader_create(&o, &l));
    assert_ok(loader_start(l, epoch >= 0 ? epoch : 0, 0));
    while ((b = next(l))) {
        for (int64_t i = 0; i < b->count; i++)
            memcpy(pixels + b->indices[i] * PIXELS, b->pixels + i * PIXELS, PIXELS);
        loader_done(l, b);
    }
    loader_destroy(l);
    augment_policy_release(&policy);
}

/* Whether every sample of the tile at (top, left) is that of the picture, repeated. */
static bool tile_is(const image *sheet, int64_t top, int64_t left, const uint8_t *pixels)
{
    if (top + TILE > sheet->height || left + TILE > sheet->width)
        return false;
    for (int64_t y = 0; y < TILE; y++)
        for (int64_t x = 0; x < TILE; x++)
            if (memcmp(sheet->data + ((top + y) * sheet->width + left + x) * 3,
                       pixels + (y / FACTOR * SIDE + x / FACTOR) * 3, 3) != 0)
                return false;
    return true;
}

/* The first place below `top` where the tile is in the first column; -1: nowhere. */
static int64_t find_tile(const image *sheet, int64_t top, const uint8_t *pixels)
{
    for (; top + TILE <= sheet->height; top++)
        if (tile_is(sheet, top, 16, pixels))
            return top;
    return -1;
}

static int64_t first_of_class(const fv_dataset *d, int64_t label, int skipped)
{
    for (int64_t i = 0;; i++)
        if (fv_dataset_label(d, i) == label && skipped-- == 0)
            return i;
}

static void shows_what_training_gets(void **state)
{
    (void)state;
    static const char policy[] = "[random_resized_crop, random_horizontal_flip, color_jitter: {hue: 0.2}]";
    static uint8_t before[CLASSES * EACH * PIXELS], epochs[COLUMNS][CLASSES * EACH * PIXELS];
    fv_dataset *d = make_data();
    const fv_dataset *train = fv_dataset_part(d, FV_TRAIN);
    image sheet = {0};
    draw_or_skip(d, policy, in_root("sheet.png"), 2, 5);
    assert_ok(image_load(in_root("sheet.png"), &(image_decode_options){.channels = 3}, &sheet));
    train_on(d, policy, -1, before);
    for (int64_t epoch = 0; epoch < COLUMNS; epoch++)
        train_on(d, policy, epoch, epochs[epoch]);
    int64_t top = 0;
    for (int row = 0; row < ROWS; row++) {
        int64_t index = first_of_class(train, row % CLASSES, row / CLASSES);
        top = find_tile(&sheet, top, before + index * PIXELS);
        assert_true(top >= 0);
        for (int epoch = 0; epoch < COLUMNS; epoch++)
            assert_true(
                tile_is(&sheet, top, 16 + (epoch + 1) * (TILE + 10) + 10, epochs[epoch] + index * PIXELS));
        top += TILE;
    }
    image_release(&sheet);
    fv_dataset_destroy(d);
}

static bool same_files(const char *a, const char *b)
{
    uint8_t *one, *two;
    size_t n, m;
    assert_ok(file_read(a, 1 << 24, &one, &n));
    assert_ok(file_read(b, 1 << 24, &two, &m));
    bool same = n == m && memcmp(one, two, n) == 0;
    free(one);
    free(two);
    return same;
}

static void same_file_for_any_threads(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    static const char *const presets[] = {"none", "light", "standard", "strong"};
    for (int i = 0; i < 4; i++) {
        draw_or_skip(d, presets[i], in_root("one.png"), 1, 3);
        draw_or_skip(d, presets[i], in_root("eight.png"), 8, 3);
        draw_or_skip(d, presets[i], in_root("other.png"), 8, 4);
        assert_true(same_files(in_root("one.png"), in_root("eight.png")));
        assert_true(same_files(in_root("one.png"), in_root("other.png")) == (i == 0));
    }
    fv_dataset_destroy(d);
}

static void keep_line(const char *line, void *user)
{
    text_add(user, "%s\n", line);
}

/* More rows than pictures, a picture that is none, grey ones, large ones. */
static void unusual_data(void **state)
{
    (void)state;
    text log = {0};
    put_picture("grey/a/1.png", 300, 200, 1, 3);
    put_file("grey/a/2.png", "\x89PNG\r\n\x1a\nnothing", 15);
    put_picture("grey/b/1.png", 90, 500, 1, 4);
    fv_dataset *d = fv_dataset_open(in_root("grey"), .validation_split = FV_OFF);
    fv_status status =
        fv_augment_sheet(d, in_root("grey.png"), .rows = 9, .columns = 2, .on_log = keep_line, .user = &log);
    if (status == FV_ERROR_UNSUPPORTED)
        skip();
    assert_ok(status);
    assert_non_null(strstr(text_string(&log), "(standard, for grey pictures)"));
    assert_non_null(strstr(text_string(&log), "2.png"));
    image im = {0};
    assert_ok(image_load(in_root("grey.png"), &(image_decode_options){.channels = 3}, &im));
    assert_true(im.height > 3 * 160 && im.height < 4 * 200 + 80); /* three rows */
    image_release(&im);
    text_release(&log);
    fv_dataset_destroy(d);
}

static void errors(void **state)
{
    (void)state;
    fv_dataset *d = make_data();
    const char *out = in_root("no.png");
    assert_int_equal(fv_augment_sheet(NULL, out), FV_ERROR_INVALID);
    assert_int_equal(fv_augment_sheet(d, NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_augment_sheet(d, out, .rows = 65), FV_ERROR_INVALID);
    assert_int_equal(fv_augment_sheet(d, out, .columns = -1), FV_ERROR_INVALID);
    assert_int_equal(fv_augment_sheet(d, out, .height = -3, .width = 5), FV_ERROR_INVALID);
    assert_int_equal(fv_augment_sheet(d, out, .augment = "stnadard"), FV_ERROR_INVALID);
    assert_int_equal(fv_augment_sheet(d, out, .erase = 2), FV_ERROR_INVALID);
    assert_int_not_equal(access(out, F_OK), 0);
    fv_dataset_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_what_training_gets),
        TEST(same_file_for_any_threads),
        TEST(unusual_data),
        TEST(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
