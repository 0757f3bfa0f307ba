/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A density over a space as a mixture: a component around each observation and a wide one, the prior. A component is a product over the
 * dimensions: of numbers truncated Gaussians on the dimension's scale, of categories the observed choice with all choices smoothed in. Where an
 * observation lacks a dimension (its condition was not met) its component has the prior's factor.
 *
 *     parzen p;
 *     STATUS_TRY(parzen_init(&p, space, observations, count));
 *     parzen_draw(&p, &random, values);
 *     double l = parzen_log_density(&p, values);
 *     parzen_release(&p);
 */
#ifndef TUNE_PARZEN_H
#define TUNE_PARZEN_H

#include "tune/space.h"

typedef struct parzen {
    const fv_space *space;
    const double *const *observations; /* (components - 1) of (dimensions), the oldest first; borrowed */
    int64_t components;                /* the last one is the prior */
    double *weights;                   /* (components), sum 1 */
    double *widths;                    /* (dimensions): standard deviations on the scale */
} parzen;

/* Releases nothing on failure: the caller does, in any case. */
fv_status parzen_init(parzen *p, const fv_space *space, const double *const *observations, int64_t count);
void parzen_release(parzen *p);
void parzen_draw(const parzen *p, rng *r, double *values);
/* Of cells for whole numbers, so that densities of two mixtures over one space can be compared. */
double parzen_log_density(const parzen *p, const double *values);

#endif
