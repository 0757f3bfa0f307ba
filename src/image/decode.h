/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decode.c and the file formats agree on. A format decodes the pixels as they are stored and says which
 * EXIF orientation the file asks for; turning them upright and converting channels happens once, in decode.c.
 *
 *     image_format png = {"PNG", png_matches, png_decode, png_probe};   // a row in decode.c's table
 */
#ifndef IMAGE_DECODE_H
#define IMAGE_DECODE_H

#include <stdbool.h>

#include "image/image.h"

typedef struct decode_source {
    const uint8_t *bytes;
    size_t size;
    const char *name; /* for messages */
    image_decode_options options;
} decode_source;

/* `info` is of the stored picture, before orientation; *orientation is 1..8. */
typedef struct image_format {
    const char *name;
    bool (*matches)(const uint8_t *bytes, size_t size);
    fv_status (*decode)(const decode_source *s, image *out, int *orientation);
    fv_status (*probe)(const decode_source *s, image_info *info, int *orientation);
} image_format;

extern const image_format jpeg_format; /* formats/jpeg.c */
extern const image_format png_format;  /* formats/png.c */

/* The error when a picture has more pixels than the options allow. */
fv_status decode_check_size(const decode_source *s, int64_t height, int64_t width);

/* ---- formats/exif.c ---- */

/* The orientation tag of a TIFF structure (what follows "Exif\0\0" in a JPEG, a PNG's eXIf chunk): 1..8, and
 * 1 when there is none or the structure is damaged. */
int exif_orientation(const uint8_t *tiff, size_t size);

/* Turns the stored picture upright. */
fv_status exif_turn(image *im, int orientation);

/* True when the orientation exchanges height and width. */
static inline bool exif_swaps_sides(int orientation)
{
    return orientation >= 5;
}

#endif
