/* SPDX-License-Identifier: Apache-2.0 */
/* GIF with giflib, which is opened on first use: the first frame on its canvas. */
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "core/memory.h"
#include "image/decode.h"

#define GIF_FUNCTIONS(X)                                                                                     \
    X(DGifOpen)                                                                                              \
    X(DGifGetRecordType)                                                                                     \
    X(DGifGetImageDesc)                                                                                      \
    X(DGifGetLine)                                                                                           \
    X(DGifGetExtension)                                                                                      \
    X(DGifGetExtensionNext)                                                                                  \
    X(DGifExtensionToGCB)                                                                                    \
    X(DGifCloseFile)                                                                                         \
    X(GifErrorString)

#define FIELD(name) __typeof__(name) *name;
static struct {
    GIF_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {#name, (void **)&api.name},
static const plugin_symbol symbols[] = {GIF_FUNCTIONS(SYMBOL)};

/* A code of at most 12 bits stands for at most 4096 pixels. */
enum {
    MAX_PIXELS_PER_BYTE = 4096 * 8 / 12 + 1
};

typedef struct gif_reader {
    const decode_source *source;
    size_t at; /* bytes of the source that giflib has read */
    GifFileType *gif;
    int transparent;       /* palette index, -1: none */
    int64_t height, width; /* of the canvas: large enough for the frame */
    GifImageDesc frame;
    const ColorMapObject *colors; /* NULL: a file without any, whose indices are greys */
} gif_reader;

static bool gif_matches(const uint8_t *bytes, size_t size)
{
    return size >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0);
}

static int read_bytes(GifFileType *gif, GifByteType *to, int count)
{
    gif_reader *r = gif->UserData;
    size_t rest = r->source->size - r->at, wanted = (size_t)count;
    size_t got = wanted < rest ? wanted : rest;
    memcpy(to, r->source->bytes + r->at, got);
    r->at += got;
    return (int)got;
}

static fv_status fail(const gif_reader *r, int code)
{
    const char *name = r->source->name;
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", name);
    if (code == D_GIF_ERR_READ_FAILED || code == D_GIF_ERR_EOF_TOO_SOON || r->at == r->source->size)
        return status_set(FV_ERROR_FORMAT, "%s: truncated GIF: the picture's data ends early", name);
    const char *reason = api.GifErrorString(code);
    return status_set(FV_ERROR_FORMAT, "%s: damaged GIF: %s", name, reason ? reason : "unknown error");
}

/* A graphic control extension holds the transparent colour of the frame that follows; others are passed over. */
static int read_extension(gif_reader *r)
{
    int kind;
    GifByteType *block; /* its length, then so many bytes */
    int code = api.DGifGetExtension(r->gif, &kind, &block);
    while (code == GIF_OK && block) {
        GraphicsControlBlock control;
        if (kind == GRAPHICS_EXT_FUNC_CODE && api.DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
            r->transparent = control.TransparentColor;
        code = api.DGifGetExtensionNext(r->gif, &block);
    }
    return code;
}

/* Reads up to the first frame's pixels. */
static fv_status find_frame(gif_reader *r)
{
    GifRecordType record;
    for (;;) {
        if (api.DGifGetRecordType(r->gif, &record) != GIF_OK)
            return fail(r, r->gif->Error);
        if (record == TERMINATE_RECORD_TYPE)
            return status_set(FV_ERROR_FORMAT, "%s: damaged GIF: there is no picture in it", r->source->name);
        if (record == IMAGE_DESC_RECORD_TYPE)
            break;
        if (record == EXTENSION_RECORD_TYPE && read_extension(r) != GIF_OK)
            return fail(r, r->gif->Error);
    }
    if (api.DGifGetImageDesc(r->gif) != GIF_OK)
        return fail(r, r->gif->Error);
    r->frame = r->gif->Image;
    r->colors = r->frame.ColorMap ? r->frame.ColorMap : r->gif->SColorMap;
    int64_t right = (int64_t)r->frame.Left + r->frame.Width, bottom = (int64_t)r->frame.Top + r->frame.Height;
    r->width = right > r->gif->SWidth ? right : r->gif->SWidth;
    r->height = bottom > r->gif->SHeight ? bottom : r->gif->SHeight;
    return FV_OK;
}

static void close_gif(gif_reader *r)
{
    int code;
    api.DGifCloseFile(r->gif, &code);
}

static fv_status open_gif(const decode_source *s, gif_reader *r)
{
    STATUS_TRY(decode_open_library(s, &plugin_gif, symbols, sizeof symbols / sizeof *symbols));
    *r = (gif_reader){.source = s, .transparent = NO_TRANSPARENT_COLOR};
    int code = 0;
    r->gif = api.DGifOpen(r, read_bytes, &code);
    if (!r->gif)
        return fail(r, code);
    fv_status status = find_frame(r);
    if (status != FV_OK)
        close_gif(r);
    return status;
}

/* The colours that indices become: white for the transparent one, black beyond the table. */
static void fill_table(const gif_reader *r, uint8_t table[256][3])
{
    for (int i = 0; i < 256; i++) {
        GifColorType c = {(GifByteType)i, (GifByteType)i, (GifByteType)i};
        if (r->colors)
            c = i < r->colors->ColorCount ? r->colors->Colors[i] : (GifColorType){0};
        memcpy(table[i], (uint8_t[]){c.Red, c.Green, c.Blue}, 3);
    }
    if (r->transparent >= 0)
        memset(table[r->transparent], 255, 3);
}

static bool is_grey(const gif_reader *r)
{
    for (int i = 0; r->colors && i < r->colors->ColorCount; i++) {
        GifColorType c = r->colors->Colors[i];
        if (c.Red != c.Green || c.Green != c.Blue)
            return false;
    }
    return true;
}

/* Interlaced rows come in four passes: every 8th from 0, every 8th from 4, every 4th from 2, every 2nd from 1. */
static fv_status decode_rows(gif_reader *r, const uint8_t (*table)[3], GifPixelType *line, image *out)
{
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    bool interlaced = r->frame.Interlace;
    for (int pass = 0; pass < (interlaced ? 4 : 1); pass++)
        for (int y = interlaced ? starts[pass] : 0; y < r->frame.Height; y += interlaced ? steps[pass] : 1) {
            if (api.DGifGetLine(r->gif, line, r->frame.Width) != GIF_OK)
                return fail(r, r->gif->Error);
            uint8_t *to = out->data + ((r->frame.Top + y) * out->width + r->frame.Left) * out->channels;
            decode_look_up(table, line, r->frame.Width, out->channels, to);
        }
    return FV_OK;
}

static fv_status decode_pixels(gif_reader *r, image *out)
{
    STATUS_TRY(decode_check_size(r->source, r->height, r->width));
    int64_t pixels = (int64_t)r->frame.Width * r->frame.Height;
    if (pixels < 1 || (uint64_t)pixels / MAX_PIXELS_PER_BYTE > r->source->size)
        return status_set(FV_ERROR_FORMAT, "%s: damaged GIF: %zu bytes cannot hold a frame of %d x %d pixels",
                          r->source->name, r->source->size, r->frame.Width, r->frame.Height);
    STATUS_TRY(image_reshape(out, r->height, r->width, is_grey(r) ? 1 : 3));
    uint8_t table[256][3];
    fill_table(r, table);
    /* Outside the frame: the transparent colour, else the first, as Pillow has it. */
    const uint8_t *around = table[r->transparent >= 0 ? r->transparent : 0];
    bool covered = r->frame.Width == out->width && r->frame.Height == out->height;
    for (int64_t i = 0; !covered && i < out->height * out->width; i++)
        memcpy(out->data + i * out->channels, around, (size_t)out->channels);
    GifPixelType *line = mem_array((size_t)r->frame.Width, sizeof *line);
    if (!line)
        return status_last();
    fv_status status = decode_rows(r, table, line, out);
    free(line);
    return status;
}

static fv_status gif_decode(const decode_source *s, image *out, int *orientation)
{
    gif_reader r;
    STATUS_TRY(open_gif(s, &r));
    fv_status status = decode_pixels(&r, out);
    close_gif(&r);
    *orientation = 1;
    return status;
}

static fv_status gif_probe(const decode_source *s, image_info *info, int *orientation)
{
    gif_reader r;
    STATUS_TRY(open_gif(s, &r));
    info->height = r.height;
    info->width = r.width;
    info->channels = is_grey(&r) ? 1 : 3;
    info->depth = 8;
    info->mode = "palette";
    close_gif(&r);
    *orientation = 1;
    return FV_OK;
}

const image_format gif_format = {"GIF", gif_matches, gif_decode, gif_probe};
