/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BMP: the headers of Windows 3 to 5 and of OS/2 1 and 2; 1, 2, 4 and 8 bits with a palette, 16, 24 and 32 bits with
 * fixed or chosen bit fields, RLE4 and RLE8 (bmp_rle.c).
 */
#include "image/formats/bmp.h"

#include <string.h>

enum {
    FILE_HEADER_BYTES = 14,
    CORE_BYTES = 12,      /* BITMAPCOREHEADER: 16-bit sizes, palette of 3 bytes an entry */
    OS2_SHORT_BYTES = 16, /* OS/2 2, cut after the bit count */
    INFO_BYTES = 40,      /* BITMAPINFOHEADER; longer headers begin with it */
    OS2_BYTES = 64,       /* not one of those: what follows the 40 bytes are no masks */
    MASKS_AT = 40,        /* in a header that holds them */
    MAX_HEADER_BYTES = 124,
    MAX_COLORS = 65536
};

static uint32_t number(const uint8_t *p, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << 8 * i;
    return value;
}

static bool bmp_matches(const uint8_t *bytes, size_t size)
{
    return size >= 2 && memcmp(bytes, "BM", 2) == 0;
}

static fv_status truncated(const decode_source *s)
{
    return status_set(FV_ERROR_FORMAT, "%s: truncated BMP: the picture's data ends early", s->name);
}

/* ---- the header ---- */

static fv_status read_size_and_kind(const decode_source *s, bmp_picture *b, size_t header)
{
    const uint8_t *h = s->bytes + FILE_HEADER_BYTES;
    bool core = header == CORE_BYTES;
    b->width = (int32_t)number(h + 4, core ? 2 : 4);
    b->height = core ? (int32_t)number(h + 6, 2) : (int32_t)number(h + 8, 4);
    b->bits = (int)number(h + (core ? 10 : 14), 2);
    b->top_down = b->height < 0;
    b->height = b->top_down ? -b->height : b->height;
    if (header >= INFO_BYTES)
        b->compression = (bmp_compression)number(h + 16, 4);
    if (b->width < 1 || b->height < 1)
        return status_set(FV_ERROR_FORMAT, "%s: damaged BMP: %lld x %lld pixels", s->name,
                          (long long)b->width, (long long)b->height);
    return decode_check_size(s, b->height, b->width);
}

/* Compressions 3 and 4 mean others in OS/2's header than in Windows'. */
static fv_status check_kind(const decode_source *s, const bmp_picture *b, size_t header)
{
    bool bits_valid = b->bits == 1 || b->bits == 2 || b->bits == 4 || b->bits == 8 || b->bits == 16 ||
                      b->bits == 24 || b->bits == 32;
    bool os2 = header == OS2_BYTES;
    switch ((int)b->compression) {
    case BMP_PLAIN:
        if (bits_valid)
            return FV_OK;
        break;
    case BMP_RLE8:
    case BMP_RLE4:
        if (b->bits == (b->compression == BMP_RLE8 ? 8 : 4))
            return FV_OK;
        break;
    case BMP_FIELDS:
    case BMP_ALPHA_FIELDS:
        if (!os2 && (b->bits == 16 || b->bits == 32))
            return FV_OK;
        if (os2)
            return status_set(FV_ERROR_UNSUPPORTED, "%s: BMP with OS/2's Huffman code is not supported",
                              s->name);
        break;
    case BMP_JPEG:
    case BMP_PNG:
        return status_set(FV_ERROR_UNSUPPORTED, "%s: BMP with a %s in it is not supported", s->name,
                          os2                          ? "24-bit run-length code"
                          : b->compression == BMP_JPEG ? "JPEG"
                                                       : "PNG");
    default:
        break;
    }
    return status_set(FV_ERROR_FORMAT, "%s: damaged BMP: %d bits a pixel with compression %u", s->name,
                      b->bits, (unsigned)b->compression);
}

