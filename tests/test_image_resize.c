/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing and fitting against Pillow and torchvision, and what must hold for any picture. */
#include "golden/luma.h"
#include "test_image.h"

#include <math.h>
#include <zlib.h>

#include "core/random.h"

static void resize_is_pillows(void **state)
{
    (void)state;
    golden g = golden_open("image_resize.bin");
    int cases = 0;
    for (; golden_more(&g); cases++) {
        int32_t v[7];
        float b[4];
        for (int i = 0; i < 7; i++)
            v[i] = golden_int(&g);
        for (int i = 0; i < 4; i++)
            b[i] = golden_float(&g);
        image in = noise((uint32_t)v[0], v[1], v[2], v[3]), out = {0};
        image_box box = {b[0], b[1], b[2], b[3]};
        assert_ok(image_resize(&in, &box, v[4], v[5], (fv_interpolation)v[6], NULL, &out));
        assert_int_equal(out.height, v[4]);
        assert_int_equal(out.width, v[5]);
        if (difference(&out, golden_bytes(&g, (size_t)(v[3] * v[4] * v[5]))) > 0)
            fail_msg("case %d: %d x %d to %d x %d differs", v[0], v[2], v[1], v[5], v[4]);
        image_release(&in);
        image_release(&out);
    }
    assert_true(cases >= 94);
    golden_close(&g);
}

/* 200 pairs of sizes with four filters: the same bytes. Everything in one space, as loader threads have it. */
static void every_filter_is_pillows(void **state)
{
    (void)state;
    golden g = golden_open("image_resize_pairs.bin");
    int pairs = 0, bad = 0;
    image out = {0};
    image_space space = {0};
    for (; golden_more(&g); pairs++) {
        int32_t v[6];
        for (int i = 0; i < 6; i++)
            v[i] = golden_int(&g);
        image in = noise((uint32_t)v[0], v[1], v[2], v[3]);
        for (int filter = FV_BILINEAR; filter <= FV_BOX; filter++) {
            uint32_t expected = (uint32_t)golden_int(&g);
            assert_ok(image_resize(&in, NULL, v[4], v[5], (fv_interpolation)filter, &space, &out));
            if (crc32(0, out.data, (uInt)(out.height * out.width * out.channels)) != expected) {
                print_error("%d x %d x %d to %d x %d with filter %d differs\n", v[2], v[1], v[3], v[5], v[4],
                            filter);
                bad++;
            }
        }
        image_release(&in);
    }
    image_release(&out);
    image_space_release(&space);
    assert_int_equal(bad, 0);
    assert_int_equal(pairs, 200);
    golden_close(&g);
}

/* Each mode with each interpolation. */
static void fit_is_torchvisions(void **state)
{
    (void)state;
    golden g = golden_open("image_fit.bin");
    int seen[3][4] = {{0}};
    for (int number = 0; golden_more(&g); number++) {
        int32_t v[7];
        for (int i = 0; i < 7; i++)
            v[i] = golden_int(&g);
        fv_preprocess p = {.height = v[3], .width = v[4], .channels = 3, .resize_mode = (fv_resize_mode)v[5]};
        p.interpolation = (fv_interpolation)v[6];
        p.crop_fraction = golden_float(&g);
        seen[v[5]][v[6]]++;
        image in = noise((uint32_t)v[0], v[1], v[2], 3), out = {0};
        assert_ok(image_fit(&in, &p, (uint8_t[3]){10, 20, 30}, NULL, &out));
        if (difference(&out, golden_bytes(&g, (size_t)(v[3] * v[4] * 3))) > 0)
            fail_msg("case %d: mode %d, %d x %d to %d x %d differs", number, v[5], v[2], v[1], v[4], v[3]);
        image_release(&in);
        image_release(&out);
    }
    for (int i = 0; i < 12; i++)
        assert_true(seen[i / 4][i % 4] > 0);
    golden_close(&g);
}

/* Every mode gives exactly the wanted size, for very long pictures and single pixels too; a flat picture
 * stays flat. */
