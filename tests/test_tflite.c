/* SPDX-License-Identifier: Apache-2.0 */
/* TFLite networks against what TensorFlow Lite says of them (golden/make_tflite.py), and published ones where they are there. */
#include "nn/network.h"
#include "test_train.h"

#include "formulas.h"
#include "golden/tflite.h"

enum {
    CASES = sizeof golden_tflite / sizeof *golden_tflite
};

static const char *golden(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/tflite_%s.tflite", FV_SOURCE_DIR, name);
    return path;
}

static void keep_line(const char *line, void *user)
{
    snprintf(user, 1000, "%s", line);
}

/* ---- the small networks ---- */

static void to_outputs(float *logits, int kind)
{
    float sum = 0;
    for (int c = 0; c < TFLITE_CLASSES; c++) {
        if (kind == TFLITE_SIGMOID)
            logits[c] = 1 / (1 + expf(-logits[c]));
        else if (kind == TFLITE_SOFTMAX)
            sum += logits[c] = expf(logits[c]);
    }
    for (int c = 0; c < TFLITE_CLASSES && kind == TFLITE_SOFTMAX; c++)
        logits[c] /= sum;
}

/* `tolerance` is of the largest output: rounding of f32, and of 8 bits in each of their tensors where the network has them. */
static void check_outputs(fv_model *m, int i)
{
    float got[TFLITE_PICTURES][TFLITE_CLASSES];
    uint8_t *pixels =
        formula_pictures(TFLITE_PICTURES, TFLITE_HEIGHT, TFLITE_WIDTH, golden_tflite[i].channels);
    assert_ok(fv_predict_batch(m, pixels, TFLITE_PICTURES, &got[0][0]));
    free(pixels);
    for (int n = 0; n < TFLITE_PICTURES; n++) {
        to_outputs(got[n], golden_tflite[i].output);
        double d = formula_difference(golden_tflite[i].expected[n], got[n], TFLITE_CLASSES);
        if (!(d <= (double)golden_tflite[i].tolerance))
            fail_msg("%s: picture %d: a difference of %g", golden_tflite[i].name, n, d);
    }
}

static void every_network_gives_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        fv_model *m = fv_import(golden(golden_tflite[i].name));
        if (!m)
            fail_msg("%s", fv_error_message());
        assert_int_equal(fv_model_class_count(m), TFLITE_CLASSES);
        assert_int_equal(m->compile.loss == FV_BINARY_CROSSENTROPY,
                         golden_tflite[i].output == TFLITE_SIGMOID);
        check_outputs(m, i);
        fv_model_destroy(m);
    }
}

/* A model file holds all that was imported. */
static void it_is_the_same_when_saved(void **state)
{
    (void)state;
    char *folder = make_folder(), *path = file_join(folder, "m.safetensors");
    for (int i = 0; i < CASES; i++) {
        fv_model *m = fv_import(golden(golden_tflite[i].name)), *again;
        float largest;
        assert_ok(fv_model_save(m, path));
        assert_non_null(again = fv_model_load(path));
        assert_ok(fv_model_verify(again, &largest));
        check_outputs(again, i);
        fv_model_destroy(again);
        fv_model_destroy(m);
    }
    free(path);
    remove_folder(folder);
}

/* The quantised ones once more, with their weights alone: within what rounding to 8 bits changes. */
static void weights_alone_are_near(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        fv_model *m = fv_import(golden(golden_tflite[i].name), .dequantize = 1);
        assert_non_null(m);
        for (int32_t k = 0; k < m->layer_count; k++)
            assert_string_not_equal(m->layers[k].type->name, "fake_quantize");
        check_outputs(m, i);
        fv_model_destroy(m);
    }
}

/* Each computed tensor has its grid; what lies on one already (padding, the row that a picture becomes) is not rounded again. */
static void outputs_are_rounded(void **state)
{
    (void)state;
    fv_model *m = fv_import(golden("grey_uint8"));
    int rounded = 0;
    assert_non_null(m);
    for (int32_t k = 0; k < m->layer_count; k++)
        rounded += strcmp(m->layers[k].type->name, "fake_quantize") == 0;
    assert_int_equal(rounded, 5); /* three convolutions, the mean and the logits */
    fv_model_destroy(m);
}

static void the_log_says_what_pixels_become(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words;
        float mean, std; /* of the first channel */
    } cases[] = {
        {"layers", "a guess", 127.5f, 127.5f},
        {"gates", "(pixel - 102) / 51, since the network normalises", 102, 51},
        {"gates_int8", "(pixel - 102) / 51, as the quantisation", 102, 51},
        {"grey_labelled", "the classes' names come with it (labels.txt)", 100, 50},
        {"grey_uint8", "(pixel - 127) / 127.5, as the quantisation", 127, 127.5f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[1000] = "";
        fv_model *m = fv_import(golden(cases[i].name), .on_log = keep_line, .user = line, .dequantize = 1);
        if (!strstr(line, cases[i].words))
            fail_msg("%s: the log says %s", cases[i].name, line);
        assert_float_equal(m->preprocess.mean[0], cases[i].mean, 0.01);
        assert_float_equal(m->preprocess.std[0], cases[i].std, 0.01);
        fv_model_destroy(m);
    }
}

static void names_come_with_the_file(void **state)
{
    (void)state;
    static const char *const names[] = {"goose", "crane", "nail", "crane (2)", "quill"};
    fv_model *m = fv_import(golden("grey_labelled"));
    for (int i = 0; i < TFLITE_CLASSES; i++)
        assert_string_equal(fv_model_class_name(m, i), names[i]);
    fv_model_destroy(m);
}

