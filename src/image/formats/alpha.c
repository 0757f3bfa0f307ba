/* SPDX-License-Identifier: Apache-2.0 */
/* Transparent pictures are composed over white. */
#include "image/decode.h"

void decode_over_white(const uint8_t *rgba, uint8_t *to, int64_t pixels, int64_t channels)
{
    for (int64_t i = 0; i < pixels; i++) {
        unsigned alpha = rgba[i * 4 + 3];
        for (int64_t c = 0; c < channels; c++)
            to[i * channels + c] = (uint8_t)((rgba[i * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}
