/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG's less usual kinds against Pillow (golden/make_jpeg.py): inks, arithmetic code, odd sampling; what cannot be read says why;
 * files that were not downloaded to their end. */
#include "test_image_damage.h"

static void pictures_are_as_pillow_sees_them(void **state)
{
    (void)state;
    golden_compare("image_jpeg.bin");
}

static void truncated_files_are_errors(void **state)
{
    (void)state;
    cut_everywhere("image_jpeg.bin", NULL);
}

static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    damage_everywhere("image_jpeg.bin", 100);
}

static void limits_come_first(void **state)
{
    (void)state;
    limit_everything("image_jpeg.bin");
}

/* A copy of a golden file; the caller frees it. */
static uint8_t *copy_of(const char *name, size_t *size)
{
    golden g = golden_open("image_jpeg.bin");
    golden_picture p = {.name = ""};
    while (strcmp(p.name, name) != 0)
        p = golden_next(&g);
    uint8_t *copy = malloc(p.size);
    memcpy(copy, p.file, p.size);
    *size = p.size;
    g.at = g.size;
    golden_close(&g);
    return copy;
}

/* The segment of the marker 0xFF `code`, from the marker on. */
static uint8_t *find_segment(uint8_t *file, uint8_t code)
{
    uint8_t *at = file + 2;
    while (at[1] != code) {
        assert_true(at[0] == 0xFF && at[1] != 0xDA);
        at += 2 + (at[2] << 8 | at[3]);
    }
    return at;
}

/* Refused as of a kind that is not supported, by a message with `part` in it. */
static void refuse(const uint8_t *file, size_t size, const char *part)
{
    image im = {0};
    assert_int_equal(image_decode(file, size, "odd.jpg", NULL, &im), FV_ERROR_UNSUPPORTED);
    if (!strstr(fv_error_message(), part) || !strstr(fv_error_message(), "odd.jpg"))
        fail_msg("'%s' lacks '%s'", fv_error_message(), part);
    image_release(&im);
}

static void what_is_not_supported_says_so(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = copy_of("extended", &size), *frame = find_segment(file, 0xC1);
    frame[4] = 12;
    refuse(file, size, "precision 12");
    frame[4] = 8;
    frame[1] = 0xC5; /* hierarchical */
    refuse(file, size, "SOF type 0xc5");
    free(file);
}

static void two_components_are_refused(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = copy_of("a scan a component", &size), *frame = find_segment(file, 0xC0);
    /* The third component is taken out of the frame; its scan is never reached. */
    size_t end = (size_t)(frame - file) + 2 + (size_t)(frame[2] << 8 | frame[3]);
    frame[3] = (uint8_t)(frame[3] - 3);
    frame[9] = 2;
    memmove(file + end - 3, file + end, size - end);
    refuse(file, size - 3, "2 components");
    free(file);
}

/* Cut at every 400th of the file; past the headers the message says what happened. */
static void a_broken_download_says_so(void **state)
{
    (void)state;
    image small = noise(5, 4, 6, 3), in = {0}, im = {0};
    assert_ok(image_resize(&small, NULL, 120, 160, FV_BICUBIC, NULL, &in));
    uint8_t *file;
    size_t size;
    assert_ok(image_encode_jpeg(&in, 90, &file, &size));
    for (size_t part = 1; part < 400; part++) {
        fv_status status = image_decode(file, size * part / 400, "half.jpg", NULL, &im);
        assert_int_equal(status, FV_ERROR_FORMAT);
        assert_non_null(strstr(fv_error_message(), "half.jpg: "));
        if (part > 100)
            assert_non_null(strstr(fv_error_message(), "truncated JPEG"));
    }
    free(file);
    image_release(&small);
    image_release(&in);
    image_release(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_as_pillow_sees_them), cmocka_unit_test(truncated_files_are_errors),
        cmocka_unit_test(damaged_files_do_no_harm),         cmocka_unit_test(limits_come_first),
        cmocka_unit_test(what_is_not_supported_says_so),    cmocka_unit_test(two_components_are_refused),
        cmocka_unit_test(a_broken_download_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
