/* SPDX-License-Identifier: Apache-2.0 */
#include "image/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    BLOCK = 256,       /* pixels converted at a time */
    BUCKETS = 1 << 16, /* a histogram of the upper or the lower half of 32 bits */
    SAMPLES_MAX = 5    /* of a pixel: four inks and alpha */
};

static const double percentile_low = 0.001, percentile_high = 0.999;

size_t sample_bytes(sample_type type)
{
    static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4};
    return bytes[type];
}

/* ---- samples as numbers ---- */

#define READ_AS(type)                                                                                        \
    for (int64_t i = 0; i < count; i++) {                                                                    \
        type value;                                                                                          \
        memcpy(&value, (const uint8_t *)from + i * (int64_t)sizeof value, sizeof value);                     \
        to[i] = (double)value;                                                                               \
    }                                                                                                        \
    break

static void read_numbers(sample_type type, const void *from, double *to, int64_t count)
{
    switch (type) {
    case SAMPLE_UINT8:
        READ_AS(uint8_t);
    case SAMPLE_INT8:
        READ_AS(int8_t);
    case SAMPLE_UINT16:
        READ_AS(uint16_t);
    case SAMPLE_INT16:
        READ_AS(int16_t);
    case SAMPLE_UINT32:
        READ_AS(uint32_t);
    case SAMPLE_INT32:
        READ_AS(int32_t);
    case SAMPLE_FLOAT:
        READ_AS(float);
    }
}

/* ---- to 8 bits ---- */

/* 0..1. `!(x > 0)` is true of NaN, too. */
static double clamp_unit(double x)
{
    return !(x > 0) ? 0 : x < 1 ? x : 1;
}

/* Where in the window a value lies. A window without extent parts what is above it from what is not. */
static double place(const window *w, double value)
{
    double extent = w->high - w->low;
    double x = extent > 0 ? clamp_unit((value - w->low) / extent) : value > w->low;
    return w->from.inverted ? 1 - x : x;
}

static uint8_t level(double unit)
{
    return (uint8_t)(unit * 255 + 0.5);
}

static void map_opaque(const window *w, const double *from, uint8_t *to, int64_t count)
{
    double extent = w->high - w->low, low = w->low;
    if (!(extent > 0) || w->from.inverted) {
        for (int64_t i = 0; i < count; i++)
            to[i] = level(place(w, from[i]));
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        double x = (from[i] - low) * 255 / extent; /* in this order halves are exact */
        x = !(x > 0) ? 0 : x < 255 ? x : 255;
        to[i] = (uint8_t)(x + 0.5);
    }
}

static void fill_levels(window *w)
{
    for (int i = 0; i < 256; i++) {
        uint8_t sample = (uint8_t)i;
        double value;
        read_numbers(w->from.type, &sample, &value, 1);
        map_opaque(w, &value, &w->levels[i], 1);
    }
}

/* Over white: c a + 1 (1 - a), rounded once. */
static void map_transparent(const window *w, const double *from, uint8_t *to, int64_t pixels)
{
    int64_t channels = w->from.channels;
    for (int64_t i = 0; i < pixels; i++, from += channels + 1, to += channels) {
        double alpha = clamp_unit(from[channels] / w->from.high);
        for (int64_t c = 0; c < channels; c++) {
            double value = from[c];
            if (w->from.alpha == ALPHA_PREMULTIPLIED && alpha > 0)
                value /= alpha;
            to[c] = level(place(w, value) * alpha + (1 - alpha));
        }
    }
}

static void map_pixels(const window *w, const uint8_t *from, uint8_t *to, int64_t count)
{
    double numbers[BLOCK * SAMPLES_MAX];
    if (w->as_it_is) {
        memcpy(to, from, (size_t)(count * w->from.channels));
        return;
    }
    if (w->rgba) {
        decode_over_white(from, to, count, 3);
        return;
    }
    int64_t channels = w->from.channels, samples = channels + (w->from.alpha != ALPHA_NONE);
    if (w->pixel_bytes == (size_t)channels && w->from.alpha == ALPHA_NONE) {
        for (int64_t i = 0; i < count * channels; i++)
            to[i] = w->levels[from[i]];
        return;
    }
    for (int64_t done = 0; done < count; done += BLOCK) {
        int64_t n = count - done < BLOCK ? count - done : BLOCK;
        read_numbers(w->from.type, from + (size_t)done * w->pixel_bytes, numbers, n * samples);
        if (w->from.alpha == ALPHA_NONE)
            map_opaque(w, numbers, to + done * channels, n * channels);
        else
            map_transparent(w, numbers, to + done * channels, n);
    }
}

/* ---- percentiles ---- */

/* The sample as 32 bits whose unsigned order is that of the values. Not finite: false. */
static bool ordered_key(sample_type type, const uint8_t *at, uint32_t *key)
{
    uint16_t half;
    uint32_t word;
    if (type == SAMPLE_UINT16 || type == SAMPLE_INT16) {
        memcpy(&half, at, sizeof half);
        *key = (uint32_t)(half ^ (type == SAMPLE_INT16 ? 0x8000u : 0)) << 16;
        return true;
    }
    memcpy(&word, at, sizeof word);
    if (type == SAMPLE_FLOAT) {
        if ((word & 0x7F800000u) == 0x7F800000u)
            return false;
        *key = word & 0x80000000u ? ~word : word | 0x80000000u;
        return true;
    }
    *key = type == SAMPLE_INT32 ? word ^ 0x80000000u : word;
    return true;
}

