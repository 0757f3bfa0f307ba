/* SPDX-License-Identifier: Apache-2.0 */
/* What is exported to TFLite is imported as the same network, where the import has its operators; check_export_peers.sh runs all of them with
 * LiteRT. */
#include "convert/tflite_export/flat_writer.h"
#include "convert/tflite/flatbuffer.h"
#include "export_networks.h"

/* Float sums in another order, and a hard sigmoid of a sum and a product. */
static const float tolerance = 2e-6f;

static void assert_imported(fv_model *m, const char *path, const char *name)
{
    fv_model *again = fv_import(path);
    if (!again)
        fail_msg("%s: %s", name, fv_error_message());
    use_engine(again, "reference");
    assert_same_model(m, again, name, tolerance);
    assert_true(fv_model_temperature(again) == fv_model_temperature(m));
    fv_model_destroy(again);
}

static void round_trips(void **state)
{
    (void)state;
    int run = 0;
    for (int i = 0; i < EXPORT_NETWORKS; i++) {
        fv_model *m = export_model(&export_networks[i]);
        fv_export_report report;
        if (fv_export(m, scratch("net.tflite"), .report = &report) != FV_OK)
            fail_msg("%s: %s", export_networks[i].name, fv_error_message());
        if (report.pictures > 0)
            assert_imported(m, scratch("net.tflite"), export_networks[i].name);
        else
            assert_non_null(strstr(report.runtime, "does not read all"));
        run += report.pictures > 0;
        assert_ok(fv_export(m, scratch("pixels.tflite"), .input = FV_EXPORT_PIXELS));
        fv_model_destroy(m);
    }
    assert_true(run >= 3); /* convolutions, depthwise ones, activations */
}

/* Sigmoids and their temperature, of a grey picture. */
static void sigmoids_stay(void **state)
{
    (void)state;
    fv_node *x = fv_conv2d(pictures_of(1), .filters = 4, .kernel = 3, .activation = FV_RELU);
    fv_output(fv_dense(fv_global_average_pool2d(x), .units = 3, .name = "fc"));
    fv_model *m = x->model;
    assert_ok(network_check(m));
    shake_tensors(m);
    m->compile.loss = FV_BINARY_CROSSENTROPY;
    fv_preprocess p = *fv_model_preprocess(m);
    p.mean[0] = 33.1f;
    p.std[0] = 78.6f;
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(fv_model_set_temperature(m, 0.5f));
    fv_export_report report;
    assert_ok(fv_export(m, scratch("sigmoids.tflite"), .input = FV_EXPORT_PIXELS, .report = &report));
    assert_true(report.pictures > 0);
    assert_imported(m, scratch("sigmoids.tflite"), "sigmoids");
    fv_model_destroy(m);
}

/* What is written is what the reader finds, with elements where they must be aligned. */
static void flatbuffers_are_read(void **state)
{
    (void)state;
    flat_writer f = {0};
    flat_field root[] = {FLAT_BYTE(2, 200), FLAT_INT(0, -5), FLAT_LINK(4), FLAT_LINK(1)},
               inner[] = {FLAT_INT(3, 7)};
    flat_begin(&f, "TEST");
    flat_link(&f, 0, flat_table_write(&f, root, 4));
    flat_link(&f, root[3].at, flat_text(&f, "odd"));
    flat_link(&f, root[2].at, flat_table_write(&f, inner, 1));
    size_t vector = flat_vector_write(&f, "0123456789", 10, 1, 16);
    assert_ok(f.status);
    assert_int_equal((vector + 4) % 16, 0);
    flatbuffer r = {f.data, f.size, NULL};
    flat_table t = flat_root(&r);
    assert_int_equal(flat_int32(&r, t, 0, 0), -5);
    assert_int_equal(flat_uint8(&r, t, 2, 0), 200);
    assert_int_equal(flat_int32(&r, t, 3, 9), 9);
    assert_int_equal(flat_int32(&r, flat_table_of(&r, t, 4), 3, 0), 7);
    flat_vector words = flat_vector_of(&r, t, 1, 1);
    assert_int_equal(words.count, 3);
    assert_memory_equal(words.data, "odd", 4);
    assert_null(r.damage);
    flat_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips), cmocka_unit_test(sigmoids_stay),
                                       cmocka_unit_test(flatbuffers_are_read)};
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
