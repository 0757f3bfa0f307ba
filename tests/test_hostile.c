/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of damaged, odd and huge pictures: each is decoded or refused as its manifest says, and what is decoded is what
 * Pillow sees (golden/make_hostile.py). Disagreements are printed, all of them, and any fails the test. */
#include <sys/resource.h>
#include <zlib.h>

#include "image/decode.h"
#include "test_image.h"

enum {
    GRID = 8,
    MAX_GROWTH = 900 * 1024 /* KiB; the largest picture is one of 400 million pixels, refused by default */
};

/* NULL when it fits, else what is wrong. */
static const char *judge(const char *verdict, fv_status status)
{
    int decoded = status == FV_OK;
    if (!decoded && status != FV_ERROR_FORMAT && status != FV_ERROR_UNSUPPORTED)
        return "not a clean error";
    if (strcmp(verdict, "accept") == 0)
        return decoded ? NULL : "should be decoded";
    if (strcmp(verdict, "reject") == 0)
        return decoded ? "should be refused" : NULL;
    if (strcmp(verdict, "accept-if-webp-supported") == 0)
        return decoded == (decode_format_named("WebP") != NULL) ? NULL
                                                                : "should be decoded if WebP is supported";
    if (strcmp(verdict, "either") == 0 || strcmp(verdict, "accept-or-clean-reject") == 0)
        return NULL;
    return "the manifest has a verdict that this test does not know";
}

/* The file's size as image_probe sees it is the decoded picture's. */
static const char *compare_probe(const char *path, const image *im)
{
    uint8_t *bytes;
    size_t size;
    image_info info;
    assert_ok(file_read(path, 1 << 28, &bytes, &size));
    fv_status status = image_probe(bytes, size, path, &info);
    free(bytes);
    if (status != FV_OK)
        return "decoded, but not probed";
    return info.height == im->height && info.width == im->width && info.channels == im->channels
               ? NULL
               : "probed as of another size";
}

static const char *check_file(const char *path, const char *name, const char *verdict, image *im)
{
    fv_status status = image_load(path, NULL, im);
    const char *wrong = judge(verdict, status);
    if (!wrong && status == FV_OK)
        return compare_probe(path, im);
    if (!wrong && !strstr(fv_error_message(), name))
        return "the message does not name the file";
    return wrong;
}

static void files_are_judged(void **state)
{
    (void)state;
    char folder[4096], path[8192], line[2048];
    if (!test_data("hostile/MANIFEST.tsv"))
        skip();
    snprintf(folder, sizeof folder, "%s", test_data("hostile"));
    FILE *list = fopen(test_data("hostile/MANIFEST.tsv"), "r");
    assert_non_null(list);
    assert_non_null(fgets(line, sizeof line, list)); /* the columns' names */
    int files = 0, bad = 0, decoded = 0;
    image im = {0};
    for (; fgets(line, sizeof line, list); files++) {
        char *rest = line, *name = strsep(&rest, "\t"), *verdict = strsep(&rest, "\t");
        snprintf(path, sizeof path, "%s/%s", folder, name);
        im.height = 0;
        const char *wrong = check_file(path, name, verdict, &im);
        decoded += im.height > 0;
        if (wrong) {
            print_error("%s (%s): %s: %s\n", name, verdict, wrong, fv_error_message());
            bad++;
        }
    }
    fclose(list);
    image_release(&im);
    printf("%d files, %d decoded\n", files, decoded);
    assert_int_equal(bad, 0);
    assert_true(files >= 300);
}

/* The mean of all samples in each of 8 x 8 cells, as in make_hostile.py. */
static int signature_differs(const image *im, const char *hex)
{
    for (int cell = 0; cell < GRID * GRID; cell++) {
        int64_t top = cell / GRID * im->height / GRID, left = cell % GRID * im->width / GRID;
        int64_t bottom = (cell / GRID + 1) * im->height / GRID, right = (cell % GRID + 1) * im->width / GRID;
        bottom = bottom > top ? bottom : top + 1;
        right = right > left ? right : left + 1;
        double sum = 0;
        for (int64_t y = top; y < bottom; y++)
            for (int64_t i = left * im->channels; i < right * im->channels; i++)
                sum += im->data[y * im->width * im->channels + i];
        unsigned expected;
        assert_int_equal(sscanf(hex + 2 * cell, "%2x", &expected), 1);
        double mean = sum / (double)((bottom - top) * (right - left) * im->channels);
        if (abs((int)(mean + 0.5) - (int)expected) > 1)
            return 1;
    }
    return 0;
}

/* NULL when the picture is as the golden line says, or is one that may be refused. */
static const char *compare(char *line, image *im)
{
    char name[256], crc[16], signature[256], found[16];
    int h, w, c;
    assert_int_equal(sscanf(line, "%255s %d %d %d %15s %255s", name, &h, &w, &c, crc, signature), 6);
    char path[300];
    snprintf(path, sizeof path, "hostile/%s", name);
    if (image_load(test_data(path), &(image_decode_options){.ignore_profile = 1}, im) != FV_OK)
        return NULL;
    if (im->height != h || im->width != w || im->channels != c)
        return "of another size";
    snprintf(found, sizeof found, "%08lx", crc32(0, im->data, (uInt)(im->height * im->width * im->channels)));
    if (*crc != '-')
        return strcmp(crc, found) == 0 ? NULL : "other pixels";
    return signature_differs(im, signature) ? "other pixels in the mean" : NULL;
}

static void pixels_are_as_pillow_sees_them(void **state)
{
    (void)state;
    if (!test_data("hostile/MANIFEST.tsv"))
        skip();
    golden g = golden_open("hostile.tsv");
    int bad = 0, files = 0;
    image im = {0};
    for (char *rest = (char *)g.bytes, *line; (line = strsep(&rest, "\n")) && *line; files++) {
        const char *wrong = compare(line, &im);
        if (wrong) {
            print_error("%s: %lld x %lld x %lld, but %.80s\n", wrong, (long long)im.height,
                        (long long)im.width, (long long)im.channels, line);
            bad++;
        }
    }
    image_release(&im);
    assert_int_equal(bad, 0);
    assert_true(files > 250);
    g.at = g.size;
    golden_close(&g);
}

static void memory_stayed_bounded(void **state)
{
    (void)state;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("at most %ld MB were in use\n", usage.ru_maxrss / 1024);
    assert_true(usage.ru_maxrss < MAX_GROWTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_judged),
        cmocka_unit_test(pixels_are_as_pillow_sees_them),
        cmocka_unit_test(memory_stayed_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
