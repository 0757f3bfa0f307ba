/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/beta.h"

#include <math.h>

const option beta_options[] = {
    {.name = "alpha",
     .type = OPTION_FLOAT,
     .offset = offsetof(beta_parameters, alpha),
     .low = 1e-3,
     .high = 1000,
     .shown = "1",
     .help = "shares are drawn from Beta(alpha, alpha): small numbers mix little, 1 evenly"},
    {0}};

float beta_share(const beta_parameters *p, float strength, rng *r)
{
    double alpha = p->alpha > 0 ? (double)p->alpha : 1;
    double a = rng_log_gamma(r, alpha), b = rng_log_gamma(r, alpha);
    float other = strength * (float)(1 / (1 + exp(a - b)));
    return other < 1 ? 1 - other : 0;
}
