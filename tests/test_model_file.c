/* SPDX-License-Identifier: Apache-2.0 */
/* Model files: what goes in comes out, the same bytes each time, and doctored files are errors. */
#include "test_model.h"

#include <jansson.h>
#include <math.h>

#include "core/random.h"
#include "model/checkpoint.h"
#include "model/safetensors.h"

enum {
    PICTURE = 9 * 8 * 3,
    COUNT = 3
};

static void fill(uint8_t *pixels, size_t size)
{
    rng r = rng_at(9, 0, 0);
    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
}

static void assert_same_bytes(const char *a, const char *b)
{
    uint8_t *x, *y;
    size_t n, k;
    assert_ok(file_read(a, 1 << 24, &x, &n));
    assert_ok(file_read(b, 1 << 24, &y, &k));
    assert_int_equal(n, k);
    assert_memory_equal(x, y, n);
    free(x);
    free(y);
}

static void round_trip(void **state)
{
    (void)state;
    uint8_t pixels[COUNT * PICTURE];
    float before[COUNT * 4], after[COUNT * 4], largest = -1;
    char first[512];
    fv_model *m = make_model();
    fill(pixels, sizeof pixels);
    assert_ok(fv_predict_batch(m, pixels, COUNT, before));
    snprintf(first, sizeof first, "%s", scratch("a.safetensors"));
    assert_ok(fv_model_save(m, first));
    fv_model *n = fv_model_load(first);
    if (!n)
        fail_msg("%s", fv_error_message());
    use_engine(n, "reference");
    assert_string_equal(fv_model_name(n), "tiny");
    assert_memory_equal(fv_model_preprocess(n), fv_model_preprocess(m), 3 * sizeof(int64_t));
    assert_int_equal(n->preprocess.resize_mode, FV_RESIZE_LETTERBOX);
    assert_int_equal(n->preprocess.interpolation, FV_BICUBIC);
    assert_int_equal(n->preprocess.reverse_channels, 1);
    assert_true(n->preprocess.crop_fraction == 0.9f && n->preprocess.mean[2] == m->preprocess.mean[2] &&
                n->preprocess.std[1] == m->preprocess.std[1]);
    assert_true(n->statistics_set);
    for (int64_t i = 0; i < 4; i++)
        assert_string_equal(fv_model_class_name(n, i), fv_model_class_name(m, i));
    assert_int_equal(n->tensor_count, m->tensor_count);
    assert_ok(fv_predict_batch(n, pixels, COUNT, after));
    assert_memory_equal(before, after, sizeof before);
    assert_ok(fv_model_verify(n, &largest));
    assert_true(largest == 0);
    assert_ok(fv_model_save(n, scratch("b.safetensors")));
    assert_same_bytes(first, scratch("b.safetensors"));
    fv_model_destroy(m);
    fv_model_destroy(n);
}

/* A changed weight shows in the stored logits, and one that is not a number shows most. */
static void verify_finds_changes(void **state)
{
    (void)state;
    float largest;
    fv_tensor_view t;
    fv_model *m = make_model();
    assert_int_equal(fv_model_verify(m, &largest), FV_ERROR_INVALID);
    assert_ok(fv_model_save(m, scratch("v.safetensors")));
    assert_ok(fv_model_find_tensor(m, "fc.bias", &t));
    t.data[2] += 0.5f;
    fv_model_tensors_changed(m);
    assert_ok(fv_model_verify(m, &largest));
    float scale = 1; /* the bias moves one logit of each sample by 0.5 */
    for (int64_t i = 0; i < m->sample_count * m->class_count; i++)
        scale = fmaxf(scale, fabsf(m->sample_logits[i]));
    assert_true(scale > 1);
    assert_float_equal(largest, 0.5f / scale, 1e-5f);
    t.data[2] = NAN;
    fv_model_tensors_changed(m);
    assert_ok(fv_model_verify(m, &largest));
    assert_true(isinf(largest));
    fv_model_destroy(m);
}

