/* SPDX-License-Identifier: Apache-2.0 */
/* PNG with libspng. Transparent pictures are composed over white. Of an APNG the default picture is read, which its other
 * chunks do not touch; an iCCP profile is converted from, gAMA and cHRM are not looked at. */
#include <stdlib.h>
#include <string.h>

#include <spng.h>

#include "core/memory.h"
#include "image/window.h"

/* Of metadata: texts, profiles, EXIF. */
enum {
    MAX_CHUNK_BYTES = 16 << 20,
    MAX_METADATA_BYTES = 64 << 20
};
/* DEFLATE's greatest ratio is 1032 : 1. */
enum {
    MAX_DEFLATE_RATIO = 1032
};

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

static bool png_matches(const uint8_t *bytes, size_t size)
{
    return size >= sizeof signature && memcmp(bytes, signature, sizeof signature) == 0;
}

static fv_status fail(const decode_source *s, int code)
{
    if (code == SPNG_EMEM)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", s->name);
    if (code == SPNG_IO_EOF || code == SPNG_EOF || code == SPNG_EIO || code == SPNG_EIDAT_TOO_SHORT)
        return status_set(FV_ERROR_FORMAT, "%s: truncated PNG: the picture's data ends early", s->name);
    return status_set(FV_ERROR_FORMAT, "%s: damaged PNG: %s", s->name, spng_strerror(code));
}

/* The eXIf chunk may stand before or after the pixels, and is wanted without decoding those: the chunks are
 * walked here. */
static int orientation_of(const decode_source *s)
{
    if (s->options.ignore_orientation)
        return 1;
    for (size_t at = sizeof signature; s->size - at >= 12;) {
        const uint8_t *chunk = s->bytes + at; /* length, type, data, CRC: 4, 4, length and 4 bytes */
        size_t length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (length > s->size - at - 12)
            break;
        if (memcmp(chunk + 4, "eXIf", 4) == 0)
            return exif_orientation(chunk + 8, length);
        at += length + 12;
    }
    return 1;
}

