/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next trial tries. A pure function of the space, the trials so far, the seed and the trial's number:
 *
 *     STATUS_TRY(sampler_next(&(sampler_input){.space = s, .trials = list, .count = n, .seed = 1, .number = n + 1}, values));
 */
#ifndef TUNE_SAMPLER_H
#define TUNE_SAMPLER_H

#include "tune/space.h"

typedef struct sampler_input {
    fv_sampler kind;
    const fv_space *space;
    const fv_trial *trials; /* by number; those of all states */
    int64_t count;
    bool maximize;
    uint64_t seed;
    int64_t number; /* of the new trial, from 1 */
} sampler_input;

/* values (dimensions). The first trial has the dimensions' `initial` values, where there are some. */
fv_status sampler_next(const sampler_input *in, double *values);

/* Algorithm and constants of Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011, in the multivariate form of
 * Falkner et al., "BOHB", ICML 2018: of 24 draws from the density of the good trials the one with the greatest ratio to the density of the others,
 * which maximises the expected improvement. Good is the best tenth, 25 at most. */
fv_status tpe_draw(const sampler_input *in, rng *r, double *values);

#endif
