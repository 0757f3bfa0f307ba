/* SPDX-License-Identifier: Apache-2.0 */
/* WebP with libwebp, which is opened on first use: lossy and lossless pictures, and the first frame of an animation. */
#include <string.h>

#include <webp/decode.h>

#include "image/decode.h"

#define WEBP_FUNCTIONS(X)                                                                                    \
    X(WebPGetFeaturesInternal)                                                                               \
    X(WebPInitDecoderConfigInternal)                                                                         \
    X(WebPDecode)                                                                                            \
    X(WebPFreeDecBuffer)

#define FIELD(name) __typeof__(name) *name;
static struct {
    WEBP_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {#name, (void **)&api.name},
static const plugin_symbol symbols[] = {WEBP_FUNCTIONS(SYMBOL)};

enum {
    RIFF_BYTES = 12,     /* "RIFF", size, "WEBP" */
    CHUNK_BYTES = 8,     /* a chunk's name and size */
    FRAME_BYTES = 16,    /* of an ANMF chunk: what stands before the frame's own chunks */
    EXTENDED_BYTES = 10, /* of a VP8X chunk */
    ANIMATION = 2        /* a flag of VP8X */
};

/* What a file holds: one picture, on a canvas when it is a frame. */
typedef struct webp_file {
    const uint8_t *data; /* for libwebp: the whole file, or a frame's chunks */
    size_t size;
    WebPBitstreamFeatures features; /* of that data */
    int64_t height, width;          /* of the canvas */
    int64_t top, left;              /* of the frame on it */
    bool animated;
    int orientation;
} webp_file;

static bool webp_matches(const uint8_t *bytes, size_t size)
{
    return size >= RIFF_BYTES && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0;
}

static fv_status fail(const decode_source *s, VP8StatusCode code)
{
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", s->name);
    if (code == VP8_STATUS_NOT_ENOUGH_DATA || code == VP8_STATUS_SUSPENDED)
        return status_set(FV_ERROR_FORMAT, "%s: truncated WebP: the picture's data ends early", s->name);
    if (code == VP8_STATUS_UNSUPPORTED_FEATURE)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: this kind of WebP is not supported", s->name);
    return status_set(FV_ERROR_FORMAT, "%s: damaged WebP", s->name);
}

/* Little-endian. */
static uint32_t number(const uint8_t *p, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << 8 * i;
    return value;
}

/* The first chunk of that name, its payload cut at the end of the file; NULL where there is none. */
static const uint8_t *find_chunk(const decode_source *s, const char *name, size_t *size)
{
    for (size_t at = RIFF_BYTES; at < s->size && s->size - at >= CHUNK_BYTES;) {
        const uint8_t *chunk = s->bytes + at;
        size_t length = number(chunk + 4, 4), rest = s->size - at - CHUNK_BYTES;
        if (memcmp(chunk, name, 4) == 0) {
            *size = length < rest ? length : rest;
            return chunk + CHUNK_BYTES;
        }
        if (length >= rest)
            return NULL;
        at += CHUNK_BYTES + length + (length & 1);
    }
    return NULL;
}

static int orientation_of(const decode_source *s)
{
    size_t size;
    const uint8_t *exif = s->options.ignore_orientation ? NULL : find_chunk(s, "EXIF", &size);
    if (!exif)
        return 1;
    /* Some writers leave the prefix that it has in a JPEG. */
    size_t prefix = size >= 6 && memcmp(exif, "Exif\0", 6) == 0 ? 6 : 0;
    return exif_orientation(exif + prefix, size - prefix);
}

/* An animation: the canvas of VP8X and the first ANMF frame, which must lie within it. */
static fv_status find_frame(const decode_source *s, const uint8_t *canvas, webp_file *file)
{
    size_t size;
    const uint8_t *frame = find_chunk(s, "ANMF", &size);
    if (!frame || size <= FRAME_BYTES)
        return fail(s, VP8_STATUS_NOT_ENOUGH_DATA);
    file->animated = true;
    file->width = number(canvas + 4, 3) + 1;
    file->height = number(canvas + 7, 3) + 1;
    file->left = 2 * (int64_t)number(frame, 3);
    file->top = 2 * (int64_t)number(frame + 3, 3);
    file->data = frame + FRAME_BYTES;
    file->size = size - FRAME_BYTES;
    return FV_OK;
}

static fv_status read_header(const decode_source *s, webp_file *file)
{
    STATUS_TRY(decode_open_library(s, &plugin_webp, symbols, sizeof symbols / sizeof *symbols));
    size_t size;
    const uint8_t *extended = find_chunk(s, "VP8X", &size);
    *file = (webp_file){.data = s->bytes, .size = s->size, .orientation = orientation_of(s)};
    if (extended && size >= EXTENDED_BYTES && extended[0] & ANIMATION)
        STATUS_TRY(find_frame(s, extended, file));
    VP8StatusCode code =
        api.WebPGetFeaturesInternal(file->data, file->size, &file->features, WEBP_DECODER_ABI_VERSION);
    if (code != VP8_STATUS_OK)
        return fail(s, code);
    if (!file->animated) {
        file->width = file->features.width;
        file->height = file->features.height;
    }
    if (file->left > file->width - file->features.width || file->top > file->height - file->features.height)
        return status_set(FV_ERROR_FORMAT, "%s: damaged WebP: a frame lies outside the picture", s->name);
    return decode_check_size(s, file->height, file->width);
}

/* The smallest of 1/1, 1/2, 1/4, 1/8 that still reaches the wanted size. */
static int choose_divisor(const decode_source *s, const webp_file *file)
{
    const image_decode_options *o = &s->options;
    bool swap = exif_swaps_sides(file->orientation);
    int64_t height = swap ? o->min_width : o->min_height, width = swap ? o->min_height : o->min_width;
    int divisor = (height > 0 || width > 0) && !file->animated ? 8 : 1;
    while (divisor > 1 && (file->height / divisor < height || file->width / divisor < width ||
                           file->height < divisor || file->width < divisor))
        divisor /= 2;
    return divisor;
}

/* Decodes to `out`, of the frame's scaled size, with 3 channels. */
static fv_status decode_frame(const decode_source *s, const webp_file *file, int divisor, image *out)
{
    WebPDecoderConfig config;
    if (!api.WebPInitDecoderConfigInternal(&config, WEBP_DECODER_ABI_VERSION))
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: %s is of another version than the one that fovea was built with", s->name,
                          plugin_webp.library);
    bool alpha = file->features.has_alpha;
    STATUS_TRY(
        image_reshape(out, file->features.height / divisor, file->features.width / divisor, alpha ? 4 : 3));
    size_t stride = (size_t)(out->width * out->channels);
    config.options.use_scaling = divisor > 1;
    config.options.scaled_width = (int)out->width;
    config.options.scaled_height = (int)out->height;
    config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){out->data, (int)stride, stride * (size_t)out->height};
    VP8StatusCode code = api.WebPDecode(file->data, file->size, &config);
    api.WebPFreeDecBuffer(&config.output);
    if (code != VP8_STATUS_OK)
        return fail(s, code);
    if (alpha)
        decode_over_white(out->data, out->data, out->height * out->width, 3);
    out->channels = 3;
    return FV_OK;
}

