/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a TIFF's samples lie and what they mean: from the tags to what a window takes (image/window.h). Knows no libtiff.
 *
 *     tiff_samples t = {.bits = 12, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, ...};    // the tags
 *     STATUS_TRY(tiff_samples_settle(&t, s));
 *     tiff_samples_row(&t, planes, count, row);      // for window_put
 */
#ifndef IMAGE_TIFF_SAMPLES_H
#define IMAGE_TIFF_SAMPLES_H

#include "image/window.h"

enum {
    TIFF6_MAX_SAMPLES = 64, /* of a pixel, in the file */
    TIFF6_MAX_PLANES = 5    /* of them in use: four inks, or RGB and alpha */
};

/* Of TIFF 6.0: PhotometricInterpretation, SampleFormat, ExtraSamples. */
enum {
    TIFF6_MIN_IS_WHITE = 0,
    TIFF6_MIN_IS_BLACK = 1,
    TIFF6_RGB = 2,
    TIFF6_PALETTE = 3,
    TIFF6_MASK = 4,
    TIFF6_CMYK = 5,
    TIFF6_UNSIGNED = 1,
    TIFF6_SIGNED = 2,
    TIFF6_FLOAT = 3,
    TIFF6_UNTYPED = 4,
    TIFF6_EXTRA_PREMULTIPLIED = 1,
    TIFF6_EXTRA_STRAIGHT = 2
};

typedef struct tiff_samples {
    /* From the tags. */
    int bits, samples, format, photometric, extra_count;
    const uint16_t *extra;      /* what the samples behind the colours are; NULL when the tag is missing */
    const uint16_t *palette[3]; /* 2^bits red, green and blue each */
    bool planar;                /* each sample has a plane of its own */
    /* Settled. */
    window_samples window;
    int used, pick[TIFF6_MAX_PLANES]; /* the samples that are read, in the window's order */
    uint8_t colors[256][3];           /* of a palette of up to 8 bits */
    bool palette_of_bytes;            /* its colours are 0..255 */
    bool direct;                      /* the rows of the file are what the window takes */
} tiff_samples;

/* FV_ERROR_UNSUPPORTED for samples of a kind that is none of the above. */
fv_status tiff_samples_settle(tiff_samples *t, const decode_source *s);

/* Bytes of a row of `width` pixels in the file, of one plane when planar. */
size_t tiff_samples_row_bytes(const tiff_samples *t, int64_t width);

/* `count` pixels for the window, from one row of all samples (planes[0]) or a row of each that is picked. */
void tiff_samples_row(const tiff_samples *t, const uint8_t *const *planes, int64_t count, void *to);

#endif
