/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TIFF and BigTIFF with libtiff, which is opened on first use: the first page. The only file that knows libtiff. Pictures in
 * strips of interleaved samples are read row by row, others block by block, a block being a tile or a strip of every plane; YCbCr
 * goes by way of libtiff's own conversion to RGBA.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "core/memory.h"
#include "image/formats/tiff_samples.h"

#define TIFF_FUNCTIONS(X)                                                                                    \
    X(ClientOpenExt)                                                                                         \
    X(Close)                                                                                                 \
    X(ComputeStrip)                                                                                          \
    X(ComputeTile)                                                                                           \
    X(GetField)                                                                                              \
    X(GetFieldDefaulted)                                                                                     \
    X(IsCODECConfigured)                                                                                     \
    X(IsTiled)                                                                                               \
    X(OpenOptionsAlloc)                                                                                      \
    X(OpenOptionsFree)                                                                                       \
    X(OpenOptionsSetErrorHandlerExtR)                                                                        \
    X(OpenOptionsSetMaxSingleMemAlloc)                                                                       \
    X(OpenOptionsSetWarningHandlerExtR)                                                                      \
    X(RGBAImageOK)                                                                                           \
    X(ReadEncodedStrip)                                                                                      \
    X(ReadEncodedTile)                                                                                       \
    X(ReadRGBAImageOriented)                                                                                 \
    X(ReadScanline)                                                                                          \
    X(ScanlineSize64)                                                                                        \
    X(SetField)

#define FIELD(name) __typeof__(TIFF##name) *name;
static struct {
    TIFF_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {"TIFF" #name, (void **)&api.name},
static const plugin_symbol symbols[] = {TIFF_FUNCTIONS(SYMBOL)};

/* Of one block, for a pixel of the limit: as much as four doubles. Tiles may be larger than the picture; these are always fine. */
enum {
    MAX_PIXEL_BYTES = 32,
    LEAST_BYTES = 1 << 20
};

typedef struct tiff_reader {
    const decode_source *source;
    TIFF *tiff;
    uint64_t at;       /* of the source's bytes */
    char message[256]; /* libtiff's first error */
    uint32_t width, height;
    uint32_t block_width, block_height;
    uint16_t orientation, compression;
    tiff_samples samples;
    bool tiled, convert; /* convert: by way of RGBA */
} tiff_reader;

/* ---- libtiff's files and errors ---- */

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count)
{
    tiff_reader *r = handle;
    uint64_t size = r->source->size, left = r->at < size ? size - r->at : 0;
    size_t taken = (uint64_t)count < left ? (size_t)count : (size_t)left;
    memcpy(to, r->source->bytes + (left ? r->at : 0), taken);
    r->at += taken;
    return (tmsize_t)taken;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t count)
{
    (void)handle, (void)from, (void)count;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence)
{
    tiff_reader *r = handle;
    r->at = offset + (whence == SEEK_CUR ? r->at : whence == SEEK_END ? r->source->size : 0);
    return r->at;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return ((tiff_reader *)handle)->source->size;
}

/* libtiff only reads what it has mapped. */
static int map(thandle_t handle, void **base, toff_t *size)
{
    tiff_reader *r = handle;
    *base = (void *)(uintptr_t)r->source->bytes;
    *size = r->source->size;
    return 1;
}

static void unmap(thandle_t handle, void *base, toff_t size)
{
    (void)handle, (void)base, (void)size;
}

static int keep_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments)
{
    tiff_reader *r = user;
    (void)tiff, (void)module;
    if (!r->message[0])
        vsnprintf(r->message, sizeof r->message, format, arguments);
    return 1; /* done with; nothing is printed */
}