/* Statistics that were never set stay unset, so that training still measures them. */
static void statistics_stay_unset(void **state)
{
    (void)state;
    fv_model *m = fv_model_create(.height = 4, .width = 4, .channels = 1);
    fv_output(fv_dense(fv_input(m), .units = 2, .name = "fc"));
    use_engine(m, "reference");
    assert_ok(fv_model_save(m, scratch("u.safetensors")));
    fv_model_destroy(m);
    m = fv_model_load(scratch("u.safetensors"));
    assert_non_null(m);
    assert_false(m->statistics_set);
    assert_null(fv_model_class_name(m, 0));
    fv_model_destroy(m);
}

/* A sigmoid for each class is remembered by the file. */
static void binary_output(void **state)
{
    (void)state;
    fv_prediction top[2];
    uint8_t pixel[16] = {200, 3, 90};
    fv_model *m = fv_model_create(.height = 4, .width = 4, .channels = 1);
    fv_output(fv_dense(fv_input(m), .units = 2, .name = "fc"));
    use_engine(m, "reference");
    m->compile.loss = FV_BINARY_CROSSENTROPY;
    assert_ok(fv_model_save(m, scratch("s.safetensors")));
    fv_model_destroy(m);
    m = fv_model_load(scratch("s.safetensors"));
    float logits[2], expected;
    assert_ok(fv_predict_batch(m, pixel, 1, logits));
    assert_ok(
        fv_predict(m, .pixels = pixel, .height = 4, .width = 4, .channels = 1, .top = top, .top_count = 2));
    expected = 1 / (1 + expf(-fmaxf(logits[0], logits[1])));
    assert_float_equal(top[0].probability, expected, 1e-6f);
    fv_model_destroy(m);
}

/* ---- doctored files ---- */

typedef struct raw {
    uint8_t *bytes;
    size_t size, header; /* the header's length */
    json_t *json;
} raw;

static raw raw_read(const char *path)
{
    raw r;
    assert_ok(file_read(path, 1 << 24, &r.bytes, &r.size));
    r.header = (size_t)(r.bytes[0] | r.bytes[1] << 8 | r.bytes[2] << 16);
    r.json = json_loadb((const char *)r.bytes + 8, r.header, 0, NULL);
    assert_non_null(r.json);
    return r;
}

static void raw_write(const raw *r, const char *path)
{
    char *json = json_dumps(r->json, JSON_COMPACT);
    size_t length = strlen(json), data = r->size - 8 - r->header;
    uint8_t *out = mem_array(8 + length + data, 1);
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)length >> 8 * i);
    memcpy(out + 8, json, length);
    memcpy(out + 8 + length, r->bytes + 8 + r->header, data);
    assert_ok(file_write(path, out, 8 + length + data));
    free(json);
    free(out);
}

static void raw_release(raw *r)
{
    free(r->bytes);
    json_decref(r->json);
}

static void assert_load_fails(const char *path, const char *message)
{
    fv_model *m = fv_model_load(path);
    if (m)
        fail_msg("a doctored file was loaded; expected: %s", message);
    if (!strstr(fv_error_message(), message) || !strstr(fv_error_message(), path))
        fail_msg("'%s' does not say '%s'", fv_error_message(), message);
}

static const char *saved(const char *name)
{
    fv_model *m = make_model();
    const char *path = scratch(name);
    assert_ok(fv_model_save(m, path));
    fv_model_destroy(m);
    return path;
}

