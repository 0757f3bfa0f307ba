/* SPDX-License-Identifier: Apache-2.0 */
/* Netpbm's pictures: PBM, PGM and PPM as text (P1 to P3) and as bytes (P4 to P6), PAM (P7). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/window.h"

enum {
    MAX_NUMBER = 1 << 30,
    MAX_SAMPLE = 65535
};

typedef struct pnm_reader {
    const decode_source *source;
    const uint8_t *at, *end;
    char kind; /* '1' to '7' */
    int64_t height, width;
    int64_t samples; /* of a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA */
    int64_t most;    /* the sample that is white */
} pnm_reader;

static bool pnm_matches(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
           (isspace(bytes[2]) || bytes[2] == '#');
}

static fv_status damaged(const pnm_reader *r, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: damaged PNM: %s", r->source->name, what);
}

static fv_status truncated(const pnm_reader *r)
{
    return status_set(FV_ERROR_FORMAT, "%s: truncated PNM: the picture's data ends early", r->source->name);
}

/* ---- the header ---- */

/* White space, and comments from '#' to the line's end. */
static void skip_space(pnm_reader *r)
{
    while (r->at < r->end && (isspace(*r->at) || *r->at == '#'))
        if (*r->at++ == '#')
            while (r->at < r->end && *r->at != '\n' && *r->at != '\r')
                r->at++;
}

static fv_status read_number(pnm_reader *r, int64_t *value)
{
    skip_space(r);
    if (r->at == r->end)
        return truncated(r);
    if (!isdigit(*r->at))
        return damaged(r, "a number is expected in it");
    for (*value = 0; r->at < r->end && isdigit(*r->at); r->at++) {
        *value = *value * 10 + (*r->at - '0');
        if (*value > MAX_NUMBER)
            return damaged(r, "a number in it is too large");
    }
    return FV_OK;
}

static fv_status read_plain_header(pnm_reader *r)
{
    bool bits = r->kind == '1' || r->kind == '4';
    r->samples = r->kind == '3' || r->kind == '6' ? 3 : 1;
    r->most = 1;
    STATUS_TRY(read_number(r, &r->width));
    STATUS_TRY(read_number(r, &r->height));
    return bits ? FV_OK : read_number(r, &r->most);
}

/* Lines of a word and a value, up to ENDHDR; the kind of tuples follows from how many samples they have. */
static fv_status read_pam_header(pnm_reader *r)
{
    const struct {
        const char *word;
        int64_t *value;
    } fields[] = {{"WIDTH", &r->width}, {"HEIGHT", &r->height}, {"DEPTH", &r->samples}, {"MAXVAL", &r->most}};
    for (;;) {
        skip_space(r);
        const uint8_t *word = r->at;
        while (r->at < r->end && !isspace(*r->at))
            r->at++;
        size_t length = (size_t)(r->at - word);
        if (r->at == r->end)
            return truncated(r);
        if (length == 6 && memcmp(word, "ENDHDR", 6) == 0)
            return FV_OK;
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (length == strlen(fields[i].word) && memcmp(word, fields[i].word, length) == 0)
                STATUS_TRY(read_number(r, fields[i].value));
        while (r->at < r->end && *r->at != '\n')
            r->at++;
    }
}

/* The least that `count` rows take. */
static uint64_t least_bytes(const pnm_reader *r, uint64_t count)
{
    uint64_t samples = (uint64_t)(r->width * r->samples);
    switch (r->kind) {
    case '1':
        return samples * count;
    case '2':
    case '3':
        return samples * count * 2 - 1; /* a digit and a space */
    case '4':
        return (samples + 7) / 8 * count;
    default:
        return samples * count * (r->most > 255 ? 2 : 1);
    }
}

static fv_status open_pnm(const decode_source *s, pnm_reader *r)
{
    *r = (pnm_reader){.source = s, .at = s->bytes + 2, .end = s->bytes + s->size, .kind = (char)s->bytes[1]};
    STATUS_TRY(r->kind == '7' ? read_pam_header(r) : read_plain_header(r));
    if (r->samples < 1 || r->samples > 4)
        return damaged(r, "pixels must have 1 to 4 samples");
    if (r->most < 1 || r->most > MAX_SAMPLE)
        return damaged(r, "the greatest sample must be 1 to 65535");
    STATUS_TRY(decode_check_size(s, r->height, r->width));
    /* One character of white space parts the header from bytes. */
    if (r->kind >= '4' && r->at < r->end)
        r->at++;
    return FV_OK;
}

