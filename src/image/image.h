/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures: 8-bit, interleaved, (height, width, channels) with 1 (grey), 3 (RGB) or 4 (RGBA, while decoding only) channels.
 *
 *     image picture = {0};
 *     STATUS_TRY(image_load("cat.jpg", &(image_decode_options){.channels = 3}, &picture));
 *     ...
 *     image_release(&picture);
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/random.h"
#include "core/status.h"

typedef struct image {
    int64_t height, width, channels;
    uint8_t *data;   /* height * width * channels bytes, owned */
    size_t capacity; /* bytes that `data` has room for: an image can be reused without allocating */
} image;

/* Gives `im` the shape, reusing its memory when it is large enough. Contents are undefined. */
fv_status image_reshape(image *im, int64_t height, int64_t width, int64_t channels);
void image_release(image *im);

/* ---- decode.c: by content, never by name ---- */

typedef struct image_decode_options {
    int64_t channels; /* 1, 3, or 0: as the file has it (grey 1, else 3) */
    int64_t
        min_height; /* scaled decode (JPEG, DCT domain): the result may be smaller than the file's picture, */
    int64_t min_width;      /* but not smaller than this after orientation; 0: full scale */
    int64_t max_pixels;     /* 0: 256 million. Checked before anything is allocated */
    int ignore_orientation; /* nonzero: leave EXIF orientation alone */
} image_decode_options;

typedef struct image_info {
    int64_t height, width; /* after orientation, at full scale */
    int64_t channels;      /* 1 grey, 3 colour */
    int depth;             /* bits per sample in the file */
    const char *format;    /* "JPEG", "PNG" */
} image_info;

/* `name` is for messages. Errors: FV_ERROR_FORMAT (damaged, truncated), FV_ERROR_UNSUPPORTED (another format). */
fv_status image_decode(const uint8_t *bytes, size_t size, const char *name, const image_decode_options *o,
                       image *out);
fv_status image_load(const char *path, const image_decode_options *o, image *out);
fv_status image_probe(const uint8_t *bytes, size_t size, const char *name, image_info *info);

/* ---- libraries.c: what was built in, for `doctor`; ends with a NULL name ---- */
typedef struct image_library {
    const char *name, *version;
} image_library;
const image_library *image_libraries(void);

/* ---- encode.c ---- */
fv_status image_encode_png(const image *im, uint8_t **bytes, size_t *size); /* the caller frees *bytes */
fv_status image_encode_jpeg(const image *im, int quality, uint8_t **bytes, size_t *size);
fv_status image_save_png(const image *im, const char *path); /* atomically */

/* ---- resize.c: separable convolution with antialiasing, Pillow's filters and rounding ---- */

typedef struct image_box {
    double left, top, right,
        bottom; /* of the source, in pixels; may be fractional, as Pillow's resize(box=) */
} image_box;

/* `box` NULL: everything. `out` is another image than `in`. */
fv_status image_resize(const image *in, const image_box *box, int64_t height, int64_t width,
                       fv_interpolation interpolation, image *out);
/* Grey <-> RGB (ITU-R 601-2 luma, as Pillow's convert), in place. */
fv_status image_set_channels(image *im, int64_t channels);

/* ---- fit.c: the preprocessing's geometry ---- */

/* Crop, squash or letterbox to (p->height, p->width) with p's interpolation. Same arithmetic as torchvision's
 * Resize(shorter side) + CenterCrop for FV_RESIZE_CROP. `fill` (per channel) is the letterbox colour. */
fv_status image_fit(const image *in, const fv_preprocess *p, const uint8_t fill[3], image *out);
/* The colour of a letterbox's bars: the mean that the network was normalised with, in the picture's channel order. */
void image_fit_fill(const fv_preprocess *p, uint8_t fill[3]);
/* The least size a picture of (height, width) may be decoded at so that image_fit loses nothing. */
void image_fit_minimum(const fv_preprocess *p, int64_t *height, int64_t *width);
/* The part of a picture of (height, width) that the network sees; a letterbox reaches beyond the picture. */
void image_fit_box(const fv_preprocess *p, int64_t height, int64_t width, image_box *box);

/* ---- augment/: one file an augmentation ---- */

/* An augmentation works in place and takes its chances from `r` only. */
typedef struct augmentation {
    const char *name; /* as torchvision or Keras names it */
    const char *help;
    int colour_only; /* nonzero: left out for one-channel data by default */
    /* strength in [0, 1], probability in [0, 1]; `scratch` is spare memory that the caller keeps between calls. */
    fv_status (*apply)(image *im, float strength, float probability, rng *r, image *scratch);
} augmentation;

extern const augmentation augment_horizontal_flip;
extern const augmentation
    augment_random_shift; /* up to strength * 25 % of each side, edges reflected: the same as padding by
                                                   reflection and cropping at random */
extern const augmentation
    augment_random_crop; /* zero padding of strength * 25 % of each side and a random crop back: CIFAR's */
extern const augmentation *const augmentation_table[]; /* all of them, NULL-ended */

#endif
