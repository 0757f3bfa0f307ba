/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From samples of any type to 8 bits. A format says what its samples are and puts them in, in any order of blocks; the window of
 * the decode options decides what becomes black and what white, the same for all channels:
 *
 *     window w;
 *     STATUS_TRY(window_begin(&w, s, &(window_samples){.type = SAMPLE_UINT16, .high = 65535, .channels = 3}, height, width, out));
 *     for (int64_t y = 0; y < height; y++)
 *         window_put(&w, y, 0, width, row);
 *     STATUS_TRY(window_end(&w)); // or window_release(&w), after a failure
 *
 * FULL maps [low, high] of the samples' type to 0..255 and rounds to nearest: 16 bits give round(v / 257), as libpng's
 * png_set_scale_16; Pillow and OpenCV keep the upper byte instead, which is at most one level less. AUTO takes the picture's
 * own 0.1 and 99.9 percentiles: of n sorted values those at floor(0.001 (n - 1)) and ceil(0.999 (n - 1)). RANGE takes the
 * caller's numbers. Samples beyond the window become 0 or 255. NaN counts as the low end and -inf and +inf as the ends;
 * percentiles are of finite samples. Pictures of up to 8 bits always are mapped by FULL.
 */
#ifndef IMAGE_WINDOW_H
#define IMAGE_WINDOW_H

#include <stdbool.h>

#include "image/decode.h"

typedef enum sample_type {
    SAMPLE_UINT8 = 0,
    SAMPLE_INT8,
    SAMPLE_UINT16,
    SAMPLE_INT16,
    SAMPLE_UINT32,
    SAMPLE_INT32,
    SAMPLE_FLOAT
} sample_type;

typedef enum sample_alpha {
    ALPHA_NONE = 0,
    ALPHA_STRAIGHT,     /* colours are not multiplied with it */
    ALPHA_PREMULTIPLIED /* they are */
} sample_alpha;

typedef struct window_samples {
    sample_type type;
    double low, high;   /* what FULL maps to 0 and 255; alpha is transparent at 0 and opaque at `high` */
    int64_t channels;   /* 1 grey, 3 RGB, or 4 CMYK, to which no window but FULL applies */
    sample_alpha alpha; /* one more sample in each pixel; the picture is composed over white */
    bool inverted;      /* the low end is white */
} window_samples;

typedef struct window {
    window_samples from;
    image *out;
    bool automatic;
    bool as_it_is, rgba; /* 8 bits that are levels already; and with alpha */
    uint8_t levels[256]; /* of samples of 8 bits without alpha */
    double low, high;    /* of the window in use */
    image_range *range;  /* of the decode options */
    uint8_t *kept;       /* AUTO: (height, width, samples), owned */
    size_t pixel_bytes;  /* of the samples of a pixel, alpha included */
} window;

/* Shapes `out`. Nothing is to be released when it fails. */
fv_status window_begin(window *w, const decode_source *s, const window_samples *from, int64_t height,
                       int64_t width, image *out);
/* `count` pixels from (y, x) on: interleaved samples in the machine's byte order. */
void window_put(window *w, int64_t y, int64_t x, int64_t count, const void *samples);
/* AUTO: measures and maps what was put in, which must be every pixel. Releases `w`. */
fv_status window_end(window *w);
void window_release(window *w);

/* Bytes of a sample. */
size_t sample_bytes(sample_type type);

#endif
