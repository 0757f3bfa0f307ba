/* SPDX-License-Identifier: Apache-2.0 */
#include "train/schedule.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* From `start` to `end` along half a cosine, part 0..1. */
static double anneal(double start, double end, double part)
{
    return end + (start - end) / 2 * (1 + cos(pi * part));
}

/* Smith & Topin 2018, in the two-phase form with cosine annealing that has become usual: up from 1/25 in the first 30 % of the
 * steps, then down to a 10^4th of where it began. */
static double one_cycle(const schedule *s, int64_t step)
{
    double start = s->base / 25, end = start / 1e4, last = (double)(s->steps - 1);
    double peak = 0.3 * (double)s->steps - 1;
    if (peak > 0 && (double)step <= peak)
        return anneal(start, s->base, (double)step / peak);
    peak = peak > 0 ? peak : 0;
    return last > peak ? anneal(s->base, end, ((double)step - peak) / (last - peak)) : s->base;
}

/* A tenth after a half and again after three quarters of the epochs. */
static double stairs(const schedule *s, int64_t step)
{
    int64_t epoch = step / (s->steps / s->epochs);
    double rate = s->base;
    if (2 * epoch >= s->epochs)
        rate *= 0.1;
    if (4 * epoch >= 3 * s->epochs)
        rate *= 0.1;
    return rate;
}

double schedule_rate(const schedule *s, int64_t step, double scale)
{
    if (s->kind == FV_SCHEDULE_ONECYCLE)
        return one_cycle(s, step);
    if (step < s->warmup_steps)
        return scale * s->base * (double)(step + 1) / (double)s->warmup_steps;
    /* What is left after the warm-up, from 0 to just below 1. */
    double part = (double)(step - s->warmup_steps) / (double)(s->steps - s->warmup_steps);
    switch (s->kind) {
    case FV_SCHEDULE_COSINE:
        return anneal(s->base, 0, part);
    case FV_SCHEDULE_LINEAR:
        return s->base * (1 - part);
    case FV_SCHEDULE_STEP:
        return stairs(s, step);
    default:
        return scale * s->base;
    }
}

void plateau_tell(plateau *p, double value, int64_t patience)
{
    if (value > p->best) {
        p->best = value;
        p->waited = 0;
    } else if (++p->waited >= patience) {
        p->scale *= 0.1;
        p->waited = 0;
    }
}
