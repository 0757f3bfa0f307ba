/* SPDX-License-Identifier: Apache-2.0 */
/* Networks out of ONNX files give the logits that ONNX Runtime gives, and can be trained; tests/golden/make_onnx.py made them. */
#include <math.h>

#include "convert/tensors.h"
#include "formulas.h"
#include "golden/onnx.h"
#include "test_model.h"
#include "test_train.h"

#define GOLDEN FV_SOURCE_DIR "/tests/golden/onnx/"
enum {
    ROWS = sizeof golden / sizeof *golden,
    VALUES = GOLDEN_PICTURES * GOLDEN_CLASSES
};
/* Float arithmetic in another order; a missing bias or a wrong epsilon is some 1e-2. */
static const double tolerance = 2e-5;

static const char *golden_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", name);
    return path;
}

static fv_model *import(const char *name)
{
    fv_model *m = fv_import(golden_path(name));
    if (!m)
        fail_msg("%s: %s", name, fv_error_message());
    return m;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Of values -1..1, as the goldens were made, unless the file brings its own. */
static void normalise(fv_model *m)
{
    fv_preprocess p = *fv_model_preprocess(m);
    if (m->statistics_set)
        return;
    for (int c = 0; c < 3; c++)
        p.mean[c] = p.std[c] = 127.5f;
    assert_ok(fv_model_set_preprocess(m, &p));
}

/* Those of files that end with a softmax are known up to a number for all. */
static void centre(float *logits)
{
    for (int n = 0; n < GOLDEN_PICTURES; n++) {
        float mean = 0, *row = logits + n * GOLDEN_CLASSES;
        for (int k = 0; k < GOLDEN_CLASSES; k++)
            mean += row[k] / GOLDEN_CLASSES;
        for (int k = 0; k < GOLDEN_CLASSES; k++)
            row[k] -= mean;
    }
}

static int check_logits(fv_model *m, const char *engine, int row)
{
    float logits[VALUES];
    uint8_t *pixels = formula_pictures(GOLDEN_PICTURES, GOLDEN_SIDE, GOLDEN_SIDE, 3);
    use_engine(m, engine);
    assert_int_equal(fv_model_class_count(m), GOLDEN_CLASSES);
    assert_ok(fv_predict_batch(m, pixels, GOLDEN_PICTURES, logits));
    free(pixels);
    if (begins(golden[row].file, "written") || begins(golden[row].file, "halves"))
        centre(logits);
    double d = formula_difference(&golden[row].logits[0][0], logits, VALUES);
    if (d <= tolerance)
        return 0;
    print_error("%s on %s: logits differ by %.3g\n", golden[row].file, engine, d);
    return 1;
}

static void logits_are_those_of_onnx_runtime(void **state)
{
    (void)state;
    int failures = 0;
    for (int row = 0; row < ROWS; row++) {
        bool open = begins(golden[row].file, "halves");
        fv_model *m = fv_import(golden_path(golden[row].file), .height = open ? GOLDEN_SIDE : 0,
                                .width = open ? GOLDEN_SIDE : 0);
        if (!m)
            fail_msg("%s", fv_error_message());
        normalise(m);
        failures += check_logits(m, "reference", row) + check_logits(m, "auto", row);
        assert_ok(fv_model_save(m, scratch("again.safetensors")));
        fv_model_destroy(m);
        m = fv_model_load(scratch("again.safetensors"));
        assert_non_null(m);
        failures += check_logits(m, "auto", row);
        fv_model_destroy(m);
    }
    assert_int_equal(failures, 0);
}

/* ---- what is taken besides ---- */

static void assert_statistics(const fv_model *m, const float mean[3], const float std[3])
{
    for (int c = 0; c < 3; c++) {
        assert_float_equal(fv_model_preprocess(m)->mean[c], mean[c], 1e-3);
        assert_float_equal(fv_model_preprocess(m)->std[c], std[c], 1e-3);
    }
}

static void normalisation_becomes_preprocessing(void **state)
{
    (void)state;
    fv_model *m = import("written_ts.onnx");
    assert_true(m->statistics_set);
    assert_statistics(m, (float[]){123.675f, 116.28f, 103.53f}, (float[]){58.395f, 57.12f, 57.375f});
    fv_model_destroy(m);
    m = import("keras.onnx");
    assert_statistics(m, (float[]){127.5f, 127.5f, 127.5f}, (float[]){127.5f, 127.5f, 127.5f});
    fv_model_destroy(m);
    m = import("resnet_ts.onnx");
    assert_false(m->statistics_set);
    fv_model_destroy(m);
}

static void properties_are_taken(void **state)
{
    (void)state;
    static const char *const names[] = {"tench", "jack-o'-lantern", "a, b", "caf'e", "last"};
    fv_model *m = fv_import(golden_path("halves.onnx"));
    assert_non_null(m);
    assert_int_equal(fv_model_preprocess(m)->height, 224); /* left open in the file */
    assert_statistics(m, (float[]){0, 0, 0}, (float[]){255, 255, 255});
    for (int k = 0; k < 5; k++)
        assert_string_equal(fv_model_class_name(m, k), names[k]);
    fv_model_destroy(m);
}

static void tensors_have_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *file, *tensors[6];
    } rows[] = {
        {"resnet_ts.onnx",
         {"conv1.weight", "conv1.bias", "layer1.0.conv2.weight", "layer2.0.downsample.0.weight", "fc.bias"}},
        {"resnet_dyn.onnx", {"conv1.weight", "layer1.0.conv2.weight", "fc.bias"}},
        {"unfolded_ts.onnx", {"conv1.weight", "bn1.running_var", "layer1.0.bn2.weight"}},
        {"vit_ts.onnx",
         {"cls_token", "pos_embed", "blocks.0.attn.qkv.weight", "blocks.0.attn.proj.bias",
          "blocks.0.mlp.fc1.weight"}},
        {"vit_dyn.onnx", {"pos_embed", "blocks.0.attn.qkv.bias", "blocks.0.norm1.weight", "head.weight"}},
        {"mobilenet_v3_ts.onnx",
         {"features.1.block.1.fc1.weight", "features.1.block.1.fc2.bias", "classifier.3.weight"}},
        {"convnext_dyn.onnx",
         {"features.1.0.layer_scale", "features.1.0.block.0.weight", "classifier.2.bias"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fv_model *m = import(rows[i].file);
        for (int k = 0; rows[i].tensors[k]; k++)
            if (!network_find_tensor(m, rows[i].tensors[k]))
                fail_msg("%s: no tensor %s", rows[i].file, rows[i].tensors[k]);
        fv_model_destroy(m);
    }
}

static void sizes_and_classes(void **state)
{
    (void)state;
    assert_null(fv_import(golden_path("resnet_ts.onnx"), .height = 64, .width = 64));
    assert_non_null(strstr(fv_error_message(), "resnet_ts.onnx: its input has the height 32, not 64"));
    fv_model *m = fv_import(golden_path("resnet_ts.onnx"), .classes = 9);
    assert_non_null(m);
    assert_int_equal(fv_model_class_count(m), 9);
    fv_model_destroy(m);
}

/* ---- training ---- */

typedef struct losses {
    double first, last;
    int count;
} losses;

static int see_epoch(const fv_progress *p, void *user)
{
    losses *l = user;
    if (l->count++ == 0)
        l->first = p->train_loss;
    l->last = p->train_loss;
    return 0;
}

static void imported_networks_can_be_fine_tuned(void **state)
{
    (void)state;
    static const char *const files[] = {"resnet_dyn.onnx", "mobilenet_v3_ts.onnx", "efficientnet_dyn.onnx",
                                        "vit_ts.onnx"};
    char *folder = make_folder();
    write_idx(folder);
    fv_dataset *data = fv_dataset_open(folder);
    assert_non_null(data);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        losses l = {0};
        fv_model *m = fv_import(golden_path(files[i]), .classes = CLASSES, .seed = 5);
        assert_non_null(m);
        assert_ok(fv_compile(m, .threads = 1, .optimizer = FV_ADAMW, .learning_rate = 0.01f));
        assert_ok(fv_fit(m, .train = fv_dataset_part(data, FV_TRAIN), .epochs = 8, .batch = 15, .seed = 1,
                         .on_epoch = see_epoch, .user = &l));
        if (!(l.count == 8 && l.last < 0.8 * l.first))
            fail_msg("%s: the loss went from %g to %g", files[i], l.first, l.last);
        fv_model_destroy(m);
    }
    fv_dataset_destroy(data);
    remove_folder(folder);
}

