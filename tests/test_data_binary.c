/* SPDX-License-Identifier: Apache-2.0 */
/* data: IDX files and CIFAR's binaries, whole and damaged. */
#include "test_data.h"

#include <math.h>
#include <sys/resource.h>
#include <zlib.h>

#include "data/dataset.h"

/* ---- IDX ---- */

static size_t idx_header(uint8_t *to, int rank, uint32_t n, uint32_t h, uint32_t w)
{
    uint32_t values[] = {0x800u + (uint32_t)rank, n, h, w};
    for (int i = 0; i <= rank; i++)
        for (int b = 0; b < 4; b++)
            *to++ = (uint8_t)(values[i] >> (24 - 8 * b));
    return 4 + 4 * (size_t)rank;
}

static void put_gz(const char *name, const void *data, size_t size)
{
    uLong bound = compressBound(size) + 64;
    uint8_t *packed = malloc(bound);
    z_stream z = {
        .next_in = (Bytef *)data, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)bound};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    put_file(name, packed, z.total_out);
    deflateEnd(&z);
    free(packed);
}

/* Pictures of 2 x 3; pixel k of picture i is i * 6 + k. */
static void put_idx(const char *prefix, const uint8_t *labels, uint32_t n, int packed)
{
    char name[100];
    uint8_t data[2000];
    size_t size = idx_header(data, 3, n, 2, 3);
    for (uint32_t i = 0; i < n * 6; i++)
        data[size++] = (uint8_t)i;
    snprintf(name, sizeof name, "%s-images-idx3-ubyte%s", prefix, packed ? ".gz" : "");
    (packed ? put_gz : put_file)(name, data, size);
    size = idx_header(data, 1, n, 0, 0);
    memcpy(data + size, labels, n);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte%s", prefix, packed ? ".gz" : "");
    (packed ? put_gz : put_file)(name, data, size + n);
}

static const uint8_t ten[10] = {3, 0, 2, 1, 3, 0, 2, 1, 3, 3};

static void idx_whole(void **state)
{
    (void)state;
    put_idx("train", ten, 10, 0);
    put_idx("train", ten, 10, 1); /* the packed copy is the same data */
    put_idx("t10k", ten + 1, 3, 1);
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    const fv_dataset *train = fv_dataset_part(d, FV_TRAIN), *test = fv_dataset_part(d, FV_TEST);
    assert_int_equal(fv_dataset_size(train), 10);
    assert_int_equal(fv_dataset_size(test), 3);
    assert_int_equal(fv_dataset_class_count(test), 4);
    assert_string_equal(fv_dataset_class_name(d, 3), "3");
    for (int i = 0; i < 10; i++)
        assert_int_equal(fv_dataset_label(train, i), ten[i]);
    int64_t h, w, c;
    assert_ok(fv_dataset_shape(d, &h, &w, &c));
    assert_true(h == 2 && w == 3 && c == 1);
    image im = {0};
    assert_ok(dataset_decode(test, 2, &(image_decode_options){.channels = 3}, NULL, &im));
    assert_int_equal(im.channels, 3);
    assert_int_equal(im.data[3], 13); /* picture 2, pixel 1 */
    image_release(&im);
    char path[600];
    assert_string_equal(fv_dataset_file(test, 2, path, sizeof path), in_root("t10k-images-idx3-ubyte.gz#2"));
    fv_dataset_destroy(d);
}

/* Every length that a file can be cut to is an error, packed or not, and so is a byte too many. */
static void idx_truncated(void **state)
{
    (void)state;
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"};
    for (int k = 0; k < 4; k++) {
        uint8_t *data;
        size_t size;
        for (int i = 0; i < 4; i++)
            remove(in_root(names[i]));
        put_idx("train", ten, 10, k >= 2);
        assert_ok(file_read(in_root(names[k]), 10000, &data, &size));
        for (size_t n = 0; n < size; n++) {
            put_file(names[k], data, n);
            assert_not_open(FV_ERROR_FORMAT, names[k], test_root);
        }
        data[size] = 0;
        put_file(names[k], data, size + 1);
        if (k < 2)
            assert_not_open(FV_ERROR_FORMAT, "more data", test_root);
        free(data);
    }
}

