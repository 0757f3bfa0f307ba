/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of pixels and bytes: they come before allocation, every kind of data and every call obeys them, and they can be
 * raised. */
#include <sys/resource.h>
#include <zlib.h>

#include "core/text.h"
#include "data/dataset.h"
#include "image/image.h"
#include "test_data.h"

enum {
    SIDE = 20000,         /* of the bomb: 400 million pixels */
    BOMB_ROW = SIDE / 8,  /* bytes of a row of 1 bit a pixel */
    MAX_GROWTH = 8 * 1024 /* KiB that refusing it may take */
};

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void add_number(text *t, uint32_t n)
{
    uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    text_add_bytes(t, (const char *)bytes, 4);
}

static void add_chunk(text *t, const char *name, const void *data, size_t size)
{
    add_number(t, (uint32_t)size);
    size_t from = t->length;
    text_add_bytes(t, name, 4);
    text_add_bytes(t, data, size);
    add_number(t, (uint32_t)crc32(0, (const Bytef *)t->data + from, (uInt)(t->length - from)));
}

/* A PNG of SIDE x SIDE white pixels of 1 bit; some 50 KB. */
static text make_bomb(void)
{
    static uint8_t row[1 + BOMB_ROW], packed[1 << 17];
    text t = {0}, header = {0};
    memset(row + 1, 0xFF, BOMB_ROW);
    z_stream z = {.next_out = packed, .avail_out = sizeof packed};
    assert_int_equal(deflateInit(&z, 6), Z_OK);
    for (int y = 0; y < SIDE; y++) {
        z.next_in = row;
        z.avail_in = sizeof row;
        assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
    }
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    text_add_bytes(&t, "\x89PNG\r\n\x1a\n", 8);
    add_number(&header, SIDE);
    add_number(&header, SIDE);
    text_add_bytes(&header, "\1\0\0\0\0", 5);
    add_chunk(&t, "IHDR", header.data, header.length);
    add_chunk(&t, "IDAT", packed, z.total_out);
    add_chunk(&t, "IEND", "", 0);
    text_release(&header);
    return t;
}

static void a_bomb_is_refused_before_allocation(void **state)
{
    (void)state;
    text bomb = make_bomb();
    put_file("bomb.png", bomb.data, bomb.length);
    image im = {0};
    long before = peak_kilobytes();
    assert_int_equal(image_load(in_root("bomb.png"), NULL, &im), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "bomb.png"));
    assert_non_null(strstr(fv_error_message(), "--max-pixels"));
    assert_null(im.data);
    long growth = peak_kilobytes() - before;
    if (growth > MAX_GROWTH)
        fail_msg("refusing took %ld KiB", growth);
    assert_ok(
        image_load(in_root("bomb.png"), &(image_decode_options){.max_pixels = (int64_t)SIDE * SIDE}, &im));
    assert_true(im.height == SIDE && im.width == SIDE && im.channels == 1);
    assert_int_equal(im.data[0], 255);
    assert_int_equal(im.data[(int64_t)SIDE * SIDE - 1], 255);
    image_release(&im);
    text_release(&bomb);
}

static void a_files_bytes_are_limited(void **state)
{
    (void)state;
    put_picture("a.png", 9, 7, 3, 1);
    uint8_t *bytes;
    size_t size;
    assert_ok(file_read(in_root("a.png"), 1 << 20, &bytes, &size));
    free(bytes);
    image im = {0};
    assert_ok(image_load(in_root("a.png"), &(image_decode_options){.max_bytes = (int64_t)size}, &im));
    assert_int_equal(
        image_load(in_root("a.png"), &(image_decode_options){.max_bytes = (int64_t)size - 1}, &im),
        FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "a.png"));
    assert_non_null(strstr(fv_error_message(), "--max-bytes"));
    image_release(&im);
}

/* ---- data sets ---- */

/* A tar archive of files below the temporary folder, under the names they have there. */
static void put_tar(const char *name, const char *const *files, size_t count)
{
    text t = {0};
    for (size_t i = 0; i < count; i++) {
        uint8_t *bytes, header[512] = {0};
        size_t size;
        assert_ok(file_read(in_root(files[i]), 1 << 20, &bytes, &size));
        snprintf((char *)header, 100, "%s", files[i]);
        memcpy(header + 100,
               "0000644\0"
               "0000000\0"
               "0000000\0",
               24);
        snprintf((char *)header + 124, 12, "%011zo", size);
        memcpy(header + 136,
               "00000000000\0"
               "        "
               "0",
               21);
        memcpy(header + 257,
               "ustar\0"
               "00",
               8);
        unsigned sum = 0;
        for (size_t k = 0; k < sizeof header; k++)
            sum += header[k];
        snprintf((char *)header + 148, 8, "%06o", sum);
        text_add_bytes(&t, (char *)header, sizeof header);
        text_add_bytes(&t, (char *)bytes, size);
        static const char zeros[512];
        text_add_bytes(&t, zeros, (512 - size % 512) % 512);
        free(bytes);
    }
    static const char end[1024];
    text_add_bytes(&t, end, sizeof end);
    assert_ok(text_status(&t));
    put_file(name, t.data, t.length);
    text_release(&t);
}

