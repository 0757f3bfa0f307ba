/* SPDX-License-Identifier: Apache-2.0 */
/* The safetensors reader and writer by themselves; the bytes of the half-precision values were made with NumPy and PyTorch. */
#include "test_model.h"

#include <math.h>

#include "model/safetensors.h"

/* A file of one header and its data. */
static const char *make_file(const char *header, const void *data, size_t size)
{
    size_t length = strlen(header);
    uint8_t *bytes = mem_array(8 + length + size, 1);
    bytes[0] = (uint8_t)length;
    bytes[1] = (uint8_t)(length >> 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, size);
    const char *path = scratch("f.safetensors");
    assert_ok(file_write(path, bytes, 8 + length + size));
    free(bytes);
    return path;
}

static void all_types(void **state)
{
    (void)state;
    /* numpy.float16 of 1, -2.5, 65504, 5.9604645e-08, inf; torch.bfloat16 of 1, -2.5, 3.3895314e38; int64 -3; uint8 200, 7 */
    static const uint8_t data[] = {0x00, 0x3c, 0x00, 0xc1, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x7c,
                                   0x80, 0x3f, 0x20, 0xc0, 0x7f, 0x7f, 0xfd, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 200,  7,    0x00, 0x00, 0x20, 0x41};
    static const char header[] = "{\"h\":{\"dtype\":\"F16\",\"shape\":[5],\"data_offsets\":[0,10]},"
                                 "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[10,16]},"
                                 "\"i\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
                                 "\"u\":{\"dtype\":\"U8\",\"shape\":[1,2],\"data_offsets\":[24,26]},"
                                 "\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[26,30]},"
                                 "\"empty\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[26,26]},"
                                 "\"__metadata__\":{\"key\":\"text\",\"number\":4}}";
    static const struct {
        const char *name;
        int64_t count;
        float values[5];
    } expected[] = {{"h", 5, {1, -2.5f, 65504, 0x1p-24f, INFINITY}},
                    {"b", 3, {1, -2.5f, 3.3895314e38f}},
                    {"i", 1, {-3}},
                    {"u", 2, {200, 7}},
                    {"f", 1, {10}},
                    {"empty", 0, {0}}};
    safetensors f;
    assert_ok(safetensors_open(&f, make_file(header, data, sizeof data)));
    assert_int_equal(f.count, 6);
    for (size_t i = 0; i < 6; i++) {
        float values[5] = {0};
        const safetensors_entry *e = safetensors_find(&f, expected[i].name);
        assert_non_null(e);
        assert_int_equal(e->count, expected[i].count);
        assert_ok(safetensors_read_f32(&f, e, values));
        for (int64_t k = 0; k < e->count; k++)
            assert_true(values[k] == expected[i].values[k]);
    }
    assert_null(safetensors_find(&f, "x"));
    assert_string_equal(safetensors_metadata(&f, "key"), "text");
    assert_null(safetensors_metadata(&f, "number"));
    safetensors_release(&f);
}

static void assert_refused(const char *header, size_t data, const char *message)
{
    static const uint8_t zeros[64];
    safetensors f;
    fv_status status = safetensors_open(&f, make_file(header, zeros, data));
    assert_int_not_equal(status, FV_OK);
    if (!strstr(fv_error_message(), message))
        fail_msg("'%s' does not say '%s'", fv_error_message(), message);
}

static void refused(void **state)
{
    (void)state;
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                   "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
                   6, "tensor b: its data overlaps");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                   "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}",
                   9, "tensor b: there is a gap");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                   "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
                   4, "duplicate");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 3, "outside the file");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 5,
                   "belong to no tensor");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]}}", 4, "shape");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", 4, "data_offsets");
    assert_refused("{\"a\":7}", 0, "no dtype");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4,
                   "JSON");
    assert_refused("not json", 0, "JSON");
}

/* Deeply nested and oversized headers end quickly and without much memory. */
static void header_bombs(void **state)
{
    (void)state;
    safetensors f;
    size_t size = SAFETENSORS_MAX_HEADER + 64;
    uint8_t *bytes = mem_array(size, 1);
    memset(bytes + 8, '[', size - 8);
    bytes[2] = 1; /* 65,536 bytes */
    assert_ok(file_write(scratch("bomb"), bytes, size));
    assert_int_equal(safetensors_open(&f, scratch("bomb")), FV_ERROR_FORMAT);
    bytes[2] = 0;
    bytes[3] = 1; /* 16 MB: as long as a header may be */
    assert_ok(file_write(scratch("bomb"), bytes, size));
    assert_int_equal(safetensors_open(&f, scratch("bomb")), FV_ERROR_FORMAT);
    bytes[0] = 1;
    assert_ok(file_write(scratch("bomb"), bytes, size));
    assert_int_equal(safetensors_open(&f, scratch("bomb")), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "limit"));
    free(bytes);
}

/* Data begins at a multiple of 8 and each tensor at one of its own size, whatever the order of the calls. */
static void written(void **state)
{
    (void)state;
    static const uint8_t bytes[3] = {1, 2, 3};
    static const float floats[2] = {0.1f, -7};
    static const int64_t whole[1] = {1234567890123};
    safetensors_writer w = {0};
    safetensors f;
    uint8_t read[3];
    float values[2];
    safetensors_add(&w, "bytes", SAFETENSORS_U8, (int64_t[]){3}, 1, bytes);
    safetensors_add(&w, "floats", SAFETENSORS_F32, (int64_t[]){1, 2}, 2, floats);
    safetensors_add(&w, "whole", SAFETENSORS_I64, NULL, 0, whole);
    safetensors_set(&w, "k", "a \"quoted\" \xe2\x82\xac");
    assert_ok(safetensors_write(&w, scratch("w.safetensors")));
    safetensors_writer_release(&w);
    assert_ok(safetensors_open(&f, scratch("w.safetensors")));
    assert_int_equal(f.data_start % 8, 0);
    assert_string_equal(f.entries[0].name, "whole");
    assert_string_equal(f.entries[1].name, "floats");
    assert_string_equal(f.entries[2].name, "bytes");
    assert_ok(safetensors_read_u8(&f, &f.entries[2], read));
    assert_memory_equal(read, bytes, 3);
    assert_ok(safetensors_read_f32(&f, &f.entries[1], values));
    assert_memory_equal(values, floats, sizeof floats);
    assert_int_equal(safetensors_read_u8(&f, &f.entries[1], read), FV_ERROR_FORMAT);
    assert_string_equal(safetensors_metadata(&f, "k"), "a \"quoted\" \xe2\x82\xac");
    safetensors_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types),
        cmocka_unit_test(refused),
        cmocka_unit_test(header_bombs),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
