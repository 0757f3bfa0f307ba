/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding against Pillow, round trips, truncation everywhere, and the folder of hostile files. */
#include "test_image.h"
#include "core/random.h"

#include <math.h>
#include <sys/resource.h>
#include <zlib.h>

static void pictures_are_as_pillow_sees_them(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    int bad = 0;
    while (golden_more(&g)) {
        const char *name = (const char *)golden_bytes(&g, 24);
        int32_t tolerance = golden_int(&g), h = golden_int(&g), w = golden_int(&g), c = golden_int(&g);
        size_t size = (size_t)golden_int(&g);
        const uint8_t *file = golden_bytes(&g, size), *pixels = golden_bytes(&g, (size_t)(h * w * c));
        image im = {0};
        image_info info;
        assert_ok(image_decode(file, size, name, NULL, &im));
        assert_ok(image_probe(file, size, name, &info));
        assert_true(im.height == h && im.width == w && im.channels == c);
        assert_true(info.height == h && info.width == w && info.channels == c);
        int d = difference(&im, pixels);
        if (d > tolerance) {
            print_error("%s: %d levels\n", name, d);
            bad++;
        }
        image_release(&im);
    }
    assert_int_equal(bad, 0);
    golden_close(&g);
}

/* The next golden file with that name; its bytes live as long as `g`. */
static const uint8_t *golden_file(golden *g, const char *name, size_t *size)
{
    for (g->at = 0; golden_more(g);) {
        const char *found = (const char *)golden_bytes(g, 24);
        golden_int(g);
        int64_t pixels = golden_int(g);
        pixels *= golden_int(g);
        pixels *= golden_int(g);
        *size = (size_t)golden_int(g);
        const uint8_t *file = golden_bytes(g, *size);
        golden_bytes(g, (size_t)pixels);
        if (strcmp(found, name) == 0)
            return file;
    }
    fail_msg("no golden picture %s", name);
    return NULL;
}

static void options_are_kept(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    size_t size;
    const uint8_t *file = golden_file(&g, "JPEG EXIF 6", &size);
    image im = {0}, grey = {0};
    assert_ok(image_decode(file, size, "turned", NULL, &im));
    assert_true(im.height == 12 && im.width == 7);
    assert_ok(image_decode(file, size, "stored", &(image_decode_options){.ignore_orientation = 1}, &im));
    assert_true(im.height == 7 && im.width == 12);
    assert_ok(image_decode(file, size, "grey",
                           &(image_decode_options){.ignore_orientation = 1, .channels = 1}, &grey));
    assert_ok(image_set_channels(&im, 1));
    assert_true(same_picture(&im, &grey));
    assert_int_equal(image_decode(file, size, "large.jpg", &(image_decode_options){.max_pixels = 83}, &im),
                     FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "large.jpg"));
    assert_ok(image_decode(file, size, "just right", &(image_decode_options){.max_pixels = 84}, &im));
    image_release(&im);
    image_release(&grey);
    g.at = g.size;
    golden_close(&g);
}

/* The mean of the block of `full` that the pixel (y, x) of a decode at 1 / factor stands for. */
static double block_mean(const image *full, int64_t factor, int64_t y, int64_t x, int64_t c)
{
    double sum = 0;
    int count = 0;
    for (int64_t i = y * factor; i < (y + 1) * factor && i < full->height; i++)
        for (int64_t j = x * factor; j < (x + 1) * factor && j < full->width; j++, count++)
            sum += full->data[(i * full->width + j) * 3 + c];
    return sum / count;
}

