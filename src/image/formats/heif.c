/* SPDX-License-Identifier: Apache-2.0 */
/* HEIC and AVIF with libheif, which is opened on first use: the primary picture. */
#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

#include "core/memory.h"
#include "image/decode.h"
#include "image/icc.h"
#include "image/formats/heif_references.h"

#define HEIF_FUNCTIONS(X)                                                                                    \
    X(heif_context_alloc)                                                                                    \
    X(heif_context_free)                                                                                     \
    X(heif_context_set_max_decoding_threads)                                                                 \
    X(heif_context_read_from_memory_without_copy)                                                            \
    X(heif_context_get_primary_image_handle)                                                                 \
    X(heif_image_handle_release)                                                                             \
    X(heif_image_handle_get_width)                                                                           \
    X(heif_image_handle_get_height)                                                                          \
    X(heif_image_handle_get_luma_bits_per_pixel)                                                             \
    X(heif_image_handle_has_alpha_channel)                                                                   \
    X(heif_image_handle_get_raw_color_profile_size)                                                          \
    X(heif_image_handle_get_raw_color_profile)                                                               \
    X(heif_decoding_options_alloc)                                                                           \
    X(heif_decoding_options_free)                                                                            \
    X(heif_decode_image)                                                                                     \
    X(heif_image_release)                                                                                    \
    X(heif_image_get_width)                                                                                  \
    X(heif_image_get_height)                                                                                 \
    X(heif_image_get_plane_readonly)

