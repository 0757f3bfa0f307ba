/* SPDX-License-Identifier: Apache-2.0 */
/* What the augmentations that mix two pictures share: how much of the first remains. */
#ifndef IMAGE_AUGMENT_BETA_H
#define IMAGE_AUGMENT_BETA_H

#include "core/options.h"
#include "core/random.h"

typedef struct beta_parameters {
    float alpha;
} beta_parameters;

extern const option beta_options[];

/* A share in 0..1 from Beta(alpha, alpha); the rest is multiplied by `strength`. */
float beta_share(const beta_parameters *p, float strength, rng *r);

#endif
