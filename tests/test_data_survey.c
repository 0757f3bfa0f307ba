/* SPDX-License-Identifier: Apache-2.0 */
/* data: what a survey says about single pictures, and the contact sheet. */
#include "test_data.h"

#include "core/digest.h"

/* Pictures of one colour, so that each is found again on the sheet. */
static void put_plain(const char *name, int64_t height, int64_t width, uint8_t r, uint8_t g, uint8_t b)
{
    image im = {0};
    uint8_t *bytes;
    size_t size;
    assert_ok(image_reshape(&im, height, width, 3));
    for (int64_t i = 0; i < height * width; i++)
        memcpy(im.data + 3 * i, (uint8_t[]){r, g, b}, 3);
    assert_ok(image_encode_png(&im, &bytes, &size));
    put_file(name, bytes, size);
    free(bytes);
    image_release(&im);
}

static const fv_picture_info *find(const fv_dataset *d, const fv_survey *s, const char *name)
{
    for (int64_t i = 0; i < fv_survey_size(s); i++) {
        char file[1000];
        fv_dataset_file(d, fv_survey_get(s, i)->index, file, sizeof file);
        if (strcmp(file + strlen(test_root) + 1, name) == 0)
            return fv_survey_get(s, i);
    }
    fail_msg("%s was not looked at", name);
    return NULL;
}

static void put_pictures(void)
{
    put_picture("d/train/a/1.png", 20, 30, 3, 1);
    put_picture("d/train/a/2.png", 40, 10, 1, 2);
    put_picture("d/train/b/3.png", 9, 9, 3, 3);
    put_picture("d/train/b/4.png", 40, 10, 1, 2); /* a/2.png again */
    put_picture("d/test/a/5.png", 20, 30, 3, 1);  /* train/a/1.png again */
    put_file("d/test/b/6.jpg", "nothing", 7);
    /* Whole at its head: only reading it to its end shows the damage. */
    image im = {0};
    uint8_t *bytes;
    size_t size;
    assert_ok(image_reshape(&im, 64, 64, 3));
    for (int64_t i = 0; i < 64 * 64 * 3; i++)
        im.data[i] = (uint8_t)(i * i);
    assert_ok(image_encode_jpeg(&im, 90, &bytes, &size));
    put_file("d/test/b/7.jpg", bytes, size / 2);
    free(bytes);
    image_release(&im);
}

static void single_pictures(void **state)
{
    (void)state;
    put_pictures();
    fv_dataset *d = fv_dataset_open(in_root("d"));
    assert_non_null(d);
    fv_survey *s = fv_survey_create(d);
    assert_int_equal(fv_survey_size(s), 7);
    const fv_picture_info *p = find(d, s, "d/train/a/1.png");
    assert_int_equal(p->height, 20);
    assert_int_equal(p->width, 30);
    assert_int_equal(p->depth, 8);
    assert_string_equal(p->format, "PNG");
    assert_string_equal(p->mode, "RGB");
    assert_null(p->problem);
    struct stat info;
    assert_int_equal(stat(in_root("d/train/a/1.png"), &info), 0);
    assert_int_equal(p->bytes, info.st_size);
    assert_string_equal(find(d, s, "d/train/a/2.png")->mode, "grey");
    assert_int_equal(find(d, s, "d/test/a/5.png")->part, FV_TEST);
    assert_int_equal(find(d, s, "d/test/a/5.png")->twin, -1);
    assert_non_null(strstr(find(d, s, "d/test/b/6.jpg")->problem, "6.jpg"));
    assert_int_equal(find(d, s, "d/test/b/6.jpg")->bytes, 7);
    assert_null(find(d, s, "d/test/b/7.jpg")->problem);
    assert_null(fv_survey_get(s, 7));
    assert_null(fv_survey_get(s, -1));
    fv_survey_destroy(s);
    fv_dataset_destroy(d);
}

