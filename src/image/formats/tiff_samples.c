/* SPDX-License-Identifier: Apache-2.0 */
#include "image/formats/tiff_samples.h"

#include <math.h>
#include <string.h>

/* ---- from the tags ---- */

static bool settle_type(tiff_samples *t)
{
    window_samples *w = &t->window;
    bool sign = t->format == TIFF6_SIGNED;
    if (t->format == TIFF6_FLOAT) {
        w->type = SAMPLE_FLOAT;
        w->high = 1;
        return t->bits == 16 || t->bits == 32 || t->bits == 64;
    }
    if (!sign && t->format != TIFF6_UNSIGNED && t->format != TIFF6_UNTYPED)
        return false;
    if (t->bits > 16 ? t->bits != 32 : t->bits < 1 || (sign && t->bits != 8 && t->bits != 16))
        return false;
    double values = ldexp(1, t->bits);
    w->low = sign ? -values / 2 : 0;
    w->high = w->low + values - 1;
    w->type = t->bits <= 8    ? (sign ? SAMPLE_INT8 : SAMPLE_UINT8)
              : t->bits <= 16 ? (sign ? SAMPLE_INT16 : SAMPLE_UINT16)
                              : (sign ? SAMPLE_INT32 : SAMPLE_UINT32);
    return true;
}

static bool settle_colors(tiff_samples *t)
{
    switch (t->photometric) {
    case TIFF6_MIN_IS_WHITE:
    case TIFF6_MIN_IS_BLACK:
    case TIFF6_MASK:
        t->window.channels = 1;
        t->window.inverted = t->photometric == TIFF6_MIN_IS_WHITE;
        return true;
    case TIFF6_RGB:
        t->window.channels = 3;
        return t->samples >= 3;
    case TIFF6_PALETTE: /* the upper byte of its colours: writers make 16 bits of 8 by v * 256 or v * 257 */
        t->window = (window_samples){.type = SAMPLE_UINT8, .high = 255, .channels = 3};
        return t->format != TIFF6_FLOAT && t->format != TIFF6_SIGNED && t->bits <= 16 && t->palette[0];
    case TIFF6_CMYK:
        t->window.channels = 4;
        t->window.inverted = true;
        return t->samples >= 4;
    default:
        return false;
    }
}

/* The first extra sample that is said to be alpha. Four samples of RGB without a word about the fourth are RGBA, as Pillow
 * takes them. */
static void settle_alpha(tiff_samples *t)
{
    int colors = (int)t->window.channels;
    if (t->photometric != TIFF6_RGB && t->window.channels != 1)
        return;
    for (int i = 0; i < t->extra_count && colors + i < t->samples; i++)
        if (t->extra[i] == TIFF6_EXTRA_PREMULTIPLIED || t->extra[i] == TIFF6_EXTRA_STRAIGHT) {
            t->window.alpha = t->extra[i] == TIFF6_EXTRA_STRAIGHT ? ALPHA_STRAIGHT : ALPHA_PREMULTIPLIED;
            t->pick[t->used++] = colors + i;
            return;
        }
    if (!t->extra && t->photometric == TIFF6_RGB && t->samples == 4) {
        t->window.alpha = ALPHA_STRAIGHT;
        t->pick[t->used++] = 3;
    }
}

/* Some writers put 8-bit colours into the palette's 16 bits. */
static bool has_bytes_only(const tiff_samples *t)
{
    for (int c = 0; c < 3; c++)
        for (uint32_t i = 0; i < 1u << t->bits; i++)
            if (t->palette[c][i] > 255)
                return false;
    return true;
}

static uint8_t palette_level(const tiff_samples *t, int channel, uint32_t entry)
{
    return (uint8_t)(t->palette[channel][entry] >> (t->palette_of_bytes ? 0 : 8));
}

static void settle_palette(tiff_samples *t)
{
    t->palette_of_bytes = has_bytes_only(t);
    for (uint32_t i = 0; t->bits <= 8 && i < 1u << t->bits; i++)
        for (int c = 0; c < 3; c++)
            t->colors[i][c] = palette_level(t, c, i);
}

fv_status tiff_samples_settle(tiff_samples *t, const decode_source *s)
{
    t->window = (window_samples){0};
    bool known = t->samples >= 1 && t->samples <= TIFF6_MAX_SAMPLES && settle_type(t) && settle_colors(t);
    if (!known)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "%s: this kind of TIFF is not supported: %d samples of %d bits (sample format %d) in "
            "the photometric interpretation %d",
            s->name, t->samples, t->bits, t->format, t->photometric);
    if (t->photometric == TIFF6_PALETTE)
        settle_palette(t);
    t->used = t->photometric == TIFF6_PALETTE ? 1 : (int)t->window.channels;
    for (int i = 0; i < t->used; i++)
        t->pick[i] = i;
    settle_alpha(t);
    bool plain = t->bits == 8 || t->bits == 32 || (t->bits == 16 && t->format != TIFF6_FLOAT);
    t->direct =
        plain && t->photometric != TIFF6_PALETTE && (t->planar ? t->used == 1 : t->used == t->samples);
    return FV_OK;
}

size_t tiff_samples_row_bytes(const tiff_samples *t, int64_t width)
{
    size_t bits = (size_t)width * (size_t)t->bits * (size_t)(t->planar ? 1 : t->samples);
    return (bits + 7) / 8;
}

