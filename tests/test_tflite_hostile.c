/* SPDX-License-Identifier: Apache-2.0 */
/* Broken TFLite files: each is an error of one line, and none takes more time or memory than the file is large. */
#include "convert/tflite/flatbuffer.h"
#include "convert/tflite/schema.h"
#include "core/file.h"
#include "testing.h"

#include <math.h>

/* A copy of a golden file, to be broken. */
typedef struct broken {
    uint8_t *bytes;
    size_t size;
    flatbuffer flat;
    flat_table graph;
} broken;

static broken copy_of(const char *name)
{
    char path[512];
    broken b = {0};
    snprintf(path, sizeof path, "%s/tests/golden/tflite_%s.tflite", FV_SOURCE_DIR, name);
    assert_ok(file_read(path, 1 << 20, &b.bytes, &b.size));
    b.flat = (flatbuffer){b.bytes, b.size, NULL};
    flat_vector graphs = flat_vector_of(&b.flat, flat_root(&b.flat), MODEL_SUBGRAPHS, 4);
    assert_int_equal(graphs.count, 1);
    b.graph = flat_table_at(&b.flat, graphs, 0);
    return b;
}

static fv_model *import(const uint8_t *bytes, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/fovea-tflite-%ld.tflite", (long)getpid());
    FILE *f = fopen(path, "wb");
    assert_true(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
    fv_model *m = fv_import(path);
    remove(path);
    return m;
}

static void check_error(const uint8_t *bytes, size_t size, const char *words)
{
    fv_model *m = import(bytes, size);
    if (m)
        fail_msg("a file was taken that should say \"%s\"", words);
    if (!strstr(fv_error_message(), words) || strchr(fv_error_message(), '\n'))
        fail_msg("the error should say \"%s\", not \"%s\"", words, fv_error_message());
}

static void refused(broken *b, const char *words)
{
    check_error(b->bytes, b->size, words);
    free(b->bytes);
}

/* Where a field's number, or the offset to its vector, lies. */
static uint8_t *place_of(const broken *b, flat_table t, int field)
{
    const uint8_t *entry = b->bytes + t.fields + 2 * field;
    assert_true((uint32_t)field < t.count);
    int place = entry[0] | entry[1] << 8;
    assert_true(place > 0);
    return b->bytes + t.at + place;
}

static flat_table element(broken *b, int field, uint32_t i)
{
    return flat_table_at(&b->flat, flat_vector_of(&b->flat, b->graph, field, 4), i);
}

/* Element `i` of a vector of 32-bit numbers. */
static void put(broken *b, flat_table t, int field, uint32_t i, int32_t number)
{
    flat_vector v = flat_vector_of(&b->flat, t, field, 4);
    assert_true(i < v.count);
    memcpy(b->bytes + (v.data - b->bytes) + 4 * i, &number, 4);
}

static int32_t get(broken *b, flat_table t, int field, uint32_t i)
{
    flat_vector v = flat_vector_of(&b->flat, t, field, 4);
    assert_true(i < v.count);
    return flat_int32_at(v, i);
}

/* The tensor of the first convolution's weights. */
static flat_table weights_of(broken *b)
{
    return element(b, SUBGRAPH_TENSORS,
                   (uint32_t)get(b, element(b, SUBGRAPH_OPERATORS, 0), OPERATOR_INPUTS, 1));
}

static void shapes(void **state)
{
    (void)state;
    broken b = copy_of("grey");
    put(&b, weights_of(&b), TENSOR_SHAPE, 1, -3);
    refused(&b, "a side of -3, negative");
    b = copy_of("grey");
    put(&b, weights_of(&b), TENSOR_SHAPE, 1, INT32_MAX);
    refused(&b, "bytes where its shape says");
    b = copy_of("grey");
    for (uint32_t i = 0; i < 4; i++)
        put(&b, weights_of(&b), TENSOR_SHAPE, i, INT32_MAX);
    refused(&b, "negative or too large");
    b = copy_of("grey");
    put(&b, weights_of(&b), TENSOR_SHAPE, 3, 2);
    refused(&b, "bytes where its shape says");
    b = copy_of("grey"); /* the input's */
    put(&b, element(&b, SUBGRAPH_TENSORS, 0), TENSOR_SHAPE, 1, 1 << 30);
    refused(&b, "1073741824");
    b = copy_of("grey"); /* of what is computed */
    put(&b,
        element(&b, SUBGRAPH_TENSORS,
                (uint32_t)get(&b, element(&b, SUBGRAPH_OPERATORS, 0), OPERATOR_OUTPUTS, 0)),
        TENSOR_SHAPE, 3, 7);
    refused(&b, "where the file says 6, 5, 7");
}

static void indices(void **state)
{
    (void)state;
    broken b = copy_of("grey");
    put(&b, element(&b, SUBGRAPH_OPERATORS, 0), OPERATOR_INPUTS, 1, 100000);
    refused(&b, "there is no tensor 100000");
    b = copy_of("grey");
    put(&b, element(&b, SUBGRAPH_OPERATORS, 0), OPERATOR_OUTPUTS, 0, -1);
    refused(&b, "there is no tensor -1");
    b = copy_of("grey");
    put(&b, b.graph, SUBGRAPH_INPUTS, 0, -2);
    refused(&b, "there is no tensor -2");
    b = copy_of("grey");
    int32_t count = (int32_t)flat_vector_of(&b.flat, b.graph, SUBGRAPH_TENSORS, 4).count;
    put(&b, b.graph, SUBGRAPH_OUTPUTS, 0, count);
    refused(&b, "there is no tensor");
}

/* An operator takes what comes of it, by way of another. */
static void circles(void **state)
{
    (void)state;
    broken b = copy_of("grey");
    int32_t later = get(&b, element(&b, SUBGRAPH_OPERATORS, 1), OPERATOR_OUTPUTS, 0);
    put(&b, element(&b, SUBGRAPH_OPERATORS, 0), OPERATOR_INPUTS, 0, later);
    refused(&b, "operator 0, CONV_2D: its input 0 is computed by no operator before it");
    b = copy_of("grey");
    put(&b, element(&b, SUBGRAPH_OPERATORS, 1), OPERATOR_OUTPUTS, 0,
        get(&b, element(&b, SUBGRAPH_OPERATORS, 0), OPERATOR_OUTPUTS, 0));
    refused(&b, "its output is that of an operator before it");
}

static void scales(void **state)
{
    (void)state;
    static const float bad[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        broken b = copy_of("grey_uint8");
        flat_table conv = element(&b, SUBGRAPH_OPERATORS, 1);
        flat_table weights = element(&b, SUBGRAPH_TENSORS, (uint32_t)get(&b, conv, OPERATOR_INPUTS, 1));
        int32_t bits;
        memcpy(&bits, &bad[i], sizeof bits);
        put(&b, flat_table_of(&b.flat, weights, TENSOR_QUANTIZATION), QUANTIZATION_SCALE, 0, bits);
        refused(&b, "scales that are not one positive number");
    }
}

/* What is computed has one grid, which a layer rounds to. */
static void grids(void **state)
{
    (void)state;
    static const float bad[] = {0, -1, NAN, INFINITY, 1e-40f};
    static const int32_t zeros[] = {-129, 128, INT32_MAX};
    for (size_t i = 0; i < 8; i++) {
        broken b = copy_of("grey_uint8");
        flat_table conv = element(&b, SUBGRAPH_OPERATORS, 1);
        flat_table made = element(&b, SUBGRAPH_TENSORS, (uint32_t)get(&b, conv, OPERATOR_OUTPUTS, 0));
        flat_table q = flat_table_of(&b.flat, made, TENSOR_QUANTIZATION);
        if (i < 5) {
            int32_t bits;
            memcpy(&bits, &bad[i], sizeof bits);
            put(&b, q, QUANTIZATION_SCALE, 0, bits);
        } else {
            flat_vector v = flat_vector_of(&b.flat, q, QUANTIZATION_ZERO_POINT, 8);
            int64_t zero = zeros[i - 5];
            memcpy(b.bytes + (v.data - b.bytes), &zero, sizeof zero);
        }
        refused(&b, i == 4 ? "scale" : "not one positive scale and one zero point");
    }
}

/* The list of a convolution's output's scales becomes that of its weights', which has one for each channel. */
static void grids_of_channels(void **state)
{
    (void)state;
    broken b = copy_of("grey_uint8");
    flat_table conv = element(&b, SUBGRAPH_OPERATORS, 1);
    flat_table made = element(&b, SUBGRAPH_TENSORS, (uint32_t)get(&b, conv, OPERATOR_OUTPUTS, 0));
    flat_table weights = element(&b, SUBGRAPH_TENSORS, (uint32_t)get(&b, conv, OPERATOR_INPUTS, 1));
    flat_table q = flat_table_of(&b.flat, made, TENSOR_QUANTIZATION);
    flat_vector many =
        flat_vector_of(&b.flat, flat_table_of(&b.flat, weights, TENSOR_QUANTIZATION), QUANTIZATION_SCALE, 4);
    uint8_t *place = place_of(&b, q, QUANTIZATION_SCALE);
    uint32_t offset = (uint32_t)(many.data - 4 - place);
    memcpy(place, &offset, 4);
    refused(&b, "not one positive scale and one zero point");
}

/* An operation that is none, and one that there is no layer for. */
static void operations(void **state)
{
    (void)state;
    static const struct {
        int32_t code;
        const char *words;
    } cases[] = {{130, "BROADCAST_TO: fovea has no layer for it"},
                 {9999, "operator 9999 is none of TFLite's"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        broken b = copy_of("channels_first");
        flat_vector codes = flat_vector_of(&b.flat, flat_root(&b.flat), MODEL_OPERATOR_CODES, 4);
        bool found = false;
        for (uint32_t k = 0; k < codes.count; k++) {
            flat_table code = flat_table_at(&b.flat, codes, k);
            if (flat_int32(&b.flat, code, OPERATOR_CODE_BUILTIN, 0) != OPERATOR_SUB)
                continue;
            memcpy(place_of(&b, code, OPERATOR_CODE_BUILTIN), &cases[i].code, 4);
            found = true;
        }
        assert_true(found);
        refused(&b, cases[i].words);
    }
}

static void constants_behind_the_end(void **state)
{
    (void)state;
    static const uint64_t bad[] = {1 << 20, UINT64_MAX, UINT64_MAX - 1000};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int field = BUFFER_OFFSET; field <= BUFFER_SIZE; field++) {
            broken b = copy_of("grey_outside");
            flat_vector buffers = flat_vector_of(&b.flat, flat_root(&b.flat), MODEL_BUFFERS, 4);
            int64_t index = flat_uint32(&b.flat, weights_of(&b), TENSOR_BUFFER, 0);
            memcpy(place_of(&b, flat_table_at(&b.flat, buffers, (uint32_t)index), field), &bad[i], 8);
            refused(&b, "lies outside of the file");
        }
}

/* Lists as long as the file can make them: a million operators that all are the same. */
static void too_many(void **state)
{
    (void)state;
    static const struct {
        int field;
        const char *words;
    } cases[] = {{SUBGRAPH_OPERATORS, "has 1000000 operators, more than"},
                 {SUBGRAPH_TENSORS, "has 1000000 tensors, more than"},
                 {SUBGRAPH_INPUTS, "has 1000000 inputs"}};
    enum {
        MANY = 1000000
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        broken b = copy_of("grey");
        size_t begin = (b.size + 3) / 4 * 4, size = begin + 4 + 4 * (size_t)MANY;
        uint8_t *place = place_of(&b, b.graph, cases[i].field);
        uint32_t offset = (uint32_t)(begin - (size_t)(place - b.bytes)), count = MANY;
        memcpy(place, &offset, 4);
        uint8_t *large = calloc(size, 1);
        memcpy(large, b.bytes, b.size);
        memcpy(large + begin, &count, 4);
        check_error(large, size, cases[i].words);
        free(large);
        free(b.bytes);
    }
}

/* One of a few errors, or a model that is none the worse for what was changed. */
static void survive(const uint8_t *bytes, size_t size, size_t at)
{
    fv_model *m = import(bytes, size);
    if (!m && (!fv_error_message()[0] || strchr(fv_error_message(), '\n')))
        fail_msg("at %zu: the error is \"%s\"", at, fv_error_message());
    fv_model_destroy(m);
}

static void cut_anywhere(void **state)
{
    (void)state;
    broken b = copy_of("grey");
    for (size_t size = 0; size < b.size; size += size < 64 ? 1 : 29) {
        fv_model *m = import(b.bytes, size);
        if (m)
            fail_msg("a file cut to %zu bytes was taken", size);
    }
    free(b.bytes);
}

/* Each word in turn: offsets, vtables, counts and numbers alike. */
static void any_word_changed(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 0xffffffff, 0x7fffffff, 16};
    broken b = copy_of("grey_uint8");
    for (size_t at = 0; at + 4 <= b.size; at += 4)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            uint32_t before;
            memcpy(&before, b.bytes + at, 4);
            memcpy(b.bytes + at, &values[i], 4);
            survive(b.bytes, b.size, at);
            memcpy(b.bytes + at, &before, 4);
        }
    free(b.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(indices),
        cmocka_unit_test(circles),
        cmocka_unit_test(scales),
        cmocka_unit_test(operations),
        cmocka_unit_test(constants_behind_the_end),
        cmocka_unit_test(too_many),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(any_word_changed),
        cmocka_unit_test(grids),
        cmocka_unit_test(grids_of_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