static void every_picture(void **state)
{
    (void)state;
    fv_dataset *d = fv_dataset_open(in_root("d"));
    char hex[DIGEST_SIZE];
    if (digest_bytes("", 0, hex) != FV_OK) {
        printf("[  REASON  ] %s\n", fv_error_message());
        fv_dataset_destroy(d);
        skip();
    }
    for (int threads = 1; threads <= 8; threads += 7) {
        fv_survey *s = fv_survey_create(d, .check = 1, .pictures = INT64_MAX, .threads = threads);
        assert_int_equal(fv_survey_size(s), 7);
        for (int64_t i = 0; i < 7; i++)
            assert_int_equal(fv_survey_get(s, i)->index, i);
        assert_int_equal(find(d, s, "d/train/a/1.png")->twin, -1);
        assert_int_equal(find(d, s, "d/train/b/3.png")->twin, -1);
        int64_t first = find(d, s, "d/train/a/2.png")->index;
        assert_int_equal(find(d, s, "d/train/b/4.png")->twin, first);
        first = find(d, s, "d/train/a/1.png")->index;
        assert_int_equal(find(d, s, "d/test/a/5.png")->twin, first);
        assert_non_null(strstr(find(d, s, "d/test/b/7.jpg")->problem, "truncated"));
        assert_int_equal(find(d, s, "d/test/b/7.jpg")->twin, -1);
        fv_survey_destroy(s);
    }
    fv_dataset_destroy(d);
}

static int stop(int64_t done, int64_t total, void *user)
{
    (void)total;
    return ++*(int *)user, done == 3;
}

static void some_pictures(void **state)
{
    (void)state;
    fv_dataset *d = fv_dataset_open(in_root("d"));
    fv_survey *s = fv_survey_create(d, .pictures = 3);
    assert_int_equal(fv_survey_size(s), 3);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(fv_survey_get(s, i)->index, i * 7 / 3);
    fv_survey_destroy(s);
    int calls = 0;
    assert_null(fv_survey_create(d, .on_progress = stop, .user = &calls));
    assert_int_equal(status_last(), FV_INTERRUPTED);
    assert_int_equal(calls, 3);
    assert_null(fv_survey_create(d, .pictures = -1));
    assert_null(fv_survey_create(NULL));
    assert_int_equal(fv_survey_size(NULL), 0);
    fv_survey_destroy(NULL);
    fv_dataset_destroy(d);
}

/* ---- how files have their colours ---- */

