/* SPDX-License-Identifier: Apache-2.0 */
/* Axis ticks at round numbers (Heckbert, "Nice numbers for graph labels", Graphics Gems 1990). */
#include <math.h>
#include <stdio.h>

#include "report/report.h"

report_ticks report_ticks_make(double low, double high, int wanted, double least)
{
    if (!(high > low)) { /* one value only: give it room on both sides */
        double room = fmax(fabs(low) * 0.1, least > 0 ? least : 1e-3);
        low -= room;
        high += room;
    }
    double rough = (high - low) / wanted, power = pow(10, floor(log10(rough)));
    static const double nice[] = {1, 2, 5, 10};
    double step = 10 * power;
    for (int i = 3; i >= 0; i--)
        if (nice[i] * power >= rough * 0.999999)
            step = nice[i] * power;
    step = fmax(step, least);
    /* A hair's breadth over a tick does not ask for one more. */
    double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
    int count = (int)fmin(last - first, REPORT_MAX_TICKS - 1) + 1;
    return (report_ticks){.first = first * step, .step = step, .count = count < 2 ? 2 : count};
}

double report_tick(const report_ticks *t, int index)
{
    double value = t->first + index * t->step;
    return fabs(value) < t->step * 1e-6 ? 0 : value; /* not -1e-17 */
}

void report_tick_print(const report_ticks *t, int index, char *buffer, size_t size)
{
    double value = report_tick(t, index), largest = fmax(fabs(t->first), fabs(report_tick(t, t->count - 1)));
    if (largest >= 1e6 || t->step < 1e-4) {
        snprintf(buffer, size, "%.3g", value);
        return;
    }
    int decimals = t->step < 1 ? (int)ceil(-log10(t->step) - 1e-9) : 0;
    snprintf(buffer, size, "%.*f", decimals, value);
}