static void idx_damaged(void **state)
{
    (void)state;
    uint8_t data[100] = {0};
    put_idx("train", ten, 10, 0);
    remove(in_root("train-labels-idx1-ubyte"));
    assert_not_open(FV_ERROR_IO, "labels are missing", test_root);
    put_file("train-labels-idx1-ubyte", data, idx_header(data, 1, 9, 0, 0) + 9);
    assert_not_open(FV_ERROR_FORMAT, "9 labels, but", test_root);
    put_file("train-labels-idx1-ubyte", data, idx_header(data, 3, 1, 1, 1) + 1);
    assert_not_open(FV_ERROR_FORMAT, "not an IDX file of labels", test_root);
    uint8_t wrong[10];
    memcpy(wrong, ten, 10);
    wrong[7] = 255;
    put_idx("train", wrong, 10, 0);
    assert_not_open(FV_ERROR_FORMAT, "record 7: label 255 is out of range", test_root);
    put_idx("train", ten, 10, 0);
    put_idx("t10k", (const uint8_t[]){0, 4}, 2, 0);
    assert_not_open(FV_ERROR_FORMAT, "record 1: label 4 is out of range", test_root);
    put_idx("t10k", ten, 2, 1);
    put_file("t10k-labels-idx1-ubyte", data, idx_header(data, 1, 0, 0, 0));
    assert_not_open(FV_ERROR_FORMAT, "announces 0 records", test_root);
    /* A wrong checksum. */
    uint8_t *packed;
    size_t size;
    put_idx("t10k", ten, 2, 0);
    put_idx("train", ten, 10, 1);
    remove(in_root("train-images-idx3-ubyte"));
    assert_ok(file_read(in_root("train-images-idx3-ubyte.gz"), 10000, &packed, &size));
    packed[size - 6] ^= 1;
    put_file("train-images-idx3-ubyte.gz", packed, size);
    free(packed);
    assert_not_open(FV_ERROR_FORMAT, "cannot be unpacked", test_root);
}

/* Headers that announce what is not there are refused before anything is allocated: the address space is
 * limited here. */
static void idx_bombs(void **state)
{
    (void)state;
    static const uint32_t sizes[][3] = {{0xffffffff, 28, 28},
                                        {0xffffffff, 0xffffffff, 0xffffffff},
                                        {4000000000u, 16384, 16384},
                                        {0x7fffffff, 1, 1},
                                        {1, 0, 5},
                                        {10, 70000, 3}};
    uint8_t data[100] = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = idx_header(data, 3, sizes[i][0], sizes[i][1], sizes[i][2]);
        put_idx("train", ten, 10, 0);
        put_file("train-images-idx3-ubyte", data, size + 40);
        assert_not_open(FV_ERROR_FORMAT, "train-images", test_root);
        remove(in_root("train-images-idx3-ubyte"));
        put_gz("train-images-idx3-ubyte.gz", data, size + 40);
        assert_not_open(FV_ERROR_FORMAT, "train-images", test_root);
        remove(in_root("train-images-idx3-ubyte.gz"));
    }
    /* 64 MB of zeros in 64 KB, behind a header for 60 bytes: unpacking stops there. */
    size_t bomb = (size_t)64 << 20;
    uint8_t *zeros = calloc(1, bomb);
    idx_header(zeros, 3, 10, 2, 3);
    put_gz("train-images-idx3-ubyte.gz", zeros, bomb);
    free(zeros);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    assert_not_open(FV_ERROR_FORMAT, "more data than its header", test_root);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 8 << 10); /* KB */
}

static void mnist(void **state)
{
    (void)state;
    const char *path = test_data("mnist");
    if (!path)
        skip();
    fv_dataset *d = fv_dataset_open(path, .seed = 1);
    if (!d)
        fail_msg("%s", fv_error_message());
    static const int counts[10] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
    const fv_dataset *train = fv_dataset_part(d, FV_TRAIN), *val = fv_dataset_part(d, FV_VALIDATION);
    for (int c = 0; c < 10; c++) {
        assert_int_equal(count_label(train, c) + count_label(val, c), counts[c]);
        assert_int_equal(count_label(val, c), lround(counts[c] * 0.2));
    }
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TEST)), 10000);
    assert_string_equal(fv_dataset_class_name(d, 9), "9");
    assert_int_equal(fv_dataset_label(d, 0), 5);
    fv_dataset_destroy(d);
    /* The usual constants 0.1307 and 0.3081 of the training pictures. */
    d = fv_dataset_open(path, .validation_split = FV_OFF);
    fv_preprocess p = {.height = 28, .width = 28, .channels = 1, .crop_fraction = 1};
    float mean[3], std[3];
    assert_ok(dataset_statistics(fv_dataset_part(d, FV_TRAIN), &p, INT64_MAX, mean, std));
    assert_true(fabsf(mean[0] / 255 - 0.1307f) < 5e-5f);
    assert_true(fabsf(std[0] / 255 - 0.3081f) < 5e-5f);
    fv_dataset_destroy(d);
}

