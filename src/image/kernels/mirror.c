/* SPDX-License-Identifier: Apache-2.0 */
#include "image/mirror.h"

#include <string.h>

#include "image/image.h"

/* Exchanges pixels from both ends inwards; `channels` is a constant wherever this is inlined: a pixel is then moved as a whole. */
static inline __attribute__((always_inline)) void exchange(uint8_t *left, uint8_t *end, int64_t channels)
{
    uint8_t a[FV_MAX_CHANNELS], b[FV_MAX_CHANNELS];
    for (uint8_t *right = end - channels; left < right; left += channels, right -= channels) {
        memcpy(a, left, (size_t)channels);
        memcpy(b, right, (size_t)channels);
        memcpy(left, b, (size_t)channels);
        memcpy(right, a, (size_t)channels);
    }
}

#if defined(__AVX2__)
#include <immintrin.h>

/* Five pixels and a byte that is not touched. */
enum {
    BLOCK = 15
};
static void store_block(uint8_t *to, __m128i v)
{
    _mm_storel_epi64((__m128i *)to, v);
    _mm_storel_epi64((__m128i *)(to + 7), _mm_srli_si128(v, 7));
}

static void mirror_row(uint8_t *left, uint8_t *end)
{
    const __m128i from_left = _mm_setr_epi8(12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, -1),
                  from_right = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, -1);
    for (; end - left >= 2 * BLOCK; left += BLOCK, end -= BLOCK) {
        __m128i a = _mm_loadu_si128((const __m128i *)left), b = _mm_loadu_si128((const __m128i *)(end - 16));
        store_block(left, _mm_shuffle_epi8(b, from_right));
        store_block(end - BLOCK, _mm_shuffle_epi8(a, from_left));
    }
    exchange(left, end, 3);
}
#else
static void mirror_row(uint8_t *left, uint8_t *end)
{
    exchange(left, end, 3);
}
#endif

mirror_function KERNEL(mirror_rows);
void KERNEL(mirror_rows)(uint8_t *data, int64_t height, int64_t width, int64_t channels)
{
    int64_t row = width * channels;
    for (int64_t y = 0; y < height; y++, data += row)
        if (channels == 3)
            mirror_row(data, data + row);
        else
            exchange(data, data + row, channels);
}
