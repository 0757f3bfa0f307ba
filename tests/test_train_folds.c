/* SPDX-License-Identifier: Apache-2.0 */
/* Folds as one evaluation, and a score over the folds against SciPy. */
#include <math.h>

#include "test_scores.h"

enum {
    FOLDS = 3
};

/* The pictures of `all` whose number is `fold` modulo FOLDS. */
static fv_evaluation part_of(const fv_evaluation *all, int64_t fold)
{
    fv_evaluation e;
    size_t k = (size_t)all->class_count;
    assert_ok(evaluation_like(&e, all, all->images));
    for (int64_t i = fold; i < all->images; i += FOLDS) {
        int64_t to = e.images++;
        e.index[to] = i;
        e.label[to] = all->label[i];
        if (e.targets)
            memcpy(e.targets + (size_t)to * k, all->targets + (size_t)i * k, k);
        memcpy(e.probabilities + (size_t)to * k, all->probabilities + (size_t)i * k,
               k * sizeof *e.probabilities);
    }
    e.loss = (double)fold;
    e.skipped = 1;
    return e;
}

static void pool_is_the_whole(const score_case *c)
{
    fv_evaluation all = make_evaluation(c), parts[FOLDS], pooled;
    const fv_evaluation *list[FOLDS];
    for (int f = 0; f < FOLDS; f++) {
        parts[f] = part_of(&all, f);
        list[(f + 1) % FOLDS] = &parts[f];
    }
    assert_ok(metrics_fill(&all));
    assert_ok(fv_evaluation_pool(list, FOLDS, &pooled));
    assert_int_equal(pooled.images, all.images);
    assert_int_equal(pooled.skipped, all.skipped + FOLDS);
    for (int64_t i = 0; i < all.images; i++)
        assert_int_equal(pooled.index[i], i);
    for (int s = 0; s < FV_SCORE_COUNT; s++) {
        double one = fv_evaluation_score(&all, (fv_score)s), two = fv_evaluation_score(&pooled, (fv_score)s);
        assert_true(one == two || (isnan(one) && isnan(two)));
    }
    double loss = (double)(parts[1].images + 2 * parts[2].images) / (double)all.images;
    assert_true(fabs(pooled.loss - loss) < 1e-12);
    fv_evaluation_release(&pooled);

    list[1] = list[0];
    assert_int_equal(fv_evaluation_pool(list, FOLDS, &pooled), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "is in two evaluations"));
    parts[1].classes[0].name = "other";
    list[1] = &parts[1];
    list[0] = &parts[0];
    assert_int_equal(fv_evaluation_pool(list, 2, &pooled), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "other classes"));
    for (int f = 0; f < FOLDS; f++)
        fv_evaluation_release(&parts[f]);
    fv_evaluation_release(&all);
}

static void pools(void **state)
{
    (void)state;
    int multi_label = 0, tried = 0;
    for (size_t i = 0; i < sizeof score_cases / sizeof *score_cases; i++)
        if (score_cases[i].images >= FOLDS) {
            pool_is_the_whole(&score_cases[i]);
            multi_label += score_cases[i].multi_label;
            tried++;
        }
    assert_true(multi_label > 0 && tried > multi_label);
    fv_evaluation e;
    assert_int_equal(fv_evaluation_pool(NULL, 1, &e), FV_ERROR_INVALID);
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-12))
        fail_msg("%.17g is not %.17g", got, wanted);
}

/* scipy.stats.t.interval(0.95, n - 1, mean, deviation / sqrt(n)); for repeats with sqrt(1 / n + 1 / (folds - 1)). */
static void spreads(void **state)
{
    (void)state;
    const double values[] = {0.91, 0.87, 0.95, 0.9, 0.84, 0.8};
    fv_fold_spread s = fv_fold_spread_of(values, 5, 5);
    assert_near(s.mean, 0.894);
    assert_near(s.deviation, 0.041593268686170845);
    assert_near(s.interval.low, 0.8423551357047656);
    assert_near(s.interval.high, 0.9456448642952342);
    s = fv_fold_spread_of(values, 6, 3);
    assert_near(s.mean, 0.8783333333333333);
    assert_near(s.interval.low, 0.7661532938683556);
    assert_near(s.interval.high, 0.990513372798311);

    const double holes[] = {NAN, 1, INFINITY, 3};
    s = fv_fold_spread_of(holes, 4, 4);
    assert_int_equal(s.count, 2);
    assert_near(s.mean, 2);
    assert_near(s.interval.high,
                2 + 12.706204736174694); /* one degree of freedom, deviation sqrt(2) of two */
    s = fv_fold_spread_of(holes, 2, 2);
    assert_near(s.mean, 1);
    assert_true(isnan(s.deviation) && isnan(s.interval.low));
    assert_true(isnan(fv_fold_spread_of(holes, 1, 2).mean));

    static const struct {
        int count;
        double t; /* scipy.stats.t.ppf(0.975, count - 1) */
    } limits[] = {{3, 4.302652729749462},
                  {4, 3.1824463052837078},
                  {10, 2.262157162798205},
                  {11, 2.228138851986274},
                  {100, 1.9842169515864174}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        double list[100];
        for (int k = 0; k < limits[i].count; k++)
            list[k] = k % 2;
        s = fv_fold_spread_of(list, limits[i].count, limits[i].count);
        double reach = (s.interval.high - s.interval.low) / 2;
        assert_near(reach * sqrt(limits[i].count) / s.deviation, limits[i].t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pools), cmocka_unit_test(spreads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