static int drop_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments)
{
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static fv_status damaged(const tiff_reader *r)
{
    return status_set(FV_ERROR_FORMAT, "%s: damaged or truncated TIFF: %s", r->source->name,
                      r->message[0] ? r->message : "it cannot be read");
}

/* ---- tags ---- */

static int tag_number(const tiff_reader *r, uint32_t tag, int missing)
{
    uint16_t value;
    return api.GetFieldDefaulted(r->tiff, tag, &value) == 1 ? value : missing;
}

/* YCbCr is converted by libtiff, whose JPEG gives RGB itself. Its conversions from Lab and LogLuv are too far off (by 12 levels in the
 * mean) to be used; those are refused. */
static void choose_conversion(tiff_reader *r)
{
    tiff_samples *t = &r->samples;
    if (t->photometric == PHOTOMETRIC_YCBCR && r->compression == COMPRESSION_JPEG) {
        api.SetField(r->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        t->photometric = PHOTOMETRIC_RGB;
    }
    r->convert = t->photometric == PHOTOMETRIC_YCBCR;
}

static fv_status read_blocks(tiff_reader *r)
{
    r->tiled = api.IsTiled(r->tiff);
    r->block_width = r->width;
    r->block_height = r->height;
    if (r->tiled) {
        r->block_width = r->block_height = 0;
        api.GetField(r->tiff, TIFFTAG_TILEWIDTH, &r->block_width);
        api.GetField(r->tiff, TIFFTAG_TILELENGTH, &r->block_height);
        return r->block_width > 0 && r->block_height > 0 ? FV_OK : damaged(r);
    }
    uint32_t rows = 0;
    if (api.GetFieldDefaulted(r->tiff, TIFFTAG_ROWSPERSTRIP, &rows) == 1 && rows > 0 && rows < r->height)
        r->block_height = rows;
    return FV_OK;
}

static void read_palette(tiff_reader *r)
{
    uint16_t *map[3];
    if (r->samples.photometric == TIFF6_PALETTE &&
        api.GetField(r->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) == 1)
        for (int c = 0; c < 3; c++)
            r->samples.palette[c] = map[c];
}

static fv_status read_tags(tiff_reader *r)
{
    tiff_samples *t = &r->samples;
    uint16_t extra_count, *extra, photometric;
    if (api.GetField(r->tiff, TIFFTAG_IMAGEWIDTH, &r->width) != 1 ||
        api.GetField(r->tiff, TIFFTAG_IMAGELENGTH, &r->height) != 1)
        return damaged(r);
    t->bits = tag_number(r, TIFFTAG_BITSPERSAMPLE, 1);
    t->samples = tag_number(r, TIFFTAG_SAMPLESPERPIXEL, 1);
    t->format = tag_number(r, TIFFTAG_SAMPLEFORMAT, TIFF6_UNSIGNED);
    t->planar =
        tag_number(r, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE && t->samples > 1;
    t->photometric = api.GetField(r->tiff, TIFFTAG_PHOTOMETRIC, &photometric) == 1 ? photometric
                     : t->samples >= 3                                             ? TIFF6_RGB
                                                                                   : TIFF6_MIN_IS_BLACK;
    if (api.GetField(r->tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) == 1 && extra_count > 0) {
        t->extra = extra;
        t->extra_count = extra_count;
    }
    int orientation = tag_number(r, TIFFTAG_ORIENTATION, 1);
    bool keep = orientation >= 1 && orientation <= 8 && !r->source->options.ignore_orientation;
    r->orientation = (uint16_t)(keep ? orientation : 1);
    r->compression = (uint16_t)tag_number(r, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    if (!api.IsCODECConfigured(r->compression))
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: this kind of TIFF is not supported: libtiff lacks compression %d",
                          r->source->name, r->compression);
    choose_conversion(r);
    read_palette(r);
    return r->convert ? FV_OK : tiff_samples_settle(t, r->source);
}

static int64_t max_block_bytes(const decode_source *s)
{
    int64_t limit = decode_max_pixels(s);
    limit = limit < INT64_MAX / MAX_PIXEL_BYTES ? limit * MAX_PIXEL_BYTES : INT64_MAX;
    return limit < LEAST_BYTES ? LEAST_BYTES : limit;
}

static fv_status reader_open(tiff_reader *r, const decode_source *s)
{
    *r = (tiff_reader){.source = s};
    STATUS_TRY(decode_open_library(s, &plugin_tiff, symbols, sizeof symbols / sizeof *symbols));
    TIFFOpenOptions *o = api.OpenOptionsAlloc();
    if (!o)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", s->name);
    int64_t limit = max_block_bytes(s);
    api.OpenOptionsSetErrorHandlerExtR(o, keep_error, r);
    api.OpenOptionsSetWarningHandlerExtR(o, drop_warning, r);
    api.OpenOptionsSetMaxSingleMemAlloc(o, limit);
    r->tiff = api.ClientOpenExt(s->name, "r", r, read_bytes, write_nothing, seek, close_nothing, size_of, map,
                                unmap, o);
    api.OpenOptionsFree(o);
    if (!r->tiff)
        return damaged(r);
    fv_status status = read_tags(r);
    if (status != FV_OK)
        api.Close(r->tiff);
    return status;
}

/* ---- pixels ---- */

/* Every plane of the block at (y, x); the buffer holds them one behind the other. */
static fv_status read_block(tiff_reader *r, uint32_t y, uint32_t x, uint8_t *buffer, size_t plane_bytes)
{
    const tiff_samples *t = &r->samples;
    uint32_t rows = r->height - y < r->block_height && !r->tiled ? r->height - y : r->block_height;
    size_t wanted = tiff_samples_row_bytes(t, r->block_width) * rows;
    for (int k = 0; k < (t->planar ? t->used : 1); k++) {
        uint16_t plane = (uint16_t)(t->planar ? t->pick[k] : 0);
        uint8_t *to = buffer + (size_t)k * plane_bytes;
        tmsize_t got =
            r->tiled
                ? api.ReadEncodedTile(r->tiff, api.ComputeTile(r->tiff, x, y, 0, plane), to, (tmsize_t)wanted)
                : api.ReadEncodedStrip(r->tiff, api.ComputeStrip(r->tiff, y, plane), to, (tmsize_t)wanted);
        if (got < 0 || (size_t)got < wanted)
            return damaged(r);
    }
    return FV_OK;
}

static void put_block(const tiff_reader *r, uint32_t y, uint32_t x, const uint8_t *buffer, size_t plane_bytes,
                      uint8_t *row, window *w)
{
    const tiff_samples *t = &r->samples;
    size_t row_bytes = tiff_samples_row_bytes(t, r->block_width);
    uint32_t rows = r->height - y < r->block_height ? r->height - y : r->block_height;
    uint32_t columns = r->width - x < r->block_width ? r->width - x : r->block_width;
    for (uint32_t i = 0; i < rows; i++) {
        const uint8_t *planes[TIFF6_MAX_PLANES];
        for (int k = 0; k < t->used; k++)
            planes[k] = buffer + (t->planar ? (size_t)k * plane_bytes : 0) + i * row_bytes;
        if (!t->direct)
            tiff_samples_row(t, planes, columns, row);
        window_put(w, y + i, x, columns, t->direct ? planes[0] : row);
    }
}

static fv_status put_blocks(tiff_reader *r, window *w, uint8_t *buffer, size_t plane_bytes, uint8_t *row)
{
    for (uint64_t y = 0; y < r->height; y += r->block_height)
        for (uint64_t x = 0; x < r->width; x += r->block_width) {
            STATUS_TRY(read_block(r, (uint32_t)y, (uint32_t)x, buffer, plane_bytes));
            put_block(r, (uint32_t)y, (uint32_t)x, buffer, plane_bytes, row, w);
        }
    return FV_OK;
}

static fv_status put_rows(tiff_reader *r, window *w, uint8_t *buffer, uint8_t *row)
{
    const tiff_samples *t = &r->samples;
    for (uint32_t y = 0; y < r->height; y++) {
        const uint8_t *planes[TIFF6_MAX_PLANES] = {buffer};
        if (api.ReadScanline(r->tiff, buffer, y, 0) != 1)
            return damaged(r);
        if (!t->direct)
            tiff_samples_row(t, planes, r->width, row);
        window_put(w, y, 0, r->width, t->direct ? buffer : row);
    }
    return FV_OK;
}

static fv_status decode_samples(tiff_reader *r, image *out)
{
    const tiff_samples *t = &r->samples;
    STATUS_TRY(read_blocks(r));
    size_t row_bytes = tiff_samples_row_bytes(t, r->block_width);
    bool by_rows = !r->tiled && !t->planar && api.ScanlineSize64(r->tiff) == row_bytes;
    uint64_t planes = t->planar ? (uint64_t)t->used : 1, plane_bytes, bytes;
    if (__builtin_mul_overflow(row_bytes, by_rows ? 1 : r->block_height, &plane_bytes) ||
        __builtin_mul_overflow(plane_bytes, planes, &bytes) || bytes > (uint64_t)max_block_bytes(r->source))
        return status_set(
            FV_ERROR_FORMAT,
            "%s: a tile or strip of %u x %u pixels is over the limit, which max_pixels (--max-pixels) raises",
            r->source->name, r->block_width, r->block_height);
    window w;
    STATUS_TRY(window_begin(&w, r->source, &t->window, r->height, r->width, out));
    uint8_t *buffer = mem_array(planes, plane_bytes), *row = mem_array(r->block_width, w.pixel_bytes);
    fv_status status = !buffer || !row ? status_last()
                       : by_rows       ? put_rows(r, &w, buffer, row)
                                       : put_blocks(r, &w, buffer, plane_bytes, row);
    free(buffer);
    free(row);
    if (status == FV_OK)
        return window_end(&w);
    window_release(&w);
    return status;
}

/* libtiff's colours are multiplied with alpha, which is in the upper byte of ABGR. */
static void put_converted(const uint32_t *abgr, image *out)
{
    for (int64_t i = 0; i < out->height * out->width; i++)
        for (int c = 0; c < 3; c++) {
            uint32_t value = (abgr[i] >> (8 * c) & 255) + 255 - (abgr[i] >> 24);
            out->data[i * 3 + c] = (uint8_t)(value < 255 ? value : 255);
        }
}

static fv_status decode_converted(tiff_reader *r, image *out)
{
    char reason[1024] = "";
    if (!api.RGBAImageOK(r->tiff, reason))
        return status_set(FV_ERROR_UNSUPPORTED, "%s: this kind of TIFF is not supported: %s", r->source->name,
                          reason);
    STATUS_TRY(image_reshape(out, r->height, r->width, 3));
    uint32_t *abgr = mem_array((size_t)(out->height * out->width), sizeof *abgr);
    if (!abgr)
        return status_last();
    /* The picture as it is stored; decode.c turns it. */
    api.SetField(r->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    int read = api.ReadRGBAImageOriented(r->tiff, r->width, r->height, abgr, ORIENTATION_TOPLEFT, 1);
    if (read)
        put_converted(abgr, out);
    free(abgr);
    return read ? FV_OK : damaged(r);
}

static fv_status keep_profile(const tiff_reader *r)
{
    uint32_t size;
    void *profile;
    if (r->convert || api.GetField(r->tiff, TIFFTAG_ICCPROFILE, &size, &profile) != 1)
        return FV_OK;
    return decode_keep_profile(r->source, profile, size);
}

/* ---- the format ---- */

static bool tiff_matches(const uint8_t *bytes, size_t size)
{
    return size >= 4 && (memcmp(bytes, "II*\0", 4) == 0 || memcmp(bytes, "MM\0*", 4) == 0 ||
                         memcmp(bytes, "II+\0", 4) == 0 || memcmp(bytes, "MM\0+", 4) == 0);
}

static fv_status tiff_decode(const decode_source *s, image *out, int *orientation)
{
    tiff_reader r;
    STATUS_TRY(reader_open(&r, s));
    fv_status status = decode_check_size(s, r.height, r.width);
    if (status == FV_OK)
        status = r.convert ? decode_converted(&r, out) : decode_samples(&r, out);
    if (status == FV_OK)
        status = keep_profile(&r);
    *orientation = r.orientation;
    api.Close(r.tiff);
    return status;
}

static fv_status tiff_probe(const decode_source *s, image_info *info, int *orientation)
{
    tiff_reader r;
    STATUS_TRY(reader_open(&r, s));
    info->height = r.height;
    info->width = r.width;
    info->channels = !r.convert && r.samples.window.channels == 1 ? 1 : 3;
    info->depth = r.samples.photometric == TIFF6_PALETTE ? 8 : r.samples.bits;
    info->mode = r.samples.photometric == TIFF6_PALETTE ? "palette"
                 : r.samples.window.channels == 4       ? "CMYK"
                                                        : NULL;
    *orientation = r.orientation;
    api.Close(r.tiff);
    return FV_OK;
}

const image_format tiff_format = {"TIFF", tiff_matches, tiff_decode, tiff_probe};
