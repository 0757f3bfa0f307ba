/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asynchronous successive halving: Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020, in the form that stops trials in
 * place of pausing them. Rungs are at min, min * reduction, min * reduction^2, ... steps. A trial that comes to one goes on where it is
 * among the best part, one in `reduction`, of all that have come to it until then, itself included: at least the best one does.
 *
 *     if (asha_is_rung(step, 1, 3) && !asha_goes_on(values, count, value, 3, maximize)) ...
 */
#ifndef TUNE_ASHA_H
#define TUNE_ASHA_H

#include <stdbool.h>
#include <stdint.h>

bool asha_is_rung(int64_t step, int64_t min_steps, int64_t reduction);
/* values (count): of all at the rung, this trial's own `value` among them; each is the best up to the rung. */
bool asha_goes_on(const double *values, int64_t count, double value, int64_t reduction, bool maximize);

#endif