static fv_status open_png(const decode_source *s, spng_ctx **context, struct spng_ihdr *header)
{
    *context = spng_ctx_new(0);
    if (!*context)
        return fail(s, SPNG_EMEM);
    spng_set_crc_action(*context, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    spng_set_chunk_limits(*context, MAX_CHUNK_BYTES, MAX_METADATA_BYTES);
    int code = spng_set_png_buffer(*context, s->bytes, s->size);
    if (code == 0)
        code = spng_get_ihdr(*context, header);
    if (code == 0)
        return FV_OK;
    spng_ctx_free(*context);
    *context = NULL;
    return fail(s, code);
}

static bool is_grey(const struct spng_ihdr *h)
{
    return h->color_type == SPNG_COLOR_TYPE_GRAYSCALE || h->color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
}

/* Decodes row by row into `buffer`, which holds one row, or (interlaced) all of them: those are whole after the last pass.
 * Rows go to `w`, or, of 8 bits with alpha, over white. */
static int decode_rows(spng_ctx *context, const struct spng_ihdr *h, size_t row_bytes, uint8_t *buffer,
                       image *out, window *w)
{
    bool interlaced = h->interlace_method != SPNG_INTERLACE_NONE;
    int code = 0;
    int64_t done = 0; /* rows converted */
    while (code == 0) {
        struct spng_row_info row;
        if ((code = spng_get_row_info(context, &row)) != 0)
            break;
        code = spng_decode_row(context, buffer + (interlaced ? row.row_num * row_bytes : 0), row_bytes);
        if ((code != 0 && code != SPNG_EOI) || (interlaced && code != SPNG_EOI))
            continue;
        for (int64_t end = interlaced ? out->height : done + 1; done < end; done++) {
            const uint8_t *from = buffer + (interlaced ? (size_t)done * row_bytes : 0);
            if (w)
                window_put(w, done, 0, out->width, from);
            else
                decode_over_white(from, out->data + done * out->width * out->channels, out->width,
                                  out->channels);
        }
    }
    return code == SPNG_EOI ? 0 : code;
}

/* Begins a decode whose rows come one by one; gives the room that they need. */
static fv_status begin_rows(const decode_source *s, spng_ctx *context, const struct spng_ihdr *h, int format,
                            int flags, size_t row_bytes, uint8_t **buffer)
{
    int code = spng_decode_image(context, NULL, 0, format, flags | SPNG_DECODE_PROGRESSIVE);
    if (code != 0)
        return fail(s, code);
    *buffer = mem_array(h->interlace_method == SPNG_INTERLACE_NONE ? 1 : h->height, row_bytes);
    return *buffer ? FV_OK : status_last();
}

/* 16 bits through the window: as the file has them, and with alpha made from a transparent colour (`key`). */
static fv_status decode_deep(const decode_source *s, spng_ctx *context, const struct spng_ihdr *h, bool alpha,
                             image *out)
{
    bool grey = is_grey(h);
    window_samples samples = {.type = SAMPLE_UINT16,
                              .high = 65535,
                              .channels = grey ? 1 : 3,
                              .alpha = alpha ? ALPHA_STRAIGHT : ALPHA_NONE};
    bool key =
        alpha && (h->color_type == SPNG_COLOR_TYPE_GRAYSCALE || h->color_type == SPNG_COLOR_TYPE_TRUECOLOR);
    int format = !key ? SPNG_FMT_PNG : grey ? SPNG_FMT_GA16 : SPNG_FMT_RGBA16;
    size_t row_bytes = (size_t)h->width * 2 * (size_t)(samples.channels + alpha);
    window w;
    uint8_t *buffer = NULL;
    STATUS_TRY(window_begin(&w, s, &samples, h->height, h->width, out));
    fv_status status = begin_rows(s, context, h, format, key ? SPNG_DECODE_TRNS : 0, row_bytes, &buffer);
    int code = status == FV_OK ? decode_rows(context, h, row_bytes, buffer, out, &w) : 0;
    free(buffer);
    if (code != 0)
        status = fail(s, code);
    if (status == FV_OK)
        return window_end(&w);
    window_release(&w);
    return status;
}

static fv_status decode_transparent(const decode_source *s, spng_ctx *context, const struct spng_ihdr *h,
                                    image *out)
{
    uint8_t *buffer = NULL;
    size_t row_bytes = (size_t)h->width * 4;
    STATUS_TRY(image_reshape(out, h->height, h->width, is_grey(h) ? 1 : 3));
    STATUS_TRY(begin_rows(s, context, h, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS, row_bytes, &buffer));
    int code = decode_rows(context, h, row_bytes, buffer, out, NULL);
    free(buffer);
    return code == 0 ? FV_OK : fail(s, code);
}

static fv_status decode_plain(const decode_source *s, spng_ctx *context, const struct spng_ihdr *h,
                              image *out)
{
    int64_t channels = is_grey(h) ? 1 : 3;
    STATUS_TRY(image_reshape(out, h->height, h->width, channels));
    size_t bytes = (size_t)(out->height * out->width * channels);
    int code = spng_decode_image(context, out->data, bytes, channels == 1 ? SPNG_FMT_G8 : SPNG_FMT_RGB8, 0);
    return code == 0 ? FV_OK : fail(s, code);
}

static fv_status decode_pixels(const decode_source *s, spng_ctx *context, const struct spng_ihdr *h,
                               image *out)
{
    struct spng_trns transparency;
    bool alpha = h->color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
                 h->color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
                 spng_get_trns(context, &transparency) == 0;
    STATUS_TRY(h->bit_depth == 16 ? decode_deep(s, context, h, alpha, out)
               : alpha            ? decode_transparent(s, context, h, out)
                                  : decode_plain(s, context, h, out));
    /* The last CRC of the pixels and the end of the file are checked too. */
    int code = spng_decode_chunks(context);
    return code == 0 ? FV_OK : fail(s, code);
}

/* A profile that libspng cannot inflate is ignored. */
static fv_status keep_profile(const decode_source *s, spng_ctx *context)
{
    struct spng_iccp profile;
    if (s->options.ignore_profile || spng_get_iccp(context, &profile) != 0)
        return FV_OK;
    return decode_keep_profile(s, (const uint8_t *)profile.profile, profile.profile_len);
}

static fv_status check_plausible(const decode_source *s, const struct spng_ihdr *h)
{
    STATUS_TRY(decode_check_size(s, h->height, h->width));
    static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4}; /* by colour type */
    uint64_t row = ((uint64_t)h->width * samples[h->color_type] * h->bit_depth + 7) / 8 + 1;
    if (row * h->height / MAX_DEFLATE_RATIO > s->size)
        return status_set(FV_ERROR_FORMAT, "%s: truncated PNG: %zu bytes cannot hold %u x %u pixels", s->name,
                          s->size, h->width, h->height);
    return FV_OK;
}

static fv_status png_decode(const decode_source *s, image *out, int *orientation)
{
    spng_ctx *context;
    struct spng_ihdr header;
    STATUS_TRY(open_png(s, &context, &header));
    fv_status status = check_plausible(s, &header);
    if (status == FV_OK)
        status = decode_pixels(s, context, &header, out);
    if (status == FV_OK)
        status = keep_profile(s, context);
    spng_ctx_free(context);
    *orientation = orientation_of(s);
    return status;
}

static fv_status png_probe(const decode_source *s, image_info *info, int *orientation)
{
    spng_ctx *context;
    struct spng_ihdr header;
    STATUS_TRY(open_png(s, &context, &header));
    spng_ctx_free(context);
    info->height = header.height;
    info->width = header.width;
    info->channels = is_grey(&header) ? 1 : 3;
    info->depth = header.bit_depth;
    info->mode = header.color_type == SPNG_COLOR_TYPE_INDEXED           ? "palette"
                 : header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ? "RGBA"
                 : header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ? "grey+alpha"
                                                                        : NULL;
    *orientation = orientation_of(s);
    return FV_OK;
}

const image_format png_format = {"PNG", png_matches, png_decode, png_probe};
