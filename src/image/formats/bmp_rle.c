/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BMP's run-length codes, in pairs of bytes: (count, index) repeats an index, or two of 4 bits in turn; (0, 0) ends a row,
 * (0, 1) the picture, (0, 2) is followed by how far to go right and on, and (0, n) by n indices, padded to two bytes.
 */
#include <string.h>

#include "image/formats/bmp.h"

typedef struct run_reader {
    const bmp_picture *picture;
    image *out;
    const uint8_t *at, *end;
    int64_t x, y; /* rows as they are stored: y counts from the bottom unless the picture is top-down */
} run_reader;

static void put(run_reader *r, uint8_t index)
{
    const bmp_picture *b = r->picture;
    int64_t row = b->top_down ? r->y : b->height - 1 - r->y, channels = r->out->channels;
    if (r->x < b->width) /* what reaches beyond a row is lost */
        memcpy(r->out->data + (row * b->width + r->x) * channels, b->palette[index], (size_t)channels);
    r->x++;
}

/* Index number `i` of those that `bytes` hold; a repeated byte is read with i % 2. */
static uint8_t index_of(const run_reader *r, const uint8_t *bytes, int i)
{
    if (r->picture->bits == 8)
        return bytes[i];
    return i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4;
}

static bool read_indices(run_reader *r, int count)
{
    size_t bytes = r->picture->bits == 8 ? (size_t)count : ((size_t)count + 1) / 2;
    if (bytes > (size_t)(r->end - r->at))
        return false;
    for (int i = 0; i < count; i++)
        put(r, index_of(r, r->at, i));
    r->at += bytes;
    r->at += (bytes & 1) && r->at < r->end;
    return true;
}

/* One code; false when the data ends within it. *done: the picture's end. */
static bool read_code(run_reader *r, bool *done)
{
    if (r->end - r->at < 2)
        return false;
    int count = r->at[0], value = r->at[1];
    const uint8_t *repeated = r->at + 1;
    r->at += 2;
    if (count > 0) {
        for (int i = 0; i < count; i++)
            put(r, index_of(r, repeated, r->picture->bits == 8 ? 0 : i % 2));
    } else if (value == 0) {
        r->x = 0;
        r->y++;
    } else if (value == 1) {
        *done = true;
    } else if (value == 2) {
        if (r->end - r->at < 2)
            return false;
        r->x += r->at[0];
        r->y += r->at[1];
        r->at += 2;
    } else {
        return read_indices(r, value);
    }
    return true;
}

fv_status bmp_decode_runs(const decode_source *s, const bmp_picture *b, image *out)
{
    STATUS_TRY(image_reshape(out, b->height, b->width, bmp_channels(b)));
    for (int64_t i = 0; i < b->height * b->width; i++) /* pixels that are passed over have the first colour */
        memcpy(out->data + i * out->channels, b->palette[0], (size_t)out->channels);
    run_reader r = {.picture = b, .out = out, .at = b->data, .end = b->data + b->size};
    for (bool done = false; !done && r.y < b->height;)
        if (!read_code(&r, &done))
            return status_set(FV_ERROR_FORMAT, "%s: truncated BMP: the picture's data ends early", s->name);
    return FV_OK;
}
