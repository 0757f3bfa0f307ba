/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and pictures that are formulas: what tests/golden/formulas.py makes, in C. */
#ifndef FORMULAS_H
#define FORMULAS_H

#include <math.h>
#include <string.h>

#include "testing.h"

static inline bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

static inline void formula_tensor(const fv_tensor_view *t)
{
    uint32_t h = 2166136261u;
    double scale = 0.5, middle = 0;
    for (const char *p = t->name; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    if (ends_with(t->name, "running_var")) {
        scale = 0.4;
        middle = 1;
    } else if (ends_with(t->name, ".bias") || ends_with(t->name, "_bias") ||
               ends_with(t->name, "running_mean")) {
        scale = 0.1;
    } else if (t->rank == 2 || t->rank == 4) {
        scale = sqrt(6.0 / ((double)t->count / (double)t->shape[0]));
    } else if (t->rank == 1) {
        scale = 0.2;
        middle = 1;
    }
    for (int64_t i = 0; i < t->count; i++) {
        uint32_t x = (uint32_t)i * 2654435761u + h;
        x = (x ^ x >> 16) * 0x85ebca6bu;
        x = (x ^ x >> 13) * 0xc2b2ae35u;
        x ^= x >> 16;
        t->data[i] = (float)(middle + scale * (x / 2147483648.0 - 1));
    }
}

static inline void formula_weights(fv_model *m)
{
    for (int64_t i = 0; i < fv_model_tensor_count(m); i++) {
        fv_tensor_view t;
        assert_ok(fv_model_tensor(m, i, &t));
        formula_tensor(&t);
    }
    fv_model_tensors_changed(m);
}

/* (count, height, width, channels); the caller frees them. */
static inline uint8_t *formula_pictures(int count, int height, int width, int channels)
{
    uint8_t *pixels = malloc((size_t)count * (size_t)(height * width * channels)), *p = pixels;
    assert_non_null(pixels);
    for (int n = 0; n < count; n++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int c = 0; c < channels; c++)
                    *p++ = (uint8_t)((x * (n + 1) * 5 + y * (7 - n) * 3 + c * (40 + 13 * n) +
                                      x * y * (n % 3 + 1) / 4) %
                                     256);
    return pixels;
}

/* The largest difference as a part of the largest expected magnitude. */
static inline double formula_difference(const float *expected, const float *actual, int count)
{
    double largest = 0, worst = 0;
    for (int i = 0; i < count; i++) {
        double difference = fabs((double)actual[i] - (double)expected[i]);
        largest = fmax(largest, fabs((double)expected[i]));
        worst = difference >= 0 ? fmax(worst, difference) : INFINITY;
    }
    return worst / largest;
}

#endif