/* ---- rows ---- */

/* IEEE 754 half precision. */
static float float_of_half(uint16_t half)
{
    int exponent = half >> 10 & 31;
    float fraction = (float)(half & 1023), sign = half & 0x8000 ? -1.0f : 1.0f;
    if (exponent == 31)
        return half & 1023 ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexpf(fraction + 1024, exponent - 25) : ldexpf(fraction, -24));
}

/* A number of up to 16 bits that begins anywhere, the most significant bit first. */
static uint32_t packed_number(const uint8_t *row, size_t index, int bits)
{
    size_t at = index * (size_t)bits;
    uint32_t value = 0;
    for (int left = bits; left > 0;) {
        int offset = (int)(at % 8), take = 8 - offset < left ? 8 - offset : left;
        value = value << take | (row[at / 8] >> (8 - offset - take) & ((1u << take) - 1));
        at += (size_t)take;
        left -= take;
    }
    return value;
}

/* An unsigned number of 1..16 bits; those of 16 are in the machine's order. */
static uint32_t whole_number(const tiff_samples *t, const uint8_t *row, size_t index)
{
    uint16_t value;
    if (t->bits == 8)
        return row[index];
    if (t->bits != 16)
        return packed_number(row, index, t->bits);
    memcpy(&value, row + index * 2, sizeof value);
    return value;
}

/* Sample `index` of a row as the window's type, to any address. */
static void copy_sample(const tiff_samples *t, const uint8_t *row, size_t index, uint8_t *to)
{
    size_t bytes = sample_bytes(t->window.type);
    if (t->format == TIFF6_FLOAT && t->bits != 32) {
        double wide = 0;
        if (t->bits == 64)
            memcpy(&wide, row + index * 8, sizeof wide);
        float value = t->bits == 64 ? (float)wide : float_of_half((uint16_t)whole_number(t, row, index));
        memcpy(to, &value, sizeof value);
    } else if (t->bits == 8 || t->bits == 16 || t->bits == 32) {
        memcpy(to, row + index * bytes, bytes);
    } else {
        uint16_t value = (uint16_t)packed_number(row, index, t->bits);
        uint8_t small = (uint8_t)value;
        memcpy(to, bytes == 1 ? (const void *)&small : (const void *)&value, bytes);
    }
}

/* A sample in a byte each, of fewer bits or in the middle of others, to the bytes at `to`. */
static void narrow_row(const tiff_samples *t, const uint8_t *row, int64_t count, uint8_t *to)
{
    int64_t step = t->planar ? 1 : t->samples;
    if (step == 1 && 8 % t->bits == 0)
        decode_unpack(row, t->bits, count, to);
    else
        for (int64_t i = 0; i < count; i++)
            to[i] = (uint8_t)whole_number(t, row, (size_t)(i * step));
}

static void palette_row(const tiff_samples *t, const uint8_t *row, int64_t count, uint8_t *to)
{
    int64_t step = t->planar ? 1 : t->samples;
    if (t->bits <= 8) {
        uint8_t *indices =
            to + 2 * count; /* at the row's end, where they are read before colours come there */
        narrow_row(t, row, count, indices);
        decode_look_up(t->colors, indices, count, 3, to);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        uint32_t entry = whole_number(t, row, (size_t)(i * step));
        for (int c = 0; c < 3; c++)
            to[i * 3 + c] = palette_level(t, c, entry);
    }
}

/* Samples of whole bytes that are copied as they are. */
#define COPY_AS(type)                                                                                        \
    for (size_t k = 0; k < used; k++) {                                                                      \
        const uint8_t *row = t->planar ? planes[k] : planes[0] + (size_t)t->pick[k] * sizeof(type);          \
        size_t step = (t->planar ? 1 : (size_t)t->samples) * sizeof(type);                                   \
        type *at = (type *)to + k;                                                                           \
        for (size_t i = 0; i < (size_t)count; i++)                                                           \
            memcpy(at + i * used, row + i * step, sizeof(type));                                             \
    }

void tiff_samples_row(const tiff_samples *t, const uint8_t *const *planes, int64_t count, void *to)
{
    size_t bytes = sample_bytes(t->window.type), used = (size_t)t->used;
    bool whole = (size_t)t->bits == 8 * bytes && !(t->format == TIFF6_FLOAT && t->bits != 32);
    if (t->photometric == TIFF6_PALETTE) {
        palette_row(t, planes[0], count, to);
    } else if (whole && bytes == 1) {
        COPY_AS(uint8_t)
    } else if (whole && bytes == 2) {
        COPY_AS(uint16_t)
    } else if (whole) {
        COPY_AS(uint32_t)
    } else if (bytes == 1 && used == 1 && t->pick[0] == 0) {
        narrow_row(t, planes[0], count, to);
    } else {
        for (size_t i = 0; i < (size_t)count; i++)
            for (size_t k = 0; k < used; k++) {
                const uint8_t *row = t->planar ? planes[k] : planes[0];
                size_t index = t->planar ? i : i * (size_t)t->samples + (size_t)t->pick[k];
                copy_sample(t, row, index, (uint8_t *)to + (i * used + k) * bytes);
            }
    }
}
