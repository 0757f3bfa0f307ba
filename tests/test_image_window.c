/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of more than 8 bits: what each window shows, against numpy (golden/make_window.py), and which one is chosen for a
 * data set. */
#include <math.h>

#include "data/dataset.h"
#include "test_data.h"
#include "test_image.h"

/* ---- one picture ---- */

typedef struct golden_window {
    const char *name;
    int32_t window, deep, height, width, channels, size;
    float given[2];
    double range[4]; /* low and high in use, those of the type */
    const uint8_t *file, *pixels;
} golden_window;

static golden_window next(golden *g)
{
    golden_window w = {.name = (const char *)golden_bytes(g, 24)};
    int32_t *numbers[] = {&w.window, &w.deep, &w.height, &w.width, &w.channels, &w.size};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = golden_int(g);
    for (int i = 0; i < 2; i++)
        w.given[i] = golden_float(g);
    memcpy(w.range, golden_bytes(g, sizeof w.range), sizeof w.range);
    w.file = golden_bytes(g, (size_t)w.size);
    w.pixels = golden_bytes(g, (size_t)w.height * (size_t)w.width * (size_t)w.channels);
    return w;
}

static int wrong_range(const golden_window *w, const image_range *r)
{
    if (!w->deep)
        return !isnan(r->low); /* left alone */
    return r->low != w->range[0] || r->high != w->range[1] || r->full_low != w->range[2] ||
           r->full_high != w->range[3];
}

static void windows_are_as_numpy_has_them(void **state)
{
    (void)state;
    golden g = golden_open("image_window.bin");
    int bad = 0, records = 0;
    image im = {0};
    for (; golden_more(&g); records++) {
        golden_window w = next(&g);
        image_range r = {.low = NAN};
        image_decode_options o = {
            .window = (fv_window)w.window, .window_low = w.given[0], .window_high = w.given[1], .range = &r};
        assert_ok(image_decode(w.file, (size_t)w.size, w.name, &o, &im));
        bool size = im.height == w.height && im.width == w.width && im.channels == w.channels;
        int d = size ? difference(&im, w.pixels) : 256;
        if (d > 0 || wrong_range(&w, &r)) {
            print_error("%s, window %d: %d levels; from %.9g to %.9g, not %.9g to %.9g\n", w.name, w.window,
                        d, r.low, r.high, w.range[0], w.range[1]);
            bad++;
        }
    }
    image_release(&im);
    assert_int_equal(bad, 0);
    assert_true(records > 50);
    golden_close(&g);
}

/* The network's preprocessing decides, the same for every way to a picture. */
static void predictions_use_the_models_window(void **state)
{
    (void)state;
    golden g = golden_open("image_window.bin");
    golden_window w = next(&g); /* 12 bits in 16 */
    fv_model *m = fv_model_create(.height = 16, .width = 16, .channels = 1, .seed = 3);
    fv_output(fv_dense(fv_flatten(fv_input(m)), .units = 2, .initializer = FV_GLOROT_UNIFORM));
    assert_non_null(m);
    float p[3][2];
    for (int window = FV_WINDOW_FULL; window <= FV_WINDOW_RANGE; window++) {
        fv_preprocess q = *fv_model_preprocess(m);
        q.mean[0] = 127;
        q.std[0] = 127;
        q.window = (fv_window)window;
        q.window_low = 1000;
        q.window_high = 3000;
        assert_ok(fv_model_set_preprocess(m, &q));
        assert_ok(
            fv_predict(m, NULL, .bytes = w.file, .byte_count = (size_t)w.size, .probabilities = p[window]));
        image picture = {0};
        image_decode_options o = {.channels = 1, .window = q.window, .window_low = 1000, .window_high = 3000};
        float same[2];
        assert_ok(image_decode(w.file, (size_t)w.size, w.name, &o, &picture));
        assert_ok(fv_predict(m, NULL, .pixels = picture.data, .height = picture.height,
                             .width = picture.width, .channels = 1, .probabilities = same));
        assert_true(same[0] == p[window][0]);
        image_release(&picture);
    }
    assert_true(p[0][0] != p[1][0] && p[1][0] != p[2][0] && p[0][0] != p[2][0]);
    fv_model_destroy(m);
    g.at = g.size;
    golden_close(&g);
}

/* ---- a data set ---- */

/* A PGM of 8 x 8 samples from low to high, the ends in it. */
static void put_pgm(const char *name, int most, int low, int high)
{
    uint8_t bytes[64 + 128];
    int length = snprintf((char *)bytes, 64, "P5 8 8 %d\n", most);
    for (int i = 0; i < 64; i++) {
        int v = low + (high - low) * i / 63;
        if (most > 255)
            bytes[length++] = (uint8_t)(v >> 8);
        bytes[length++] = (uint8_t)v;
    }
    put_file(name, bytes, (size_t)length);
}

/* A TIFF of 8 x 8 floats from low to high. */
static void put_floats(const char *name, float low, float high)
{
    enum {
        ENTRIES = 9,
        DATA_AT = 8 + 2 + 12 * ENTRIES + 4
    };
    static const uint32_t entries[ENTRIES][3] = {{256, 3, 8}, {257, 3, 8},      {258, 3, 32},
                                                 {259, 3, 1}, {262, 3, 1},      {273, 4, DATA_AT},
                                                 {278, 3, 8}, {279, 4, 64 * 4}, {339, 3, 3}};
    uint8_t bytes[DATA_AT + 64 * 4] = {'I', 'I', 42, 0, 8, 0, 0, 0, ENTRIES};
    for (int i = 0; i < ENTRIES; i++) {
        uint8_t *at = bytes + 10 + 12 * i;
        at[0] = (uint8_t)entries[i][0];
        at[1] = (uint8_t)(entries[i][0] >> 8);
        at[2] = (uint8_t)entries[i][1];
        at[4] = 1;
        at[8] = (uint8_t)entries[i][2];
        at[9] = (uint8_t)(entries[i][2] >> 8);
    }
    for (int i = 0; i < 64; i++) {
        float v = low + (high - low) * (float)i / 63;
        memcpy(bytes + DATA_AT + 4 * i, &v, sizeof v);
    }
    put_file(name, bytes, sizeof bytes);
}

