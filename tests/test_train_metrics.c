/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics against scikit-learn's and SciPy's. */
#include <math.h>
#include <stdint.h>

#include "golden/metrics.h"
#include "testing.h"
#include "train/metrics.h"

static const double tolerance = 1e-6; /* golden values have 9 digits */

static void assert_score(const fv_class_score *s, const double expected[4])
{
    assert_float_equal(s->precision, expected[0], tolerance);
    assert_float_equal(s->recall, expected[1], tolerance);
    assert_float_equal(s->f1, expected[2], tolerance);
    assert_float_equal(s->auc, expected[3], tolerance);
}

static void test_all(void **state)
{
    (void)state;
    int32_t labels[GOLDEN_COUNT], predicted[GOLDEN_COUNT];
    float probability[GOLDEN_COUNT];
    int64_t confusion[GOLDEN_CLASSES * GOLDEN_CLASSES] = {0};
    fv_class_score classes[GOLDEN_CLASSES] = {0};
    memcpy(labels, golden_labels, sizeof labels);
    fv_evaluation e = {.images = GOLDEN_COUNT,
                       .class_count = GOLDEN_CLASSES,
                       .label = labels,
                       .predicted = predicted,
                       .probability = probability,
                       .confusion = confusion,
                       .classes = classes,
                       .probabilities = (float *)golden_probabilities};
    assert_ok(metrics_fill(&e));
    assert_memory_equal(confusion, golden_confusion, sizeof confusion);
    assert_float_equal(e.accuracy, golden_accuracy, tolerance);
    assert_float_equal(e.top5, golden_top5, tolerance);
    assert_float_equal(e.accuracy_low, golden_interval[0], tolerance);
    assert_float_equal(e.accuracy_high, golden_interval[1], tolerance);
    assert_float_equal(e.ece, golden_ece, tolerance);
    for (int k = 0; k < GOLDEN_CLASSES; k++) {
        assert_int_equal(classes[k].support, golden_support[k]);
        if (isnan(golden_auc[k])) {
            assert_true(isnan(classes[k].auc));
            continue;
        }
        assert_score(&classes[k],
                     (double[]){golden_precision[k], golden_recall[k], golden_f1[k], golden_auc[k]});
    }
    assert_score(&e.macro, golden_macro);
    assert_score(&e.weighted, golden_weighted);
    /* What validation computes of an epoch without the rest. */
    double map;
    assert_float_equal(metrics_macro_f1(&e), golden_macro[2], tolerance);
    assert_ok(metrics_mean_precision(&e, &map));
    assert_float_equal(map, golden_map, tolerance);
}

static void test_multi_label(void **state)
{
    (void)state;
    enum {
        N = GOLDEN_MULTI_COUNT,
        K = GOLDEN_MULTI_CLASSES
    };
    int32_t predicted[N];
    float probability[N], probabilities[N * K];
    unsigned char targets[N * K];
    fv_class_score classes[K] = {0};
    double loss = 0, right = 0;
    memcpy(targets, golden_multi_targets, sizeof targets);
    for (int i = 0; i < N; i++) {
        const float *logits = golden_multi_logits + i * K;
        float wanted[K];
        for (int k = 0; k < K; k++)
            wanted[k] = targets[i * K + k];
        metrics_probabilities(logits, K, true, probabilities + i * K);
        loss += metrics_targets_loss(logits, K, wanted) / N;
        right += metrics_targets_right(logits, K, 0, wanted) / N;
    }
    fv_evaluation e = {.images = N,
                       .class_count = K,
                       .predicted = predicted,
                       .probability = probability,
                       .classes = classes,
                       .multi_label = 1,
                       .targets = targets,
                       .probabilities = probabilities};
    assert_ok(metrics_fill(&e));
    assert_float_equal(loss, golden_multi_loss, tolerance);
    assert_float_equal(right, golden_multi_accuracy, tolerance);
    assert_float_equal(e.accuracy, golden_multi_accuracy, tolerance);
    assert_float_equal(e.exact_match, golden_multi_exact, tolerance);
    assert_true(isnan(e.top5) && isnan(e.accuracy_low));
    for (int k = 0; k < K; k++) {
        assert_int_equal(classes[k].support, golden_multi_support[k]);
        assert_float_equal(classes[k].precision, golden_multi_precision[k], tolerance);
        assert_float_equal(classes[k].recall, golden_multi_recall[k], tolerance);
        assert_float_equal(classes[k].f1, golden_multi_f1[k], tolerance);
        if (isnan(golden_multi_auc[k]))
            assert_true(isnan(classes[k].auc));
        else
            assert_float_equal(classes[k].auc, golden_multi_auc[k], tolerance);
    }
    assert_score(&e.macro, golden_multi_macro);
    assert_score(&e.weighted, golden_multi_weighted);
    double map;
    assert_float_equal(metrics_macro_f1(&e), golden_multi_macro[2], tolerance);
    assert_ok(metrics_mean_precision(&e, &map));
    assert_float_equal(map, golden_multi_map, tolerance);
}

