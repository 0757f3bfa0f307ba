/* SPDX-License-Identifier: Apache-2.0 */
#include "report/event_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"

double event_wall_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- protobuf's wire format: a field is its number and type as a varint, then its value ---- */

enum {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2, /* a length and so many bytes: strings, messages, packed lists */
    WIRE_32 = 5
};

static void add_varint(text *t, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    do {
        bytes[n++] = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));
        value >>= 7;
    } while (value);
    text_add_bytes(t, bytes, n);
}

static void add_key(text *t, int field, int wire)
{
    add_varint(t, (uint64_t)(field << 3 | wire));
}

static void add_whole(text *t, int field, int64_t value)
{
    add_key(t, field, WIRE_VARINT);
    add_varint(t, (uint64_t)value);
}

/* Numbers are little endian, as every machine that fovea runs on. */
static void add_double(text *t, int field, double value)
{
    add_key(t, field, WIRE_64);
    text_add_bytes(t, &value, sizeof value);
}

static void add_float(text *t, int field, float value)
{
    add_key(t, field, WIRE_32);
    text_add_bytes(t, &value, sizeof value);
}

static void add_bytes(text *t, int field, const void *bytes, size_t size)
{
    add_key(t, field, WIRE_BYTES);
    add_varint(t, size);
    text_add_bytes(t, bytes, size);
}

static void add_string(text *t, int field, const char *string)
{
    add_bytes(t, field, string, strlen(string));
}

/* Takes the message over: its failure becomes that of `t`. */
static void add_message(text *t, int field, text *message)
{
    add_bytes(t, field, text_string(message), message->length);
    if (text_status(t) == FV_OK)
        t->status = message->status;
    text_release(message);
}

/* ---- summaries; the numbers are those of tensorboard/compat/proto/summary.proto ---- */

enum {
    SUMMARY_VALUE = 1,
    VALUE_TAG = 1,
    VALUE_SIMPLE = 2,
    VALUE_IMAGE = 4,
    VALUE_HISTOGRAM = 5,
    VALUE_TENSOR = 8,
    VALUE_METADATA = 9
};

static void add_value(text *summary, text *value)
{
    add_message(summary, SUMMARY_VALUE, value);
}

void summary_add_scalar(text *summary, const char *tag, float number)
{
    text value = {0};
    add_string(&value, VALUE_TAG, tag);
    add_float(&value, VALUE_SIMPLE, number);
    add_value(summary, &value);
}

fv_status summary_add_image(text *summary, const char *tag, const image *picture)
{
    text value = {0}, message = {0};
    uint8_t *png;
    size_t size;
    STATUS_TRY(image_encode_png(picture, &png, &size));
    add_whole(&message, 1, picture->height);
    add_whole(&message, 2, picture->width);
    add_whole(&message, 3, picture->channels);
    add_bytes(&message, 4, png, size);
    free(png);
    add_string(&value, VALUE_TAG, tag);
    add_message(&value, VALUE_IMAGE, &message);
    add_value(summary, &value);
    return text_status(summary);
}

enum {
    BINS = 64
};

typedef struct histogram {
    double low, high, count, sum, squares, bins[BINS];
} histogram;

static histogram count_values(const float *values, int64_t count)
{
    histogram h = {.low = INFINITY, .high = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        double v = (double)values[i];
        if (!isfinite(v))
            continue;
        h.low = fmin(h.low, v);
        h.high = fmax(h.high, v);
        h.count++;
        h.sum += v;
        h.squares += v * v;
    }
    double scale = h.high > h.low ? BINS / (h.high - h.low) : 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) {
            int bin = (int)(((double)values[i] - h.low) * scale);
            h.bins[bin < BINS ? bin : BINS - 1]++;
        }
    return h;
}

