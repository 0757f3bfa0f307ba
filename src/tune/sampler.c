/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/sampler.h"

#include <math.h>

enum {
    STREAM = 0x7e57, /* of the seed's random numbers: no other part of the library draws from it */
    STARTUP = 10     /* trials with a value that TPE needs before it is better than chance */
};

static int64_t count_valued(const sampler_input *in)
{
    int64_t count = 0;
    for (int64_t i = 0; i < in->count; i++)
        count += isfinite(in->trials[i].value) &&
                 (in->trials[i].state == FV_TRIAL_COMPLETE || in->trials[i].state == FV_TRIAL_PRUNED);
    return count;
}

static void draw_first(const fv_space *s, rng *r, double *values)
{
    for (int64_t i = 0; i < s->count; i++) {
        double drawn = space_draw(&s->list[i], r);
        if (!space_is_active(s, i, values))
            values[i] = NAN;
        else
            values[i] = isfinite(s->list[i].initial) ? s->list[i].initial : drawn;
    }
}

fv_status sampler_next(const sampler_input *in, double *values)
{
    rng r = rng_at(in->seed, STREAM, (uint64_t)in->number);
    if (in->number == 1)
        draw_first(in->space, &r, values);
    else if (in->kind == FV_SAMPLER_TPE && count_valued(in) >= STARTUP)
        return tpe_draw(in, &r, values);
    else
        space_draw_all(in->space, &r, values);
    return FV_OK;
}