/* Every picture of the data is read with these limits; none is when `part` is given, and the message has it in it. */
static void check(const char *path, int64_t max_pixels, int64_t max_bytes, const char *part)
{
    fv_dataset *d =
        fv_dataset_open(path, .validation_split = FV_OFF, .max_pixels = max_pixels, .max_bytes = max_bytes);
    if (!d)
        fail_msg("%s: %s", path, fv_error_message());
    assert_int_equal(fv_dataset_size(d), 2);
    image im = {0};
    image_space space = {0};
    for (int64_t i = 0; i < 2; i++) {
        fv_status status = dataset_decode(d, i, &(image_decode_options){0}, &space, &im);
        if (!part) {
            assert_ok(status);
            continue;
        }
        assert_int_equal(status, FV_ERROR_FORMAT);
        char file[512];
        if (!strstr(fv_error_message(), part) ||
            !strstr(fv_error_message(), file_base_name(fv_dataset_file(d, i, file, sizeof file))))
            fail_msg("%s: '%s' lacks %s or %s", path, fv_error_message(), part, file);
    }
    image_release(&im);
    image_space_release(&space);
    fv_dataset_destroy(d);
}

/* A folder, a table, an archive of class folders, shards: 9 x 7 pixels each. */
static void every_kind_of_data_obeys(void **state)
{
    (void)state;
    put_picture("folder/x/1.png", 9, 7, 3, 1);
    put_picture("folder/y/2.png", 9, 7, 3, 2);
    const char *rows = "file,label\nfolder/x/1.png,x\nfolder/y/2.png,y\n";
    put_file("table.csv", rows, strlen(rows));
    put_tar("tree.tar", (const char *[]){"folder/x/1.png", "folder/y/2.png"}, 2);
    put_picture("1.png", 9, 7, 3, 1);
    put_picture("2.png", 9, 7, 3, 1);
    put_file("1.cls", "0", 1);
    put_file("2.cls", "1", 1);
    put_tar("shard-000000.tar", (const char *[]){"1.png", "1.cls", "2.png", "2.cls"}, 4);
    const char *kinds[] = {"folder", "table.csv", "tree.tar", "shard-000000.tar"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s", in_root(kinds[i]));
        check(path, 0, 0, NULL);
        check(path, 63, 0, NULL);
        check(path, 62, 0, "--max-pixels");
        check(path, 0, 1 << 20, NULL);
        check(path, 0, 60, "--max-bytes");
    }
}

static void impossible_limits_are_errors(void **state)
{
    (void)state;
    put_picture("z/x/1.png", 9, 7, 3, 1);
    assert_not_open(FV_ERROR_INVALID, "max_pixels", in_root("z"), .max_pixels = -5);
    assert_not_open(FV_ERROR_INVALID, "max_bytes", in_root("z"), .max_bytes = -5);
}

/* Parts that come from another place have the same limits. */
static void parts_from_elsewhere_obey(void **state)
{
    (void)state;
    put_picture("train/x/1.png", 5, 5, 3, 1);
    put_picture("train/y/2.png", 5, 5, 3, 2);
    put_picture("other/x/3.png", 9, 7, 3, 1);
    char train[512], other[512];
    snprintf(train, sizeof train, "%s", in_root("train"));
    snprintf(other, sizeof other, "%s", in_root("other"));
    fv_dataset *d = fv_dataset_open(train, .test_path = other, .max_pixels = 62);
    assert_non_null(d);
    image im = {0};
    image_space space = {0};
    assert_ok(dataset_decode(d, 0, &(image_decode_options){0}, &space, &im));
    assert_int_equal(dataset_decode(fv_dataset_part(d, FV_TEST), 0, &(image_decode_options){0}, &space, &im),
                     FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "3.png"));
    image_release(&im);
    image_space_release(&space);
    fv_dataset_destroy(d);
}

/* ---- prediction ---- */

static void prediction_obeys(void **state)
{
    (void)state;
    put_picture("p.png", 9, 7, 3, 1);
    char path[512];
    snprintf(path, sizeof path, "%s", in_root("p.png"));
    fv_model *m = fv_zoo_create("small_cnn", .classes = 2, .height = 8, .width = 8, .channels = 3);
    assert_non_null(m);
    fv_prediction top;
    uint8_t *bytes;
    size_t size;
    assert_ok(file_read(path, 1 << 20, &bytes, &size));
    assert_ok(fv_predict(m, path, .top = &top, .max_pixels = 63, .max_bytes = (int64_t)size));
    assert_int_equal(fv_predict(m, path, .top = &top, .max_pixels = 62), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "--max-pixels"));
    assert_int_equal(fv_predict(m, NULL, .bytes = bytes, .byte_count = size, .top = &top, .max_pixels = 62),
                     FV_ERROR_FORMAT);
    assert_int_equal(fv_predict(m, path, .top = &top, .max_bytes = (int64_t)size - 1), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "--max-bytes"));
    char drawn[600];
    snprintf(drawn, sizeof drawn, "%s.out.png", path);
    assert_int_equal(fv_explain(m, path, .out = drawn, .max_pixels = 62), FV_ERROR_FORMAT);
    assert_false(file_exists(drawn));
    assert_ok(fv_explain(m, path, .out = drawn, .max_pixels = 63));
    free(bytes);
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bomb_is_refused_before_allocation),
        cmocka_unit_test(a_files_bytes_are_limited),
        cmocka_unit_test(every_kind_of_data_obeys),
        cmocka_unit_test(impossible_limits_are_errors),
        cmocka_unit_test(parts_from_elsewhere_obey),
        cmocka_unit_test(prediction_obeys),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
