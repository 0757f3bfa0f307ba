/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/parameters.h"

#include <math.h>

const char *const augment_nearest_first[] = {"nearest", "bilinear", NULL};
const char *const augment_bilinear_first[] = {"bilinear", "nearest", NULL};
const char *const augment_constant_first[] = {"constant", "nearest", "reflect", "wrap", NULL};
const char *const augment_reflect_first[] = {"reflect", "nearest", "constant", "wrap", NULL};

static bool left_out(const float given[2])
{
    return given[0] == 0 && given[1] == 0;
}

augment_range augment_range_around(const float given[2], augment_range standard)
{
    if (left_out(given))
        return standard;
    return isnan(given[1]) ? (augment_range){-fabsf(given[0]), fabsf(given[0])}
                           : (augment_range){given[0], given[1]};
}

augment_range augment_range_of(const float given[2], augment_range standard)
{
    if (left_out(given))
        return standard;
    return (augment_range){given[0], isnan(given[1]) ? given[0] : given[1]};
}

float augment_draw(augment_range range, rng *r)
{
    return rng_range(r, range.low, range.high);
}

fv_status augment_check_range(const char *name, const char *option, const float given[2])
{
    if (given[0] <= given[1] || isnan(given[1]))
        return FV_OK;
    return status_set(FV_ERROR_INVALID, "%s: %s must be a range from low to high, not from %g to %g", name,
                      option, (double)given[0], (double)given[1]);
}

void augment_colour(const float given[3], uint8_t out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = (uint8_t)lroundf(isnan(given[k]) ? given[0] : given[k]);
}

/* The place in the type of a choice in a list in which `first` and 0 have changed places. */
static int unswap(int choice, int first)
{
    return choice == 0 ? first : choice == first ? 0 : choice;
}

warp_style augment_style(const augment_look *look, warp_filter filter, warp_edge edge)
{
    warp_style s = {.filter = (warp_filter)unswap(look->interpolation, (int)filter),
                    .edge = (warp_edge)unswap(look->fill_mode, (int)edge)};
    augment_colour(look->fill, s.fill);
    return s;
}
