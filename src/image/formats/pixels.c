/* SPDX-License-Identifier: Apache-2.0 */
/* What formats share about rows of pixels. Loops of a fixed number of channels: a picture has millions of them. */
#include "image/decode.h"

void decode_over_white(const uint8_t *rgba, uint8_t *to, int64_t pixels, int64_t channels)
{
    for (int64_t i = 0; i < pixels; i++) {
        unsigned alpha = rgba[i * 4 + 3];
        for (int64_t c = 0; c < channels; c++)
            to[i * channels + c] = (uint8_t)((rgba[i * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

void decode_unpack(const uint8_t *row, int bits, int64_t count, uint8_t *to)
{
    unsigned per_byte = 8u / (unsigned)bits, most = (1u << bits) - 1;
    for (int64_t i = 0; i < count; row++)
        for (unsigned k = 0, shift = 8; k < per_byte && i < count; k++, i++) {
            shift -= (unsigned)bits;
            to[i] = (uint8_t)(*row >> shift & most);
        }
}

void decode_look_up(const uint8_t (*colors)[3], const uint8_t *indices, int64_t count, int64_t channels,
                    uint8_t *to)
{
    if (channels == 1) {
        for (int64_t i = 0; i < count; i++)
            to[i] = colors[indices[i]][0];
        return;
    }
    for (int64_t i = 0; i < count; i++, to += 3) {
        const uint8_t *color = colors[indices[i]];
        uint8_t red = color[0], green = color[1], blue = color[2];
        to[0] = red;
        to[1] = green;
        to[2] = blue;
    }
}