#define FIELD(name) __typeof__(name) *name;
static struct {
    HEIF_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {#name, (void **)&api.name},
static const plugin_symbol symbols[] = {HEIF_FUNCTIONS(SYMBOL)};

typedef struct heif_picture {
    const decode_source *source;
    struct heif_context *context;
    struct heif_image_handle *handle;
    int64_t height, width; /* upright: the file's turns are applied */
    bool alpha;
} heif_picture;

/* The brands of still pictures and of sequences that hold one, in a box "ftyp" that begins the file. */
static bool heif_matches(const uint8_t *bytes, size_t size)
{
    static const char brands[][5] = {"heic", "heix", "heim", "heis", "hevc",
                                     "hevx", "mif1", "msf1", "avif", "avis"};
    if (size < 12 || memcmp(bytes + 4, "ftyp", 4) != 0)
        return false;
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (memcmp(bytes + 8, brands[i], 4) == 0)
            return true;
    return false;
}

static fv_status check(const heif_picture *r, struct heif_error error)
{
    const char *name = r->source->name, *reason = error.message ? error.message : "unknown error";
    switch (error.code) {
    case heif_error_Ok:
        return FV_OK;
    case heif_error_Memory_allocation_error:
        return status_set(error.subcode == heif_suberror_Security_limit_exceeded ? FV_ERROR_FORMAT
                                                                                 : FV_ERROR_MEMORY,
                          "%s: not enough memory to decode it: %s", name, reason);
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
        return status_set(FV_ERROR_UNSUPPORTED, "%s: this kind of HEIF is not supported by %s here: %s", name,
                          plugin_heif.library, reason);
    default:
        return status_set(FV_ERROR_FORMAT, "%s: damaged HEIF: %s", name, reason);
    }
}

static void close_heif(heif_picture *r)
{
    if (r->handle)
        api.heif_image_handle_release(r->handle);
    if (r->context)
        api.heif_context_free(r->context);
}

static fv_status read_header(heif_picture *r)
{
    const decode_source *s = r->source;
    STATUS_TRY(heif_check_references(s));
    r->context = api.heif_context_alloc();
    if (!r->context)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", s->name);
    api.heif_context_set_max_decoding_threads(r->context, 0); /* pictures are decoded side by side already */
    STATUS_TRY(check(r, api.heif_context_read_from_memory_without_copy(r->context, s->bytes, s->size, NULL)));
    STATUS_TRY(check(r, api.heif_context_get_primary_image_handle(r->context, &r->handle)));
    r->height = api.heif_image_handle_get_height(r->handle);
    r->width = api.heif_image_handle_get_width(r->handle);
    r->alpha = api.heif_image_handle_has_alpha_channel(r->handle) != 0;
    return decode_check_size(s, r->height, r->width);
}

static fv_status open_heif(const decode_source *s, heif_picture *r)
{
    STATUS_TRY(decode_open_library(s, &plugin_heif, symbols, sizeof symbols / sizeof *symbols));
    *r = (heif_picture){.source = s};
    fv_status status = read_header(r);
    if (status != FV_OK)
        close_heif(r);
    return status;
}

/* From libheif's rows, which are padded. */
static fv_status copy_pixels(const heif_picture *r, const struct heif_image *picture, image *out)
{
    int64_t samples = r->alpha ? 4 : 3;
    int64_t height = api.heif_image_get_height(picture, heif_channel_interleaved);
    int64_t width = api.heif_image_get_width(picture, heif_channel_interleaved);
    int stride;
    const uint8_t *rows = api.heif_image_get_plane_readonly(picture, heif_channel_interleaved, &stride);
    if (!rows)
        return status_set(FV_ERROR_FORMAT, "%s: damaged HEIF: it has no pixels", r->source->name);
    if (height != r->height || width != r->width)
        return status_set(FV_ERROR_FORMAT,
                          "%s: damaged HEIF: its header says %lld x %lld pixels, and there are %lld x %lld",
                          r->source->name, (long long)r->width, (long long)r->height, (long long)width,
                          (long long)height);
    STATUS_TRY(image_reshape(out, height, width, 3));
    for (int64_t y = 0; y < height; y++) {
        const uint8_t *from = rows + y * stride;
        uint8_t *to = out->data + y * width * 3;
        if (r->alpha)
            decode_over_white(from, to, width, 3);
        else
            memcpy(to, from, (size_t)(width * samples));
    }
    return FV_OK;
}

static fv_status decode_pixels(const heif_picture *r, image *out)
{
    struct heif_decoding_options *options = api.heif_decoding_options_alloc();
    if (!options)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", r->source->name);
    options->convert_hdr_to_8bit = 1;
    struct heif_image *picture = NULL;
    enum heif_chroma layout = r->alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
    fv_status status =
        check(r, api.heif_decode_image(r->handle, &picture, heif_colorspace_RGB, layout, options));
    api.heif_decoding_options_free(options);
    if (status == FV_OK)
        status = copy_pixels(r, picture, out);
    if (picture)
        api.heif_image_release(picture);
    return status;
}

static fv_status keep_profile(const heif_picture *r)
{
    size_t size = api.heif_image_handle_get_raw_color_profile_size(r->handle);
    if (size == 0 || size > ICC_MAX_BYTES || r->source->options.ignore_profile)
        return FV_OK;
    uint8_t *profile = mem_array(size, 1);
    if (!profile)
        return status_last();
    fv_status status = check(r, api.heif_image_handle_get_raw_color_profile(r->handle, profile));
    if (status == FV_OK)
        status = decode_keep_profile(r->source, profile, size);
    free(profile);
    return status;
}

/* The format's own boxes turn the picture, and libheif does as they say; EXIF's tag has no say in it. */
static fv_status heif_decode(const decode_source *s, image *out, int *orientation)
{
    heif_picture r;
    *orientation = 1;
    STATUS_TRY(open_heif(s, &r));
    fv_status status = decode_pixels(&r, out);
    if (status == FV_OK)
        status = keep_profile(&r);
    close_heif(&r);
    return status;
}

static fv_status heif_probe(const decode_source *s, image_info *info, int *orientation)
{
    heif_picture r;
    *orientation = 1;
    STATUS_TRY(open_heif(s, &r));
    info->height = r.height;
    info->width = r.width;
    info->channels = 3;
    int depth = api.heif_image_handle_get_luma_bits_per_pixel(r.handle);
    info->depth = depth > 0 ? depth : 8; /* -1: the header does not say */
    close_heif(&r);
    return FV_OK;
}

const image_format heif_format = {"HEIF", heif_matches, heif_decode, heif_probe};
