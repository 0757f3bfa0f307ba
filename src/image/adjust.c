/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"

#include <math.h>
#include <string.h>

static int64_t samples(const image *im)
{
    return im->height * im->width * im->channels;
}

static uint8_t clip(float value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

/* From `from` to `to` (factor 1) and beyond; the fraction is cut off, as Pillow does. */
static uint8_t blend(int from, int to, float factor)
{
    return clip((float)from + factor * (float)(to - from));
}

/* ITU-R 601-2 in 16 bits, Pillow's grey. */
static int luma(const uint8_t *rgb)
{
    return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

static void map(image *im, const uint8_t table[256])
{
    for (int64_t i = 0, n = samples(im); i < n; i++)
        im->data[i] = table[im->data[i]];
}

static void map_from(image *im, int from, float factor)
{
    uint8_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] = blend(from, i, factor);
    map(im, table);
}

void adjust_brightness(image *im, float factor)
{
    map_from(im, 0, factor);
}

void adjust_contrast(image *im, float factor)
{
    int64_t sum = 0, pixels = im->height * im->width;
    for (int64_t i = 0; i < pixels; i++)
        sum += im->channels == 3 ? luma(im->data + 3 * i) : im->data[i];
    map_from(im, (int)((double)sum / (double)pixels + 0.5), factor);
}

void adjust_saturation(image *im, float factor)
{
    if (im->channels != 3 || factor == 1)
        return;
    for (uint8_t *p = im->data, *end = p + samples(im); p < end; p += 3) {
        int grey = luma(p);
        for (int c = 0; c < 3; c++)
            p[c] = blend(grey, p[c], factor);
    }
}

/* ---- hue ---- */

/* Hue and saturation in 0..255 of a colour whose greatest and least samples, `most` and `least`, differ. */
static void find_hue(const uint8_t *rgb, int most, int least, int *hue, int *saturation)
{
    float range = (float)(most - least);
    float r = (float)(most - rgb[0]) / range, g = (float)(most - rgb[1]) / range,
          b = (float)(most - rgb[2]) / range;
    /* Sextants from red; the sum with 2 and 4 in double precision, as Pillow's. */
    float sextant = rgb[0] == most   ? b - g
                    : rgb[1] == most ? (float)(2.0 + (double)r - (double)b)
                                     : (float)(4.0 + (double)g - (double)r);
    float circle = (float)fmod((double)sextant / 6.0 + 1.0, 1.0);
    *hue = (int)((double)circle * 255.0);
    *saturation = (int)((double)(range / (float)most) * 255.0);
}

static uint8_t round_half_up(double value)
{
    return (uint8_t)(value + 0.5);
}

static void from_hue(int hue, int saturation, int value, uint8_t *rgb)
{
    int sextant = hue * 6 / 255;
    /* Rounded to single precision where Pillow rounds. */
    float rest = (float)((double)(float)hue * 6.0 / 255.0 - (double)(float)sextant),
          s = (float)((double)(float)saturation / 255.0), v = (float)value;
    uint8_t most = (uint8_t)value, least = round_half_up((double)v * (1.0 - (double)s)),
            falling = round_half_up((double)v * (1.0 - (double)(s * rest))),
            rising = round_half_up((double)v * (1.0 - (double)s * (1.0 - (double)rest)));
    const uint8_t *const channels[6][3] = {{&most, &rising, &least}, {&falling, &most, &least},
                                           {&least, &most, &rising}, {&least, &falling, &most},
                                           {&rising, &least, &most}, {&most, &least, &falling}};
    for (int c = 0; c < 3; c++)
        rgb[c] = *channels[sextant % 6][c];
}

void adjust_hue(image *im, float turn)
{
    if (im->channels != 3)
        return;
    int steps = (int)((double)turn * 255.0);
    for (uint8_t *p = im->data, *end = p + samples(im); p < end; p += 3) {
        int most = p[0] > p[1] ? p[0] : p[1], least = p[0] < p[1] ? p[0] : p[1], hue, saturation;
        most = p[2] > most ? p[2] : most;
        least = p[2] < least ? p[2] : least;
        if (most == least)
            continue;
        find_hue(p, most, least, &hue, &saturation);
        if (saturation == 0)
            memset(p, most, 3);
        else
            from_hue((hue + steps) & 255, saturation, most, p);
    }
}

/* ---- sharpness ---- */

/* Neighbours weigh 1, the middle 5. The sum over 13 is rounded; it never lies between two numbers exactly. */
static int smooth(const uint8_t *p, int64_t row, int64_t c)
{
    int sum = 4 * p[0];
    for (int64_t y = -row; y <= row; y += row)
        sum += p[y - c] + p[y] + p[y + c];
    return (2 * sum + 13) / 26;
}

fv_status adjust_sharpness(image *im, float factor, image *spare)
{
    int64_t h = im->height, w = im->width, c = im->channels, row = w * c;
    if (h < 3 || w < 3 || factor == 1)
        return FV_OK;
    STATUS_TRY(image_reshape(spare, h, w, c));
    memcpy(spare->data, im->data, (size_t)samples(im));
    for (int64_t y = 1; y < h - 1; y++)
        for (int64_t i = c; i < row - c; i++) {
            const uint8_t *p = spare->data + y * row + i;
            im->data[y * row + i] = blend(smooth(p, row, c), *p, factor);
        }
    return FV_OK;
}

/* ---- by value alone ---- */

void adjust_posterize(image *im, int bits)
{
    uint8_t mask = (uint8_t)(0xff << (8 - bits));
    for (int64_t i = 0, n = samples(im); i < n; i++)
        im->data[i] &= mask;
}

void adjust_solarize(image *im, float threshold)
{
    uint8_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)((float)i < threshold ? i : 255 - i);
    map(im, table);
}

