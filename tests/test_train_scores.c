/* SPDX-License-Identifier: Apache-2.0 */
/* All scores of an evaluation against scikit-learn's: ties, absent classes, one picture, perfect, constant and random predictions. */
#include <math.h>

#include "test_scores.h"

static const double tolerance = 1e-12; /* both compute in double precision, in another order */

static void assert_number(const char *name, const char *what, double value, double expected)
{
    if (isnan(expected) ? !isnan(value) : !(fabs(value - expected) <= tolerance))
        fail_msg("%s: %s is %.17g, not %.17g", name, what, value, expected);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof score_cases / sizeof *score_cases; i++) {
        const score_case *c = &score_cases[i];
        fv_evaluation e = make_evaluation(c);
        assert_ok(metrics_fill(&e));
        for (int s = 0; s < FV_SCORE_COUNT; s++) {
            assert_string_equal(fv_score_name((fv_score)s), score_names[s]);
            assert_number(c->name, score_names[s], fv_evaluation_score(&e, (fv_score)s), c->values[s]);
        }
        for (int k = 0; k < c->classes; k++) {
            const double *expected = c->class_values + 5 * k;
            assert_string_equal(e.classes[k].name, score_class_names[k]);
            assert_number(c->name, "a precision", e.classes[k].precision, expected[0]);
            assert_number(c->name, "a recall", e.classes[k].recall, expected[1]);
            assert_number(c->name, "an F1", e.classes[k].f1, expected[2]);
            assert_number(c->name, "an area", e.classes[k].auc, expected[3]);
            assert_number(c->name, "an average precision", e.classes[k].average_precision, expected[4]);
        }
        fv_evaluation_release(&e);
    }
    assert_null(fv_score_name(FV_SCORE_COUNT));
    assert_null(fv_score_name((fv_score)-1));
    assert_true(isnan(fv_evaluation_score(&(fv_evaluation){0}, FV_SCORE_COUNT)));
}

/* Of two classes the second one's threshold decides; of several labels each class's own. */
static void test_thresholds(void **state)
{
    (void)state;
    const score_case *c = find_case("two_classes");
    fv_evaluation e = make_evaluation(c);
    e.thresholds = copy_of((const float[]){0.2f, 0.8f}, 2 * sizeof *e.thresholds);
    assert_ok(metrics_fill(&e));
    int64_t second = 0;
    for (int i = 0; i < c->images; i++) {
        assert_int_equal(e.predicted[i], c->p[2 * i + 1] > 0.8f);
        assert_true(e.probability[i] == c->p[2 * i + e.predicted[i]]);
        second += e.predicted[i];
    }
    assert_int_equal(e.confusion[1] + e.confusion[3], second);
    assert_true(e.classes[1].auc == c->class_values[5 + 3]); /* areas do not depend on it */
    fv_evaluation_release(&e);

    c = find_case("multi");
    e = make_evaluation(c);
    e.thresholds = copy_of((const float[]){0.3f, 0.5f, 2, 0, 0.5f}, 5 * sizeof *e.thresholds);
    assert_ok(metrics_fill(&e));
    assert_true(e.classes[2].recall == 0 && e.classes[3].recall == 1);
    assert_number("multi", "an F1", e.classes[1].f1, c->class_values[5 + 2]);
    assert_true(e.classes[0].recall >= c->class_values[1]);
    fv_evaluation_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_thresholds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
