/* SPDX-License-Identifier: Apache-2.0 */
/* Portable FloatMap: Netpbm's relative with floats, "Pf" grey and "PF" RGB. Rows stand from the bottom up; a negative scale says that
 * the least significant byte comes first. The scale's size is a unit and changes nothing, as in Pillow. */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/window.h"

typedef struct pfm_header {
    int64_t height, width, channels;
    bool swapped;        /* samples are not in the machine's byte order */
    const uint8_t *data; /* (height, width, channels), whole */
} pfm_header;

static bool pfm_matches(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 'P' && (bytes[1] == 'f' || bytes[1] == 'F') && isspace(bytes[2]);
}

/* The next word of the header, after white space, and the one character of white space behind it. */
static bool read_number(const uint8_t **at, const uint8_t *end, double *value)
{
    char word[40];
    size_t length = 0;
    while (*at < end && isspace(**at))
        ++*at;
    for (; *at < end && !isspace(**at) && length < sizeof word - 1; ++*at)
        word[length++] = (char)**at;
    if (*at == end || !isspace(**at) || length == 0)
        return false;
    ++*at;
    word[length] = 0;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *stop;
    *value = strtod_l(word, &stop, c);
    freelocale(c);
    return *stop == 0 && isfinite(*value);
}

static bool read_side(const uint8_t **at, const uint8_t *end, int64_t *side)
{
    double value;
    if (!read_number(at, end, &value) || value < 1 || value > INT32_MAX || value != floor(value))
        return false;
    *side = (int64_t)value;
    return true;
}

static fv_status read_header(const decode_source *s, pfm_header *h)
{
    const uint8_t *at = s->bytes + 2, *end = s->bytes + s->size;
    double scale;
    *h = (pfm_header){0};
    if (!read_side(&at, end, &h->width) || !read_side(&at, end, &h->height) ||
        !read_number(&at, end, &scale) || scale == 0)
        return status_set(FV_ERROR_FORMAT,
                          "%s: damaged or truncated PFM: its header is not two sizes and a scale", s->name);
    h->channels = s->bytes[1] == 'F' ? 3 : 1;
    h->swapped = (scale < 0) != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    h->data = at;
    STATUS_TRY(decode_check_size(s, h->height, h->width));
    if ((uint64_t)h->height * (uint64_t)h->width >
        (uint64_t)(end - at) / (sizeof(float) * (uint64_t)h->channels))
        return status_set(FV_ERROR_FORMAT, "%s: truncated PFM: the picture's data ends early", s->name);
    return FV_OK;
}

static void copy_row(const pfm_header *h, const uint8_t *from, uint32_t *to)
{
    int64_t count = h->width * h->channels;
    memcpy(to, from, (size_t)count * sizeof *to);
    for (int64_t i = 0; h->swapped && i < count; i++)
        to[i] = __builtin_bswap32(to[i]);
}

static fv_status pfm_decode(const decode_source *s, image *out, int *orientation)
{
    pfm_header h;
    window w;
    *orientation = 1;
    STATUS_TRY(read_header(s, &h));
    window_samples samples = {.type = SAMPLE_FLOAT, .high = 1, .channels = h.channels};
    STATUS_TRY(window_begin(&w, s, &samples, h.height, h.width, out));
    size_t count = (size_t)(h.width * h.channels);
    uint32_t *row = mem_array(count, sizeof *row);
    if (!row) {
        window_release(&w);
        return status_last();
    }
    for (int64_t y = 0; y < h.height; y++) {
        copy_row(&h, h.data + (size_t)y * count * sizeof *row, row);
        window_put(&w, h.height - 1 - y, 0, h.width, row);
    }
    free(row);
    return window_end(&w);
}

static fv_status pfm_probe(const decode_source *s, image_info *info, int *orientation)
{
    pfm_header h;
    STATUS_TRY(read_header(s, &h));
    info->height = h.height;
    info->width = h.width;
    info->channels = h.channels;
    info->depth = 32;
    *orientation = 1;
    return FV_OK;
}

const image_format pfm_format = {"PFM", pfm_matches, pfm_decode, pfm_probe};
