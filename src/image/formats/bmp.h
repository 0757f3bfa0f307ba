/* SPDX-License-Identifier: Apache-2.0 */
/* What bmp.c reads from a header, for itself and for bmp_rle.c. */
#ifndef IMAGE_FORMATS_BMP_H
#define IMAGE_FORMATS_BMP_H

#include "image/decode.h"

typedef enum bmp_compression {
    BMP_PLAIN,
    BMP_RLE8,
    BMP_RLE4,
    BMP_FIELDS,
    BMP_JPEG,
    BMP_PNG,
    BMP_ALPHA_FIELDS
} bmp_compression;

/* The bits of one colour in a pixel: (pixel & mask) >> shift is 0..most. */
typedef struct bmp_field {
    uint32_t mask, most;
    int shift;
} bmp_field;

typedef struct bmp_picture {
    int64_t height, width;
    bool top_down, grey; /* grey: a palette of greys only */
    int bits;            /* a pixel */
    bmp_compression compression;
    bmp_field fields[4];     /* red, green, blue, alpha */
    uint8_t palette[256][3]; /* red, green, blue */
    const uint8_t *data;     /* the pixels, up to the end of the file */
    size_t size;
} bmp_picture;

/* 1, 3, or 4 before alpha is composed. */
static inline int bmp_channels(const bmp_picture *b)
{
    return b->grey ? 1 : b->fields[3].mask ? 4 : 3;
}

/* ---- bmp_rle.c ---- */
fv_status bmp_decode_runs(const decode_source *s, const bmp_picture *b, image *out);

#endif