/* At least as large as wanted (or the file's size), the smallest such power of two, and the same picture. */
static void scaled_decode_reaches_the_minimum(void **state)
{
    (void)state;
    image small = noise(5, 4, 6, 3), in = {0}, full = {0}, out = {0};
    assert_ok(image_resize(&small, NULL, 203, 331, FV_BICUBIC, NULL, &in));
    uint8_t *file;
    size_t size;
    assert_ok(image_encode_jpeg(&in, 95, &file, &size));
    assert_ok(image_decode(file, size, "full", NULL, &full));
    /* Wanted height and width, and the factor that still gives them: sizes are rounded up. */
    const int64_t wanted[][3] = {{1, 1, 8},     {26, 1, 8},  {26, 42, 8},   {27, 42, 4},
                                 {26, 43, 4},   {1, 80, 4},  {51, 83, 4},   {1, 100, 2},
                                 {102, 166, 2}, {103, 1, 1}, {203, 331, 1}, {500, 500, 1}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int64_t factor = wanted[i][2];
        image_decode_options o = {.min_height = wanted[i][0], .min_width = wanted[i][1]};
        assert_ok(image_decode(file, size, "scaled", &o, &out));
        assert_int_equal(out.height, (203 + factor - 1) / factor);
        assert_int_equal(out.width, (331 + factor - 1) / factor);
        double sum = 0;
        for (int64_t k = 0; k < out.height * out.width * 3; k++)
            sum += fabs(out.data[k] - block_mean(&full, factor, k / 3 / out.width, k / 3 % out.width, k % 3));
        assert_true(sum / (double)(out.height * out.width * 3) < 1);
    }
    free(file);
    image_release(&small);
    image_release(&in);
    image_release(&full);
    image_release(&out);
}

/* The wanted size is that of the upright picture. */
static void scaled_decode_minds_the_orientation(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    size_t size;
    const uint8_t *file = golden_file(&g, "JPEG EXIF 6", &size); /* stored 7 high, 12 wide */
    image im = {0};
    assert_ok(
        image_decode(file, size, "turned", &(image_decode_options){.min_height = 6, .min_width = 4}, &im));
    assert_true(im.height == 6 && im.width == 4);
    assert_ok(
        image_decode(file, size, "turned", &(image_decode_options){.min_height = 4, .min_width = 6}, &im));
    assert_true(im.height == 12 && im.width == 7);
    image_release(&im);
    g.at = g.size;
    golden_close(&g);
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    char path[] = "/tmp/fovea-test-XXXXXX";
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    close(handle);
    for (int64_t c = 1; c <= 3; c += 2)
        for (int64_t side = 1; side < 40; side += 19) {
            image im = noise(7, side, 2 * side + 1, c), back = {0};
            assert_ok(image_save_png(&im, path));
            assert_ok(image_load(path, NULL, &back));
            assert_true(same_picture(&im, &back));
            uint8_t *file;
            size_t size;
            memset(im.data, 99, (size_t)(im.height * im.width * c));
            assert_ok(image_encode_jpeg(&im, 90, &file, &size));
            assert_ok(image_decode(file, size, "flat", NULL, &back));
            assert_int_equal(back.channels, c);
            assert_true(difference(&back, im.data) <= 1);
            free(file);
            image_release(&im);
            image_release(&back);
        }
    unlink(path);
}

/* A file cut anywhere is an error, whatever it is; what follows the end of a picture does not matter. */
static void truncated_files_are_errors(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    const char *names[] = {"JPEG 420", "JPEG progressive", "JPEG restarts", "JPEG EXIF 6",
                           "PNG rgb",  "PNG rgba16",       "PNG eXIf 5"};
    image im = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size;
        const uint8_t *file = golden_file(&g, names[i], &size);
        /* A baseline JPEG that lacks its end marker, or its last bits, is whole enough; so is a PNG without
         * IEND's CRC. */
        size_t needed = strstr(names[i], "progressive") ? 0 : strstr(names[i], "PNG") ? 4 : 3;
        for (size_t length = 0; length + needed < size; length++) {
            uint8_t *cut = malloc(length + 1); /* so that reading beyond it is seen by the sanitizer */
            memcpy(cut, file, length);
            if (image_decode(cut, length, "cut.file", NULL, &im) != FV_ERROR_FORMAT)
                fail_msg("%s: %zu of %zu bytes were not refused", names[i], length, size);
            assert_non_null(strstr(fv_error_message(), "cut.file"));
            free(cut);
        }
        uint8_t *longer = calloc(size + 100, 1);
        memcpy(longer, file, size);
        assert_ok(image_decode(longer, size + 100, names[i], NULL, &im));
        free(longer);
    }
    image_release(&im);
    g.at = g.size;
    golden_close(&g);
}