static void set_mask(bmp_field *field, uint32_t mask)
{
    *field = (bmp_field){.mask = mask, .shift = mask ? __builtin_ctz(mask) : 0};
    field->most = mask >> field->shift;
}

/* Red, green, blue, alpha: of the header, behind it, or the usual ones: 5 bits each of 16, 8 each of 32. */
static fv_status read_masks(const decode_source *s, bmp_picture *b, size_t header, size_t *palette_at)
{
    static const uint32_t usual[2][3] = {{0x7C00, 0x3E0, 0x1F}, {0xFF0000, 0xFF00, 0xFF}};
    uint32_t masks[4] = {0};
    if (b->compression == BMP_PLAIN) {
        memcpy(masks, usual[b->bits == 32], sizeof usual[0]);
    } else {
        int count = b->compression == BMP_ALPHA_FIELDS || header >= MASKS_AT + 16 ? 4 : 3;
        size_t at = FILE_HEADER_BYTES + MASKS_AT;
        if (at + 4 * (size_t)count > s->size)
            return truncated(s);
        for (int i = 0; i < count; i++)
            masks[i] = number(s->bytes + at + 4 * (size_t)i, 4);
        if (header == INFO_BYTES)
            *palette_at += 4 * (size_t)count;
    }
    for (int i = 0; i < 4; i++) {
        if (b->bits == 16)
            masks[i] &= 0xFFFF;
        set_mask(&b->fields[i], masks[i]);
        if (b->fields[i].most & (b->fields[i].most + 1))
            return status_set(FV_ERROR_FORMAT, "%s: damaged BMP: the bits of a colour are not together",
                              s->name);
    }
    return FV_OK;
}

/* Colours that the file lacks are black. *offset: where the pixels begin. */
static fv_status read_palette(const decode_source *s, bmp_picture *b, size_t header, size_t at,
                              size_t *offset)
{
    uint32_t count = header >= INFO_BYTES ? number(s->bytes + FILE_HEADER_BYTES + 32, 4) : 0;
    size_t entry = header == CORE_BYTES ? 3 : 4;
    if (count > MAX_COLORS)
        return status_set(FV_ERROR_FORMAT, "%s: damaged BMP: a palette of %u colours", s->name, count);
    if (count == 0 || count > 1u << b->bits)
        count = 1u << b->bits;
    if (*offset == at) /* some writers forget the palette */
        *offset += entry * count;
    b->grey = true;
    for (uint32_t i = 0; i < count && at + entry <= s->size; i++, at += entry) {
        const uint8_t *p = s->bytes + at; /* blue, green, red */
        memcpy(b->palette[i], (uint8_t[]){p[2], p[1], p[0]}, 3);
        b->grey = b->grey && p[0] == p[1] && p[1] == p[2];
    }
    return FV_OK;
}

static fv_status read_header(const decode_source *s, bmp_picture *b)
{
    *b = (bmp_picture){0};
    if (s->size < FILE_HEADER_BYTES + CORE_BYTES)
        return truncated(s);
    size_t header = number(s->bytes + FILE_HEADER_BYTES, 4), offset = number(s->bytes + 10, 4);
    if (header != CORE_BYTES && header != OS2_SHORT_BYTES &&
        (header < INFO_BYTES || header > MAX_HEADER_BYTES))
        return status_set(FV_ERROR_FORMAT, "%s: damaged BMP: a header of %zu bytes", s->name, header);
    if (FILE_HEADER_BYTES + header > s->size)
        return truncated(s);
    STATUS_TRY(read_size_and_kind(s, b, header));
    STATUS_TRY(check_kind(s, b, header));
    size_t palette_at = FILE_HEADER_BYTES + header;
    if (b->bits == 16 || b->bits == 32)
        STATUS_TRY(read_masks(s, b, header, &palette_at));
    if (b->bits <= 8)
        STATUS_TRY(read_palette(s, b, header, palette_at, &offset));
    if (offset < FILE_HEADER_BYTES + header)
        return status_set(FV_ERROR_FORMAT, "%s: damaged BMP: the pixels begin within the header", s->name);
    if (offset >= s->size)
        return truncated(s);
    b->data = s->bytes + offset;
    b->size = s->size - offset;
    return FV_OK;
}

