/* SPDX-License-Identifier: Apache-2.0 */
/* What is found before a run: a rate from a curve, epochs from a cost, a batch from memory; and that finding changes nothing. */
#include <math.h>

#include "engine/engine.h"
#include "nn/network.h"
#include "test_train.h"
#include "train/rate_curve.h"
#include "train/trainer.h"

enum {
    POINTS = 100
};

typedef struct curve {
    double rates[POINTS], losses[POINTS], smoothed[POINTS];
    fv_learning_rates c;
} curve;

static void begin(curve *k)
{
    k->c = (fv_learning_rates){.rates = k->rates, .losses = k->losses, .smoothed = k->smoothed};
}

/* Flat, falling most at 1e-2, rising from 1e-1 on. */
static double valley(double rate)
{
    double x = log10(rate);
    return 2 - 1.5 / (1 + exp(-4 * (x + 2))) + (x > -1 ? 20 * (x + 1) : 0);
}

static void test_curve(void **state)
{
    (void)state;
    curve k;
    begin(&k);
    int n = 0;
    while (n < POINTS && rate_curve_add(&k.c, pow(10, -6 + 0.06 * n), valley(pow(10, -6 + 0.06 * n))))
        n++;
    assert_true(n < POINTS - 1); /* it stopped */
    assert_true(k.smoothed[k.c.count - 1] > 4 * 0.5);
    double rate = rate_curve_suggest(&k.c);
    assert_true(rate >= 1e-2 && rate < 5e-2); /* the average lags behind by half a decade */
}

/* Where rates are too small to teach anything losses go up and down by more than they fall later from update to update. */
static void test_noisy_curve(void **state)
{
    (void)state;
    curve k;
    begin(&k);
    for (int n = 0; n < POINTS; n++) {
        double rate = pow(10, -6 + 0.06 * n), noise = n < POINTS / 2 ? 0.3 * sin(0.8 * n) : 0;
        if (!rate_curve_add(&k.c, rate, valley(rate) + noise))
            break;
    }
    double rate = rate_curve_suggest(&k.c);
    assert_true(rate >= 1e-2 && rate < 5e-2);
}

/* The first values of 0.9-averages, by hand. */
static void test_smoothing(void **state)
{
    (void)state;
    curve k;
    begin(&k);
    assert_true(rate_curve_add(&k.c, 1, 2));
    assert_true(rate_curve_add(&k.c, 2, 1));
    assert_float_equal(k.smoothed[0], 2, 1e-12);
    assert_float_equal(k.smoothed[1], (0.9 * 0.2 + 0.1) / 0.19, 1e-12);
    assert_false(rate_curve_add(&k.c, 3, NAN));
    assert_false(rate_curve_add(&k.c, 3, INFINITY));
    assert_int_equal(k.c.count, 2);
}

static void test_never_falls(void **state)
{
    (void)state;
    curve k;
    begin(&k);
    for (int i = 0; i < 10; i++)
        rate_curve_add(&k.c, i + 1, 1 + 0.1 * i);
    assert_true(rate_curve_suggest(&k.c) == 0);
}

static void test_epochs(void **state)
{
    (void)state;
    fv_fit_cost c = {.once = 10, .head_epoch = 1, .epoch = 5};
    assert_int_equal(fv_fit_epochs(&c, 60, 0, 1000), 10);
    assert_int_equal(fv_fit_epochs(&c, 59.9, 0, 1000), 9);
    assert_int_equal(fv_fit_epochs(&c, 60, 0, 7), 7);
    assert_int_equal(fv_fit_epochs(&c, 3, 0, 7), 1);
    assert_int_equal(fv_fit_epochs(&c, -3, FV_OFF, 7), 1);
    assert_int_equal(fv_fit_epochs(&c, 60, 5, 1000), 14);      /* 10 + 5 + 9 * 5 */
    assert_int_equal(fv_fit_epochs(&c, 46, FV_OFF, 1000), 12); /* 10 + 6 + 6 * 5 */
    assert_int_equal(fv_fit_epochs(&c, 45.9, FV_OFF, 1000), 11);
}

