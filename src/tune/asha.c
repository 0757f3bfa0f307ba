/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/asha.h"

bool asha_is_rung(int64_t step, int64_t min_steps, int64_t reduction)
{
    for (int64_t rung = min_steps; rung <= step; rung *= reduction) {
        if (rung == step)
            return true;
        if (rung > step / reduction) /* and the next one might not fit into a number */
            return false;
    }
    return false;
}

bool asha_goes_on(const double *values, int64_t count, double value, int64_t reduction, bool maximize)
{
    int64_t better = 0, places = count / reduction > 1 ? count / reduction : 1;
    for (int64_t i = 0; i < count; i++)
        better += maximize ? values[i] > value : values[i] < value;
    return better < places;
}
