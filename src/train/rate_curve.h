/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The losses of a learning-rate range test, and what they say: arithmetic alone.
 *
 *     while (more)
 *         more = rate_curve_add(&c, rate, loss);   // c's arrays have room
 *     float rate = rate_curve_suggest(&c);
 */
#ifndef TRAIN_RATE_CURVE_H
#define TRAIN_RATE_CURVE_H

#include <stdbool.h>

#include "fovea.h"

/* Adds a point and smooths. False: the loss has left its valley, at four times its least, or is not finite (then the point is left out). */
bool rate_curve_add(fv_learning_rates *c, double rate, double loss);

/* 0: the loss never fell. */
double rate_curve_suggest(const fv_learning_rates *c);

#endif