/* `from` replaced by `to` in a metadata string. */
static void doctored_metadata(void **state)
{
    (void)state;
    static const struct {
        const char *key, *from, *to, *message;
    } cases[] = {
        {"fovea.version", "1", "2", "format version 2"},
        {"fovea.network", "max_pool2d", "max_pool3d", "did you mean max_pool2d"},
        {"fovea.network", "\"filters\":\"6\"", "\"filters\":\"-6\"", "layer conv1: filters"},
        {"fovea.network", "\"filters\":\"6\"", "\"fitlers\":\"6\"", "did you mean filters"},
        {"fovea.network", "\"filters\":\"6\"", "\"filters\":\"7\"", "conv1.weight"},
        {"fovea.network", "\"filters\":\"6\"", "\"filters\":\"60000\"", "larger than what the file holds"},
        {"fovea.network", "\"kernel_w\":\"5\"", "\"kernel_w\":\"500\"", "conv1"},
        {"fovea.network", "\"units\":\"4\"", "\"units\":\"5\"", "fc.weight"},
        {"fovea.network", "\"height\":9", "\"height\":99999", "input: height"},
        {"fovea.network", "\"height\":9", "\"height\":-1", "input: height"},
        {"fovea.network", "[\"bn1\"]", "[\"bn2\"]", "did you mean bn1"},
        {"fovea.network", "[\"bn1\"]", "[7]", "not a list of names"},
        {"fovea.network", "\"output\":\"fc\"", "\"output\":\"fd\"", "no layer fd"},
        {"fovea.network", "\"output\":\"fc\"", "\"output\":\"conv1\"", "must be logits"},
        {"fovea.network", "{\"name\"", "{\"name\":\"x\",\"name\"", "damaged"},
        {"fovea.network", "\"layers\":[", "\"layers\":[{},", "a layer is not"},
        {"fovea.network", "}", "", "damaged"},
        {"fovea.network", "\"name\":\"bn1\"", "\"name\":\"conv1\"", "another layer has this name"},
        {"fovea.preprocess", "letterbox", "letterbux", "fovea.preprocess"},
        {"fovea.preprocess", "\"std\":[", "\"std\":[0,", "fovea.preprocess"},
        {"fovea.preprocess", "\"crop_fraction\":0.", "\"crop_fraction\":7.", "crop fraction"},
        {"fovea.preprocess", "\"std\":[", "\"std\":[-", "std positive"},
        {"fovea.classes", "\"cat\",", "", "3 class names"},
        {"fovea.classes", "\"cat\"", "7", "fovea.classes"},
        {"fovea.output", "softmax", "hardmax", "fovea.output"},
    };
    char path[512];
    snprintf(path, sizeof path, "%s", saved("m.safetensors"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        raw r = raw_read(path);
        json_t *metadata = json_object_get(r.json, "__metadata__");
        const char *old = json_string_value(json_object_get(metadata, cases[i].key));
        const char *at = strstr(old, cases[i].from);
        assert_non_null(at);
        char *doctored;
        assert_true(asprintf(&doctored, "%.*s%s%s", (int)(at - old), old, cases[i].to,
                             at + strlen(cases[i].from)) > 0);
        json_object_set_new(metadata, cases[i].key, json_string(doctored));
        raw_write(&r, scratch("d.safetensors"));
        assert_load_fails(scratch("d.safetensors"), cases[i].message);
        free(doctored);
        raw_release(&r);
    }
}

/* `to` replaces the JSON of a tensor's field. */
static void doctored_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *tensor, *field, *to, *message;
    } cases[] = {
        {"conv1.weight", "data_offsets", "[4, 1084]", "conv1.weight"},
        {"bn1.bias", "data_offsets", "[0, 24]", "overlaps"},
        {"bn1.bias", "data_offsets", "[-24, 0]", "outside the file"},
        {"bn1.bias", "data_offsets", "[24, 0]", "outside the file"},
        {"bn1.bias", "data_offsets", "[0, 9000000000000000000]", "outside the file"},
        {"bn1.bias", "data_offsets", "[0]", "two whole numbers"},
        {"bn1.bias", "data_offsets", "[0.0, 24.0]", "two whole numbers"},
        {"bn1.bias", "shape", "[7]", "number of bytes"},
        {"bn1.bias", "shape", "[4611686018427387904, 6]", "impossible"},
        {"bn1.bias", "shape", "[2305843009213693958]", "number of bytes"},
        {"bn1.bias", "shape", "[-6]", "impossible"},
        {"bn1.bias", "shape", "[1,1,1,1,1,1,1,1,6]", "up to 8"},
        {"bn1.bias", "shape", "[6, 1]", "(6, 1) where the network has (6)"},
        {"bn1.bias", "dtype", "\"F8_E4M3\"", "F8_E4M3"},
        {"bn1.bias", "dtype", "7", "no dtype"},
        {"fovea.sample_logits", "shape", "[4, 2, 2]", "fovea.sample_logits"},
    };
    char path[512];
    snprintf(path, sizeof path, "%s", saved("m.safetensors"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        raw r = raw_read(path);
        json_t *tensor = json_object_get(r.json, cases[i].tensor);
        json_object_set_new(tensor, cases[i].field, json_loads(cases[i].to, JSON_DECODE_ANY, NULL));
        raw_write(&r, scratch("d.safetensors"));
        assert_load_fails(scratch("d.safetensors"), cases[i].message);
        raw_release(&r);
    }
    raw r = raw_read(path);
    json_t *bias = json_deep_copy(json_object_get(r.json, "bn1.bias"));
    json_object_del(r.json, "bn1.bias");
    json_object_set_new(r.json, "bn9.bias", bias);
    raw_write(&r, scratch("d.safetensors"));
    assert_load_fails(scratch("d.safetensors"), "tensor bn1.bias of the network tiny is missing");
    json_object_set_new(r.json, "__metadata__", json_integer(3));
    raw_write(&r, scratch("d.safetensors"));
    assert_load_fails(scratch("d.safetensors"), "__metadata__");
    raw_release(&r);
}