/* Any byte changed: a picture or an error, and the sanitizers have nothing to say. */
static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    const char *names[] = {"JPEG progressive", "JPEG EXIF 6", "JPEG cmyk", "PNG palette4 tRNS", "PNG eXIf 6"};
    image im = {0};
    rng r = rng_at(11, 0, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size;
        const uint8_t *file = golden_file(&g, names[i], &size);
        uint8_t *copy = malloc(size);
        for (int round = 0; round < 400; round++) {
            memcpy(copy, file, size);
            for (uint64_t k = 0, n = 1 + rng_below(&r, 3); k < n; k++)
                copy[rng_below(&r, size)] = (uint8_t)rng_u32(&r);
            fv_status status =
                image_decode(copy, size, "damaged", &(image_decode_options){.max_pixels = 1 << 20}, &im);
            assert_true(status == FV_OK || status == FV_ERROR_FORMAT || status == FV_ERROR_UNSUPPORTED);
        }
        free(copy);
    }
    image_release(&im);
    g.at = g.size;
    golden_close(&g);
}

/* The next place from `at` on with the marker 0xFF `code`. */
static size_t find_marker(const uint8_t *file, size_t size, size_t at, uint8_t code)
{
    while (at + 1 < size && !(file[at] == 0xFF && file[at + 1] == code))
        at++;
    return at;
}

/* The first scan of a progressive file, repeated: cheap to send, costly to decode. */
static void too_many_scans_are_an_error(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    size_t size;
    const uint8_t *file = golden_file(&g, "JPEG progressive", &size);
    size_t first = find_marker(file, size, 0, 0xDA), end = find_marker(file, size, first, 0xC4),
           scan = end - first;
    image im = {0}, plain = {0};
    assert_ok(image_decode(file, size, "plain", NULL, &plain));
    uint8_t *bomb = malloc(size + 200 * scan);
    memcpy(bomb, file, end);
    for (size_t repeats = 5; repeats <= 200; repeats += 195) {
        for (size_t i = 0; i < repeats; i++)
            memcpy(bomb + end + i * scan, file + first, scan);
        memcpy(bomb + end + repeats * scan, file + end, size - end);
        fv_status status = image_decode(bomb, size + repeats * scan, "bomb", NULL, &im);
        assert_int_equal(status, repeats == 5 ? FV_OK : FV_ERROR_FORMAT);
        assert_true(status != FV_OK || same_picture(&im, &plain));
    }
    assert_non_null(strstr(fv_error_message(), "scans"));
    free(bomb);
    image_release(&im);
    image_release(&plain);
    g.at = g.size;
    golden_close(&g);
}

static void messages_name_the_format(void **state)
{
    (void)state;
    image im = {0};
    assert_int_equal(image_decode((const uint8_t *)"", 0, "x.jpg", NULL, &im), FV_ERROR_FORMAT);
    assert_string_equal(fv_error_message(), "x.jpg: the file is empty");
    assert_int_equal(image_decode((const uint8_t *)"hello, world", 12, "x.jpg", NULL, &im), FV_ERROR_FORMAT);
    assert_int_equal(image_decode((const uint8_t *)"GIF89a....", 10, "x.gif", NULL, &im),
                     FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "x.gif: GIF"));
    assert_int_equal(image_decode((const uint8_t *)"RIFF....WEBPVP8 ", 16, "x", NULL, &im),
                     FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "WebP"));
    assert_int_equal(image_load("/nowhere/x.png", NULL, &im), FV_ERROR_IO);
    assert_null(im.data);
}

/* By their content, not their names. */
static int is_jpeg_or_png(const char *path)
{
    uint8_t head[4] = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t got = fread(head, 1, sizeof head, file);
    fclose(file);
    return got >= 2 && (memcmp(head, "\xff\xd8", 2) == 0 || memcmp(head, "\x89PNG", 4) == 0);
}

/* NULL when it fits, else what is wrong. */
static const char *judge(const char *verdict, int supported, fv_status status)
{
    if (status != FV_OK && status != FV_ERROR_FORMAT && status != FV_ERROR_UNSUPPORTED)
        return "not a clean error";
    if (!supported && status == FV_OK)
        return "decoded what is no JPEG or PNG";
    if (supported && strcmp(verdict, "accept") == 0 && status != FV_OK)
        return "should decode";
    if (strcmp(verdict, "reject") == 0 && status == FV_OK)
        return "should be refused";
    return NULL;
}