/* ---- CIFAR ---- */

/* Records whose red, green and blue planes begin with the record's number + 0, 1, 2. */
static void put_cifar(const char *name, int label_bytes, const uint8_t *labels, int n)
{
    size_t record = (size_t)label_bytes + 3072;
    uint8_t *data = calloc((size_t)n, record);
    for (int i = 0; i < n; i++) {
        uint8_t *r = data + (size_t)i * record;
        r[label_bytes - 1] = labels[i];
        for (int c = 0; c < 3; c++)
            r[label_bytes + 1024 * c + 33] = (uint8_t)(i + c);
    }
    put_file(name, data, (size_t)n * record);
    free(data);
}

static void cifar_10(void **state)
{
    (void)state;
    put_cifar("data_batch_1.bin", 1, (const uint8_t[]){9, 0}, 2);
    put_cifar("data_batch_2.bin", 1, (const uint8_t[]){3, 1, 3}, 3);
    put_cifar("test_batch.bin", 1, (const uint8_t[]){5}, 1);
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    const fv_dataset *train = fv_dataset_part(d, FV_TRAIN), *test = fv_dataset_part(d, FV_TEST);
    assert_int_equal(fv_dataset_size(train), 5);
    assert_int_equal(fv_dataset_size(test), 1);
    assert_int_equal(fv_dataset_class_count(train), 10);
    assert_string_equal(fv_dataset_class_name(test, fv_dataset_label(test, 0)), "dog");
    assert_int_equal(fv_dataset_label(train, 0), 9);
    assert_int_equal(fv_dataset_label(train, 2), 3);
    assert_true(has_problem(d, "data_batch_4.bin: is missing"));
    char path[600];
    assert_string_equal(fv_dataset_file(train, 4, path, sizeof path), in_root("data_batch_2.bin#2"));
    image im = {0};
    assert_ok(dataset_decode(train, 4, &(image_decode_options){.channels = 3}, NULL, &im));
    assert_int_equal(im.height, 32);
    for (int c = 0; c < 3; c++) /* row 1, column 1 */
        assert_int_equal(im.data[(32 + 1) * 3 + c], 2 + c);
    image_release(&im);
    fv_dataset_destroy(d);
    put_file("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\r\nj\n\n", 23);
    d = fv_dataset_open(test_root);
    assert_non_null(d);
    assert_string_equal(fv_dataset_class_name(d, 8), "i");
    fv_dataset_destroy(d);
    put_file("batches.meta.txt", "a\nb\n", 4);
    assert_not_open(FV_ERROR_FORMAT, "2 class names instead of 10", test_root);
}

static void cifar_damaged(void **state)
{
    (void)state;
    put_cifar("data_batch_1.bin", 1, (const uint8_t[]){9, 0, 10}, 3);
    assert_not_open(FV_ERROR_FORMAT, "data_batch_1.bin: record 2: label 10 is out of range", test_root);
    put_cifar("data_batch_1.bin", 1, (const uint8_t[]){9, 0, 1}, 3);
    assert_int_equal(truncate(in_root("data_batch_1.bin"), 3 * 3073 - 1), 0);
    assert_not_open(FV_ERROR_FORMAT, "data_batch_1.bin: truncated: record 2", test_root);
    assert_int_equal(truncate(in_root("data_batch_1.bin"), 0), 0);
    assert_not_open(FV_ERROR_FORMAT, "data_batch_1.bin: truncated", test_root);
}

static void cifar_100(void **state)
{
    (void)state;
    char names[2000] = "";
    for (int i = 0; i < 100; i++)
        snprintf(names + strlen(names), 10, "class%d\n", i);
    put_cifar("train.bin", 2, (const uint8_t[]){99, 7}, 2);
    put_cifar("test.bin", 2, (const uint8_t[]){42}, 1);
    put_file("fine_label_names.txt", names, strlen(names));
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    const fv_dataset *test = fv_dataset_part(d, FV_TEST);
    assert_int_equal(fv_dataset_class_count(fv_dataset_part(d, FV_TRAIN)), 100);
    assert_string_equal(fv_dataset_class_name(test, fv_dataset_label(test, 0)), "class42");
    fv_dataset_destroy(d);
    put_cifar("test.bin", 2, (const uint8_t[]){100}, 1);
    assert_not_open(FV_ERROR_FORMAT, "test.bin: record 0: label 100", test_root);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(idx_whole), TEST(idx_truncated), TEST(idx_damaged),   TEST(idx_bombs),
        TEST(mnist),     TEST(cifar_10),      TEST(cifar_damaged), TEST(cifar_100),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
