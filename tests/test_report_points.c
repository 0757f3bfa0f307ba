/* SPDX-License-Identifier: Apache-2.0 */
/* The points of ROC, precision-recall and reliability against scikit-learn's (golden/make_points.py). */
#include "testing.h"

#include <math.h>
#include <string.h>

#include "golden/points.h"
#include "report/points.h"

static fv_evaluation golden_evaluation(float probability[POINT_IMAGES])
{
    static int32_t label[POINT_IMAGES], predicted[POINT_IMAGES];
    static float probabilities[POINT_IMAGES * POINT_CLASSES];
    memcpy(label, point_label, sizeof label);
    memcpy(predicted, point_predicted, sizeof predicted);
    memcpy(probabilities, point_probabilities, sizeof probabilities);
    for (int i = 0; i < POINT_IMAGES; i++)
        probability[i] = probabilities[i * POINT_CLASSES + predicted[i]];
    return (fv_evaluation){.images = POINT_IMAGES,
                           .class_count = POINT_CLASSES,
                           .label = label,
                           .predicted = predicted,
                           .probability = probability,
                           .probabilities = probabilities};
}

static void assert_points(const report_points *p, const double *x, const double *y, size_t count)
{
    assert_true((size_t)p->count <= count);
    for (int64_t i = 0; i < p->count; i++) {
        assert_true(fabs(p->x[i] - x[i]) < 1e-12);
        assert_true(fabs(p->y[i] - y[i]) < 1e-12);
    }
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void points_are_those_of_scikit_learn(void **state)
{
    (void)state;
    float probability[POINT_IMAGES];
    fv_evaluation e = golden_evaluation(probability);
    const double *roc[3][2] = {{roc_x0, roc_y0}, {roc_x1, roc_y1}, {roc_x2, roc_y2}};
    const size_t roc_count[] = {COUNT(roc_x0), COUNT(roc_x1), COUNT(roc_x2)};
    const double *pr[3][2] = {{recall0, precision0}, {recall1, precision1}, {recall2, precision2}};
    const size_t pr_count[] = {COUNT(recall0), COUNT(recall1), COUNT(recall2)};
    for (int k = 0; k < 3; k++) {
        report_points p;
        assert_ok(report_roc(&e, k, &p));
        assert_int_equal(p.count, roc_count[k]);
        assert_points(&p, roc[k][0], roc[k][1], roc_count[k]);
        report_points_release(&p);
        assert_ok(report_precision_recall(&e, k, &p));
        assert_int_equal(p.count, pr_count[k]);
        assert_points(&p, pr[k][0], pr[k][1], pr_count[k]);
        report_points_release(&p);
    }
    report_bins b;
    report_reliability(&e, &b);
    assert_int_equal(b.total, POINT_IMAGES);
    size_t filled = 0;
    for (int i = 0; i < REPORT_BINS; i++) {
        if (b.count[i] == 0)
            continue;
        assert_true(filled < COUNT(bin_accuracy));
        assert_true(fabs(b.accuracy[i] - bin_accuracy[filled]) < 1e-12);
        assert_true(fabs(b.confidence[i] - bin_confidence[filled]) < 1e-12);
        filled++;
    }
    assert_int_equal(filled, COUNT(bin_accuracy));
}

/* The mean leaves the absent class out, and lies between the least and the greatest of the others. */
static void means_leave_absent_classes_out(void **state)
{
    (void)state;
    float probability[POINT_IMAGES];
    fv_evaluation e = golden_evaluation(probability);
    report_points absent, mean;
    assert_ok(report_roc(&e, 3, &absent));
    assert_int_equal(absent.count, 0);
    assert_ok(report_roc(&e, -1, &mean));
    assert_int_equal(mean.count, 101);
    assert_true(mean.y[100] == 1);
    double area = 0;
    for (int i = 1; i < 101; i++) {
        assert_true(mean.y[i] >= mean.y[i - 1]);
        area += (mean.y[i] + mean.y[i - 1]) / 200;
    }
    const double *const x[] = {roc_x0, roc_x1, roc_x2}, *const y[] = {roc_y0, roc_y1, roc_y2};
    const size_t count[] = {COUNT(roc_x0), COUNT(roc_x1), COUNT(roc_x2)};
    double expected = 0;
    for (int k = 0; k < 3; k++)
        for (size_t i = 1; i < count[k]; i++)
            expected += (x[k][i] - x[k][i - 1]) * (y[k][i] + y[k][i - 1]) / 6;
    assert_true(fabs(area - expected) < 0.01); /* of 101 places */
    report_points_release(&absent);
    report_points_release(&mean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_those_of_scikit_learn),
        cmocka_unit_test(means_leave_absent_classes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
