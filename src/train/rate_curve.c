/* SPDX-License-Identifier: Apache-2.0 */
#include "train/rate_curve.h"

#include <math.h>

static const double beta = 0.9;  /* of the average */
static const double leaves = 4;  /* times the least */
static const double begun = 0.1; /* of the whole fall */

bool rate_curve_add(fv_learning_rates *c, double rate, double loss)
{
    int64_t n = c->count;
    if (!isfinite(loss))
        return false;
    /* The average before its bias was corrected is in the last corrected value. */
    double before = n > 0 ? c->smoothed[n - 1] * (1 - pow(beta, (double)n)) : 0;
    c->rates[n] = rate;
    c->losses[n] = loss;
    c->smoothed[n] = (beta * before + (1 - beta) * loss) / (1 - pow(beta, (double)(n + 1)));
    c->count = n + 1;
    double least = c->smoothed[0];
    for (int64_t i = 1; i <= n; i++)
        least = fmin(least, c->smoothed[i]);
    return c->smoothed[n] <= leaves * least;
}

static int64_t find_least(const fv_learning_rates *c)
{
    int64_t least = 0;
    for (int64_t i = 1; i < c->count; i++)
        if (c->smoothed[i] < c->smoothed[least])
            least = i;
    return least;
}

/* Where the fall to the least begins: before, rates are too small to teach anything, and the loss of different batches goes up and down. */
static int64_t find_edge(const fv_learning_rates *c, int64_t least)
{
    double top = c->smoothed[0];
    int64_t edge = 0;
    for (int64_t i = 1; i < least; i++)
        top = fmax(top, c->smoothed[i]);
    for (int64_t i = 1; i < least; i++)
        if (c->smoothed[i] >= top - begun * (top - c->smoothed[least]))
            edge = i;
    return edge;
}

/* Where, on the way down, the smoothed loss falls most from one update to the next but one: rates rise by the same factor each time. */
double rate_curve_suggest(const fv_learning_rates *c)
{
    int64_t least = find_least(c), edge = find_edge(c, least), steepest = 0;
    double fall = 0;
    for (int64_t i = edge > 0 ? edge : 1; i < least; i++)
        if (c->smoothed[i - 1] - c->smoothed[i + 1] > fall) {
            fall = c->smoothed[i - 1] - c->smoothed[i + 1];
            steepest = i;
        }
    return fall > 0 ? c->rates[steepest] : 0;
}
