/* SPDX-License-Identifier: Apache-2.0 */
/* What is exported to ONNX is imported as the same network, with all that belongs to it; check_export_peers.sh runs it with ONNX Runtime. */
#include <locale.h>
#include <math.h>

#include "export_networks.h"

/* Float sums in another order. */
static const float tolerance = 2e-6f;

static void assert_round_trip(fv_model *m, fv_export_input given, const char *name)
{
    fv_export_report report;
    if (fv_export(m, scratch("net.onnx"), .input = given, .report = &report) != FV_OK)
        fail_msg("%s: %s", name, fv_error_message());
    assert_true(report.pictures > 0);
    fv_model *again = fv_import(scratch("net.onnx"));
    if (!again)
        fail_msg("%s: %s", name, fv_error_message());
    use_engine(again, "reference");
    assert_same_model(m, again, name, tolerance);
    /* And once more: what was imported is exported as it was. */
    if (fv_export(again, scratch("again.onnx"), .input = given) != FV_OK)
        fail_msg("%s, again: %s", name, fv_error_message());
    fv_model *third = fv_import(scratch("again.onnx"));
    assert_non_null(third);
    use_engine(third, "reference");
    assert_int_equal(fv_model_layer_count(third), fv_model_layer_count(again));
    assert_same_model(m, third, name, tolerance);
    fv_model_destroy(third);
    fv_model_destroy(again);
}

static void round_trips(void **state)
{
    (void)state;
    for (int i = 0; i < EXPORT_NETWORKS; i++) {
        fv_model *m = export_model(&export_networks[i]);
        assert_round_trip(m, FV_EXPORT_NORMALISED, export_networks[i].name);
        assert_round_trip(m, FV_EXPORT_PIXELS, export_networks[i].name);
        fv_model_destroy(m);
    }
}

/* A sigmoid for each class, and one output that is the probability of the second of two. */
static void sigmoids_stay(void **state)
{
    (void)state;
    for (int units = 1; units <= 4; units += 3) {
        fv_node *x = fv_conv2d(pictures_of(1), .filters = 4, .kernel = 3, .activation = FV_RELU);
        fv_output(fv_dense(fv_global_average_pool2d(x), .units = units, .name = "fc"));
        fv_model *m = x->model;
        assert_ok(network_check(m));
        shake_tensors(m);
        m->compile.loss = FV_BINARY_CROSSENTROPY;
        assert_ok(fv_model_set_temperature(m, 0.5f));
        assert_ok(fv_model_set_thresholds(m, (float[]){0.25f, 0.5f, 0.75f, 0.125f}, units));
        if (units == 1)
            assert_ok(fv_model_set_classes(m, (const char *const[]){"no", "yes"}, 2));
        assert_round_trip(m, FV_EXPORT_NORMALISED, "sigmoids");
        assert_ok(fv_export(m, scratch("sigmoid.onnx")));
        fv_model *again = fv_import(scratch("sigmoid.onnx"));
        const float *thresholds;
        assert_non_null(again);
        assert_int_equal(fv_model_thresholds(again, &thresholds), units);
        assert_true(thresholds[0] == 0.25f && fv_model_temperature(again) == 0.5f);
        fv_model_destroy(again);
        fv_model_destroy(m);
    }
}

