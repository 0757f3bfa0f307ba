/* SPDX-License-Identifier: Apache-2.0 */
/* Plug-ins and the drawing that rests on one. */
#include <pthread.h>

#include "core/plugin.h"
#include "image/draw.h"
#include "testing.h"

static uint32_t pixel(const image *im, int64_t x, int64_t y)
{
    const uint8_t *p = im->data + (y * im->width + x) * 3;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* How many pixels of the box are not white. */
static int ink_in(const image *im, int64_t left, int64_t top, int64_t right, int64_t bottom)
{
    int count = 0;
    for (int64_t y = top; y < bottom; y++)
        for (int64_t x = left; x < right; x++)
            count += pixel(im, x, y) != 0xffffff;
    return count;
}

static void missing_library_says_what_to_install(void **state)
{
    (void)state;
    plugin none = {.library = "libfovea-none.so.9", .package = "fovea-none", .purpose = "testing"};
    for (int i = 0; i < 2; i++) { /* the second failure says the same */
        assert_int_equal(plugin_open(&none, NULL, 0), FV_ERROR_UNSUPPORTED);
        assert_non_null(strstr(fv_error_message(), "install the package fovea-none"));
        assert_null(none.handle);
    }
}

static void missing_function_is_named(void **state)
{
    (void)state;
    plugin libc = {.library = "libc.so.6", .package = "libc6", .purpose = "testing"};
    void *function = NULL;
    const plugin_symbol bad[] = {{"fovea_no_such_function", &function}};
    assert_int_equal(plugin_open(&libc, bad, 1), FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "fovea_no_such_function"));
    const plugin_symbol good[] = {{"strlen", &function}};
    assert_ok(plugin_open(&libc, good, 1));
    size_t (*length)(const char *);
    memcpy(&length, &function, sizeof length);
    assert_int_equal(length("four"), 4);
}

static void *draw_in_a_thread(void *unused)
{
    (void)unused;
    canvas *c;
    if (canvas_create(4, 4, &c) != FV_OK)
        return "failed";
    canvas_destroy(c);
    return NULL;
}

static void threads_open_it_at_once(void **state)
{
    (void)state;
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, draw_in_a_thread, NULL), 0);
    for (int i = 0; i < 8; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    assert_ptr_equal(plugin_table[0], &plugin_cairo);
    assert_non_null(plugin_cairo.handle);
}

static void shapes_are_where_they_must_be(void **state)
{
    (void)state;
    canvas *c;
    image im = {0};
    assert_ok(canvas_create(60, 40, &c));
    canvas_color(c, 0x123456, 1);
    canvas_rectangle(c, 10, 5, 20, 10);
    canvas_color(c, 0xff0000, 1);
    canvas_line(c, 40, 20.5, 55, 20.5, 1);
    canvas_color(c, 0x00ff00, 0.5);
    canvas_circle(c, 20, 30, 6);
    canvas_color(c, 0x0000ff, 1);
    canvas_polyline(c, (const double[]){50, 35}, 1, 4);
    assert_ok(canvas_image(c, &im));
    assert_int_equal(im.width, 60);
    assert_int_equal(im.height, 40);
    assert_int_equal(im.channels, 3);
    assert_int_equal(pixel(&im, 10, 5), 0x123456);
    assert_int_equal(pixel(&im, 29, 14), 0x123456);
    assert_int_equal(pixel(&im, 30, 14), 0xffffff);
    assert_int_equal(pixel(&im, 9, 5), 0xffffff);
    assert_int_equal(pixel(&im, 47, 20), 0xff0000);
    assert_int_equal(pixel(&im, 47, 22), 0xffffff);
    assert_in_range(pixel(&im, 20, 30), 0x7fff7f, 0x80ff80); /* half green over white */
    assert_int_equal(pixel(&im, 50, 35), 0x0000ff);
    canvas_destroy(c);
    image_release(&im);
}