static void fit_gives_the_size(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{1, 1}, {1, 500},   {500, 1},   {3, 2},
                                {2, 3}, {224, 224}, {640, 480}, {97, 1013}};
    const int64_t targets[][2] = {{1, 1}, {32, 32}, {7, 50}, {50, 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof targets / sizeof *targets; j++)
            for (int mode = FV_RESIZE_CROP; mode <= FV_RESIZE_LETTERBOX; mode++)
                for (int64_t c = 1; c <= 3; c += 2) {
                    fv_preprocess p = {.height = targets[j][0], .width = targets[j][1], .channels = c};
                    p.resize_mode = (fv_resize_mode)mode;
                    p.crop_fraction = 0.875f;
                    p.interpolation = j % 2 ? FV_BICUBIC : FV_BILINEAR;
                    image in = {0}, out = {0};
                    assert_ok(image_reshape(&in, sizes[i][0], sizes[i][1], c));
                    memset(in.data, 77, (size_t)(in.height * in.width * c));
                    assert_ok(image_fit(&in, &p, (uint8_t[3]){77, 77, 77}, NULL, &out));
                    assert_int_equal(out.height, p.height);
                    assert_int_equal(out.width, p.width);
                    assert_int_equal(out.channels, c);
                    for (int64_t k = 0; k < out.height * out.width * c; k++)
                        assert_int_equal(out.data[k], 77);
                    image_release(&in);
                    image_release(&out);
                }
}

static void fit_minimum_covers_the_crop(void **state)
{
    (void)state;
    fv_preprocess p = {.height = 224, .width = 112, .crop_fraction = 0.875f};
    int64_t height, width;
    image_fit_minimum(&p, &height, &width);
    assert_int_equal(height, 256);
    assert_int_equal(width, 128);
    p.resize_mode = FV_RESIZE_SQUASH;
    image_fit_minimum(&p, &height, &width);
    assert_int_equal(height, 224);
    assert_int_equal(width, 112);
}

static void a_box_out_of_the_picture_is_an_error(void **state)
{
    (void)state;
    image in = noise(1, 4, 5, 3), out = {0};
    const image_box boxes[] = {{-1, 0, 2, 2}, {0, 0, 6, 2}, {0, 0, 2, 5}, {2, 0, 2, 2}, {3, 0, 2, 2}};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        assert_int_equal(image_resize(&in, &boxes[i], 2, 2, FV_BILINEAR, NULL, &out), FV_ERROR_INVALID);
    assert_int_equal(image_resize(&in, NULL, 0, 2, FV_BILINEAR, NULL, &out), FV_ERROR_INVALID);
    assert_int_equal(image_resize(&in, NULL, 2, (int64_t)1 << 40, FV_BILINEAR, NULL, &out), FV_ERROR_INVALID);
    assert_int_equal(image_resize(&in, NULL, 2, 2, (fv_interpolation)9, NULL, &out), FV_ERROR_INVALID);
    image_release(&in);
    image_release(&out);
}

