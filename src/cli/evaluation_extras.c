/* SPDX-License-Identifier: Apache-2.0 */
/* What eval adds to an evaluation: intervals, the comparison with another model. */
#include <math.h>
#include <stdio.h>

#include "cli/evaluation.h"

/* Of one class a picture, these say nothing that the accuracy does not. */
static bool is_accuracy_again(fv_score s)
{
    return s == FV_SCORE_EXACT_MATCH || s == FV_SCORE_MICRO_F1 || s == FV_SCORE_HAMMING_LOSS;
}

void intervals_print(const fv_evaluation *e, const fv_interval *intervals, int64_t resamples)
{
    printf("\n95 %% intervals (bootstrap, %lld resamples)\n", (long long)resamples);
    for (int s = 0; s < FV_SCORE_COUNT; s++)
        if (isfinite(intervals[s].low) && (e->multi_label || !is_accuracy_again((fv_score)s)))
            printf("%-28s%7.4f  %.4f..%.4f\n", fv_score_name((fv_score)s),
                   fv_evaluation_score(e, (fv_score)s), intervals[s].low, intervals[s].high);
}

void comparison_print(const fv_comparison *c, const char *first, const char *second)
{
    bool second_is_better = c->difference > 0;
    double low = second_is_better ? c->interval.low : -c->interval.high;
    double high = second_is_better ? c->interval.high : -c->interval.low;
    const char *better = second_is_better ? second : first;
    printf("\ncomparison on %lld pictures\n", (long long)c->images);
    printf("%.4f  %s\n%.4f  %s\n", c->first_accuracy, first, c->second_accuracy, second);
    printf("right: both %lld, only the first %lld, only the second %lld, neither %lld\n",
           (long long)c->both_right, (long long)c->only_first, (long long)c->only_second,
           (long long)c->both_wrong);
    if (c->difference == 0)
        printf("both are equally often right");
    else
        printf("%s%s is better by %.1f points (95 %% interval %.1f..%.1f)",
               c->p < 0.05 ? "" : "no clear difference: ", better, 100 * fabs(c->difference), 100 * low,
               100 * high);
    printf("; p = %.2g (McNemar's test, %s)\n", c->p,
           c->exact ? "exact" : "chi-square with continuity correction");
}