/* Without file_write's sync, which would take most of the time. */
static const char *write_quickly(const uint8_t *bytes, size_t size)
{
    const char *path = scratch("d.safetensors");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    return path;
}

/* Every cut is an error, every flipped byte an error or a model: never a crash. */
static void truncated_and_flipped(void **state)
{
    (void)state;
    char path[512];
    uint8_t *bytes;
    size_t size;
    snprintf(path, sizeof path, "%s", saved("m.safetensors"));
    assert_ok(file_read(path, 1 << 24, &bytes, &size));
    for (size_t n = 0; n < size; n += 64) {
        assert_null(fv_model_load(write_quickly(bytes, n)));
    }
    for (size_t i = 0; i < size; i += i < 5000 ? 3 : 97) {
        bytes[i] ^= (uint8_t)(1 + i % 255);
        fv_model_destroy(fv_model_load(write_quickly(bytes, size)));
        bytes[i] ^= (uint8_t)(1 + i % 255);
    }
    bytes[7] = 0x80;
    assert_load_fails(write_quickly(bytes, size), "header would be");
    free(bytes);
}

static void not_models(void **state)
{
    (void)state;
    assert_load_fails("/nonexistent/x.safetensors", "cannot be opened");
    assert_load_fails("/tmp", "/tmp");
    assert_null(fv_model_load(NULL));
    assert_ok(file_write(scratch("t"), "\x02\0\0\0\0\0\0\0{}", 10));
    assert_load_fails(scratch("t"), "no network");
    assert_ok(file_write(scratch("t"), "\x02\0\0\0\0\0\0\0[]", 10));
    assert_load_fails(scratch("t"), "no JSON object");
    assert_ok(file_write(scratch("t"), "\x04\0\0\0\0\0\0\0{}  tail", 16));
    assert_load_fails(scratch("t"), "belong to no tensor");
}