void summary_add_histogram(text *summary, const char *tag, const float *values, int64_t count)
{
    histogram h = count_values(values, count);
    if (h.count == 0)
        return;
    text value = {0}, message = {0};
    int bins = h.high > h.low ? BINS : 1;
    double limits[BINS];
    for (int i = 0; i < bins; i++)
        limits[i] = i == bins - 1 ? h.high : h.low + (h.high - h.low) * (i + 1) / BINS;
    add_double(&message, 1, h.low);
    add_double(&message, 2, h.high);
    add_double(&message, 3, h.count);
    add_double(&message, 4, h.sum);
    add_double(&message, 5, h.squares);
    add_bytes(&message, 6, limits, (size_t)bins * sizeof *limits);
    add_bytes(&message, 7, h.bins, (size_t)bins * sizeof *h.bins);
    add_string(&value, VALUE_TAG, tag);
    add_message(&value, VALUE_HISTOGRAM, &message);
    add_value(summary, &value);
}

void summary_add_markdown(text *summary, const char *tag, const char *markdown)
{
    enum {
        TYPE_STRING = 7
    };
    text value = {0}, plugin = {0}, metadata = {0}, side = {0}, shape = {0}, tensor = {0};
    add_string(&plugin, 1, "text");
    add_message(&metadata, 1, &plugin);
    add_whole(&side, 1, 1);
    add_message(&shape, 2, &side);
    add_whole(&tensor, 1, TYPE_STRING);
    add_message(&tensor, 2, &shape);
    add_string(&tensor, 8, markdown);
    add_string(&value, VALUE_TAG, tag);
    add_message(&value, VALUE_TENSOR, &tensor);
    add_message(&value, VALUE_METADATA, &metadata);
    add_value(summary, &value);
}

/* ---- records: length, its checksum, bytes, their checksum ---- */

uint32_t event_crc(const void *bytes, size_t size)
{
    /* What four bits add to the remainder. */
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                       0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    const uint8_t *b = bytes;
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc = table[(crc ^ b[i]) & 15] ^ (crc >> 4);
        crc = table[(crc ^ (uint32_t)(b[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}

/* The checksum of data that holds checksums is masked, so that it is not one of them. */
static uint32_t masked_crc(const void *bytes, size_t size)
{
    uint32_t crc = event_crc(bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static fv_status failed(const event_file *f)
{
    return status_set(FV_ERROR_IO, "%s: cannot be written: %s", f->path, strerror(errno));
}

static fv_status write_record(event_file *f, const text *event)
{
    STATUS_TRY(text_status(event));
    uint64_t length = event->length;
    uint32_t length_crc = masked_crc(&length, sizeof length), crc = masked_crc(event->data, event->length);
    bool ok = fwrite(&length, sizeof length, 1, f->stream) == 1 &&
              fwrite(&length_crc, sizeof length_crc, 1, f->stream) == 1 &&
              fwrite(event->data, event->length, 1, f->stream) == 1 &&
              fwrite(&crc, sizeof crc, 1, f->stream) == 1;
    return ok ? FV_OK : failed(f);
}

/* An Event with one message or string besides its time and step. */
static fv_status write_event(event_file *f, int64_t step, int field, text *content)
{
    text event = {0};
    add_double(&event, 1, f->clock());
    if (step != 0)
        add_whole(&event, 2, step);
    add_message(&event, field, content);
    fv_status status = write_record(f, &event);
    text_release(&event);
    return status;
}

fv_status event_file_open(event_file *f, const char *path, event_clock clock)
{
    *f = (event_file){.clock = clock, .path = mem_string(path)};
    if (!f->path)
        return status_last();
    f->stream = fopen(path, "wxe");
    fv_status status = f->stream ? FV_OK : failed(f);
    if (status == FV_OK) {
        text version = {0};
        text_add(&version, "brain.Event:2");
        status = write_event(f, 0, 3, &version);
    }
    if (status != FV_OK)
        event_file_close(f);
    return status;
}

fv_status event_file_begin_session(event_file *f, int64_t step)
{
    enum {
        SESSION_START = 1
    };
    text session = {0};
    add_whole(&session, 1, SESSION_START);
    return write_event(f, step, 7, &session);
}

fv_status event_file_add(event_file *f, int64_t step, text *summary)
{
    return write_event(f, step, 5, summary);
}

fv_status event_file_flush(event_file *f)
{
    return fflush(f->stream) == 0 ? FV_OK : failed(f);
}

fv_status event_file_close(event_file *f)
{
    fv_status status = !f->stream || fclose(f->stream) == 0 ? FV_OK : failed(f);
    free(f->path);
    *f = (event_file){0};
    return status;
}