/* The canvas is transparent where the frame does not reach. */
static fv_status place_frame(const webp_file *file, image *out)
{
    if (out->height == file->height && out->width == file->width)
        return FV_OK;
    image canvas = {0};
    STATUS_TRY(image_reshape(&canvas, file->height, file->width, 3));
    memset(canvas.data, 255, (size_t)(canvas.height * canvas.width * 3));
    for (int64_t y = 0; y < out->height; y++)
        memcpy(canvas.data + ((file->top + y) * canvas.width + file->left) * 3,
               out->data + y * out->width * 3, (size_t)out->width * 3);
    image_release(out);
    *out = canvas;
    return FV_OK;
}

static fv_status keep_profile(const decode_source *s)
{
    size_t size;
    const uint8_t *profile = find_chunk(s, "ICCP", &size);
    return profile ? decode_keep_profile(s, profile, size) : FV_OK;
}

static fv_status webp_decode(const decode_source *s, image *out, int *orientation)
{
    webp_file file;
    STATUS_TRY(read_header(s, &file));
    *orientation = file.orientation;
    STATUS_TRY(keep_profile(s));
    STATUS_TRY(decode_frame(s, &file, choose_divisor(s, &file), out));
    return file.animated ? place_frame(&file, out) : FV_OK;
}

static fv_status webp_probe(const decode_source *s, image_info *info, int *orientation)
{
    webp_file file;
    STATUS_TRY(read_header(s, &file));
    info->height = file.height;
    info->width = file.width;
    info->channels = 3;
    info->depth = 8;
    info->mode = file.features.has_alpha ? "RGBA" : NULL;
    *orientation = file.orientation;
    return FV_OK;
}

const image_format webp_format = {"WebP", webp_matches, webp_decode, webp_probe};
