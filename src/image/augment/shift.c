/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

#include <math.h>
#include <string.h>

/* A move along a side of n pixels; its size is less than n. */
static int64_t draw(rng *r, float strength, int64_t n)
{
    int64_t most = (int64_t)lroundf(fminf(fmaxf(strength, 0), 1) * 0.25f * (float)n);
    return (int64_t)rng_below(r, (uint64_t)(2 * most + 1)) - most;
}

/* Where the pixel at `i` (-n < i < 2n - 1) comes from; -1: from nowhere. */
static int64_t source(int64_t i, int64_t n, shift_edge edge)
{
    if (i >= 0 && i < n)
        return i;
    if (edge == SHIFT_ZERO)
        return -1;
    return i < 0 ? -i : 2 * (n - 1) - i;
}

fv_status augment_shift(image *im, shift_edge edge, float strength, rng *r, image *scratch)
{
    int64_t h = im->height, w = im->width, c = im->channels;
    int64_t dy = draw(r, strength, h), dx = draw(r, strength, w);
    if (dy == 0 && dx == 0)
        return FV_OK;
    STATUS_TRY(image_reshape(scratch, h, w, c));
    memcpy(scratch->data, im->data, (size_t)(h * w * c));
    for (int64_t y = 0; y < h; y++) {
        int64_t from_y = source(y + dy, h, edge);
        uint8_t *to = im->data + y * w * c;
        for (int64_t x = 0; x < w; x++, to += c) {
            int64_t from_x = source(x + dx, w, edge);
            if (from_y < 0 || from_x < 0)
                memset(to, 0, (size_t)c);
            else
                memcpy(to, scratch->data + (from_y * w + from_x) * c, (size_t)c);
        }
    }
    return FV_OK;
}