void adjust_invert(image *im, float strength)
{
    uint8_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] = blend(i, 255 - i, strength);
    map(im, table);
}

static void count(const image *im, int64_t channel, int64_t histogram[256])
{
    memset(histogram, 0, 256 * sizeof *histogram);
    for (int64_t i = channel, n = samples(im); i < n; i += im->channels)
        histogram[im->data[i]]++;
}

static void map_channel(image *im, int64_t channel, const uint8_t table[256], float strength)
{
    uint8_t part[256];
    for (int i = 0; i < 256; i++)
        part[i] = blend(i, table[i], strength);
    for (int64_t i = channel, n = samples(im); i < n; i += im->channels)
        im->data[i] = part[im->data[i]];
}

/* The least and the greatest value that occurs. */
static void find_ends(const int64_t histogram[256], int *low, int *high)
{
    *low = 0;
    *high = 255;
    while (*low < 255 && histogram[*low] == 0)
        ++*low;
    while (*high > 0 && histogram[*high] == 0)
        --*high;
}

void adjust_autocontrast(image *im, float strength)
{
    int64_t histogram[256];
    for (int64_t channel = 0; channel < im->channels; channel++) {
        uint8_t table[256];
        int low, high;
        count(im, channel, histogram);
        find_ends(histogram, &low, &high);
        if (high <= low)
            continue;
        double scale = 255.0 / (high - low), offset = -low * scale;
        for (int i = 0; i < 256; i++) {
            int value = (int)(i * scale + offset);
            table[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
        map_channel(im, channel, table, strength);
    }
}

void adjust_equalize(image *im, float strength)
{
    int64_t histogram[256];
    for (int64_t channel = 0; channel < im->channels; channel++) {
        uint8_t table[256];
        int low, high;
        count(im, channel, histogram);
        find_ends(histogram, &low, &high);
        /* Pixels a step of the result; the greatest value's own are not counted, so that it maps to 255. */
        int64_t step = (im->height * im->width - histogram[high]) / 255, before = step / 2;
        if (step == 0)
            continue;
        for (int i = 0; i < 256; i++) {
            int64_t value = before / step;
            table[i] = (uint8_t)(value > 255 ? 255 : value);
            before += histogram[i];
        }
        map_channel(im, channel, table, strength);
    }
}

void adjust_mix(image *a, const image *b, float part)
{
    uint32_t keep = (uint32_t)lrintf(part * 65536), other = 65536 - keep;
    for (int64_t i = 0, n = samples(a); i < n; i++)
        a->data[i] = (uint8_t)((a->data[i] * keep + b->data[i] * other + 32768) >> 16);
}
