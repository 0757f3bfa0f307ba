/* SPDX-License-Identifier: Apache-2.0 */
/* A score over the folds: mean, deviation, and Student's interval. */
#include <math.h>

#include "core/status.h"

/* The probability that Student's t with `n` degrees of freedom lies within -t..t: the finite sums of Abramowitz & Stegun 26.7.3
 * and 26.7.4. */
static double student_within(double t, int64_t n)
{
    const double pi = 3.14159265358979323846;
    double angle = atan(t / sqrt((double)n)), c = cos(angle), sum = 0;
    double term = n % 2 ? c : 1;
    for (int64_t k = n % 2 ? 2 : 1; k < n; k += 2) {
        sum += term;
        term *= c * c * (double)k / (double)(k + 1);
    }
    return n % 2 ? 2 / pi * (angle + sin(angle) * sum) : sin(angle) * sum;
}

/* The t with 95 % within, by bisection: 12.7 for one degree of freedom is the largest. */
static double student_limit(int64_t n)
{
    double low = 0, high = 16;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(student_within(middle, n) < 0.95 ? &low : &high) = middle;
    }
    return high;
}

fv_fold_spread fv_fold_spread_of(const double *values, int64_t count, int64_t folds)
{
    fv_fold_spread s = {.mean = 0, .deviation = NAN, .interval = {NAN, NAN}};
    double squares = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            s.mean += (values[i] - s.mean) / (double)++s.count;
    for (int64_t i = 0; i < count; i++)
        squares += isfinite(values[i]) ? (values[i] - s.mean) * (values[i] - s.mean) : 0;
    if (s.count == 0)
        s.mean = NAN;
    if (s.count < 2)
        return s;
    s.deviation = sqrt(squares / (double)(s.count - 1));
    double share = 1 / (double)s.count;
    if (count > folds && folds > 1)
        share += 1 / (double)(folds - 1);
    double reach = student_limit(s.count - 1) * s.deviation * sqrt(share);
    s.interval = (fv_interval){s.mean - reach, s.mean + reach};
    return s;
}
