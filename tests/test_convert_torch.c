/* SPDX-License-Identifier: Apache-2.0 */
/* PyTorch's files: those that PyTorch itself wrote (golden/make_weights.py), and broken ones. */
#include "convert/tensors.h"
#include "core/file.h"
#include "testing.h"

static const char *golden(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/%s", FV_SOURCE_DIR, name);
    return path;
}

static const char *scratch(const uint8_t *bytes, size_t size)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/fovea-torch-%ld.pt", (long)getpid());
    assert_ok(file_write(path, bytes, size));
    return path;
}

static const struct {
    const char *name;
    int rank;
    int64_t shape[2];
    number_type type;
} wanted[] = {
    {"bf16", 1, {5}, NUMBER_BF16},      {"empty", 2, {0, 3}, NUMBER_F32},      {"f16", 1, {5}, NUMBER_F16},
    {"f32", 2, {2, 3}, NUMBER_F32},     {"f64", 1, {4}, NUMBER_F64},           {"flag", 1, {6}, NUMBER_BOOL},
    {"i16", 1, {3}, NUMBER_I16},        {"i32", 1, {3}, NUMBER_I32},           {"i64", 0, {0}, NUMBER_I64},
    {"i8", 1, {6}, NUMBER_I8},          {"parameter", 2, {2, 2}, NUMBER_F32},  {"part", 1, {6}, NUMBER_F32},
    {"strided", 2, {2, 3}, NUMBER_F32}, {"transposed", 2, {4, 3}, NUMBER_F32}, {"u8", 1, {6}, NUMBER_U8},
};
enum {
    WANTED = sizeof wanted / sizeof *wanted
};

/* Value number k is k - 3, cut off at 0 where the type has no sign, and 1 for every other truth value. */
static void check_values(const tensor_file *f, const named_tensor *t)
{
    float values[16];
    assert_in_range(t->count, 0, 16);
    assert_ok(f->read(f, t, values));
    for (int k = 0; k < t->count; k++) {
        float v = (float)(k - 3);
        if (t->type == NUMBER_U8 || t->type == NUMBER_BOOL)
            v = v < 0 ? 0 : v;
        if (t->type == NUMBER_BOOL)
            v = v > 0;
        if (values[k] != v)
            fail_msg("%s[%d] is %g, not %g", t->name, k, (double)values[k], (double)v);
    }
}

static void every_type(void **state)
{
    (void)state;
    static const char *const files[] = {"weights_zip.pt", "weights_legacy.pt"};
    for (int i = 0; i < 2; i++) {
        tensor_file *f;
        assert_ok(tensor_file_open(golden(files[i]), &f));
        assert_int_equal(f->count, WANTED);
        for (int k = 0; k < WANTED; k++) {
            const named_tensor *t = tensor_file_find(f, wanted[k].name);
            assert_ptr_equal(t, &f->list[k]);
            assert_int_equal(t->type, wanted[k].type);
            assert_int_equal(t->rank, wanted[k].rank);
            for (int d = 0; d < t->rank; d++)
                assert_int_equal(t->shape[d], wanted[k].shape[d]);
            check_values(f, t);
        }
        assert_null(tensor_file_find(f, "f"));
        tensor_file_destroy(f);
    }
}

static void state_dict_within(void **state)
{
    (void)state;
    tensor_file *f;
    assert_ok(tensor_file_open(golden("weights_checkpoint.pt"), &f));
    assert_int_equal(f->count, 1);
    assert_string_equal(f->list[0].name, "module.w");
    check_values(f, &f->list[0]);
    tensor_file_destroy(f);
}

/* The error's text must have `words` in it. */
static void assert_refused(const uint8_t *bytes, size_t size, const char *words)
{
    tensor_file *f;
    fv_status status = tensor_file_open(scratch(bytes, size), &f);
    assert_true(status == FV_ERROR_FORMAT || status == FV_ERROR_UNSUPPORTED);
    if (!strstr(fv_error_message(), words))
        fail_msg("%s does not say: %s", fv_error_message(), words);
    unlink(scratch(bytes, size));
}