static fv_model *make_model(void)
{
    fv_model *m =
        fv_zoo_create("small_cnn", .classes = CLASSES, .height = SIDE, .width = SIDE, .channels = 1);
    assert_non_null(m);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    return m;
}

static float *copy_tensors(const fv_model *m, int64_t *count)
{
    *count = 0;
    for (int32_t i = 0; i < m->tensor_count; i++)
        *count += m->tensors[i].count;
    float *copy = malloc((size_t)*count * sizeof *copy), *to = copy;
    for (int32_t i = 0; i < m->tensor_count; to += m->tensors[i++].count)
        memcpy(to, m->tensors[i].data, (size_t)m->tensors[i].count * sizeof *to);
    return copy;
}

/* Twice the same answer, and not a bit of the weights is another, with a head's phase, too. */
static void test_finding(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_idx(folder);
    fv_dataset *data = fv_dataset_open(folder, .seed = 1);
    fv_model *m = make_model();
    for (int64_t head = 0; head < 2; head++) {
        fv_fit_options o = {.struct_size = sizeof o,
                            .model = m,
                            .train = fv_dataset_part(data, FV_TRAIN),
                            .validation = fv_dataset_part(data, FV_VALIDATION),
                            .epochs = 2,
                            .batch = 16,
                            .head_epochs = head,
                            .out = folder};
        fv_learning_rates a, b;
        fv_batch_choice batch;
        fv_fit_cost cost;
        int64_t count;
        float *before = copy_tensors(m, &count);
        assert_ok(fv_find_learning_rate(&o, &a));
        assert_ok(fv_find_learning_rate(&o, &b));
        assert_ok(fv_find_batch(&o, &batch));
        assert_ok(fv_measure_fit(&o, 0.01, &cost));
        float *after = copy_tensors(m, &count);
        assert_memory_equal(before, after, (size_t)count * sizeof *before);
        assert_true(a.suggestion > 0 && a.suggestion == b.suggestion && a.count == b.count);
        assert_memory_equal(a.losses, b.losses, (size_t)a.count * sizeof *a.losses);
        assert_true(a.count >= 2 && a.count <= 40); /* ten epochs of four steps */
        assert_int_equal(batch.batch, 8);
        assert_true(cost.epoch > 0 && cost.head_epoch > 0 && cost.once >= 0 && cost.picture > 0);
        char *left = file_join(folder, "last.safetensors");
        assert_false(file_exists(left));
        free(left);
        free(before);
        free(after);
        fv_learning_rates_release(&a);
        fv_learning_rates_release(&b);
    }
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    remove_folder(folder);
}

/* What is said to be needed is what is then taken. */
static void test_measured(void **state)
{
    (void)state;
    fv_model *m = make_model();
    step_loss loss = {.targets = STEP_LABELS};
    size_t bytes, twice;
    assert_ok(trainer_measure(m, 8, &loss, &bytes));
    assert_ok(trainer_measure(m, 16, &loss, &twice));
    assert_true(twice > bytes && twice < 2 * bytes);
    step_graph s;
    engine *e;
    plan *p;
    assert_ok(step_graph_build(m, 8, &loss, &s));
    assert_ok(engine_open("reference", 1, &e));
    assert_ok(plan_create(e, s.graph, &p));
    assert_int_equal(plan_memory(p), bytes);
    plan_destroy(p);
    engine_close(e);
    step_graph_release(&s);
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curve),     cmocka_unit_test(test_noisy_curve),
        cmocka_unit_test(test_smoothing), cmocka_unit_test(test_never_falls),
        cmocka_unit_test(test_epochs),    cmocka_unit_test(test_finding),
        cmocka_unit_test(test_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