/* ---- the pixels ---- */

/* P1's digits need no space between them. */
static fv_status read_bits_as_text(pnm_reader *r, uint16_t *row)
{
    for (int64_t x = 0; x < r->width; x++) {
        skip_space(r);
        if (r->at == r->end)
            return truncated(r);
        if (*r->at != '0' && *r->at != '1')
            return damaged(r, "a bit must be 0 or 1");
        row[x] = *r->at++ == '0';
    }
    return FV_OK;
}

static fv_status read_text(pnm_reader *r, uint16_t *row)
{
    for (int64_t i = 0; i < r->width * r->samples; i++) {
        int64_t value;
        STATUS_TRY(read_number(r, &value));
        row[i] = (uint16_t)(value < r->most ? value : r->most);
    }
    return FV_OK;
}

static void read_bits(pnm_reader *r, uint16_t *row)
{
    for (int64_t x = 0; x < r->width; x++)
        row[x] = !(r->at[x / 8] >> (7 - x % 8) & 1);
    r->at += (r->width + 7) / 8;
}

static void read_bytes(pnm_reader *r, uint16_t *row)
{
    int64_t count = r->width * r->samples;
    for (int64_t i = 0; i < count; i++) {
        int64_t value = r->most > 255 ? r->at[2 * i] << 8 | r->at[2 * i + 1] : r->at[i];
        row[i] = (uint16_t)(value < r->most ? value : r->most);
    }
    r->at += count * (r->most > 255 ? 2 : 1);
}

static fv_status read_row(pnm_reader *r, uint16_t *row)
{
    switch (r->kind) {
    case '1':
        return read_bits_as_text(r, row);
    case '2':
    case '3':
        return read_text(r, row);
    case '4':
        read_bits(r, row);
        return FV_OK;
    default:
        read_bytes(r, row);
        return FV_OK;
    }
}

static fv_status put_rows(pnm_reader *r, window *w, uint16_t *row)
{
    uint8_t *bytes = (uint8_t *)row;
    bool ready = r->kind >= '5' && r->most == 255; /* bytes that are samples as they stand */
    for (int64_t y = 0; y < r->height; y++) {
        if (ready) {
            window_put(w, y, 0, r->width, r->at);
            r->at += r->width * r->samples;
            continue;
        }
        STATUS_TRY(read_row(r, row));
        for (int64_t i = 0; r->most <= 255 && i < r->width * r->samples; i++)
            bytes[i] = (uint8_t)row[i];
        window_put(w, y, 0, r->width, row);
    }
    return FV_OK;
}

static fv_status pnm_decode(const decode_source *s, image *out, int *orientation)
{
    pnm_reader r;
    window w;
    *orientation = 1;
    STATUS_TRY(open_pnm(s, &r));
    if (least_bytes(&r, (uint64_t)r.height) > (uint64_t)(r.end - r.at))
        return truncated(&r);
    window_samples samples = {.type = r.most > 255 ? SAMPLE_UINT16 : SAMPLE_UINT8,
                              .high = (double)r.most,
                              .channels = r.samples < 3 ? 1 : 3,
                              .alpha = r.samples % 2 == 0 ? ALPHA_STRAIGHT : ALPHA_NONE};
    STATUS_TRY(window_begin(&w, s, &samples, r.height, r.width, out));
    uint16_t *row = mem_array((size_t)(r.width * r.samples), sizeof *row);
    fv_status status = row ? put_rows(&r, &w, row) : status_last();
    free(row);
    if (status == FV_OK)
        return window_end(&w);
    window_release(&w);
    return status;
}

static fv_status pnm_probe(const decode_source *s, image_info *info, int *orientation)
{
    pnm_reader r;
    STATUS_TRY(open_pnm(s, &r));
    info->height = r.height;
    info->width = r.width;
    info->channels = r.samples < 3 ? 1 : 3;
    info->depth = r.most > 255 ? 16 : r.most > 1 ? 8 : 1;
    *orientation = 1;
    return FV_OK;
}

const image_format pnm_format = {"PNM", pnm_matches, pnm_decode, pnm_probe};
