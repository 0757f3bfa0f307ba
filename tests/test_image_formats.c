/* SPDX-License-Identifier: Apache-2.0 */
/* WebP, GIF, BMP, PNM and HEIF: against Pillow, scaled, cut anywhere, damaged anywhere. */
#include "test_image_damage.h"

static void pictures_are_as_pillow_sees_them(void **state)
{
    (void)state;
    golden_compare("image_formats.bin");
}

/* A number that ends a text may be cut into another one. */
static size_t needed(const golden_picture *p)
{
    return strncmp(p->name, "PNM P1", 6) == 0 || strncmp(p->name, "PNM P2", 6) == 0 ||
                   strncmp(p->name, "PNM P3", 6) == 0
               ? 6
               : 1;
}

static void truncated_files_are_errors(void **state)
{
    (void)state;
    cut_everywhere("image_formats.bin", needed);
}

static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    damage_everywhere("image_formats.bin", 100);
}

static void limits_come_first(void **state)
{
    (void)state;
    limit_everything("image_formats.bin");
}

/* A WebP of 1 / 2, 1 / 4 or 1 / 8 of the size, never smaller than wanted, upright, shows the same. */
static void scaled_webp_reaches_the_minimum(void **state)
{
    (void)state;
    golden g = golden_open("image_formats.bin");
    image im = {0};
    while (golden_more(&g)) {
        golden_picture p = golden_next(&g);
        if (strncmp(p.name, "WebP", 4) != 0 || strstr(p.name, "animation") || p.height < 2)
            continue;
        assert_ok(image_decode(p.file, p.size, p.name,
                               &(image_decode_options){.min_height = p.height, .min_width = 1}, &im));
        assert_true(im.height == p.height && im.width == p.width);
        int64_t half = p.height / 2;
        assert_ok(image_decode(p.file, p.size, p.name,
                               &(image_decode_options){.min_height = half, .min_width = 1}, &im));
        assert_true(im.height == half && im.width == p.width / 2);
        image full = {0}, expected = {0};
        assert_ok(image_decode(p.file, p.size, p.name, NULL, &full));
        double sum = 0, small = 0;
        for (int64_t i = 0; i < full.height * full.width * 3; i++)
            sum += full.data[i];
        for (int64_t i = 0; i < im.height * im.width * 3; i++)
            small += im.data[i];
        double mean = sum / (double)(full.height * full.width),
               scaled = small / (double)(im.height * im.width);
        if (mean - scaled > 12 || scaled - mean > 12)
            fail_msg("%s: a mean of %.1f, not %.1f", p.name, scaled / 3, mean / 3);
        image_release(&full);
        image_release(&expected);
    }
    image_release(&im);
    golden_close(&g);
}

static void names_are_known_by_their_ending(void **state)
{
    (void)state;
    assert_true(fv_is_picture_name("a.jpg") && fv_is_picture_name("b/a.b.JPEG") &&
                fv_is_picture_name("x.WebP"));
    assert_true(fv_is_picture_name("a.heic") && fv_is_picture_name(".pgm") && fv_is_picture_name("a.tiff"));
    assert_false(fv_is_picture_name("jpg") || fv_is_picture_name("a.jpg.txt") || fv_is_picture_name("a.jp") ||
                 fv_is_picture_name(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_as_pillow_sees_them), cmocka_unit_test(truncated_files_are_errors),
        cmocka_unit_test(damaged_files_do_no_harm),         cmocka_unit_test(limits_come_first),
        cmocka_unit_test(scaled_webp_reaches_the_minimum),  cmocka_unit_test(names_are_known_by_their_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
