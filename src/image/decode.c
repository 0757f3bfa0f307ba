/* SPDX-License-Identifier: Apache-2.0 */
#include "image/decode.h"

#include <string.h>

#include "image/icc.h"

int64_t decode_max_pixels(const decode_source *s)
{
    return s->options.max_pixels > 0 ? s->options.max_pixels : IMAGE_MAX_PIXELS;
}

fv_status decode_check_size(const decode_source *s, int64_t height, int64_t width)
{
    int64_t limit = decode_max_pixels(s);
    if (height > 0 && width > 0 && width <= limit / height)
        return FV_OK;
    return status_set(
        FV_ERROR_FORMAT,
        "%s: %lld x %lld pixels are over the limit of %lld pixels, which max_pixels (--max-pixels) "
        "raises",
        s->name, (long long)width, (long long)height, (long long)limit);
}

fv_status decode_keep_profile(const decode_source *s, const uint8_t *profile, size_t size)
{
    file_bytes *kept = &s->options.space->profile;
    if (s->options.ignore_profile || size > ICC_MAX_BYTES)
        return FV_OK;
    STATUS_TRY(file_bytes_resize(kept, size));
    memcpy(kept->data, profile, size);
    return FV_OK;
}

fv_status decode_open_library(const decode_source *s, plugin *p, const plugin_symbol *symbols, size_t count)
{
    fv_status status = plugin_open(p, symbols, count);
    return status == FV_OK ? FV_OK : status_prefix(status, "%s", s->name);
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

void image_scale_side(int64_t *from, int64_t *length, int64_t all, int64_t scaled, int64_t num, int64_t denom)
{
    int64_t end = *from + *length;
    end = end == all ? scaled : (end * num + denom / 2) / denom;
    *from = (*from * num + denom / 2) / denom;
    *from = *from < scaled ? *from : scaled - 1;
    *length = end > *from ? end - *from : 1;
}

void image_cut(image *im, const image_region *part)
{
    int64_t bytes = part->width * im->channels, stride = im->width * im->channels;
    const uint8_t *from = im->data + part->top * stride + part->left * im->channels;
    if (from != im->data || bytes != stride)
        for (int64_t y = 0; y < part->height; y++, from += stride)
            memmove(im->data + y * bytes, from, (size_t)bytes);
    im->height = part->height;
    im->width = part->width;
}

fv_status image_copy_part(const image *im, const image_region *part, image *out)
{
    STATUS_TRY(image_reshape(out, part->height, part->width, im->channels));
    int64_t bytes = part->width * im->channels, stride = im->width * im->channels;
    const uint8_t *from = im->data + part->top * stride + part->left * im->channels;
    for (int64_t y = 0; y < part->height; y++, from += stride)
        memcpy(out->data + y * bytes, from, (size_t)bytes);
    return FV_OK;
}

fv_status image_keep_region(image *im, const image_decode_options *o)
{
    image_region r;
    STATUS_TRY(decode_choose(o, im->height, im->width, &r));
    image_cut(im, &r);
    return FV_OK;
}

static fv_status decode(const decode_source *s, image *out)
{
    const image_format *format;
    int orientation = 1;
    STATUS_TRY(decode_find_format(s, &format));
    s->options.space->profile.size = 0;
    STATUS_TRY(format->decode(s, out, &orientation));
    STATUS_TRY(exif_turn(out, orientation));
    if (s->options.choose && !format->cuts)
        STATUS_TRY(image_keep_region(out, &s->options));
    fv_status status = icc_convert(s->options.space, out);
    if (status != FV_OK)
        return status_prefix(status, "%s", s->name);
    return s->options.channels ? image_set_channels(out, s->options.channels) : FV_OK;
}

fv_status image_decode(const uint8_t *bytes, size_t size, const char *name, const image_decode_options *o,
                       image *out)
{
    image_space own = {0};
    decode_source s = {.bytes = bytes, .size = size, .name = name};
    if (o)
        s.options = *o;
    if (!s.options.space)
        s.options.space = &own;
    fv_status status = decode(&s, out);
    image_space_release(&own);
    return status;
}

fv_status image_check_bytes(fv_status status, const file_bytes *b)
{
    return b->too_large ? status_set(status, "%s, which max_bytes (--max-bytes) raises", fv_error_message())
                        : status;
}

fv_status image_load(const char *path, const image_decode_options *o, image *out)
{
    file_bytes file = {0};
    size_t limit = o && o->max_bytes > 0 ? (size_t)o->max_bytes : IMAGE_MAX_BYTES;
    fv_status status = image_check_bytes(file_read_into(path, limit, &file), &file);
    if (status == FV_OK)
        status = image_decode(file.data, file.size, path, o, out);
    file_bytes_release(&file);
    return status;
}

fv_status image_probe(const uint8_t *bytes, size_t size, const char *name, image_info *info)
{
    decode_source s = {.bytes = bytes, .size = size, .name = name, .options.max_pixels = INT64_MAX};
    const image_format *format;
    int orientation = 1;
    *info = (image_info){0};
    STATUS_TRY(decode_find_format(&s, &format));
    STATUS_TRY(format->probe(&s, info, &orientation));
    info->format = format->name;
    if (!info->mode)
        info->mode = info->channels == 1 ? "grey" : "RGB";
    if (exif_swaps_sides(orientation)) {
        int64_t height = info->height;
        info->height = info->width;
        info->width = height;
    }
    return FV_OK;
}
