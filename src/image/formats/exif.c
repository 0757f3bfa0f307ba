/* SPDX-License-Identifier: Apache-2.0 */
/* The orientation tag of EXIF 2.3 (a TIFF 6.0 directory) and what it means. */
#include <string.h>

#include "image/decode.h"

enum {
    TAG_ORIENTATION = 0x0112,
    TYPE_SHORT = 3,
    ENTRY_BYTES = 12
};

static uint32_t read_number(const uint8_t *p, int bytes, bool big_endian)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << 8 * (big_endian ? bytes - 1 - i : i);
    return value;
}

int exif_orientation(const uint8_t *tiff, size_t size)
{
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    bool big = tiff[0] == 'M';
    size_t directory = read_number(tiff + 4, 4, big);
    if (directory > size - 2)
        return 1;
    size_t count = read_number(tiff + directory, 2, big);
    for (size_t i = 0; i < count; i++) {
        size_t at = directory + 2 + i * ENTRY_BYTES;
        if (at + ENTRY_BYTES > size)
            return 1;
        const uint8_t *entry = tiff + at; /* tag, type, count, value: 2, 2, 4 and 4 bytes */
        if (read_number(entry, 2, big) != TAG_ORIENTATION)
            continue;
        uint32_t value = read_number(entry + 8, 2, big);
        bool valid = read_number(entry + 2, 2, big) == TYPE_SHORT && value >= 1 && value <= 8;
        return valid ? (int)value : 1;
    }
    return 1;
}

fv_status exif_turn(image *im, int orientation)
{
    if (orientation == 1)
        return FV_OK;
    /* Bits: 1 exchanges the axes; then 2 reads the stored rows, 4 the stored columns from the end. */
    static const uint8_t turns[9] = {0, 0, 4, 6, 2, 1, 3, 7, 5};
    int turn = turns[orientation];
    bool swap = turn & 1;
    int64_t h = im->height, w = im->width, c = im->channels;
    image out = {0};
    STATUS_TRY(image_reshape(&out, swap ? w : h, swap ? h : w, c));
    /* Where the stored picture begins, and the way to its next row and column. */
    int64_t start = (turn & 2 ? (h - 1) * w : 0) + (turn & 4 ? w - 1 : 0);
    int64_t row = turn & 2 ? -w : w, column = turn & 4 ? -1 : 1;
    int64_t step_y = swap ? column : row, step_x = swap ? row : column;
    uint8_t *to = out.data;
    for (int64_t y = 0; y < out.height; y++) {
        const uint8_t *from = im->data + (start + y * step_y) * c;
        for (int64_t x = 0; x < out.width; x++, from += step_x * c, to += c)
            for (int64_t k = 0; k < c; k++)
                to[k] = from[k];
    }
    image_release(im);
    *im = out;
    return FV_OK;
}