/* ---- as a file of tensors ---- */

static void all_types_are_read(void **state)
{
    (void)state;
    tensor_file *f;
    assert_ok(tensor_file_open(golden_path("types.onnx"), &f));
    assert_int_equal(f->count, 21);
    for (size_t i = 0; i < f->count; i++) {
        const named_tensor *t = &f->list[i];
        bool from_0 = begins(t->name, "u8") || begins(t->name, "bool");
        float values[8], first = begins(t->name, "beside") || from_0 ? 0 : -3;
        assert_ok(f->read(f, t, values));
        if (begins(t->name, "beside"))
            first = -3; /* two numbers into a file that begins with -5 */
        assert_int_equal(t->count, begins(t->name, "bool") ? 2 : begins(t->name, "beside") ? 4 : 6);
        for (int k = 0; k < t->count; k++)
            if (values[k] != first + (float)k)
                fail_msg("%s[%d] is %g", t->name, k, (double)values[k]);
    }
    tensor_file_destroy(f);
}

static void initialisers_are_weights(void **state)
{
    (void)state;
    int64_t matched, left;
    fv_model *m = import("unfolded_ts.onnx"), *n = import("unfolded_ts.onnx");
    for (int32_t i = 0; i < n->tensor_count; i++)
        memset(n->tensors[i].data, 0, (size_t)n->tensors[i].count * sizeof(float));
    assert_ok(fv_model_load_weights(n, golden_path("unfolded_ts.onnx"), &matched, &left));
    assert_int_equal(matched, m->tensor_count);
    assert_int_equal(left, 0);
    for (int32_t i = 0; i < n->tensor_count; i++)
        assert_memory_equal(n->tensors[i].data, m->tensors[i].data,
                            (size_t)m->tensors[i].count * sizeof(float));
    assert_int_not_equal(fv_model_load_weights(n, golden_path("resnet_ts.onnx"), &matched, &left), FV_OK);
    assert_non_null(strstr(fv_error_message(), "import its whole network instead"));
    fv_model_destroy(m);
    fv_model_destroy(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_those_of_onnx_runtime),
        cmocka_unit_test(normalisation_becomes_preprocessing),
        cmocka_unit_test(properties_are_taken),
        cmocka_unit_test(tensors_have_their_names),
        cmocka_unit_test(sizes_and_classes),
        cmocka_unit_test(imported_networks_can_be_fine_tuned),
        cmocka_unit_test(all_types_are_read),
        cmocka_unit_test(initialisers_are_weights),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
