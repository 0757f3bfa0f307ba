/* SPDX-License-Identifier: Apache-2.0 */
/* Colour profiles against Pillow's ImageCms, in every format that carries them (golden/make_icc.py). */
#include "core/plugin.h"
#include "core/random.h"
#include "image/icc.h"
#include "test_image.h"

typedef struct golden_profiled {
    const char *name;
    int32_t tolerance, needs_lcms, height, width, channels, size;
    const uint8_t *file, *converted, *stored;
} golden_profiled;

static golden_profiled next(golden *g)
{
    golden_profiled p = {.name = (const char *)golden_bytes(g, 24)};
    int32_t *numbers[] = {&p.tolerance, &p.needs_lcms, &p.height, &p.width, &p.channels, &p.size};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = golden_int(g);
    size_t bytes = (size_t)p.height * (size_t)p.width * (size_t)p.channels;
    p.file = golden_bytes(g, (size_t)p.size);
    p.converted = golden_bytes(g, bytes);
    p.stored = golden_bytes(g, bytes);
    return p;
}

/* Decodes; whether it is within the record's tolerance of `expected`, and 0.3 levels in the mean. Says by how much it differs. */
static int compare(const golden_profiled *p, const uint8_t *expected, int ignore_profile, image_space *space)
{
    image im = {0};
    image_decode_options o = {.ignore_profile = ignore_profile, .space = space};
    assert_ok(image_decode(p->file, (size_t)p->size, p->name, &o, &im));
    assert_true(im.height == p->height && im.width == p->width && im.channels == p->channels);
    int most = difference(&im, expected);
    double sum = 0;
    int64_t count = im.height * im.width * im.channels;
    for (int64_t i = 0; i < count; i++)
        sum += abs(im.data[i] - expected[i]);
    printf("%-24s %s: at most %d levels, %.3f in the mean\n", p->name,
           ignore_profile ? "ignored  " : "converted", most, sum / (double)count);
    image_release(&im);
    return most <= p->tolerance && sum / (double)count <= 0.3;
}

/* The first test: no other has opened lcms2 yet. */
static void srgb_needs_no_lcms(void **state)
{
    (void)state;
    golden g = golden_open("image_icc.bin");
    int found = 0;
    while (golden_more(&g)) {
        golden_profiled p = next(&g);
        if (p.needs_lcms)
            continue;
        assert_true(compare(&p, p.converted, 0, NULL));
        found++;
    }
    assert_true(found > 3);
    assert_null(plugin_lcms.handle);
    golden_close(&g);
}

/* One space for all: the transform that is kept is never another picture's. */
static void colours_are_as_imagecms_has_them(void **state)
{
    (void)state;
    golden g = golden_open("image_icc.bin");
    image_space space = {0};
    int bad = 0, records = 0;
    for (; golden_more(&g); records++) {
        golden_profiled p = next(&g);
        bad += !compare(&p, p.converted, 0, &space);
        bad += !compare(&p, p.converted, 0, &space); /* with what is kept */
        bad += !compare(&p, p.stored, 1, &space);
    }
    image_space_release(&space);
    assert_int_equal(bad, 0);
    assert_true(records > 20);
    assert_non_null(plugin_lcms.handle);
    golden_close(&g);
}

static void channels_come_after_colours(void **state)
{
    (void)state;
    golden g = golden_open("image_icc.bin");
    image rgb = {0}, grey = {0};
    while (golden_more(&g)) {
        golden_profiled p = next(&g);
        assert_ok(image_decode(p.file, (size_t)p.size, p.name, NULL, &rgb));
        assert_ok(
            image_decode(p.file, (size_t)p.size, p.name, &(image_decode_options){.channels = 1}, &grey));
        assert_ok(image_set_channels(&rgb, 1));
        assert_true(same_picture(&rgb, &grey));
    }
    image_release(&rgb);
    image_release(&grey);
    golden_close(&g);
}

/* Any byte of a file with a profile changed: a picture or an error, and the sanitizers have nothing to say. */
static void damaged_profiles_do_no_harm(void **state)
{
    (void)state;
    golden g = golden_open("image_icc.bin");
    image im = {0};
    rng r = rng_at(21, 0, 0);
    while (golden_more(&g)) {
        golden_profiled p = next(&g);
        if (strncmp(p.name, "TIFF", 4) != 0 && strncmp(p.name, "JPEG", 4) != 0 &&
            strncmp(p.name, "WebP", 4) != 0)
            continue; /* a PNG's CRC would find the damage first */
        uint8_t *copy = malloc((size_t)p.size);
        for (int round = 0; round < 25; round++) {
            memcpy(copy, p.file, (size_t)p.size);
            for (uint64_t k = 0, n = 1 + rng_below(&r, 4); k < n; k++)
                copy[rng_below(&r, (uint64_t)p.size)] = (uint8_t)rng_u32(&r);
            fv_status status = image_decode(copy, (size_t)p.size, "damaged",
                                            &(image_decode_options){.max_pixels = 1 << 20}, &im);
            assert_true(status == FV_OK || status == FV_ERROR_FORMAT || status == FV_ERROR_UNSUPPORTED);
        }
        free(copy);
    }
    image_release(&im);
    golden_close(&g);
}

static void what_is_no_profile_is_not_srgb(void **state)
{
    (void)state;
    uint8_t zeros[600] = {0};
    assert_false(icc_is_srgb(zeros, 0));
    assert_false(icc_is_srgb(zeros, sizeof zeros));
    memcpy(zeros + 16, "RGB XYZ ", 8);
    memset(zeros + 128, 0xFF, 4); /* four thousand million tags */
    assert_false(icc_is_srgb(zeros, sizeof zeros));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(srgb_needs_no_lcms),
        cmocka_unit_test(colours_are_as_imagecms_has_them),
        cmocka_unit_test(channels_come_after_colours),
        cmocka_unit_test(damaged_profiles_do_no_harm),
        cmocka_unit_test(what_is_no_profile_is_not_srgb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
