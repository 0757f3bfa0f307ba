/* SPDX-License-Identifier: Apache-2.0 */
/* The importance of dimensions, on functions whose analysis of variance is known. */
#include "testing.h"

#include <math.h>

#include "core/random.h"
#include "tune/forest.h"

enum {
    POINTS = 300,
    DIMENSIONS = 4
};

static const char yaml[] =
    "a: {type: float, low: 0, high: 1}\nb: {type: float, low: 1e-4, high: 1, log: yes}\n"
    "c: [p, q, r]\nd: {type: int, low: 1, high: 10}\n";

typedef double (*function)(const double *v);

static void analyse(function f, double *importance)
{
    static double points[POINTS * DIMENSIONS], values[POINTS];
    fv_space *s = fv_space_parse(yaml, "space");
    assert_non_null(s);
    for (uint64_t i = 0; i < POINTS; i++) {
        rng r = rng_at(9, 0, i);
        space_draw_all(s, &r, &points[i * DIMENSIONS]);
        values[i] = f(&points[i * DIMENSIONS]);
    }
    assert_ok(forest_importance(s, points, values, POINTS, importance));
    fv_space_destroy(s);
}

/* The variance of 3 a is 9 / 12, that of log10(b), over four decades, 16 / 12, that of a choice of 0, 0 and 1.5 is 0.5. */
static double additive(const double *v)
{
    return 3 * v[0] + log10(v[1]) + (v[2] == 2 ? 1.5 : 0);
}

/* A forest is steps, and has seen 300 points: a tenth of the whole may be wrong. */
static const double tolerance = 0.1;

static void a_sum_is_divided_by_variances(void **state)
{
    (void)state;
    double found[DIMENSIONS], whole = 9.0 / 12 + 16.0 / 12 + 0.5;
    analyse(additive, found);
    assert_true(fabs(found[0] - 9.0 / 12 / whole) < tolerance);
    assert_true(fabs(found[1] - 16.0 / 12 / whole) < tolerance);
    assert_true(fabs(found[2] - 0.5 / whole) < tolerance);
    assert_true(found[3] < 0.03);
}

static double small_unit(const double *v)
{
    return 1e-9 * additive(v);
}

static double far_from_zero(const double *v)
{
    return 1e6 + additive(v);
}

static void neither_unit_nor_origin_matters(void **state)
{
    (void)state;
    double found[DIMENSIONS], small[DIMENSIONS], far[DIMENSIONS];
    analyse(additive, found);
    analyse(small_unit, small);
    analyse(far_from_zero, far);
    for (int i = 0; i < DIMENSIONS; i++) { /* of cuts that are equally good the last bits choose */
        assert_true(fabs(small[i] - found[i]) < 0.002);
        assert_true(fabs(far[i] - found[i]) < 0.002);
    }
}

static double one(const double *v)
{
    return v[3];
}

static void one_dimension_has_all(void **state)
{
    (void)state;
    double found[DIMENSIONS];
    analyse(one, found);
    assert_true(found[3] > 0.99 && found[0] + found[1] + found[2] < 0.01);
}

/* An exclusive or: neither matters alone. */
static double interaction(const double *v)
{
    return (v[0] < 0.5) != (log10(v[1]) < -2);
}

static void an_interaction_is_nobodys_own(void **state)
{
    (void)state;
    double found[DIMENSIONS];
    analyse(interaction, found);
    assert_true(found[0] < tolerance && found[1] < tolerance);
}

static double constant(const double *v)
{
    (void)v;
    return 0.3;
}

static void without_variance_there_is_none(void **state)
{
    (void)state;
    double found[DIMENSIONS], values[3] = {1, 2, 3}, points[3 * DIMENSIONS] = {0};
    analyse(constant, found);
    for (int i = 0; i < DIMENSIONS; i++)
        assert_true(isnan(found[i]));
    fv_space *s = fv_space_parse(yaml, "space");
    assert_ok(forest_importance(s, points, values, 3, found));
    assert_true(isnan(found[0]));
    fv_space_destroy(s);
}

/* Inactive dimensions are there, as many as a space may have are, and a study says the same as the forest. */
static void a_study_has_importances(void **state)
{
    (void)state;
    double importance[2];
    fv_trial t;
    int stop;
    fv_space *space = fv_space_parse("k: [a, b]\nx: {type: float, low: 0, high: 1, when: {k: a}}\n", "space");
    fv_study *s = fv_study_create(NULL, space, .trials = 40, .pruner = FV_PRUNER_ASHA);
    assert_non_null(s);
    while (fv_study_ask(s, &t) == FV_OK && t.number > 0) {
        double value = strcmp(fv_trial_word(&t, "k"), "a") == 0 ? 5 : 0;
        assert_ok(fv_study_report(s, t.number, 1, value, &stop));
        assert_ok(fv_study_tell(s, t.number, stop ? FV_TRIAL_PRUNED : FV_TRIAL_COMPLETE, NAN, NULL));
        fv_trial_release(&t);
    }
    assert_ok(fv_study_importance(s, importance));
    assert_true(importance[0] > 0.99 && importance[1] < 0.01);
    fv_study_destroy(s);
    fv_space_destroy(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_divided_by_variances),  cmocka_unit_test(neither_unit_nor_origin_matters),
        cmocka_unit_test(one_dimension_has_all),          cmocka_unit_test(an_interaction_is_nobodys_own),
        cmocka_unit_test(without_variance_there_is_none), cmocka_unit_test(a_study_has_importances)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