/* ---- the pixels ---- */

static void read_indices(const bmp_picture *b, const uint8_t *from, uint8_t *to)
{
    int channels = bmp_channels(b);
    uint8_t *indices =
        to + b->width * (channels - 1); /* at the row's end, where they are read before colours come there */
    decode_unpack(from, b->bits, b->width, indices);
    decode_look_up(b->palette, indices, b->width, channels, to);
}

static uint8_t field_value(bmp_field f, uint32_t pixel)
{
    return f.most ? (uint8_t)(((uint64_t)((pixel & f.mask) >> f.shift) * 255 + f.most / 2) / f.most) : 0;
}

static void read_fields(const bmp_picture *b, const uint8_t *from, uint8_t *to)
{
    int bytes = b->bits / 8, channels = bmp_channels(b);
    for (int64_t x = 0; x < b->width; x++) {
        uint32_t pixel = number(from + x * bytes, bytes);
        for (int c = 0; c < channels; c++)
            to[x * channels + c] = field_value(b->fields[c], pixel);
    }
}

static void read_row(const bmp_picture *b, const uint8_t *from, uint8_t *to)
{
    if (b->bits <= 8)
        read_indices(b, from, to);
    else if (b->bits != 24)
        read_fields(b, from, to);
    else
        for (int64_t x = 0; x < b->width; x++)
            memcpy(to + x * 3, (uint8_t[]){from[x * 3 + 2], from[x * 3 + 1], from[x * 3]}, 3);
}

/* Over white, unless nothing would be seen at all: some programs leave the alpha of opaque pictures zero. */
static void compose(image *out)
{
    int64_t pixels = out->height * out->width, i = 0;
    while (i < pixels && out->data[i * 4 + 3] == 0)
        i++;
    if (i == pixels)
        for (i = 0; i < pixels; i++)
            out->data[i * 4 + 3] = 255;
    decode_over_white(out->data, out->data, pixels, 3);
    out->channels = 3;
}

/* Rows are padded to 4 bytes; the last one's padding may lack. */
static fv_status decode_rows(const decode_source *s, const bmp_picture *b, image *out)
{
    uint64_t row = ((uint64_t)b->width * (uint64_t)b->bits + 7) / 8, stride = (row + 3) / 4 * 4;
    if (stride * (uint64_t)(b->height - 1) + row > b->size)
        return truncated(s);
    STATUS_TRY(image_reshape(out, b->height, b->width, bmp_channels(b)));
    for (int64_t y = 0; y < b->height; y++)
        read_row(b, b->data + (uint64_t)y * stride,
                 out->data + (b->top_down ? y : b->height - 1 - y) * b->width * out->channels);
    if (out->channels == 4)
        compose(out);
    return FV_OK;
}

static fv_status bmp_decode(const decode_source *s, image *out, int *orientation)
{
    bmp_picture b;
    *orientation = 1;
    STATUS_TRY(read_header(s, &b));
    bool runs = b.compression == BMP_RLE8 || b.compression == BMP_RLE4;
    return runs ? bmp_decode_runs(s, &b, out) : decode_rows(s, &b, out);
}

static fv_status bmp_probe(const decode_source *s, image_info *info, int *orientation)
{
    bmp_picture b;
    STATUS_TRY(read_header(s, &b));
    info->height = b.height;
    info->width = b.width;
    info->channels = b.grey ? 1 : 3;
    info->depth = b.bits < 8 ? b.bits : 8;
    info->mode = b.bits <= 8 ? "palette" : NULL;
    *orientation = 1;
    return FV_OK;
}

const image_format bmp_format = {"BMP", bmp_matches, bmp_decode, bmp_probe};
