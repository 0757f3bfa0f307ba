/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures: 8-bit, interleaved, (height, width, channels) with 1 (grey), 3 (RGB) or 4 (CMYK, while decoding only) channels.
 *
 *     image picture = {0};
 *     STATUS_TRY(image_load("cat.jpg", &(image_decode_options){.channels = 3}, &picture));
 *     ...
 *     image_release(&picture);
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/file.h"
#include "core/status.h"

typedef struct image {
    int64_t height, width, channels;
    uint8_t *data;   /* height * width * channels bytes, owned */
    size_t capacity; /* bytes that `data` has room for: an image can be reused without allocating */
} image;

/* Gives `im` the shape, reusing its memory when it is large enough. Contents are undefined. */
fv_status image_reshape(image *im, int64_t height, int64_t width, int64_t channels);
void image_release(image *im);

/* Memory that decoding, resizing and augmentation use again from picture to picture: one a thread, zero-initialised. */
typedef struct image_space {
    file_bytes file, profile;
    image spare[2];
    struct icc_cache *colors;     /* owned; see icc.h */
    image letterboxed;            /* fit.c */
    struct resize_memory *resize; /* resize.c */
} image_space;
void image_space_release(image_space *space);

/* ---- decode.c: by content, never by name ---- */

/* A part of the upright picture at full scale, in pixels, and the least size that it may be decoded at. */
typedef struct image_region {
    int64_t top, left, height, width;
    int64_t min_height, min_width; /* 0: full scale */
} image_region;

/* The window that a picture of more than 8 bits was decoded with, in the file's values, and the range of the file's type. */
typedef struct image_range {
    double low, high, full_low, full_high;
    bool whole; /* the values are whole numbers */
} image_range;

enum {
    IMAGE_MAX_PIXELS = 256 << 20,
    IMAGE_MAX_BYTES = 1 << 30
};

typedef struct image_decode_options {
    int64_t channels; /* 1, 3, or 0: as the file has it (grey 1, else 3) */
    int64_t
        min_height; /* scaled decode (JPEG in the DCT domain, WebP): the result may be smaller than the file's picture, */
    int64_t min_width;      /* but not smaller than this after orientation; 0: full scale */
    int64_t max_pixels;     /* 0: IMAGE_MAX_PIXELS. Checked before anything is allocated */
    int64_t max_bytes;      /* of image_load's file; 0: IMAGE_MAX_BYTES */
    int ignore_orientation; /* nonzero: leave EXIF orientation alone */
    int ignore_profile;     /* nonzero: leave colours as stored; else an ICC profile is converted to sRGB */
    fv_window window;       /* how 16-bit and float samples become 8 bits */
    float window_low, window_high;
    /* When set, it is called once with the upright picture's size at full scale, before pixels are decoded, and fills the
     * part that is wanted (all of the picture stands there): the result then shows this part only, its edges rounded to
     * whole pixels of the scale that was decoded at. JPEG then does not decode what lies outside. */
    void (*choose)(void *user, int64_t height, int64_t width, image_region *region);
    void *user;
    image_space *space; /* whose memory and colour conversion are used again; NULL: nothing is kept */
    image_range *range; /* optional: gets the window of a picture with more than 8 bits, else is left alone */
    int fast; /* nonzero: what training pictures may lose for speed (JPEG: chroma is repeated, not interpolated) */
} image_decode_options;

typedef struct image_info {
    int64_t height, width; /* after orientation, at full scale */
    int64_t channels;      /* 1 grey, 3 colour */
    int depth;             /* bits per sample in the file */
    const char *format;    /* "JPEG", "PNG" */
    const char
        *mode; /* how the file has its colours: "grey", "RGB", "palette", "RGBA", "grey+alpha", "CMYK" */
} image_info;

/* `name` is for messages. Errors: FV_ERROR_FORMAT (damaged, truncated), FV_ERROR_UNSUPPORTED (another format). */
fv_status image_decode(const uint8_t *bytes, size_t size, const char *name, const image_decode_options *o,
                       image *out);
fv_status image_load(const char *path, const image_decode_options *o, image *out);
/* Reads the header only; no limit applies. */
fv_status image_probe(const uint8_t *bytes, size_t size, const char *name, image_info *info);
/* The status of reading an encoded picture into `b`; the message of one that was too large then says what raises the limit. */
fv_status image_check_bytes(fv_status status, const file_bytes *b);

/* One side of a part at full scale, [*from, *from + *length) of `all`, in the pixels of the scale num / denom, at which the side is
 * `scaled` long: rounded, and never empty. */
void image_scale_side(int64_t *from, int64_t *length, int64_t all, int64_t scaled, int64_t num,
                      int64_t denom);

/* Keeps the part of `im`, in place; or copies it to another image. */
void image_cut(image *im, const image_region *part);
fv_status image_copy_part(const image *im, const image_region *part, image *out);
/* Cuts the part that o->choose picks out of a picture that was decoded whole, in place. */
fv_status image_keep_region(image *im, const image_decode_options *o);

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

/* `box` NULL: everything. `out` is another image than `in`. `space` NULL: memory for this call alone. */
fv_status image_resize(const image *in, const image_box *box, int64_t height, int64_t width,
                       fv_interpolation interpolation, image_space *space, image *out);
/* Grey <-> RGB (ITU-R 601-2 luma, as Pillow's convert), in place. */
fv_status image_set_channels(image *im, int64_t channels);

/* ---- fit.c: the preprocessing's geometry ---- */

/* Crop, squash or letterbox to (p->height, p->width) with p's interpolation. Same arithmetic as torchvision's
 * Resize(shorter side) + CenterCrop for FV_RESIZE_CROP. `fill` (per channel) is the letterbox colour; `space` as for image_resize. */
fv_status image_fit(const image *in, const fv_preprocess *p, const uint8_t fill[3], image_space *space,
                    image *out);
/* The colour of a letterbox's bars: the mean that the network was normalised with, in the picture's channel order. */
void image_fit_fill(const fv_preprocess *p, uint8_t fill[3]);
/* How a picture for this network is decoded: channels, window and colours. What everyone who decodes for a model begins with,
 * so that training, prediction and explanation cannot differ. */
image_decode_options image_fit_options(const fv_preprocess *p);
/* The least size a picture of (height, width) may be decoded at so that image_fit loses nothing. */
void image_fit_minimum(const fv_preprocess *p, int64_t *height, int64_t *width);
/* The part of a picture of (height, width) that the network sees; a letterbox reaches beyond the picture. */
void image_fit_box(const fv_preprocess *p, int64_t height, int64_t width, image_box *box);

#endif