static void networks_of_the_zoo(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t side;
    } rows[] = {
        {"lenet5", 28},         {"airbench94", 32},           {"densenet_bc100_12", 32},
        {"squeezenet1_1", 64},  {"mobilenet_v3_small", 64},   {"mobilenetv4_conv_small", 64},
        {"regnet_y_400mf", 64}, {"vit_tiny_patch16_224", 48}, {"deit_tiny_distilled_patch16_224", 48}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fv_model *m =
            fv_zoo_create(rows[i].name, .classes = 3, .height = rows[i].side, .width = rows[i].side);
        assert_non_null(m);
        shake_tensors(m);
        if (fv_export(m, scratch("zoo.onnx")) != FV_OK)
            fail_msg("%s: %s", rows[i].name, fv_error_message());
        fv_model_destroy(m);
    }
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    fv_model *m = make_model();
    fv_model *knn = fv_model_knn_head(m, 4, 10);
    assert_non_null(knn);
    assert_int_equal(fv_export(knn, scratch("knn.onnx")), FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "vote"));
    assert_false(file_exists(scratch("knn.onnx")));
    assert_int_equal(fv_export(m, scratch("x.onnx"), .format = "onx"), FV_ERROR_INVALID);
    assert_int_equal(fv_export(m, scratch("x.pt")), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "x.pt"));
    assert_int_equal(fv_export(m, scratch("no/such/folder.onnx")), FV_ERROR_IO);
    assert_int_equal(fv_export(m, scratch("")), FV_ERROR_INVALID);
    assert_int_equal(fv_export(m, NULL), FV_ERROR_INVALID);
    const char *missing = scratch("missing.jpg");
    assert_int_equal(fv_export(m, scratch("x.onnx"), .pictures = &missing, .picture_count = 1), FV_ERROR_IO);
    assert_false(file_exists(scratch("x.onnx")));
    assert_ok(fv_model_set_classes(m, (const char *const[]){"a", "b\nc", "d", "e"}, 4));
    assert_int_equal(fv_export(m, scratch("x.onnx")), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "control character"));
    assert_int_equal(fv_export(m, scratch("x.tflite")), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "control character"));
    assert_false(file_exists(scratch("x.tflite")));
    fv_model_destroy(knn);
    fv_model_destroy(m);
}

static void export_in(const char *locale, fv_model *m)
{
    setlocale(LC_ALL, locale);
    fv_status status = fv_export(m, scratch("local.onnx"));
    setlocale(LC_ALL, "C");
    assert_ok(status);
}

/* By the properties that other programs write too: fovea's own have another name then. */
static void assert_imported_in(const char *locale, const fv_model *m)
{
    uint8_t *data;
    size_t size;
    assert_ok(file_read(scratch("local.onnx"), 1 << 24, &data, &size));
    for (uint8_t *at; (at = memmem(data, size, "fovea.", 6));)
        memcpy(at, "other.", 6);
    assert_ok(file_write(scratch("other.onnx"), data, size));
    free(data);
    setlocale(LC_ALL, locale);
    fv_model *again = fv_import(scratch("other.onnx"));
    setlocale(LC_ALL, "C");
    assert_non_null(again);
    for (int64_t c = 0; c < 3; c++) {
        assert_true(fabsf(again->preprocess.mean[c] - m->preprocess.mean[c]) < 1e-4f);
        assert_true(fabsf(again->preprocess.std[c] - m->preprocess.std[c]) < 1e-4f);
    }
    fv_model_destroy(again);
}

/* Numbers have points for a program in a locale with decimal commas too. */
static void locales_do_not_matter(void **state)
{
    (void)state;
    const char *commas = setlocale(LC_ALL, "de_DE.UTF-8") ? "de_DE.UTF-8" : "fr_FR.UTF-8";
    bool found = setlocale(LC_ALL, commas);
    setlocale(LC_ALL, "C");
    if (!found) {
        printf("[  REASON  ] no locale with decimal commas is installed\n");
        skip();
    }
    fv_model *m = export_model(&export_networks[1]);
    export_in(commas, m);
    assert_imported_in("C", m);
    export_in("C", m);
    assert_imported_in(commas, m);
    fv_model_destroy(m);
}

/* The networks as model files, for check_export_peers.sh. */
static int save_networks(const char *folder)
{
    char path[512];
    for (int i = 0; i < EXPORT_NETWORKS; i++) {
        fv_model *m = export_model(&export_networks[i]);
        snprintf(path, sizeof path, "%s/%s.safetensors", folder, export_networks[i].name);
        fv_status status = fv_model_save(m, path);
        fv_model_destroy(m);
        if (status != FV_OK)
            return status;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return save_networks(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),           cmocka_unit_test(sigmoids_stay),
        cmocka_unit_test(networks_of_the_zoo),   cmocka_unit_test(what_cannot_be_is_said),
        cmocka_unit_test(locales_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