static void test_losses(void **state)
{
    (void)state;
    double softmax = 0, sigmoid = 0;
    for (int i = 0; i < GOLDEN_COUNT; i++) {
        const float *row = golden_logits + i * GOLDEN_CLASSES;
        softmax += metrics_loss(row, GOLDEN_CLASSES, false, golden_labels[i]) / GOLDEN_COUNT;
        sigmoid += metrics_loss(row, GOLDEN_CLASSES, true, golden_labels[i]) / GOLDEN_COUNT;
    }
    assert_float_equal(softmax, golden_loss, tolerance);
    assert_float_equal(sigmoid, golden_sigmoid_loss, tolerance);
}

static void test_probabilities(void **state)
{
    (void)state;
    float p[GOLDEN_CLASSES];
    for (int i = 0; i < GOLDEN_COUNT; i++) {
        metrics_probabilities(golden_logits + i * GOLDEN_CLASSES, GOLDEN_CLASSES, false, p);
        for (int k = 0; k < GOLDEN_CLASSES; k++)
            assert_float_equal(p[k], golden_probabilities[i * GOLDEN_CLASSES + k], 1e-7);
    }
}

/* Logits that exp cannot hold; log(1 + e^-x) and 1 / (1 + e^x) in closed form. */
static void test_extremes(void **state)
{
    (void)state;
    float p[2];
    const float far[2] = {1e4f, -1e4f}, one = 3;
    metrics_probabilities(far, 2, false, p);
    assert_true(p[0] == 1 && p[1] == 0);
    assert_float_equal(metrics_loss(far, 2, false, 1), 2e4, 1e-3);
    assert_float_equal(metrics_loss(far, 2, true, 1), 1e4, 1e-3);
    metrics_probabilities(&one, 1, true, p);
    assert_float_equal(p[1], 1 / (1 + exp(-3)), 1e-7);
    assert_float_equal(p[0] + p[1], 1, 1e-7);
    assert_float_equal(metrics_loss(&one, 1, true, 1), log1p(exp(-3)), 1e-12);
    assert_float_equal(metrics_loss(&one, 1, true, 0), 3 + log1p(exp(-3)), 1e-12);
}

static void test_interval_ends(void **state)
{
    (void)state;
    double low, high;
    metrics_wilson(0, 10, &low, &high);
    assert_float_equal(low, 0, 0);
    assert_float_equal(high, 0.2775328, 1e-6); /* z^2 / (n + z^2) */
    metrics_wilson(10, 10, &low, &high);
    assert_float_equal(low, 1 - 0.2775328, 1e-6);
    assert_float_equal(high, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),      cmocka_unit_test(test_multi_label),
                                       cmocka_unit_test(test_losses),   cmocka_unit_test(test_probabilities),
                                       cmocka_unit_test(test_extremes), cmocka_unit_test(test_interval_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