static void modes(void **state)
{
    (void)state;
    static const struct {
        const char *file, *mode;
        int depth;
    } cases[] = {{"pillow_pil_sample_cmyk.jpg", "CMYK", 8},
                 {"pillow_hopper_gray.jpg", "grey", 8},
                 {"pngsuite_basn3p04.png", "palette", 4},
                 {"pngsuite_basn6a16.png", "RGBA", 16},
                 {"pngsuite_basn4a08.png", "grey+alpha", 8},
                 {"pngsuite_basn0g16.png", "grey", 16},
                 {"bmpg_pal8.bmp", "palette", 8},
                 {"bmpg_rgb24.bmp", "RGB", 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[200];
        uint8_t *bytes;
        size_t size;
        image_info info;
        snprintf(name, sizeof name, "hostile/%s", cases[i].file);
        const char *path = test_data(name);
        if (!path)
            skip();
        assert_ok(file_read(path, 1 << 20, &bytes, &size));
        assert_ok(image_probe(bytes, size, path, &info));
        assert_string_equal(info.mode, cases[i].mode);
        assert_int_equal(info.depth, cases[i].depth);
        free(bytes);
    }
}

/* ---- the sheet ---- */

static fv_status load_sheet(const char *name, image *im)
{
    return image_load(in_root(name), &(image_decode_options){.channels = 3}, im);
}

static bool is_colour(const image *im, int64_t y, int64_t x, int r, int g, int b)
{
    const uint8_t *p = im->data + (y * im->width + x) * 3;
    return abs(p[0] - r) <= 2 && abs(p[1] - g) <= 2 && abs(p[2] - b) <= 2;
}

static int64_t count_colour(const image *im, int r, int g, int b)
{
    int64_t n = 0;
    for (int64_t y = 0; y < im->height; y++)
        for (int64_t x = 0; x < im->width; x++)
            n += is_colour(im, y, x, r, g, b);
    return n;
}

static bool has_drawing(void)
{
    fv_dataset *d = fv_dataset_open(in_root("colours"));
    fv_status status = fv_sheet_write(d, .path = in_root("try.png"));
    fv_dataset_destroy(d);
    if (status == FV_OK)
        return true;
    if (status != FV_ERROR_UNSUPPORTED)
        fail_msg("%s", fv_error_message());
    printf("[  REASON  ] %s\n", fv_error_message());
    return false;
}

/* Every picture of a small data set is there once, whole and in proportion. */
static void a_sheet(void **state)
{
    (void)state;
    put_plain("colours/a/1.png", 100, 50, 250, 0, 0);
    put_plain("colours/a/2.png", 960, 960, 0, 250, 0);
    put_plain("colours/b/3.png", 20, 40, 0, 0, 250);
    put_file("colours/b/4.png", "broken", 6);
    if (!has_drawing())
        skip();
    image im = {0};
    fv_dataset *d = fv_dataset_open(in_root("colours"));
    assert_ok(fv_sheet_write(d, .path = in_root("sheet1.png"), .title = "colours", .threads = 1));
    assert_ok(fv_sheet_write(d, .path = in_root("sheet8.png"), .title = "colours", .threads = 8));
    assert_ok(load_sheet("sheet1.png", &im));
    assert_int_equal(count_colour(&im, 250, 0, 0), 96 * 48);
    assert_int_equal(count_colour(&im, 0, 250, 0), 96 * 96);
    assert_int_equal(count_colour(&im, 0, 0, 250), 80 * 40); /* twice as large */
    file_bytes a = {0}, b = {0};
    assert_ok(file_read_into(in_root("sheet1.png"), 1 << 24, &a));
    assert_ok(file_read_into(in_root("sheet8.png"), 1 << 24, &b));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    file_bytes_release(&a);
    file_bytes_release(&b);
    image_release(&im);
    assert_int_equal(fv_sheet_write(d, .path = in_root("x.png"), .per_class = 25), FV_ERROR_INVALID);
    assert_int_equal(fv_sheet_write(NULL, .path = in_root("x.png")), FV_ERROR_INVALID);
    assert_int_equal(fv_sheet_write(d), FV_ERROR_INVALID);
    assert_false(file_exists(in_root("x.png")));
    fv_dataset_destroy(d);
}

/* Blocks of all sizes lie beside each other and within the sheet; names of any length and bytes stay in their columns. */
static void sheets_of_many_classes(void **state)
{
    (void)state;
    if (!has_drawing())
        skip();
    static const int counts[] = {1, 2, 12, 13, 41, 230};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        char name[300], folder[20], odd[201];
        memset(odd, 'w', 200);
        odd[200] = 0;
        snprintf(folder, sizeof folder, "many%d", counts[n]);
        for (int c = 0; c < counts[n]; c++) {
            snprintf(name, sizeof name, "%s/%03d%s/1.png", folder, c,
                     c % 3 == 0   ? odd
                     : c % 3 == 1 ? "\xe7\x8c\xab\xff"
                                  : "");
            put_plain(name, 24, 24, 255, 0, 255);
        }
        fv_dataset *d = fv_dataset_open(in_root(folder));
        image im = {0};
        assert_ok(fv_sheet_write(d, .path = in_root("many.png"), .title = odd));
        assert_ok(load_sheet("many.png", &im));
        int side = counts[n] > 40 ? 72 : 96, shown = counts[n] < 200 ? counts[n] : 200;
        assert_int_equal(count_colour(&im, 255, 0, 255), shown * side * side);
        for (int64_t y = 0; y < im.height; y++) /* the margins are white */
            for (int64_t x = 0; x < 20; x++)
                assert_true(is_colour(&im, y, x, 255, 255, 255) &&
                            is_colour(&im, y, im.width - 1 - x, 255, 255, 255));
        image_release(&im);
        fv_dataset_destroy(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_pictures), cmocka_unit_test(every_picture),
        cmocka_unit_test(some_pictures),   cmocka_unit_test(modes),
        cmocka_unit_test(a_sheet),         cmocka_unit_test(sheets_of_many_classes)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
