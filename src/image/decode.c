/* SPDX-License-Identifier: Apache-2.0 */
#include "image/decode.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"

static const image_format *const formats[] = {&jpeg_format, &png_format};
enum {
    FORMAT_COUNT = sizeof formats / sizeof *formats
};

static const int64_t default_max_pixels = 256 << 20;
static const size_t max_file_bytes = (size_t)1 << 30;

/* Formats that are recognised only to say so. */
static const struct signature {
    const char *name;
    size_t offset, length;
    const char *bytes;
} signatures[] = {
    {"WebP", 8, 4, "WEBP"},
    {"GIF", 0, 4, "GIF8"},
    {"TIFF", 0, 4, "II*\0"},
    {"TIFF", 0, 4, "MM\0*"},
    {"AVIF", 4, 8, "ftypavif"},
    {"HEIC", 4, 7, "ftyphei"},
    {"HEIF", 4, 8, "ftypmif1"},
    {"JPEG 2000", 0, 12, "\0\0\0\x0cjP  \r\n\x87\n"},
    {"JPEG XL", 0, 12, "\0\0\0\x0cJXL \r\n\x87\n"},
    {"JPEG XL", 0, 2, "\xff\x0a"},
    {"Photoshop", 0, 4, "8BPS"},
    {"OpenEXR", 0, 4, "v/1\x01"},
    {"QOI", 0, 4, "qoif"},
    {"icon", 0, 4, "\0\0\1\0"},
    {"PDF", 0, 5, "%PDF-"},
    {"SVG", 0, 4, "<svg"},
    {"BMP", 0, 2, "BM"},
};

static fv_status find_format(const decode_source *s, const image_format **format)
{
    if (s->size == 0)
        return status_set(FV_ERROR_FORMAT, "%s: the file is empty", s->name);
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (formats[i]->matches(s->bytes, s->size)) {
            *format = formats[i];
            return FV_OK;
        }
    }
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *g = &signatures[i];
        if (s->size >= g->offset + g->length && memcmp(s->bytes + g->offset, g->bytes, g->length) == 0)
            return status_set(FV_ERROR_UNSUPPORTED,
                              "%s: %s pictures are not supported; convert it to JPEG or PNG", s->name,
                              g->name);
    }
    return status_set(FV_ERROR_FORMAT, "%s: not a picture: the content is neither JPEG nor PNG", s->name);
}

fv_status decode_check_size(const decode_source *s, int64_t height, int64_t width)
{
    int64_t limit = s->options.max_pixels > 0 ? s->options.max_pixels : default_max_pixels;
    if (height > 0 && width > 0 && width <= limit / height)
        return FV_OK;
    return status_set(FV_ERROR_FORMAT, "%s: %lld x %lld pixels are over the limit of %lld pixels", s->name,
                      (long long)width, (long long)height, (long long)limit);
}

fv_status decode_choose(const image_decode_options *o, int64_t height, int64_t width, image_region *region)
{
    image_region r = {.height = height, .width = width};
    o->choose(o->user, height, width, &r);
    if (r.top < 0 || r.left < 0 || r.height < 1 || r.width < 1 || r.height > height - r.top ||
        r.width > width - r.left)
        return status_set(FV_ERROR_INVALID,
                          "the part that was asked for is not within a picture of %lld x %lld pixels",
                          (long long)width, (long long)height);
    *region = r;
    return FV_OK;
}

void decode_cut(image *im, const image_region *part)
{
    int64_t bytes = part->width * im->channels, stride = im->width * im->channels;
    const uint8_t *from = im->data + part->top * stride + part->left * im->channels;
    if (from != im->data || bytes != stride)
        for (int64_t y = 0; y < part->height; y++, from += stride)
            memmove(im->data + y * bytes, from, (size_t)bytes);
    im->height = part->height;
    im->width = part->width;
}

fv_status image_keep_region(image *im, const image_decode_options *o)
{
    image_region r;
    STATUS_TRY(decode_choose(o, im->height, im->width, &r));
    decode_cut(im, &r);
    return FV_OK;
}

fv_status image_decode(const uint8_t *bytes, size_t size, const char *name, const image_decode_options *o,
                       image *out)
{
    decode_source s = {.bytes = bytes, .size = size, .name = name};
    if (o)
        s.options = *o;
    const image_format *format;
    int orientation = 1;
    STATUS_TRY(find_format(&s, &format));
    STATUS_TRY(format->decode(&s, out, &orientation));
    STATUS_TRY(exif_turn(out, orientation));
    if (s.options.choose && !format->cuts)
        STATUS_TRY(image_keep_region(out, &s.options));
    return s.options.channels ? image_set_channels(out, s.options.channels) : FV_OK;
}

fv_status image_load(const char *path, const image_decode_options *o, image *out)
{
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(file_read(path, max_file_bytes, &bytes, &size));
    fv_status status = image_decode(bytes, size, path, o, out);
    free(bytes);
    return status;
}

fv_status image_probe(const uint8_t *bytes, size_t size, const char *name, image_info *info)
{
    decode_source s = {.bytes = bytes, .size = size, .name = name};
    const image_format *format;
    int orientation = 1;
    STATUS_TRY(find_format(&s, &format));
    STATUS_TRY(format->probe(&s, info, &orientation));
    info->format = format->name;
    if (exif_swaps_sides(orientation)) {
        int64_t height = info->height;
        info->height = info->width;
        info->width = height;
    }
    return FV_OK;
}
