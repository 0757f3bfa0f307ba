/* SPDX-License-Identifier: Apache-2.0 */
/* fv_update_statistics: the mean over batches of their means and unbiased variances. */
#include <math.h>

#include "data/dataset.h"
#include "nn/network.h"
#include "train_fixture.h"

enum {
    CHANNELS = 2
};

/* A convolution of one weight a channel, so that what reaches the norm is known, and one behind the norm, whose own statistics are of
 * what the first one makes with the batch's. */
static fv_model *make_norms(void)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1, .seed = 3);
    fv_node *x = fv_conv2d(fv_input(m), .filters = CHANNELS, .kernel = 1, .use_bias = FV_OFF, .name = "conv");
    x = fv_batch_norm(fv_batch_norm(x, .name = "first"), .name = "second");
    fv_output(fv_dense(fv_dropout(fv_global_average_pool2d(x), .rate = 0.5f), .units = CLASSES));
    fv_preprocess p = *fv_model_preprocess(m);
    p.mean[0] = 100;
    p.std[0] = 50;
    assert_ok(fv_model_set_preprocess(m, &p));
    for (int c = 0; c < CHANNELS; c++)
        network_find_tensor(m, "conv.weight")->data[c] = c ? -3 : 2;
    network_find_tensor(m, "first.weight")->data[1] = 4;
    network_find_tensor(m, "first.bias")->data[1] = 5;
    return m;
}

/* Mean and unbiased variance of normalised pixels, of all pictures as one batch. */
static void measure(const fv_dataset *d, double *mean, double *variance)
{
    double sum = 0, squares = 0, n = (double)fv_dataset_size(d) * SIDE * SIDE;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < fv_dataset_size(d); i++) {
            image im = {0};
            image_space space = {0};
            assert_ok(dataset_decode(d, i, &(image_decode_options){.channels = 1}, &space, &im));
            for (int k = 0; k < SIDE * SIDE; k++) {
                double x = (im.data[k] - 100) / 50.0;
                sum += pass ? 0 : x;
                squares += pass ? (x - sum / n) * (x - sum / n) : 0;
            }
            image_release(&im);
            image_space_release(&space);
        }
    *mean = sum / n;
    *variance = squares / (n - 1);
}

static void check_one_batch(const fixture *f, const char *engine)
{
    fv_model *m = make_norms();
    double mean, variance, n = (double)fv_dataset_size(f->train) * SIDE * SIDE;
    measure(f->train, &mean, &variance);
    network_find_tensor(m, "first.running_mean")->data[0] = NAN; /* whatever was there */
    uint64_t version = m->version;
    assert_ok(fv_compile(m, .engine = engine, .threads = 1));
    assert_ok(fv_update_statistics(m, .data = f->train, .batch = 1000));
    assert_true(m->version > version);
    for (int c = 0; c < CHANNELS; c++) {
        double w = c ? -3 : 2, gamma = c ? 4 : 1, beta = c ? 5 : 0;
        assert_float_equal(network_find_tensor(m, "first.running_mean")->data[c], w * mean, 1e-4);
        assert_float_equal(network_find_tensor(m, "first.running_var")->data[c], w * w * variance,
                           1e-4 * w * w * variance);
        assert_float_equal(network_find_tensor(m, "second.running_mean")->data[c], beta, 1e-4);
        assert_float_equal(network_find_tensor(m, "second.running_var")->data[c], gamma * gamma * n / (n - 1),
                           1e-3 * gamma * gamma);
    }
    fv_model_destroy(m);
}

static void test_one_batch(void **state)
{
    check_one_batch(*state, "reference");
    check_one_batch(*state, "auto");
}

/* Full batches of equal size: the mean of their means is that of all pictures, their variances are smaller. */
static void test_batches(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_norms(), *again = make_norms();
    double mean, variance;
    int64_t half = fv_dataset_size(f->train) / 2;
    measure(f->train, &mean, &variance);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    assert_ok(fv_compile(again, .engine = "reference", .threads = 1));
    assert_ok(fv_update_statistics(m, .data = f->train, .batch = half));
    assert_ok(fv_update_statistics(again, .data = f->train, .batch = half, .loader_threads = 3));
    assert_float_equal(network_find_tensor(m, "first.running_mean")->data[0], 2 * mean, 1e-4);
    assert_true(network_find_tensor(m, "first.running_var")->data[0] < 4 * variance * 1.001);
    for (int32_t i = 0; i < m->tensor_count; i++)
        assert_memory_equal(m->tensors[i].data, again->tensors[i].data,
                            (size_t)m->tensors[i].count * sizeof(float));
    fv_model_destroy(m);
    fv_model_destroy(again);
}

static int stop(const fv_progress *p, void *user)
{
    (void)user;
    assert_true(isnan(p->step_loss) && isnan(p->validation_f1) && isnan(p->validation_map));
    return strcmp(p->phase, "statistics") == 0;
}

static void test_refused(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_norms(), *fresh = make_norms();
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    assert_int_equal(fv_update_statistics(m), FV_ERROR_INVALID);
    assert_int_equal(fv_update_statistics(m, .data = f->train, .batch = -1), FV_ERROR_INVALID);
    assert_int_equal(fv_update_statistics(m, .data = f->train, .loader_threads = -1), FV_ERROR_INVALID);
    assert_int_equal(fv_update_statistics(m, .data = f->train, .batch = 20, .on_step = stop), FV_INTERRUPTED);
    for (int32_t i = 0; i < m->tensor_count; i++)
        assert_memory_equal(m->tensors[i].data, fresh->tensors[i].data,
                            (size_t)m->tensors[i].count * sizeof(float));
    fv_model_destroy(m);
    fv_model_destroy(fresh);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_one_batch), CASE(test_batches), CASE(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
