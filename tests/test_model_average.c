/* SPDX-License-Identifier: Apache-2.0 */
/* fv_model_average: the mean of weights, and what is refused. */
#include "nn/network.h"
#include "test_train.h"

static fv_model *named(uint64_t seed, int64_t filters, const char *second)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1, .seed = seed);
    fv_node *x = fv_batch_norm(fv_conv2d(fv_input(m), .filters = filters, .kernel = 3, .name = "conv"));
    fv_output(fv_dense(fv_flatten(x), .units = 2));
    assert_ok(fv_model_set_classes(m, (const char *const[]){"left", second}, 2));
    return m;
}

static void test_mean(void **state)
{
    (void)state;
    fv_model *a = named(1, 4, "top"), *b = named(2, 4, "top"), *c = named(3, 4, "top"),
             *first = named(1, 4, "top");
    const float *thresholds;
    for (int64_t i = 0; i < b->tensors[2].count; i++)
        b->tensors[2].data[i] = 7; /* also tensors that start alike */
    assert_ok(fv_model_set_temperature(a, 2));
    assert_ok(fv_model_set_thresholds(a, (const float[]){0.25f}, 1));
    uint64_t version = a->version;
    assert_ok(fv_model_average(a, (const fv_model *const[]){b, c}, 2));
    for (int32_t i = 0; i < a->tensor_count; i++)
        for (int64_t k = 0; k < a->tensors[i].count; k++) {
            double sum = (double)first->tensors[i].data[k] + (double)b->tensors[i].data[k] +
                         (double)c->tensors[i].data[k];
            assert_true(a->tensors[i].data[k] == (float)(sum / 3));
        }
    assert_true(a->version > version);
    assert_true(fv_model_temperature(a) == 1 && fv_model_thresholds(a, &thresholds) == 0);
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    fv_model_destroy(first);
}

static void assert_refused(fv_model *a, const fv_model *b, const char *why)
{
    float before = a->tensors[0].data[0];
    assert_int_equal(fv_model_average(a, (const fv_model *const[]){b}, 1), FV_ERROR_INVALID);
    if (!strstr(fv_error_message(), why))
        fail_msg("'%s' does not say '%s'", fv_error_message(), why);
    assert_true(a->tensors[0].data[0] == before);
}

static void test_refused(void **state)
{
    (void)state;
    fv_model *a = named(1, 4, "top"), *wider = named(2, 5, "top"), *other = named(2, 4, "up"),
             *darker = named(2, 4, "top");
    fv_preprocess p = *fv_model_preprocess(darker);
    p.mean[0] = 90;
    p.std[0] = 60;
    assert_ok(fv_model_set_preprocess(darker, &p));
    assert_refused(a, wider, "another network");
    assert_refused(a, other, "other classes");
    assert_refused(a, darker, "mean, std");
    assert_refused(a, NULL, "model 2 is missing");
    assert_int_equal(fv_model_average(a, NULL, 1), FV_ERROR_INVALID);
    fv_model_destroy(a);
    fv_model_destroy(wider);
    fv_model_destroy(other);
    fv_model_destroy(darker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mean), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
