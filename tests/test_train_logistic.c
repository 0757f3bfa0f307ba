/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic regression against scikit-learn's solution on the same features. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "golden/logistic.h"
#include "testing.h"
#include "train/logistic.h"

static void compare(double c, const float *weights, bool intercept, const float *w, const float *b)
{
    const float *rows[GOLDEN_ROWS];
    float ones[GOLDEN_ROWS], got_w[GOLDEN_CLASSES * GOLDEN_FEATURES], got_b[GOLDEN_CLASSES];
    logistic_result result;
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        rows[i] = golden_rows + i * GOLDEN_FEATURES;
        ones[i] = 1;
    }
    logistic_problem p = {.rows = rows,
                          .labels = golden_labels,
                          .weights = weights ? weights : ones,
                          .count = GOLDEN_ROWS,
                          .features = GOLDEN_FEATURES,
                          .classes = GOLDEN_CLASSES,
                          .c = c};
    assert_ok(logistic_fit(&p, got_w, intercept ? got_b : NULL, &result));
    assert_true(result.gradient <= 1e-7 && result.iterations < 500);
    /* Both stop where the gradient is nearly nothing: the solutions then agree to its size over the penalty's curvature of 1. The features' scales are
     * 0.01 to 30, so weights are compared as parts of the largest of their column. */
    for (int j = 0; j < GOLDEN_FEATURES; j++) {
        float largest = 1e-6f;
        for (int k = 0; k < GOLDEN_CLASSES; k++)
            largest = fmaxf(largest, fabsf(w[k * GOLDEN_FEATURES + j]));
        for (int k = 0; k < GOLDEN_CLASSES; k++)
            assert_float_equal(got_w[k * GOLDEN_FEATURES + j], w[k * GOLDEN_FEATURES + j], 1e-4f * largest);
    }
    /* An intercept that nothing penalises is fixed up to a constant for all classes: compared by differences. */
    for (int k = 1; k < GOLDEN_CLASSES && intercept; k++)
        assert_float_equal(got_b[k] - got_b[0], b[k] - b[0], 1e-3f);
}

static void test_scikit_learn(void **state)
{
    (void)state;
    compare(1, NULL, true, golden_plain_w, golden_plain_b);
    compare(0.1, golden_weights, true, golden_weighted_w, golden_weighted_b);
    compare(10, NULL, false, golden_centreless_w, golden_centreless_b);
}

/* Two classes that a line divides: without the penalty there would be no solution. */
static void test_separable(void **state)
{
    (void)state;
    const float values[] = {-2, -1, 1, 2}, *rows[] = {values, values + 1, values + 2, values + 3};
    const int32_t labels[] = {0, 0, 1, 1};
    const float weights[] = {1, 1, 1, 1};
    float w[2], b[2];
    logistic_result result;
    logistic_problem p = {.rows = rows,
                          .labels = labels,
                          .weights = weights,
                          .count = 4,
                          .features = 1,
                          .classes = 2,
                          .c = 1e4};
    assert_ok(logistic_fit(&p, w, b, &result));
    assert_true(result.gradient <= 1e-7);
    assert_float_equal(w[0], -w[1], 1e-4f * w[1]);
    assert_float_equal(b[0], b[1], 1e-3f);
    assert_true(w[1] > 1 && w[1] < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scikit_learn), cmocka_unit_test(test_separable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
