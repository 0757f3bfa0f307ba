/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

#include <math.h>
#include <string.h>

/* At most all but one of a side of n pixels. */
static int64_t scaled(float pixels, int64_t n)
{
    return pixels < (float)n ? lroundf(pixels) < n ? lroundf(pixels) : n - 1 : n - 1;
}

shift_padding shift_padding_of(const int64_t given[4], float strength, const image *im)
{
    int64_t h = im->height, w = im->width;
    if (!given[0] && !given[1] && !given[2] && !given[3]) {
        int64_t x = scaled(strength * 0.125f * (float)w, w), y = scaled(strength * 0.125f * (float)h, h);
        return (shift_padding){x, y, x, y};
    }
    return (shift_padding){scaled(strength * (float)given[0], w), scaled(strength * (float)given[1], h),
                           scaled(strength * (float)given[2], w), scaled(strength * (float)given[3], h)};
}

/* Where the pixel at `i` (-n < i < 2n - 1) comes from; -1: from nowhere. */
static int64_t source(int64_t i, int64_t n, shift_edge edge)
{
    if (i >= 0 && i < n)
        return i;
    switch (edge) {
    case SHIFT_EDGE:
        return i < 0 ? 0 : n - 1;
    case SHIFT_REFLECT:
        return i < 0 ? -i : 2 * (n - 1) - i;
    case SHIFT_SYMMETRIC:
        return i < 0 ? -1 - i : 2 * n - 1 - i;
    default:
        return -1;
    }
}

/* From -before to after. */
static int64_t draw(rng *r, int64_t before, int64_t after)
{
    return (int64_t)rng_below(r, (uint64_t)(before + after) + 1) - before;
}

fv_status shift_move(image *im, int64_t dy, int64_t dx, shift_edge edge, const uint8_t fill[3],
                     image *scratch)
{
    int64_t h = im->height, w = im->width, c = im->channels;
    if (dy == 0 && dx == 0)
        return FV_OK;
    STATUS_TRY(image_reshape(scratch, h, w, c));
    memcpy(scratch->data, im->data, (size_t)(h * w * c));
    for (int64_t y = 0; y < h; y++) {
        int64_t from_y = source(y + dy, h, edge);
        uint8_t *to = im->data + y * w * c;
        for (int64_t x = 0; x < w; x++, to += c) {
            int64_t from_x = source(x + dx, w, edge);
            bool outside = from_y < 0 || from_x < 0;
            memcpy(to, outside ? fill : scratch->data + (from_y * w + from_x) * c, (size_t)c);
        }
    }
    return FV_OK;
}

fv_status shift_crop(image *im, shift_padding padding, shift_edge edge, const uint8_t fill[3], rng *r,
                     image *scratch)
{
    int64_t dy = draw(r, padding.top, padding.bottom), dx = draw(r, padding.left, padding.right);
    return shift_move(im, dy, dx, edge, fill, scratch);
}
