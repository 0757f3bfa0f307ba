/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A space of dimensions, and the scale on which its numbers are drawn: x itself, or its logarithm. On it a whole number is a cell
 * that reaches half a step to both sides.
 *
 *     double u = space_draw(d, &random);
 */
#ifndef TUNE_SPACE_H
#define TUNE_SPACE_H

#include <stdbool.h>

#include "core/random.h"
#include "core/status.h"

enum {
    SPACE_DIMENSIONS = 64,
    SPACE_CHOICES = 64 /* of a dimension: a bit each in fv_condition */
};

struct fv_space {
    fv_dimension *list; /* names, choices and conditions are owned */
    int64_t count;
    char *yaml; /* what it was parsed from */
};

fv_space *space_copy(const fv_space *s);
int64_t space_find(const fv_space *s, const char *name);            /* -1: none */
int64_t space_find_choice(const fv_dimension *d, const char *word); /* likewise; NULL is none */

/* Whether the dimension is there, given the values of those before it. */
bool space_is_active(const fv_space *s, int64_t dimension, const double *values);

/* The ends of the scale, and x on it. */
double space_scaled(const fv_dimension *d, double x);
double space_scaled_low(const fv_dimension *d);
double space_scaled_high(const fv_dimension *d);
/* Back: the nearest number that the dimension has, floats rounded to 6 digits so that what is written down is what was tried. */
double space_number(const fv_dimension *d, double scaled);
/* The cell of the number x, on the scale; of a float both ends are x. */
void space_cell(const fv_dimension *d, double x, double *from, double *to);

/* [0, 1), of 53 bits. */
double space_uniform(rng *r);
double space_draw(const fv_dimension *d, rng *r);
/* All dimensions in order, NAN where a condition is not met. */
void space_draw_all(const fv_space *s, rng *r, double *values);

#endif
