/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tflite/flatbuffer.h"

#include <string.h>

static const flat_table no_table;
static const flat_vector no_vector;

static void damaged(flatbuffer *f, const char *what)
{
    if (!f->damage)
        f->damage = what;
}

/* Whether `bytes` bytes lie at `at`. */
static bool lies_within(const flatbuffer *f, uint64_t at, uint64_t bytes)
{
    return at <= f->size && bytes <= f->size - at;
}

static uint16_t read_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t read_u64(const uint8_t *p)
{
    return read_u32(p) | (uint64_t)read_u32(p + 4) << 32;
}

/* A table begins with how far before it its vtable lies: the vtable's bytes, the table's bytes, then a place for each field. */
static flat_table table_at(flatbuffer *f, uint64_t at)
{
    if (at == 0 || !lies_within(f, at, 4)) {
        damaged(f, "a table lies outside of the file");
        return no_table;
    }
    int64_t fields = (int64_t)at - (int32_t)read_u32(f->data + at);
    if (fields < 0 || !lies_within(f, (uint64_t)fields, 4)) {
        damaged(f, "a table's list of fields lies outside of the file");
        return no_table;
    }
    uint32_t list = read_u16(f->data + fields), size = read_u16(f->data + fields + 2);
    if (list < 4 || list % 2 || size < 4 || !lies_within(f, (uint64_t)fields, list) ||
        !lies_within(f, at, size)) {
        damaged(f, "a table is larger than the file");
        return no_table;
    }
    return (flat_table){(size_t)at, (size_t)fields + 4, (list - 4) / 2, size};
}

flat_table flat_root(flatbuffer *f)
{
    if (lies_within(f, 0, 8))
        return table_at(f, read_u32(f->data));
    damaged(f, "it is shorter than its header");
    return no_table;
}

/* Where the field's `bytes` bytes lie; NULL when the table leaves it out. */
static const uint8_t *field_at(flatbuffer *f, flat_table t, int field, size_t bytes)
{
    if (t.at == 0 || (uint32_t)field >= t.count)
        return NULL;
    uint32_t place = read_u16(f->data + t.fields + 2 * (size_t)field);
    if (place == 0)
        return NULL;
    if (place < 4 || place + bytes > t.size) {
        damaged(f, "a field lies outside of its table");
        return NULL;
    }
    return f->data + t.at + place;
}

/* Where an offset leads; 0: the field is left out. */
static uint64_t follow(flatbuffer *f, flat_table t, int field)
{
    const uint8_t *p = field_at(f, t, field, 4);
    return p ? (uint64_t)(p - f->data) + read_u32(p) : 0;
}

flat_table flat_table_of(flatbuffer *f, flat_table t, int field)
{
    uint64_t at = follow(f, t, field);
    return at ? table_at(f, at) : no_table;
}

flat_vector flat_vector_of(flatbuffer *f, flat_table t, int field, size_t size)
{
    uint64_t at = follow(f, t, field);
    if (!at)
        return no_vector;
    if (!lies_within(f, at, 4) || !lies_within(f, at + 4, (uint64_t)read_u32(f->data + at) * size)) {
        damaged(f, "a list is longer than the file");
        return no_vector;
    }
    return (flat_vector){f->data + at + 4, read_u32(f->data + at)};
}

flat_table flat_table_at(flatbuffer *f, flat_vector v, uint32_t i)
{
    const uint8_t *p = v.data + 4 * (size_t)i;
    return table_at(f, (uint64_t)(p - f->data) + read_u32(p));
}

int64_t flat_int8(flatbuffer *f, flat_table t, int field, int64_t absent)
{
    const uint8_t *p = field_at(f, t, field, 1);
    return p ? (int8_t)*p : absent;
}

int64_t flat_uint8(flatbuffer *f, flat_table t, int field, int64_t absent)
{
    const uint8_t *p = field_at(f, t, field, 1);
    return p ? *p : absent;
}

int64_t flat_int32(flatbuffer *f, flat_table t, int field, int64_t absent)
{
    const uint8_t *p = field_at(f, t, field, 4);
    return p ? (int32_t)read_u32(p) : absent;
}

int64_t flat_uint32(flatbuffer *f, flat_table t, int field, int64_t absent)
{
    const uint8_t *p = field_at(f, t, field, 4);
    return p ? read_u32(p) : absent;
}

uint64_t flat_uint64(flatbuffer *f, flat_table t, int field, uint64_t absent)
{
    const uint8_t *p = field_at(f, t, field, 8);
    return p ? read_u64(p) : absent;
}

static float to_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

float flat_float(flatbuffer *f, flat_table t, int field, float absent)
{
    const uint8_t *p = field_at(f, t, field, 4);
    return p ? to_float(read_u32(p)) : absent;
}

int32_t flat_int32_at(flat_vector v, uint32_t i)
{
    return (int32_t)read_u32(v.data + 4 * (size_t)i);
}

int64_t flat_int64_at(flat_vector v, uint32_t i)
{
    return (int64_t)read_u64(v.data + 8 * (size_t)i);
}

float flat_float_at(flat_vector v, uint32_t i)
{
    return to_float(read_u32(v.data + 4 * (size_t)i));
}
