/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decode.c and the file formats agree on. A format decodes the pixels as they are stored and says which
 * EXIF orientation the file asks for; turning them upright, converting colours to sRGB and channels happens once, in decode.c.
 * Four channels are CMYK as Adobe's JPEG files have it: 255 is no ink.
 *
 *     image_format png = {"PNG", png_matches, png_decode, png_probe};   // a row in formats/registry.c
 */
#ifndef IMAGE_DECODE_H
#define IMAGE_DECODE_H

#include <stdbool.h>

#include "core/plugin.h"
#include "image/image.h"

typedef struct decode_source {
    const uint8_t *bytes;
    size_t size;
    const char *name; /* for messages */
    image_decode_options options;
} decode_source;

/* `info` is zeroed, and filled for the stored picture, before orientation, its mode only where the channels do not say it;
 * *orientation is 1..8. */
typedef struct image_format {
    const char *name;
    bool (*matches)(const uint8_t *bytes, size_t size);
    fv_status (*decode)(const decode_source *s, image *out, int *orientation);
    fv_status (*probe)(const decode_source *s, image_info *info, int *orientation);
    bool cuts; /* `decode` gives the part that options.choose picks out; else decode.c cuts it out */
} image_format;

/* Each in the file of formats/ that is named like it. */
extern const image_format jpeg_format, png_format, webp_format, gif_format, bmp_format, pnm_format,
    pfm_format, tiff_format, heif_format;

/* ---- formats/registry.c ---- */

/* By the content. The error says what the file is, and what to do. */
fv_status decode_find_format(const decode_source *s, const image_format **format);
/* By image_format's name; NULL when there is none or it was not built in. */
const image_format *decode_format_named(const char *name);

/* ---- formats/pixels.c ---- */

/* Over white: each of the first `channels` of RGBA, c * a + 255 * (255 - a) of 255 * 255, rounded to nearest. `to` may be
 * `rgba`. */
void decode_over_white(const uint8_t *rgba, uint8_t *to, int64_t pixels, int64_t channels);
/* Numbers of 1, 2, 4 or 8 bits, the first in a byte's highest bits, to a byte each. */
void decode_unpack(const uint8_t *row, int bits, int64_t count, uint8_t *to);
/* From indices to their colours, or (1 channel) the colours' first byte. `to` may end where `indices` do. */
void decode_look_up(const uint8_t (*colors)[3], const uint8_t *indices, int64_t count, int64_t channels,
                    uint8_t *to);

/* The picture's ICC profile, for decode.c to convert from; copied. A format calls it before it returns. */
fv_status decode_keep_profile(const decode_source *s, const uint8_t *profile, size_t size);

/* plugin_open; the message then names the picture. */
fv_status decode_open_library(const decode_source *s, plugin *p, const plugin_symbol *symbols, size_t count);

/* The most pixels that the options allow. */
int64_t decode_max_pixels(const decode_source *s);
/* The error when a picture has more pixels than the options allow. */
fv_status decode_check_size(const decode_source *s, int64_t height, int64_t width);

/* Asks options->choose for its part of the upright picture of (height, width), and checks that it lies within. */
fv_status decode_choose(const image_decode_options *o, int64_t height, int64_t width, image_region *region);

/* ---- formats/exif.c ---- */

/* The orientation tag of a TIFF structure (what follows "Exif\0\0" in a JPEG, a PNG's eXIf chunk): 1..8, and
 * 1 when there is none or the structure is damaged. */
int exif_orientation(const uint8_t *tiff, size_t size);

/* Turns the stored picture upright. */
fv_status exif_turn(image *im, int orientation);

/* From a part of the upright picture to the same part of the stored one, which is (height, width). */
void exif_find_stored(image_region *region, int orientation, int64_t height, int64_t width);

/* True when the orientation exchanges height and width. */
static inline bool exif_swaps_sides(int orientation)
{
    return orientation >= 5;
}

#endif