static double value_of_key(sample_type type, uint32_t key)
{
    switch (type) {
    case SAMPLE_UINT16:
        return (double)(key >> 16);
    case SAMPLE_INT16:
        return (double)(key >> 16) - 0x8000;
    case SAMPLE_UINT32:
        return (double)key;
    case SAMPLE_INT32:
        return (double)key - 0x80000000u;
    default: {
        uint32_t word = key & 0x80000000u ? key & 0x7FFFFFFFu : ~key;
        float value;
        memcpy(&value, &word, sizeof value);
        return (double)value;
    }
    }
}

/* Counts the keys whose upper half is `upper` by their lower half; upper < 0: all of them by their upper half. Transparent
 * pixels are nothing that one sees. Returns how many were counted. */
static uint64_t count_keys(const window *w, int64_t upper, uint64_t *buckets)
{
    size_t bytes = sample_bytes(w->from.type), channels = (size_t)w->from.channels;
    const uint8_t *end = w->kept + (size_t)(w->out->height * w->out->width) * w->pixel_bytes;
    uint64_t count = 0;
    memset(buckets, 0, BUCKETS * sizeof *buckets);
    for (const uint8_t *pixel = w->kept; pixel < end; pixel += w->pixel_bytes) {
        double alpha = 1;
        if (w->from.alpha != ALPHA_NONE)
            read_numbers(w->from.type, pixel + channels * bytes, &alpha, 1);
        for (size_t c = 0; c < channels && alpha > 0; c++) {
            uint32_t key;
            if (!ordered_key(w->from.type, pixel + c * bytes, &key) || (upper >= 0 && key >> 16 != upper))
                continue;
            buckets[upper >= 0 ? key & 0xFFFF : key >> 16]++;
            count++;
        }
    }
    return count;
}

/* The bucket that holds the value of this rank (from 0 on), which becomes the rank within the bucket. */
static uint32_t find_bucket(const uint64_t *buckets, uint64_t *rank)
{
    uint32_t i = 0;
    while (i < BUCKETS - 1 && *rank >= buckets[i])
        *rank -= buckets[i++];
    return i;
}

/* A radix selection in two passes, exact for every type. */
static void measure(window *w, uint64_t *buckets)
{
    uint64_t count = count_keys(w, -1, buckets);
    if (count == 0)
        return;
    uint64_t ranks[2] = {(uint64_t)floor(percentile_low * (double)(count - 1)),
                         (uint64_t)ceil(percentile_high * (double)(count - 1))};
    uint32_t upper[2] = {find_bucket(buckets, &ranks[0]), find_bucket(buckets, &ranks[1])};
    double ends[2];
    for (int i = 0; i < 2; i++) {
        uint32_t lower = 0;
        if (sample_bytes(w->from.type) > 2) {
            count_keys(w, upper[i], buckets);
            lower = find_bucket(buckets, &ranks[i]);
        }
        ends[i] = value_of_key(w->from.type, upper[i] << 16 | lower);
    }
    w->low = ends[0];
    w->high = ends[1];
}

/* ---- the whole ---- */

fv_status window_begin(window *w, const decode_source *s, const window_samples *from, int64_t height,
                       int64_t width, image *out)
{
    const image_decode_options *o = &s->options;
    bool deep = sample_bytes(from->type) > 1 && from->channels < 4;
    size_t samples = (size_t)from->channels + (from->alpha != ALPHA_NONE);
    *w = (window){.from = *from,
                  .out = out,
                  .automatic = deep && o->window == FV_WINDOW_AUTO,
                  .low = from->low,
                  .high = from->high,
                  .range = deep ? o->range : NULL,
                  .pixel_bytes = samples * sample_bytes(from->type)};
    if (deep && o->window == FV_WINDOW_RANGE) {
        w->low = (double)o->window_low;
        w->high = (double)o->window_high;
    }
    bool plain = from->type == SAMPLE_UINT8 && from->low == 0 && from->high == 255 && !from->inverted;
    w->as_it_is = plain && from->alpha == ALPHA_NONE;
    w->rgba = plain && from->alpha == ALPHA_STRAIGHT && from->channels == 3;
    if (sample_bytes(from->type) == 1)
        fill_levels(w);
    STATUS_TRY(image_reshape(out, height, width, from->channels));
    if (!w->automatic)
        return FV_OK;
    size_t pixels = (size_t)(height * width);
    w->kept = mem_array(pixels, w->pixel_bytes);
    return w->kept ? FV_OK : status_last();
}

void window_put(window *w, int64_t y, int64_t x, int64_t count, const void *samples)
{
    int64_t at = y * w->out->width + x;
    if (w->automatic)
        memcpy(w->kept + (size_t)at * w->pixel_bytes, samples, (size_t)count * w->pixel_bytes);
    else
        map_pixels(w, samples, w->out->data + at * w->from.channels, count);
}

fv_status window_end(window *w)
{
    if (w->automatic) {
        uint64_t *buckets = mem_array(BUCKETS, sizeof *buckets);
        if (!buckets) {
            window_release(w);
            return status_last();
        }
        measure(w, buckets);
        free(buckets);
        map_pixels(w, w->kept, w->out->data, w->out->height * w->out->width);
    }
    if (w->range)
        *w->range = (image_range){.low = w->low,
                                  .high = w->high,
                                  .full_low = w->from.low,
                                  .full_high = w->from.high,
                                  .whole = w->from.type != SAMPLE_FLOAT};
    window_release(w);
    return FV_OK;
}

void window_release(window *w)
{
    free(w->kept);
    w->kept = NULL;
}