static void hostile_files_are_judged(void **state)
{
    (void)state;
    const char *manifest = test_data("hostile/MANIFEST.tsv");
    if (!manifest)
        skip();
    char folder[4096], path[8192], line[2048];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(manifest, '/') - manifest), manifest);
    FILE *list = fopen(manifest, "r");
    assert_non_null(list);
    int files = 0, bad = 0;
    image im = {0};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    assert_non_null(fgets(line, sizeof line, list));
    while (fgets(line, sizeof line, list)) {
        char *rest = line, *name = strsep(&rest, "\t"), *verdict = strsep(&rest, "\t");
        snprintf(path, sizeof path, "%s/%s", folder, name);
        fv_status status = image_load(path, NULL, &im);
        const char *wrong = judge(verdict, is_jpeg_or_png(path), status);
        if (!wrong && status != FV_OK && !strstr(fv_error_message(), name))
            wrong = "the message does not name the file";
        if (wrong) {
            print_error("%s (%s): %s: %s\n", name, verdict, wrong, status ? fv_error_message() : "decoded");
            bad++;
        }
        files++;
    }
    fclose(list);
    image_release(&im);
    getrusage(RUSAGE_SELF, &after);
    assert_int_equal(bad, 0);
    assert_true(files >= 300);
    assert_true(after.ru_maxrss - before.ru_maxrss < 512 * 1024); /* KiB; the largest picture takes 14 MB */
}

/* The hostile folder's good pictures are those that Pillow sees: PNG of up to 8 bits exactly, JPEG in the
 * mean. */
static void real_pictures_are_as_pillow_sees_them(void **state)
{
    (void)state;
    if (!test_data("hostile/MANIFEST.tsv") || !test_data("photos/imagenet-samples"))
        skip();
    golden g = golden_open("image_real.tsv");
    int bad = 0, files = 0;
    image im = {0};
    for (char *rest = (char *)g.bytes, *line; (line = strsep(&rest, "\n")) && *line; files++) {
        char name[256], crc[16], found[16];
        int h, w, c;
        double mean, sum = 0;
        assert_int_equal(sscanf(line, "%255s %d %d %d %15s %lf", name, &h, &w, &c, crc, &mean), 6);
        assert_ok(image_load(test_data(name), NULL, &im));
        size_t bytes = (size_t)(im.height * im.width * im.channels);
        for (size_t i = 0; i < bytes; i++)
            sum += im.data[i];
        snprintf(found, sizeof found, "%08lx", crc32(0, im.data, (uInt)bytes));
        int same = *crc == '-' ? fabs(sum / (double)bytes - mean) < 0.1 : strcmp(crc, found) == 0;
        if (im.height != h || im.width != w || im.channels != c || !same) {
            print_error("%s: %lld x %lld x %lld, mean %.3f, not %s\n", name, (long long)im.height,
                        (long long)im.width, (long long)im.channels, sum / (double)bytes, line);
            bad++;
        }
    }
    image_release(&im);
    assert_int_equal(bad, 0);
    assert_true(files > 170);
    g.at = g.size;
    golden_close(&g);
}

/* 16-bit pictures interlaced or not are the same pictures in PngSuite. */
static void interlacing_changes_nothing(void **state)
{
    (void)state;
    if (!test_data("hostile/MANIFEST.tsv"))
        skip();
    const char *kinds[] = {"0g01", "0g02", "0g04", "0g08", "0g16", "2c08", "2c16", "3p01",
                           "3p02", "3p04", "3p08", "4a08", "4a16", "6a08", "6a16"};
    image plain = {0}, interlaced = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[64];
        snprintf(name, sizeof name, "hostile/pngsuite_basn%s.png", kinds[i]);
        assert_ok(image_load(test_data(name), NULL, &plain));
        snprintf(name, sizeof name, "hostile/pngsuite_basi%s.png", kinds[i]);
        assert_ok(image_load(test_data(name), NULL, &interlaced));
        assert_true(same_picture(&plain, &interlaced));
    }
    image_release(&plain);
    image_release(&interlaced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_as_pillow_sees_them),
        cmocka_unit_test(options_are_kept),
        cmocka_unit_test(scaled_decode_reaches_the_minimum),
        cmocka_unit_test(scaled_decode_minds_the_orientation),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(truncated_files_are_errors),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(too_many_scans_are_an_error),
        cmocka_unit_test(messages_name_the_format),
        cmocka_unit_test(hostile_files_are_judged),
        cmocka_unit_test(real_pictures_are_as_pillow_sees_them),
        cmocka_unit_test(interlacing_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