static void impossible_preprocessing_is_an_error(void **state)
{
    (void)state;
    image in = noise(1, 4, 5, 3), out = {0};
    const fv_preprocess wrong[] = {
        {.height = 0, .width = 5},
        {.height = 5, .width = INT64_MAX},
        {.height = 5, .width = 5, .crop_fraction = 1e-20f},
        {.height = 5, .width = 5, .crop_fraction = NAN},
        {.height = 5, .width = 5, .crop_fraction = 1.5f},
        {.height = 5, .width = 5, .resize_mode = (fv_resize_mode)7},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(image_fit(&in, &wrong[i], (uint8_t[3]){0}, NULL, &out), FV_ERROR_INVALID);
    image_release(&in);
    image_release(&out);
}

static void channels_convert(void **state)
{
    (void)state;
    image im = noise(3, 5, 7, 1), first = noise(3, 5, 7, 1);
    assert_ok(image_set_channels(&im, 3));
    for (int64_t i = 0; i < 5 * 7 * 3; i++)
        assert_int_equal(im.data[i], first.data[i / 3]);
    assert_ok(image_set_channels(&im, 1)); /* the luma of grey is itself */
    assert_true(same_picture(&im, &first));
    image red = {0};
    assert_ok(image_reshape(&red, 1, 1, 3));
    memcpy(red.data, (uint8_t[3]){255, 0, 0}, 3);
    assert_ok(image_set_channels(&red, 1));
    assert_int_equal(red.data[0], 76); /* 0.299 * 255 */
    assert_int_equal(image_set_channels(&red, 2), FV_ERROR_INVALID);
    image_release(&im);
    image_release(&first);
    image_release(&red);
}

/* All 2^24 of them, red slowest. */
static void every_colour_has_pillows_luma(void **state)
{
    (void)state;
    image im = {0};
    assert_ok(image_reshape(&im, 4096, 4096, 3));
    for (int64_t i = 0; i < 4096 * 4096; i++)
        memcpy(im.data + i * 3, (uint8_t[]){(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 3);
    assert_ok(image_set_channels(&im, 1));
    assert_int_equal(im.channels, 1);
    assert_true(crc32(0, im.data, 4096 * 4096) == LUMA_OF_EVERY_COLOUR);
    image_release(&im);
}

static void impossible_shapes_are_errors(void **state)
{
    (void)state;
    image im = {0};
    assert_int_equal(image_reshape(&im, 0, 1, 1), FV_ERROR_INVALID);
    assert_int_equal(image_reshape(&im, 1, 1, 5), FV_ERROR_INVALID);
    assert_int_equal(image_reshape(&im, (int64_t)1 << 40, (int64_t)1 << 40, 3), FV_ERROR_INVALID);
    assert_null(im.data);
}

/* The vectors of every instruction set, in blocks of 16 and what remains, against plain arithmetic: the same bytes. */
static void instruction_sets_agree(void **state)
{
    (void)state;
    const char *const sets[] = {"avx2", "avx512"};
    rng r = rng_at(1, 0, 0);
    for (int number = 0; number < 300; number++) {
        int64_t most = number % 3 ? 90 : 900, channels = number % 4 ? 3 : 1;
        int64_t height = 1 + (int64_t)rng_below(&r, 90), width = 1 + (int64_t)rng_below(&r, (uint64_t)most);
        int64_t to_height = 1 + (int64_t)rng_below(&r, 90),
                to_width = 1 + (int64_t)rng_below(&r, (uint64_t)most);
        fv_interpolation how = (fv_interpolation)rng_below(&r, FV_BOX + 1);
        image in = noise((uint32_t)number, height, width, channels), plain = {0}, out = {0};
        setenv("FOVEA_ISA", "generic", 1);
        assert_ok(image_resize(&in, NULL, to_height, to_width, how, NULL, &plain));
        for (int k = 0; k < 2; k++) {
            setenv("FOVEA_ISA", sets[k], 1);
            assert_ok(image_resize(&in, NULL, to_height, to_width, how, NULL, &out));
            if (difference(&out, plain.data) > 0)
                fail_msg("case %d: %s: %d x %d to %d x %d differs", number, sets[k], (int)width, (int)height,
                         (int)to_width, (int)to_height);
        }
        unsetenv("FOVEA_ISA");
        image_release(&in);
        image_release(&plain);
        image_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_is_pillows),
        cmocka_unit_test(every_filter_is_pillows),
        cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(fit_is_torchvisions),
        cmocka_unit_test(fit_gives_the_size),
        cmocka_unit_test(fit_minimum_covers_the_crop),
        cmocka_unit_test(a_box_out_of_the_picture_is_an_error),
        cmocka_unit_test(impossible_preprocessing_is_an_error),
        cmocka_unit_test(channels_convert),
        cmocka_unit_test(every_colour_has_pillows_luma),
        cmocka_unit_test(impossible_shapes_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