/* A sigmoid's product with its own input is one layer, and what is done to pixels first is none. */
static void operators_become_few_layers(void **state)
{
    (void)state;
    fv_model *m = fv_import(golden("gates"));
    int silu = 0;
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        if (strcmp(l->type->name, "activation") == 0)
            silu += ((const fv_activation_options *)l->options)->kind == FV_SILU;
    }
    assert_int_equal(silu, 1);
    assert_ptr_equal(m->layers[0].inputs[0], m->input);
    assert_string_equal(m->layers[0].type->name, "conv2d");
    fv_tensor_view kernel;
    assert_ok(fv_model_tensor(m, 0, &kernel));
    assert_int_equal(kernel.shape[2], 3);
    fv_model_destroy(m);
}

static void other_sizes(void **state)
{
    (void)state;
    fv_model *m = fv_import(golden("grey"), .height = 33, .width = 21);
    assert_non_null(m);
    assert_int_equal(m->preprocess.height, 33);
    uint8_t *pixels = formula_pictures(1, 33, 21, 1);
    float logits[TFLITE_CLASSES];
    assert_ok(fv_predict_batch(m, pixels, 1, logits));
    free(pixels);
    fv_model_destroy(m);
    assert_null(fv_import(golden("layers"), .height = 33, .width = 21));
    assert_non_null(strstr(fv_error_message(), "fits only the file's own input size"));
}

/* The head for three other classes learns what the rest then helps to tell apart. */
static void a_network_is_fine_tuned(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_idx(folder);
    fv_dataset *data = fv_dataset_open(folder);
    assert_non_null(data);
    fv_model *m = fv_import(golden("grey"), .classes = CLASSES, .seed = 1);
    assert_non_null(m);
    assert_int_equal(fv_model_class_count(m), CLASSES);
    assert_ok(fv_compile(m, .learning_rate = 0.01f, .engine = "reference", .threads = 1));
    assert_ok(
        fv_fit(m, .train = fv_dataset_part(data, FV_ALL), .epochs = 60, .batch = 15, .augment = "none"));
    fv_evaluation e;
    assert_ok(fv_evaluate(m, .data = fv_dataset_part(data, FV_ALL), .result = &e));
    if (e.accuracy < 0.9f)
        fail_msg("an accuracy of %g, where chance is 0.33", (double)e.accuracy);
    fv_evaluation_release(&e);
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    remove_folder(folder);
}

/* ---- published networks ---- */

/* The last dense layer begins anew, but not where only the background is one too many. */
static void background_is_left_out(void **state)
{
    (void)state;
    const char *path = test_data("weights/mobilenet_v1_0.25_128_quant.tflite");
    if (!path)
        skip();
    uint8_t *pixels = formula_pictures(2, 128, 128, 3);
    float all[2][1001], without[2][1000];
    fv_model *m = fv_import(path), *n = fv_import(path, .classes = 1000);
    assert_true(m && n);
    assert_string_equal(fv_model_class_name(m, 0), "background");
    assert_string_equal(fv_model_class_name(n, 0), fv_model_class_name(m, 1));
    assert_string_equal(fv_model_class_name(m, 518), "crane (2)");
    assert_ok(fv_predict_batch(m, pixels, 2, &all[0][0]));
    assert_ok(fv_predict_batch(n, pixels, 2, &without[0][0]));
    for (int i = 0; i < 2; i++)
        assert_true(formula_difference(all[i] + 1, without[i], 1000) < 1e-6);
    free(pixels);
    fv_model_destroy(m);
    fv_model_destroy(n);
}

/* The same weights, dequantised by another program, in the zoo's network: f32 rounding of sums apart, the same logits. */
static void the_dequantised_twin_agrees(void **state)
{
    (void)state;
    const char *path = test_data("weights/mobilenet_v2_1.0_224_quant.tflite");
    if (!path)
        skip();
    uint8_t *pixels = formula_pictures(2, 224, 224, 3);
    float *logits = calloc(4 * 1000, sizeof *logits);
    fv_model *m = fv_import(path, .classes = 1000, .dequantize = 1),
             *twin = fv_zoo_create("mobilenet_v2", .tensorflow_padding = 1);
    assert_true(m && twin);
    assert_ok(fv_model_load_weights(twin, test_data("weights/mobilenet_v2_1.0_224_dequant.safetensors"), NULL,
                                    NULL));
    assert_ok(fv_model_set_preprocess(twin, fv_model_preprocess(m)));
    assert_ok(fv_predict_batch(m, pixels, 2, logits));
    assert_ok(fv_predict_batch(twin, pixels, 2, logits + 2000));
    for (int i = 0; i < 2; i++)
        assert_true(formula_difference(logits + 2000 + 1000 * i, logits + 1000 * i, 1000) < 1e-4);
    fv_model_destroy(twin);
    fv_model_destroy(m);
    free(logits);
    free(pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_network_gives_the_same),
        cmocka_unit_test(it_is_the_same_when_saved),
        cmocka_unit_test(the_log_says_what_pixels_become),
        cmocka_unit_test(operators_become_few_layers),
        cmocka_unit_test(names_come_with_the_file),
        cmocka_unit_test(other_sizes),
        cmocka_unit_test(a_network_is_fine_tuned),
        cmocka_unit_test(background_is_left_out),
        cmocka_unit_test(the_dequantised_twin_agrees),
        cmocka_unit_test(weights_alone_are_near),
        cmocka_unit_test(outputs_are_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
