/* SPDX-License-Identifier: Apache-2.0 */
/* Both passes of a resize mix neighbours that lie a fixed distance apart, for many samples side by side. The samples of a row
 * do not: so 16 rows are transposed first, which puts the samples of one column side by side. */
#include "image/resample.h"

#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum {
    HALF = 1 << (RESAMPLE_PRECISION - 1),
    STRIP = 64,    /* samples of an output row whose sums stay in registers for all taps */
    ROWS = 16,     /* that are transposed at a time */
    WINDOW = 512,  /* pixels of a row that are transposed at a time, */
    OUTPUTS = 128, /* and how many are made of them, at most: it all stays in the first-level cache */
    CHANNELS = 3,
};

#if defined(__AVX512F__)
#define LANES 16
typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
static inline lanes load_bytes(const uint8_t *p)
{
    return (lanes)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline void store_bytes(uint8_t *p, lanes v)
{
    __m512i positive = _mm512_max_epi32((__m512i)v, _mm512_setzero_si512());
    _mm_storeu_si128((__m128i *)p, _mm512_cvtusepi32_epi8(positive));
}
#elif defined(__AVX2__)
#define LANES 8
typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
static inline lanes load_bytes(const uint8_t *p)
{
    return (lanes)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static inline void store_bytes(uint8_t *p, lanes v)
{
    __m128i half =
        _mm_packs_epi32(_mm256_castsi256_si128((__m256i)v), _mm256_extracti128_si256((__m256i)v, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(half, half));
}
#else
#define LANES 1
typedef int32_t lanes;
static inline lanes load_bytes(const uint8_t *p)
{
    return *p;
}
static inline void store_bytes(uint8_t *p, lanes v)
{
    *p = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}
#endif

/* n samples of the output: each the weighted sum of `count` samples that lie `stride` apart. n is a constant, a multiple of
 * LANES and at most STRIP. */
static inline __attribute__((always_inline)) void
mix(const int32_t *weights, int32_t count, const uint8_t *from, int64_t stride, uint8_t *to, int64_t n)
{
    lanes sum[STRIP / LANES];
    for (int64_t i = 0; i < n / LANES; i++)
        sum[i] = (lanes){0} + HALF;
    for (int32_t t = 0; t < count; t++, from += stride)
        for (int64_t i = 0; i < n / LANES; i++)
            sum[i] += load_bytes(from + i * LANES) * weights[t];
    for (int64_t i = 0; i < n / LANES; i++)
        store_bytes(to + i * LANES, sum[i] >> RESAMPLE_PRECISION);
}

/* The same for any n. */
static void mix_few(const int32_t *weights, int32_t count, const uint8_t *from, int64_t stride, uint8_t *to,
                    int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t sum = HALF;
        for (int32_t t = 0; t < count; t++)
            sum += weights[t] * from[t * stride + i];
        sum >>= RESAMPLE_PRECISION;
        to[i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

/* A row of n samples; its end is done together with what lies before it. */
static void mix_row(const int32_t *weights, int32_t count, const uint8_t *from, int64_t stride, uint8_t *to,
                    int64_t n)
{
    if (n < STRIP)
        mix_few(weights, count, from, stride, to, n);
    for (int64_t x = 0; n >= STRIP && x < n; x += STRIP) {
        x = x < n - STRIP ? x : n - STRIP;
        mix(weights, count, from + x, stride, to + x, STRIP);
    }
}

static void KERNEL(columns)(const resample_axis *a, int64_t offset, const uint8_t *from, int64_t stride,
                            uint8_t *to)
{
    for (int64_t y = 0; y < a->outputs; y++)
        mix_row(a->weights + y * a->taps, a->count[y], from + (a->first[y] - offset) * stride, stride,
                to + y * stride, stride);
}

/* ---- rows ---- */

typedef uint8_t block_row __attribute__((vector_size(ROWS)));

#define INTERLEAVED(n)                                                                                       \
    n, n + 16, n + 1, n + 17, n + 2, n + 18, n + 3, n + 19, n + 4, n + 20, n + 5, n + 21, n + 6, n + 22,     \
        n + 7, n + 23
#if defined(__clang__)
#define INTERLEAVE(a, b, n) __builtin_shufflevector(a, b, INTERLEAVED(n))
#else
#define INTERLEAVE(a, b, n) __builtin_shuffle(a, b, (block_row){INTERLEAVED(n)})
#endif

/* 16 rows of 16 bytes: interleaving one half with the other four times turns rows into columns. */
static inline void transpose_block(const uint8_t *from, int64_t from_stride, uint8_t *to, int64_t to_stride)
{
    block_row rows[ROWS], next[ROWS];
    for (int i = 0; i < ROWS; i++)
        memcpy(&rows[i], from + i * from_stride, ROWS);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < ROWS / 2; i++) {
            next[2 * i] = INTERLEAVE(rows[i], rows[i + ROWS / 2], 0);
            next[2 * i + 1] = INTERLEAVE(rows[i], rows[i + ROWS / 2], 8);
        }
        memcpy(rows, next, sizeof rows);
    }
    for (int i = 0; i < ROWS; i++)
        memcpy(to + i * to_stride, &rows[i], ROWS);
}

/* 16 rows of n bytes to n rows of 16 bytes, which lie together; n >= 16. */
static void transpose(const uint8_t *from, int64_t stride, uint8_t *to, int64_t n)
{
    for (int64_t x = 0; x < n; x += ROWS) {
        x = x < n - ROWS ? x : n - ROWS;
        transpose_block(from + x, stride, to + x * ROWS, ROWS);
    }
}

static void transpose_back(const uint8_t *from, uint8_t *to, int64_t stride, int64_t n)
{
    for (int64_t x = 0; x < n; x += ROWS) {
        x = x < n - ROWS ? x : n - ROWS;
        transpose_block(from + x * ROWS, ROWS, to + x, stride);
    }
}

/* Behind the last input that outputs [i, end) read. */
static int64_t reach(const resample_axis *a, int64_t end)
{
    return a->first[end - 1] + a->count[end - 1];
}

/* Any 16 outputs fit into the window, and no side is shorter than a block. */
static bool suits_strips(const resample_axis *a, int64_t height, int64_t channels)
{
    if (height < ROWS || a->outputs < ROWS || a->inputs * channels < ROWS || (channels != 1 && channels != 3))
        return false;
    for (int64_t i = 0; i + ROWS <= a->outputs; i++)
        if (reach(a, i + ROWS) - a->first[i] > WINDOW - ROWS)
            return false;
    return true;
}

/* Outputs [i, end) of 16 rows; `channels` is a constant wherever this is inlined. */
static inline __attribute__((always_inline)) void make_outputs(const resample_axis *a, int64_t i, int64_t end,
                                                               const uint8_t *from, int64_t from_stride,
                                                               uint8_t *to, int64_t to_stride,
                                                               int64_t channels)
{
    uint8_t window[WINDOW * CHANNELS * ROWS], made[OUTPUTS * CHANNELS * ROWS];
    const int64_t column = channels * ROWS;
    int64_t begin = a->first[i], last = a->inputs - ROWS > 0 ? a->inputs - ROWS : 0;
    begin = begin < last ? begin : last; /* a block at least */
    int64_t width = reach(a, end) - begin, least = a->inputs < ROWS ? a->inputs : ROWS;
    transpose(from + begin * channels, from_stride, window, (width > least ? width : least) * channels);
    for (int64_t k = i; k < end; k++)
        mix(a->weights + k * a->taps, a->count[k], window + (a->first[k] - begin) * column, column,
            made + (k - i) * column, column);
    transpose_back(made, to + i * channels, to_stride, (end - i) * channels);
}

/* 16 rows, in pieces of 16 to OUTPUTS outputs. */
static void make_strip(const resample_axis *a, const uint8_t *from, int64_t from_stride, uint8_t *to,
                       int64_t to_stride, int64_t channels)
{
    for (int64_t i = 0, end; i < a->outputs; i = end) {
        i = i < a->outputs - ROWS ? i : a->outputs - ROWS;
        for (end = i + ROWS; end < a->outputs && end < i + OUTPUTS; end++)
            if (reach(a, end + 1) - a->first[i] > WINDOW - ROWS)
                break;
        if (channels == 1)
            make_outputs(a, i, end, from, from_stride, to, to_stride, 1);
        else
            make_outputs(a, i, end, from, from_stride, to, to_stride, 3);
    }
}

static void make_row(const resample_axis *a, const uint8_t *from, uint8_t *to, int64_t channels)
{
    for (int64_t i = 0; i < a->outputs; i++)
        mix_few(a->weights + i * a->taps, a->count[i], from + a->first[i] * channels, channels,
                to + i * channels, channels);
}

static void KERNEL(rows)(const resample_axis *a, const uint8_t *from, int64_t height, int64_t channels,
                         uint8_t *to)
{
    int64_t from_stride = a->inputs * channels, to_stride = a->outputs * channels;
    bool strips = suits_strips(a, height, channels);
    for (int64_t y = 0; !strips && y < height; y++)
        make_row(a, from + y * from_stride, to + y * to_stride, channels);
    for (int64_t y = 0; strips && y < height; y += ROWS) {
        y = y < height - ROWS ? y : height - ROWS;
        make_strip(a, from + y * from_stride, from_stride, to + y * to_stride, to_stride, channels);
    }
}

extern const resample_kernels KERNEL(resample);
const resample_kernels KERNEL(resample) = {.rows = KERNEL(rows), .columns = KERNEL(columns)};
