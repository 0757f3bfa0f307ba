/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICC profiles to sRGB, with lcms2, which is opened on first use. decode.c calls it once a picture:
 *
 *     STATUS_TRY(decode_keep_profile(s, bytes, size));     // a format that found a profile
 *     STATUS_TRY(icc_convert(space, picture));             // decode.c
 *
 * The intent is perceptual, as Pillow's ImageCms has it by default and browsers do. A profile that is damaged, or of another
 * colour space than the picture, is ignored, as browsers do; one that is sRGB within half a level is recognised without lcms2.
 * Grey stays grey, with sRGB's tone curve. Making a transform costs milliseconds, so a space keeps those of its last profiles.
 */
#ifndef IMAGE_ICC_H
#define IMAGE_ICC_H

#include "image/image.h"

enum {
    ICC_MAX_BYTES = 16 << 20 /* those of CMYK printers have 0.5 to 3 MB; larger ones are ignored */
};

typedef struct icc_cache icc_cache;

/* From space->profile (of size 0: none) to sRGB, in place. A picture of four channels, CMYK with 255 for no ink, becomes RGB in
 * any case: without a usable profile each colour is its ink times black. FV_ERROR_UNSUPPORTED: lcms2 is needed and missing. */
fv_status icc_convert(image_space *space, image *im);

/* True when a profile maps RGB to sRGB within half a level. */
bool icc_is_srgb(const uint8_t *profile, size_t size);

void icc_cache_release(icc_cache *cache); /* NULL is fine */

#endif