/* A failed save leaves the older file as it was. */
static void save_errors(void **state)
{
    (void)state;
    fv_model *m = make_model();
    assert_int_equal(fv_model_save(m, "/nonexistent/folder/m.safetensors"), FV_ERROR_IO);
    assert_ok(fv_model_save(m, scratch("keep.safetensors")));
    assert_ok(fv_model_set_classes(m, (const char *const[]){"a", "b\xff", "c", "d"}, 4));
    assert_int_equal(fv_model_save(m, scratch("keep.safetensors")), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "UTF-8"));
    fv_model_destroy(m);
    m = fv_model_load(scratch("keep.safetensors"));
    assert_non_null(m);
    fv_model_destroy(m);
    m = fv_model_create(.height = 4, .width = 4);
    assert_int_equal(fv_model_save(m, scratch("none.safetensors")), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

/* ---- weights and checkpoints ---- */

static void load_weights(void **state)
{
    (void)state;
    int64_t matched, left;
    fv_tensor_view a, b;
    char path[512];
    snprintf(path, sizeof path, "%s", saved("w.safetensors"));
    fv_model *source = make_model(), *m = fv_model_load(path);
    assert_ok(fv_model_find_tensor(m, "conv1.weight", &a));
    memset(a.data, 0, (size_t)a.count * sizeof *a.data);
    assert_ok(fv_model_load_weights(m, path, &matched, &left));
    assert_int_equal(left, 0);
    assert_ok(fv_model_find_tensor(source, "conv1.weight", &b));
    assert_memory_equal(a.data, b.data, (size_t)a.count * sizeof *a.data);
    fv_model_destroy(m);
    fv_model_destroy(source);
    /* A network without a matching body is left alone. */
    m = fv_model_create(.height = 4, .width = 4);
    fv_output(fv_dense(fv_conv2d(fv_input(m), .filters = 5, .kernel = 3, .name = "conv1"), .units = 4,
                       .name = "fc"));
    assert_int_equal(fv_model_load_weights(m, path, &matched, &left), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "conv1.weight"));
    fv_model_destroy(m);
}

static void checkpoint(void **state)
{
    (void)state;
    char path[512];
    fv_tensor_view a;
    checkpoint_extra x = {0}, y = {0};
    fv_model *m = make_model();
    float *moments = checkpoint_add_tensor(&x, "optimizer.conv1.weight.m", 5);
    for (int i = 0; i < 5; i++)
        moments[i] = (float)i / 3;
    assert_ok(checkpoint_add_value(&x, "epoch", "%d", 7));
    snprintf(path, sizeof path, "%s", scratch("last.safetensors"));
    assert_ok(checkpoint_save(m, &x, path));
    assert_ok(checkpoint_save(m, &x, scratch("again.safetensors")));
    assert_same_bytes(path, scratch("again.safetensors"));
    fv_model *n = fv_model_load(path); /* a model like any other */
    assert_non_null(n);
    assert_ok(fv_model_find_tensor(n, "conv1.weight", &a));
    float expected = a.data[3];
    a.data[3] = 9;
    assert_ok(checkpoint_load(n, path, &y));
    assert_true(a.data[3] == expected);
    assert_string_equal(checkpoint_find_value(&y, "epoch"), "7");
    assert_null(checkpoint_find_value(&y, "epochs"));
    const checkpoint_tensor *t = checkpoint_find_tensor(&y, "optimizer.conv1.weight.m");
    assert_non_null(t);
    assert_int_equal(t->count, 5);
    assert_memory_equal(t->data, moments, 5 * sizeof *moments);
    checkpoint_release(&y);
    assert_ok(fv_model_save(m, path));
    assert_int_equal(checkpoint_load(n, path, &y), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "cannot be resumed"));
    checkpoint_release(&x);
    fv_model_destroy(m);
    fv_model_destroy(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(verify_finds_changes),
        cmocka_unit_test(statistics_stay_unset),
        cmocka_unit_test(binary_output),
        cmocka_unit_test(doctored_metadata),
        cmocka_unit_test(doctored_tensors),
        cmocka_unit_test(truncated_and_flipped),
        cmocka_unit_test(not_models),
        cmocka_unit_test(save_errors),
        cmocka_unit_test(load_weights),
        cmocka_unit_test(checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
