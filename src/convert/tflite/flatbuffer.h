/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading FlatBuffers of strangers: tables are read in place, field by field, and each offset, vtable and vector is checked against the
 * bytes before it is followed. What is damaged reads as absent, and the first damage is kept, to be asked for once:
 *
 *     flatbuffer f = {bytes, size, NULL};
 *     flat_table model = flat_root(&f);
 *     flat_vector parts = flat_vector_of(&f, model, 2, 4);
 *     for (uint32_t i = 0; i < parts.count; i++)
 *         use(flat_table_at(&f, parts, i));
 *     if (f.damage)
 *         return status_set(FV_ERROR_FORMAT, "%s: %s", path, f.damage);
 *
 * Nothing is followed that is not asked for, so that tables that contain each other are no trap.
 */
#ifndef CONVERT_TFLITE_FLATBUFFER_H
#define CONVERT_TFLITE_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct flatbuffer {
    const uint8_t *data; /* borrowed */
    size_t size;
    const char *damage; /* NULL: none was met so far */
} flatbuffer;

/* Absent when `at` is 0, where no table can be. All of it and of its vtable lie within the bytes. */
typedef struct flat_table {
    size_t at, fields;    /* the table, and the list of its fields' places within it */
    uint32_t count, size; /* fields listed; bytes of the table */
} flat_table;

typedef struct flat_vector {
    const uint8_t *data; /* `count` elements that lie within the bytes; NULL: absent */
    uint32_t count;
} flat_vector;

flat_table flat_root(flatbuffer *f);
/* A field of the table that is a table, or a vector of elements of `size` bytes (a string: 1; of tables: 4). */
flat_table flat_table_of(flatbuffer *f, flat_table t, int field);
flat_vector flat_vector_of(flatbuffer *f, flat_table t, int field, size_t size);
/* An element of a vector of tables; `i` is below its count. */
flat_table flat_table_at(flatbuffer *f, flat_vector v, uint32_t i);

/* Numbers, with the value that they have when the table leaves them out. */
int64_t flat_int8(flatbuffer *f, flat_table t, int field, int64_t absent);
int64_t flat_uint8(flatbuffer *f, flat_table t, int field, int64_t absent);
int64_t flat_int32(flatbuffer *f, flat_table t, int field, int64_t absent);
int64_t flat_uint32(flatbuffer *f, flat_table t, int field, int64_t absent);
uint64_t flat_uint64(flatbuffer *f, flat_table t, int field, uint64_t absent);
float flat_float(flatbuffer *f, flat_table t, int field, float absent);

/* Elements of vectors; `i` is below the count. */
int32_t flat_int32_at(flat_vector v, uint32_t i);
int64_t flat_int64_at(flat_vector v, uint32_t i);
float flat_float_at(flat_vector v, uint32_t i);

#endif