static void nothing_is_executed(void **state)
{
    (void)state;
    /* torch.save(object) has a preamble; what follows it here runs a program where pickles are executed. */
    static const char preamble[] =
        "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    static const struct {
        const char *code, *words;
        size_t size;
    } pickles[] = {
#define PICKLE(bytes, words) {bytes, words, sizeof bytes - 1}
        PICKLE("\x80\x02"
               "cos\nsystem\nX\x04\0\0\0true\x85R.",
               "os.system"),
        PICKLE("\x80\x02"
               "c__builtin__\neval\n.",
               "__builtin__.eval"),
        PICKLE("\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),
        PICKLE("\x80\x02ios\nsystem\n.", "opcode 0x69"),
        PICKLE("\x80\x02"
               "ctorch\nFloatStorage\n)R.",
               "type is called"),
        PICKLE("\x80\x02N)R.", "called that cannot be"),
        PICKLE("\x80\x02h\x05.", "memo"),
        PICKLE("\x80\x02Nr\xff\xff\xff\x7f.", "memo"),
        PICKLE("\x80\x02X\xff\xff\xff\xff.", "cut short"),
        PICKLE("\x80\x02\x8b\xff\xff\xff\x7f.", "cut short"),
        PICKLE("\x80\x02((N.", "one value"),
        PICKLE("\x80\x02"
               "0.",
               "opcode 0x30"),
        PICKLE("\x80\x02}X\x01\0\0\0aK\x01s.\x80\x02].", "no state dict"),
    };
    for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++) {
        uint8_t bytes[512];
        memcpy(bytes, preamble, sizeof preamble - 1);
        memcpy(bytes + sizeof preamble - 1, pickles[i].code, pickles[i].size);
        assert_refused(bytes, sizeof preamble - 1 + pickles[i].size, pickles[i].words);
    }
}

/* Cut anywhere, a file is refused; with any byte changed it is read or refused. */
static void broken_files(void **state)
{
    (void)state;
    static const char *const files[] = {"weights_legacy.pt", "weights_zip.pt", "weights_checkpoint.pt"};
    for (int i = 0; i < 3; i++) {
        uint8_t *bytes;
        size_t size;
        tensor_file *f;
        assert_ok(file_read(golden(files[i]), 1 << 20, &bytes, &size));
        for (size_t n = 0; n < size; n += 1 + size / 97) {
            if (tensor_file_open(scratch(bytes, n), &f) == FV_OK)
                fail_msg("%s cut to %zu bytes was read", files[i], n);
            assert_non_null(strstr(fv_error_message(), "fovea-torch"));
        }
        for (size_t n = 0; n < size; n += 1 + size / 397) {
            bytes[n] ^= 0x15;
            if (tensor_file_open(scratch(bytes, size), &f) == FV_OK) {
                for (size_t k = 0; k < f->count; k++) {
                    float values[4096];
                    if (f->list[k].count <= 4096)
                        f->read(f, &f->list[k], values);
                }
                tensor_file_destroy(f);
            }
            bytes[n] ^= 0x15;
        }
        unlink(scratch(bytes, 0));
        free(bytes);
    }
}

/* The published file and its conversion by others. */
static void published(void **state)
{
    (void)state;
    tensor_file *torch, *twin;
    char path[4096];
    if (!test_data("weights/resnet20-12fca82f.th"))
        skip();
    snprintf(path, sizeof path, "%s", test_data("weights/resnet20-12fca82f.th"));
    assert_ok(tensor_file_open(path, &torch));
    assert_ok(tensor_file_open(test_data("weights/resnet20_cifar10.safetensors"), &twin));
    assert_int_equal(torch->count, twin->count);
    for (size_t i = 0; i < twin->count; i++) {
        static float a[1 << 16], b[1 << 16];
        const named_tensor *t = &twin->list[i];
        snprintf(path, sizeof path, "module.%s", t->name);
        const named_tensor *same = tensor_file_find(torch, path);
        assert_non_null(same);
        assert_int_equal(same->count, t->count);
        assert_in_range(t->count, 1, 1 << 16);
        assert_ok(torch->read(torch, same, a));
        assert_ok(twin->read(twin, t, b));
        assert_memory_equal(a, b, (size_t)t->count * sizeof *a);
    }
    tensor_file_destroy(torch);
    tensor_file_destroy(twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),          cmocka_unit_test(state_dict_within),
        cmocka_unit_test(nothing_is_executed), cmocka_unit_test(broken_files),
        cmocka_unit_test(published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