static void scale_multiplies(void **state)
{
    (void)state;
    canvas *c;
    image im = {0};
    assert_ok(canvas_create(20, 20, &c));
    canvas_scale(c, 2);
    canvas_rectangle(c, 2, 3, 1, 1);
    assert_ok(canvas_image(c, &im));
    assert_int_equal(ink_in(&im, 0, 0, 20, 20), 4);
    assert_int_equal(ink_in(&im, 4, 6, 6, 8), 4);
    canvas_destroy(c);
    image_release(&im);
}

static void text_keeps_to_its_anchor(void **state)
{
    (void)state;
    static const double anchors[] = {0, 0.5, 1};
    for (int i = 0; i < 3; i++) {
        canvas *c;
        image im = {0};
        assert_ok(canvas_create(200, 40, &c));
        double width = canvas_text_width(c, "Hamburg", 16);
        assert_true(width > 30 && width < 95);
        canvas_text(c, "Hamburg", 100, 25, 16, anchors[i], 0);
        assert_ok(canvas_image(c, &im));
        int64_t left = (int64_t)(100 - anchors[i] * width), right = left + (int64_t)width + 2;
        int all = ink_in(&im, 0, 0, 200, 40);
        assert_true(all > 50);
        assert_int_equal(ink_in(&im, left - 1, 8, right, 32), all);
        canvas_destroy(c);
        image_release(&im);
    }
}

static void bad_text_does_not_end_the_drawing(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "\xff\xfe", "a\xc3", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xc0\xaf", "a\nb\x7f", ""};
    canvas *c;
    image im = {0};
    assert_ok(canvas_create(100, 40, &c));
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        canvas_text(c, hostile[i], 5, 15, 10, 0, 0);
    canvas_rectangle(c, 50, 30, 5, 5);
    assert_ok(canvas_image(c, &im));
    assert_int_equal(pixel(&im, 52, 32), 0x000000);
    /* Every byte that is not UTF-8 is one question mark, and what is right stays. */
    assert_true(canvas_text_width(c, "\xff\xfe", 10) == canvas_text_width(c, "??", 10));
    assert_true(canvas_text_width(c, "\xc3\xa9\xc3", 10) == canvas_text_width(c, "\xc3\xa9?", 10));
    canvas_destroy(c);
    image_release(&im);
}

static void pictures_are_not_smoothed(void **state)
{
    (void)state;
    uint8_t data[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7};
    image small = {.height = 2, .width = 2, .channels = 3, .data = data}, im = {0};
    uint8_t grey_data[] = {77};
    image grey = {.height = 1, .width = 1, .channels = 1, .data = grey_data};
    canvas *c;
    assert_ok(canvas_create(30, 20, &c));
    canvas_picture(c, &small, 0, 0, 20, 20);
    canvas_picture(c, &grey, 20, 0, 10, 20);
    assert_ok(canvas_image(c, &im));
    assert_int_equal(pixel(&im, 0, 0), 0xff0000);
    assert_int_equal(pixel(&im, 9, 9), 0xff0000);
    assert_int_equal(pixel(&im, 10, 9), 0x00ff00);
    assert_int_equal(pixel(&im, 9, 10), 0x0000ff);
    assert_int_equal(pixel(&im, 19, 19), 0x090807);
    assert_int_equal(pixel(&im, 25, 10), 0x4d4d4d);
    canvas_destroy(c);
    image_release(&im);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    canvas *c;
    assert_int_equal(canvas_create(0, 5, &c), FV_ERROR_INVALID);
    assert_null(c);
    assert_int_equal(canvas_create(5, 20001, &c), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "20001"));
    canvas_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_library_says_what_to_install),
        cmocka_unit_test(missing_function_is_named),
        cmocka_unit_test(threads_open_it_at_once),
        cmocka_unit_test(shapes_are_where_they_must_be),
        cmocka_unit_test(scale_multiplies),
        cmocka_unit_test(text_keeps_to_its_anchor),
        cmocka_unit_test(bad_text_does_not_end_the_drawing),
        cmocka_unit_test(pictures_are_not_smoothed),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
