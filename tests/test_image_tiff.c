/* SPDX-License-Identifier: Apache-2.0 */
/* TIFF: every type of sample, layout and compression against numpy and Pillow (golden/make_tiff.py); what cannot be read says
 * why. */
#include "test_image_damage.h"

static void pictures_are_as_numpy_has_them(void **state)
{
    (void)state;
    golden_compare("image_tiff.bin");
}

static void truncated_files_are_errors(void **state)
{
    (void)state;
    cut_everywhere("image_tiff.bin", NULL);
}

static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    damage_everywhere("image_tiff.bin", 40);
}

static void limits_come_first(void **state)
{
    (void)state;
    limit_everything("image_tiff.bin");
}

/* The value of a directory's entry with one SHORT, in a file that begins "II". */
static uint8_t *find_short(uint8_t *file, uint16_t tag)
{
    uint32_t at;
    uint16_t count, found;
    memcpy(&at, file + 4, sizeof at);
    memcpy(&count, file + at, sizeof count);
    for (uint8_t *entry = file + at + 2; count-- > 0; entry += 12) {
        memcpy(&found, entry, sizeof found);
        if (found == tag)
            return entry + 8;
    }
    fail_msg("the file has no tag %d", tag);
    return NULL;
}

/* One SHORT of the golden file is set; decoding and probing are refused, by a message with `part` in it. */
static void refuse(const char *name, uint16_t tag, uint16_t value, const char *part)
{
    golden g = golden_open("image_tiff.bin");
    golden_picture p = {.name = ""};
    while (strcmp(p.name, name) != 0)
        p = golden_next(&g);
    uint8_t *copy = malloc(p.size);
    memcpy(copy, p.file, p.size);
    memcpy(find_short(copy, tag), &value, sizeof value);
    image im = {0};
    image_info info;
    assert_int_equal(image_decode(copy, p.size, "odd.tif", NULL, &im), FV_ERROR_UNSUPPORTED);
    if (!strstr(fv_error_message(), part) || !strstr(fv_error_message(), "odd.tif"))
        fail_msg("'%s' lacks '%s'", fv_error_message(), part);
    assert_int_equal(image_probe(copy, p.size, "odd.tif", &info), FV_ERROR_UNSUPPORTED);
    assert_null(im.data);
    free(copy);
    g.at = g.size;
    golden_close(&g);
}

static void what_is_not_supported_says_so(void **state)
{
    (void)state;
    enum {
        COMPRESSION = 259,
        PHOTOMETRIC = 262,
        FORMAT = 339
    };
    refuse("uint8 x 1", COMPRESSION, 34712, "compression 34712");                /* JPEG 2000 */
    refuse("uint8 x 3", PHOTOMETRIC, 8, "photometric interpretation 8");         /* Lab */
    refuse("uint8 x 1", PHOTOMETRIC, 32803, "photometric interpretation 32803"); /* a camera's raw colours */
    refuse("uint8 x 1", FORMAT, 6, "sample format 6");                           /* complex numbers */
    refuse("int32", FORMAT, 5, "sample format 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_as_numpy_has_them), cmocka_unit_test(truncated_files_are_errors),
        cmocka_unit_test(damaged_files_do_no_harm),       cmocka_unit_test(limits_come_first),
        cmocka_unit_test(what_is_not_supported_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
