/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of a resize along one axis, compiled once for each instruction set (kernels/); all give the same bytes.
 *
 *     const resample_kernels *k = resample_select();
 *     k->rows(&axis, in->data, in->height, in->channels, out->data);
 */
#ifndef IMAGE_RESAMPLE_H
#define IMAGE_RESAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/processor.h"

/* Bits behind the point of a weight: 32 less 8 of the sample, and 2 for the overshoot of negative weights. */
enum {
    RESAMPLE_PRECISION = 32 - 8 - 2
};

/* Output i is the sum over t < count[i] of weights[i * taps + t] * input[first[i] + t], rounded and clipped to 8 bits. `first`
 * and first + count never decrease. */
typedef struct resample_axis {
    int64_t inputs, outputs, taps;
    int32_t *first, *count, *weights;
} resample_axis;

typedef struct resample_kernels {
    /* (height, inputs, channels) -> (height, outputs, channels) */
    void (*rows)(const resample_axis *a, const uint8_t *from, int64_t height, int64_t channels, uint8_t *to);
    /* (inputs, stride) -> (outputs, stride); `from` begins at the input `offset`. */
    void (*columns)(const resample_axis *a, int64_t offset, const uint8_t *from, int64_t stride, uint8_t *to);
} resample_kernels;

const resample_kernels *resample_select(void);

#endif
