/* SPDX-License-Identifier: Apache-2.0 */
/* Several models: fv_compare, fv_evaluation_combine. McNemar's test against SciPy's numbers, pictures matched, the interval of the difference. */
#include <math.h>

#include "golden/comparisons.h"
#include "test_scores.h"

/* `n` pictures of class 0, the i-th taken for `predicted[i]`. */
static fv_evaluation judged(int n, const int8_t *predicted)
{
    float *p = malloc((size_t)(2 * n) * sizeof *p);
    unsigned char *truth = calloc((size_t)(2 * n), 1);
    assert_true(p && truth);
    for (int i = 0; i < n; i++) {
        truth[2 * i] = 1;
        p[2 * i] = predicted[i] ? 0.25f : 0.75f;
        p[2 * i + 1] = 1 - p[2 * i];
    }
    fv_evaluation e = make_evaluation(&(score_case){.images = n, .classes = 2, .p = p, .truth = truth});
    assert_ok(metrics_fill(&e));
    free(p);
    free(truth);
    return e;
}

static void test_p_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_comparisons / sizeof *golden_comparisons; i++) {
        int b = golden_comparisons[i].only_first, c = golden_comparisons[i].only_second, n = b + c + 20;
        int8_t one[300] = {0}, two[300] = {0};
        for (int k = 0; k < b + c; k++)
            one[k] = !(two[k] = k < b);
        one[n - 1] = two[n - 1] = 1;
        fv_evaluation first = judged(n, one), second = judged(n, two);
        fv_comparison r;
        assert_ok(fv_compare(&first, .second = &second, .result = &r, .resamples = 50));
        assert_int_equal(r.images, n);
        assert_int_equal(r.only_first, b);
        assert_int_equal(r.only_second, c);
        assert_int_equal(r.both_wrong, 1);
        assert_int_equal(r.both_right, 19);
        assert_int_equal(r.exact, b + c < 25);
        assert_true(fabs(r.p / golden_comparisons[i].p - 1) < 1e-9);
        assert_true(r.exact ? isnan(r.statistic)
                            : fabs(r.statistic - golden_comparisons[i].statistic) < 1e-9);
        assert_true(fabs(r.difference - (double)(c - b) / n) < 1e-15);
        assert_true(fabs(r.second_accuracy - r.first_accuracy - r.difference) < 1e-14);
        fv_evaluation_release(&first);
        fv_evaluation_release(&second);
    }
}

/* 400 pictures, gains of 0.2 on average with variance 0.36: the standard error is 0.6 / 20. */
static void test_interval(void **state)
{
    (void)state;
    int8_t one[400], two[400];
    for (int i = 0; i < 400; i++) {
        one[i] = i % 10 < 3;  /* three of ten are wrong, */
        two[i] = i % 10 == 9; /* one of ten: gains are 3 ones, a minus one and 6 zeros */
    }
    fv_evaluation first = judged(400, one), second = judged(400, two);
    fv_comparison r, again;
    assert_ok(fv_compare(&first, .second = &second, .result = &r, .threads = 1));
    assert_ok(fv_compare(&first, .second = &second, .result = &again, .threads = 3));
    assert_memory_equal(&r.interval, &again.interval, sizeof r.interval);
    assert_float_equal(r.difference, 0.2, 1e-12);
    assert_float_equal(r.interval.low, 0.2 - 1.96 * 0.03, 0.006);
    assert_float_equal(r.interval.high, 0.2 + 1.96 * 0.03, 0.006);
    fv_evaluation_release(&first);
    fv_evaluation_release(&second);
}

static void test_matching(void **state)
{
    (void)state;
    fv_evaluation first = judged(4, (const int8_t[]){0, 0, 1, 1}),
                  second = judged(3, (const int8_t[]){1, 0, 0});
    fv_evaluation many = make_evaluation(find_case("multi"));
    memcpy(second.index, (const int64_t[]){1, 2, 7}, 3 * sizeof *second.index);
    fv_comparison r;
    assert_ok(fv_compare(&first, .second = &second, .result = &r));
    assert_int_equal(r.images, 2);
    assert_true(r.only_first == 1 && r.only_second == 1 && r.p == 1);
    memcpy(second.index, (const int64_t[]){5, 6, 7}, 3 * sizeof *second.index);
    assert_int_equal(fv_compare(&first, .second = &second, .result = &r), FV_ERROR_INVALID);
    assert_int_equal(fv_compare(&first, .second = &many, .result = &r), FV_ERROR_INVALID);
    assert_int_equal(fv_compare(&first, .second = NULL, .result = &r), FV_ERROR_INVALID);
    fv_evaluation_release(&first);
    fv_evaluation_release(&second);
    fv_evaluation_release(&many);
}

/* The mean of probabilities, of classes in different orders. */
static void test_ensemble(void **state)
{
    (void)state;
    fv_evaluation first = judged(3, (const int8_t[]){0, 1, 0}), second = judged(3, (const int8_t[]){0, 0, 1}),
                  e;
    second.classes[0].name = "bee"; /* the other way round: its pictures are of class 1 then */
    second.classes[1].name = "ant";
    for (int i = 0; i < 3; i++) {
        second.label[i] = 1;
        second.probabilities[2 * i + 1] = second.predicted[i] ? 0.0f : 1.0f;
        second.probabilities[2 * i] = 1 - second.probabilities[2 * i + 1];
    }
    memcpy(second.index, (const int64_t[]){0, 1, 3}, 3 * sizeof *second.index);
    const fv_evaluation *list[] = {&first, &second};
    assert_ok(fv_evaluation_combine(list, 2, &e));
    assert_int_equal(e.images, 2);
    assert_int_equal(e.skipped, 1);
    const float expected[] = {0.875f, 0.125f, 0.625f, 0.375f};
    assert_memory_equal(e.probabilities, expected, sizeof expected);
    assert_true(e.accuracy == 1 && e.label[1] == 0);
    assert_true(fabs(e.loss + (log(0.875) + log(0.625)) / 2) < 1e-12);
    fv_evaluation_release(&e);
    second.classes[0].name = "gnu";
    assert_int_equal(fv_evaluation_combine(list, 2, &e), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "bee"));
    assert_null(e.classes);
    fv_evaluation_release(&first);
    fv_evaluation_release(&second);
}

/* One model of several labels alone: the same scores. */
static void test_ensemble_of_one(void **state)
{
    (void)state;
    fv_evaluation one = make_evaluation(find_case("multi")), e;
    assert_ok(metrics_fill(&one));
    assert_ok(fv_evaluation_combine((const fv_evaluation *const[]){&one}, 1, &e));
    for (int s = 0; s < FV_SCORE_COUNT; s++) {
        double a = fv_evaluation_score(&one, (fv_score)s), b = fv_evaluation_score(&e, (fv_score)s);
        assert_true(a == b || (isnan(a) && isnan(b)));
    }
    fv_evaluation_release(&one);
    fv_evaluation_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_p_values), cmocka_unit_test(test_interval),
                                       cmocka_unit_test(test_matching), cmocka_unit_test(test_ensemble),
                                       cmocka_unit_test(test_ensemble_of_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
