/* SPDX-License-Identifier: Apache-2.0 */
/* Views for test-time augmentation: corners against torchvision (golden/make_views.py), and what must hold of the others. */
#include "test_image.h"

#include <math.h>

#include "image/views.h"

static const uint8_t fill[3] = {10, 20, 30};

static void corners_are_torchvisions(void **state)
{
    (void)state;
    golden g = golden_open("image_views.bin");
    static uint8_t pixels[10 * 16 * 16 * 3];
    int number = 0;
    for (; golden_more(&g); number++) {
        int32_t v[7];
        for (int i = 0; i < 7; i++)
            v[i] = golden_int(&g);
        fv_preprocess p = {.height = v[3], .width = v[3], .channels = 3, .resize_mode = (fv_resize_mode)v[4]};
        p.interpolation = (fv_interpolation)v[5];
        p.crop_fraction = golden_float(&g);
        image in = noise((uint32_t)v[0], v[1], v[2], 3);
        image_views views;
        assert_ok(image_views_parse(v[6] == 5 ? "five-crop" : "ten-crop", &views));
        assert_int_equal(views.count, v[6]);
        assert_ok(image_views_make(&views, &in, &p, fill, NULL, pixels));
        size_t size = (size_t)(v[6] * v[3] * v[3] * 3);
        if (memcmp(pixels, golden_bytes(&g, size), size) != 0)
            fail_msg("case %d: mode %d, %d x %d to %d differs", number, v[4], v[2], v[1], v[3]);
        image_release(&in);
    }
    assert_int_equal(number, 18);
    golden_close(&g);
}

enum {
    SIDE = 32,
    VIEW = SIDE * SIDE * 3,
    MANY = 100
};

/* Red grows to the right, green downwards: where a view comes from can be read off it. Blue tells that it is no border. */
static image ramps(int64_t height, int64_t width)
{
    image im = {0};
    assert_ok(image_reshape(&im, height, width, 3));
    for (int64_t i = 0; i < height * width; i++) {
        im.data[3 * i] = (uint8_t)(255 * (i % width) / (width - 1));
        im.data[3 * i + 1] = (uint8_t)(255 * (i / width) / (height - 1));
        im.data[3 * i + 2] = 200;
    }
    return im;
}

static void is_mirrored(const uint8_t *a, const uint8_t *b)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            assert_memory_equal(a + (y * SIDE + x) * 3, b + (y * SIDE + SIDE - 1 - x) * 3, 3);
}

/* Means of the views' extents and middles, as parts of the frame. */
static void check_spread(const uint8_t *pixels, int views)
{
    double least = 1, most = 0, middle_x = 0, middle_y = 0, extremes[4] = {1, 0, 1, 0};
    int parts = 0;
    for (int k = 2; k < views; k += 2, parts++) {
        const uint8_t *view = pixels + k * VIEW;
        double left = view[0] / 255.0, right = view[3 * (SIDE - 1)] / 255.0, top = view[1] / 255.0,
               bottom = view[VIEW - 2] / 255.0;
        /* from the middle of the first pixel to that of the last */
        double side = (bottom - top) * SIDE / (SIDE - 1);
        assert_true(side > sqrt(0.5) - 0.08 && side < 1.03);
        least = fmin(least, side);
        most = fmax(most, side);
        middle_x += (left + right) / 2;
        middle_y += (top + bottom) / 2;
        extremes[0] = fmin(extremes[0], (left + right) / 2);
        extremes[1] = fmax(extremes[1], (left + right) / 2);
        extremes[2] = fmin(extremes[2], (top + bottom) / 2);
        extremes[3] = fmax(extremes[3], (top + bottom) / 2);
    }
    assert_true(least < 0.78 && most > 0.92);
    assert_true(fabs(middle_x / parts - 0.5) < 0.03 && fabs(middle_y / parts - 0.5) < 0.03);
    assert_true(extremes[0] < 0.42 && extremes[1] > 0.58 && extremes[2] < 0.42 && extremes[3] > 0.58);
}

/* The first view is the plain one, every other is the mirror image of the one before, none of the first
 * twenty are the same, more views begin with
 * fewer, and the parts spread over sizes and places. */
static void parts_spread_evenly(void **state)
{
    (void)state;
    static uint8_t pixels[MANY * VIEW], fewer[MANY * VIEW];
    image in = ramps(97, 131), plain = {0};
    for (int mode = FV_RESIZE_CROP; mode <= FV_RESIZE_SQUASH; mode++) {
        fv_preprocess p = {.height = SIDE, .width = SIDE, .channels = 3, .crop_fraction = 1};
        p.resize_mode = (fv_resize_mode)mode;
        image_views views;
        assert_ok(image_views_parse("100", &views));
        assert_ok(image_views_make(&views, &in, &p, fill, NULL, pixels));
        assert_ok(image_fit(&in, &p, fill, NULL, &plain));
        assert_memory_equal(pixels, plain.data, VIEW);
        for (int k = 0; k < MANY; k += 2)
            is_mirrored(pixels + k * VIEW, pixels + (k + 1) * VIEW);
        for (int k = 0; k < 20; k++)
            for (int i = 0; i < k; i++)
                assert_true(memcmp(pixels + k * VIEW, pixels + i * VIEW, VIEW) != 0);
        check_spread(pixels, MANY);
        assert_ok(image_views_parse("7", &views));
        assert_ok(image_views_make(&views, &in, &p, fill, NULL, fewer));
        assert_memory_equal(pixels, fewer, 7 * VIEW);
        assert_ok(image_views_parse("flip", &views));
        assert_ok(image_views_make(&views, &in, &p, fill, NULL, fewer));
        assert_memory_equal(pixels, fewer, 2 * VIEW);
    }
    image_release(&in);
    image_release(&plain);
}

/* Any shape of picture and input; a flat picture whose colour the bars have stays flat. */
static void any_shape_will_do(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {7, 12}, {40, 40}};
    const char *const words[] = {"none", "flip", "five-crop", "ten-crop", "13"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int mode = FV_RESIZE_CROP; mode <= FV_RESIZE_LETTERBOX; mode++)
            for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
                fv_preprocess p = {.height = 7, .width = 12, .channels = 1, .crop_fraction = 0.9f};
                p.resize_mode = (fv_resize_mode)mode;
                image in = {0};
                image_views views;
                static uint8_t pixels[13 * 7 * 12];
                assert_ok(image_reshape(&in, sizes[i][0], sizes[i][1], 1));
                memset(in.data, 77, (size_t)(in.height * in.width));
                assert_ok(image_views_parse(words[k], &views));
                assert_ok(image_views_make(&views, &in, &p, (uint8_t[3]){77, 77, 77}, NULL, pixels));
                for (int64_t j = 0; j < views.count * 7 * 12; j++)
                    assert_int_equal(pixels[j], 77);
                image_release(&in);
            }
}

static void words(void **state)
{
    (void)state;
    image_views v;
    assert_ok(image_views_parse(NULL, &v));
    assert_int_equal(v.count, 1);
    assert_ok(image_views_parse("1", &v));
    assert_true(v.count == 1 && !v.mirrored && !v.corners);
    const char *const wrong[] = {"", "0", "101", "-1", "two", "2x", "flip ", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(image_views_parse(wrong[i], &v), FV_ERROR_INVALID);
        assert_non_null(strstr(fv_error_message(), "five-crop"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corners_are_torchvisions),
        cmocka_unit_test(parts_spread_evenly),
        cmocka_unit_test(any_shape_will_do),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
