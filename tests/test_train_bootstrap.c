/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals by the bootstrap: the same as scoring resampled evaluations one by one, and near what theory says. */
#include <math.h>

#include "core/random.h"
#include "test_scores.h"

enum {
    RESAMPLES = 200
};

/* The evaluation of the pictures `draw` names, picture by picture. */
static fv_evaluation resampled(const score_case *c, const int64_t *draw)
{
    size_t n = (size_t)c->images, k = (size_t)c->classes;
    float *p = malloc(n * k * sizeof *p);
    unsigned char *truth = malloc(n * k);
    assert_true(p && truth);
    for (size_t i = 0; i < n; i++) {
        memcpy(p + i * k, c->p + (size_t)draw[i] * k, k * sizeof *p);
        memcpy(truth + i * k, c->truth + (size_t)draw[i] * k, k);
    }
    score_case copy = *c;
    copy.p = p;
    copy.truth = truth;
    fv_evaluation e = make_evaluation(&copy);
    assert_ok(metrics_fill(&e));
    free(p);
    free(truth);
    return e;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void assert_percentiles(double *values, int count, fv_interval interval, const char *what)
{
    if (count == 0) {
        assert_true(isnan(interval.low) && isnan(interval.high));
        return;
    }
    qsort(values, (size_t)count, sizeof *values, by_size);
    for (int end = 0; end < 2; end++) {
        double place = (end ? 0.975 : 0.025) * (count - 1), part = place - floor(place);
        int at = (int)place;
        double expected = part > 0 ? (1 - part) * values[at] + part * values[at + 1] : values[at];
        double got = end ? interval.high : interval.low;
        if (!(fabs(got - expected) <= 1e-12))
            fail_msg("%s: %.17g instead of %.17g", what, got, expected);
    }
}

static void check_case(const char *name)
{
    const score_case *c = find_case(name);
    static double values[FV_SCORE_COUNT][RESAMPLES];
    int counts[FV_SCORE_COUNT] = {0};
    fv_interval intervals[FV_SCORE_COUNT], again[FV_SCORE_COUNT], other[FV_SCORE_COUNT];
    fv_evaluation e = make_evaluation(c);
    assert_ok(metrics_fill(&e));
    assert_ok(fv_bootstrap(&e, .intervals = intervals, .resamples = RESAMPLES, .seed = 7, .threads = 1));
    assert_ok(fv_bootstrap(&e, .intervals = again, .resamples = RESAMPLES, .seed = 7, .threads = 5));
    assert_ok(fv_bootstrap(&e, .intervals = other, .resamples = RESAMPLES, .seed = 8));
    assert_memory_equal(intervals, again, sizeof intervals);
    assert_memory_not_equal(intervals, other, sizeof intervals);
    for (int r = 0; r < RESAMPLES; r++) {
        int64_t draw[64];
        rng random = rng_at(7, 0, (uint64_t)r);
        for (int i = 0; i < c->images; i++)
            draw[i] = (int64_t)rng_below(&random, (uint64_t)c->images);
        fv_evaluation one = resampled(c, draw);
        for (int s = 0; s < FV_SCORE_COUNT; s++)
            if (!isnan(fv_evaluation_score(&one, (fv_score)s)))
                values[s][counts[s]++] = fv_evaluation_score(&one, (fv_score)s);
        fv_evaluation_release(&one);
    }
    for (int s = 0; s < FV_SCORE_COUNT; s++)
        assert_percentiles(values[s], counts[s], intervals[s], fv_score_name((fv_score)s));
    fv_evaluation_release(&e);
}

static void test_one_by_one(void **state)
{
    (void)state;
    check_case("ties");
    check_case("two_classes");
    check_case("multi");
}

/* 900 pictures of which 80 % are right: the accuracy's standard error is sqrt(0.8 * 0.2 / 900) = 1/75. */
static void test_theory(void **state)
{
    (void)state;
    enum {
        N = 900
    };
    static float p[2 * N];
    static unsigned char truth[2 * N];
    for (int i = 0; i < N; i++) {
        p[2 * i] = i % 5 == 0 ? 0.4f : 0.6f;
        p[2 * i + 1] = 1 - p[2 * i];
        truth[2 * i] = 1;
    }
    score_case c = {.images = N, .classes = 2, .top_k = 1, .p = p, .truth = truth};
    fv_interval intervals[FV_SCORE_COUNT];
    fv_evaluation e = make_evaluation(&c);
    assert_ok(metrics_fill(&e));
    assert_ok(fv_bootstrap(&e, .intervals = intervals));
    /* The ends' own standard error with 2000 resamples is about 3 % of the width. */
    assert_float_equal(intervals[FV_SCORE_ACCURACY].low, 0.8 - 1.96 / 75, 0.003);
    assert_float_equal(intervals[FV_SCORE_ACCURACY].high, 0.8 + 1.96 / 75, 0.003);
    assert_true(isnan(intervals[FV_SCORE_MACRO_AUC].low)); /* one class only */
    assert_int_equal(fv_bootstrap(&e, .intervals = intervals, .resamples = -1), FV_ERROR_INVALID);
    assert_int_equal(fv_bootstrap(&e, .intervals = NULL), FV_ERROR_INVALID);
    fv_evaluation_release(&e);
}

/* Nothing varies. */
static void test_one_picture(void **state)
{
    (void)state;
    fv_interval intervals[FV_SCORE_COUNT];
    fv_evaluation e = make_evaluation(find_case("one_picture"));
    assert_ok(metrics_fill(&e));
    assert_ok(fv_bootstrap(&e, .intervals = intervals));
    assert_true(intervals[FV_SCORE_ACCURACY].low == 1 && intervals[FV_SCORE_ACCURACY].high == 1);
    assert_true(isnan(intervals[FV_SCORE_KAPPA].low));
    fv_evaluation_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_by_one), cmocka_unit_test(test_theory),
                                       cmocka_unit_test(test_one_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