/* The window that is chosen for the folder. */
static fv_window_choice choose(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s", in_root(folder));
    fv_window_choice c;
    fv_dataset *d = fv_dataset_open(path, .validation_split = FV_OFF);
    assert_non_null(d);
    assert_ok(fv_dataset_window(d, &c));
    fv_dataset_destroy(d);
    return c;
}

static void pictures_of_8_bits_need_no_window(void **state)
{
    (void)state;
    put_pgm("bytes/a/1.pgm", 255, 0, 9);
    put_picture("bytes/b/2.png", 5, 5, 3, 1);
    fv_window_choice c = choose("bytes");
    assert_int_equal(c.window, FV_WINDOW_FULL);
    assert_int_equal(c.pictures, 0);
}

/* 12 bits in 16: one window from the least to the greatest value of all pictures. */
static void few_of_16_bits_give_a_range(void **state)
{
    (void)state;
    put_pgm("few/a/1.pgm", 65535, 100, 2000);
    put_pgm("few/a/2.pgm", 65535, 300, 4095);
    put_pgm("few/b/3.pgm", 65535, 7, 500);
    put_pgm("few/b/4.pgm", 255, 0, 255); /* is not looked at */
    fv_window_choice c = choose("few");
    assert_int_equal(c.window, FV_WINDOW_RANGE);
    assert_true(c.low == 7 && c.high == 4095 && c.full_low == 0 && c.full_high == 65535);
    assert_int_equal(c.pictures, 3);
}

static void an_eighth_is_the_limit(void **state)
{
    (void)state;
    put_pgm("eighth/a/1.pgm", 65535, 0, 8191);
    assert_int_equal(choose("eighth").window, FV_WINDOW_RANGE);
    put_pgm("eighth/a/2.pgm", 65535, 50000, 58192);
    fv_window_choice c = choose("eighth");
    assert_int_equal(c.window, FV_WINDOW_FULL);
    assert_int_equal(c.pictures, 2);
    assert_true(c.low == 0 && c.high == 58192);
}

static void types_that_differ_have_no_common_window(void **state)
{
    (void)state;
    put_pgm("types/a/1.pgm", 65535, 0, 900);
    put_pgm("types/a/2.pgm", 4095, 0, 400);
    fv_window_choice c = choose("types");
    assert_int_equal(c.window, FV_WINDOW_FULL);
    assert_int_equal(c.pictures, 2);
    put_pgm("mixed/a/1.pgm", 65535, 0, 900);
    put_floats("mixed/b/2.tif", -3, 50);
    assert_int_equal(choose("mixed").window, FV_WINDOW_FULL);
}

static void floats_beyond_the_unit_give_a_range(void **state)
{
    (void)state;
    put_floats("heights/a/1.tif", -12.5f, 800);
    put_floats("heights/b/2.tif", 0.25f, 1024);
    fv_window_choice c = choose("heights");
    assert_int_equal(c.window, FV_WINDOW_RANGE);
    assert_true(c.low == -12.5f && c.high == 1024 && c.full_low == 0 && c.full_high == 1);
    put_floats("unit/a/1.tif", 0, 1);
    assert_int_equal(choose("unit").window, FV_WINDOW_FULL);
    put_floats("unit/a/2.tif", 0, 1.5f); /* one that lies beyond is enough */
    assert_int_equal(choose("unit").window, FV_WINDOW_RANGE);
    put_floats("faint/a/1.tif", 0.5f, 0.5625f);
    c = choose("faint");
    assert_int_equal(c.window, FV_WINDOW_RANGE);
    assert_true(c.low == 0.5f && c.high == 0.5625f);
}

static void what_cannot_be_measured_is_left_full(void **state)
{
    (void)state;
    put_pgm("flat/a/1.pgm", 65535, 777, 777);
    fv_window_choice c = choose("flat");
    assert_int_equal(c.window, FV_WINDOW_FULL);
    assert_int_equal(c.pictures, 1);
    put_file("broken/a/1.pgm", "P5 8 8 65535\n1234", 17);
    assert_int_equal(choose("broken").pictures, 0);
    assert_int_equal(fv_dataset_window(NULL, &c), FV_ERROR_INVALID);
}

/* 64 of many pictures, spread evenly: also the last of the classes is seen. */
static void many_pictures_are_sampled(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        char name[64];
        snprintf(name, sizeof name, "many/%c/%03d.pgm", i < 100 ? 'a' : 'b', i);
        put_pgm(name, 65535, i < 100 ? 0 : 1000, i < 100 ? 500 : 3000);
    }
    fv_window_choice c = choose("many");
    assert_int_equal(c.pictures, 64);
    assert_int_equal(c.window, FV_WINDOW_RANGE);
    assert_true(c.low == 0 && c.high == 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_as_numpy_has_them),
        cmocka_unit_test(predictions_use_the_models_window),
        cmocka_unit_test(pictures_of_8_bits_need_no_window),
        cmocka_unit_test(few_of_16_bits_give_a_range),
        cmocka_unit_test(an_eighth_is_the_limit),
        cmocka_unit_test(types_that_differ_have_no_common_window),
        cmocka_unit_test(floats_beyond_the_unit_give_a_range),
        cmocka_unit_test(what_cannot_be_measured_is_left_full),
        cmocka_unit_test(many_pictures_are_sampled),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
