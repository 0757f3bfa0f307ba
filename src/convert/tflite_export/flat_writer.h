/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing FlatBuffers front to back: what refers comes before what it refers to, and is linked when that is written.
 *
 *     flat_writer f = {0};
 *     flat_begin(&f, "TFL3");
 *     flat_field model[] = {FLAT_INT(0, 3), FLAT_LINK(3)};
 *     flat_link(&f, 0, flat_table_write(&f, model, 2));
 *     flat_link(&f, model[1].at, flat_text(&f, "what it is"));
 *     status = f.status;                           // the first failure
 */
#ifndef CONVERT_TFLITE_EXPORT_FLAT_WRITER_H
#define CONVERT_TFLITE_EXPORT_FLAT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct flat_writer {
    uint8_t *data; /* owned */
    size_t size, capacity;
    fv_status status;
} flat_writer;

typedef struct flat_field {
    int number, size; /* size in bytes: 1 or 4 */
    uint32_t bits;
    size_t at; /* set by flat_table_write: where it lies */
} flat_field;
#define FLAT_BYTE(NUMBER, VALUE)                                                                             \
    {                                                                                                        \
        .number = NUMBER, .size = 1, .bits = (uint32_t)(VALUE)                                               \
    }
#define FLAT_INT(NUMBER, VALUE)                                                                              \
    {                                                                                                        \
        .number = NUMBER, .size = 4, .bits = (uint32_t)(VALUE)                                               \
    }
#define FLAT_LINK(NUMBER)                                                                                    \
    {                                                                                                        \
        .number = NUMBER, .size = 4                                                                          \
    }

void flat_begin(flat_writer *f, const char identifier[4]); /* the root's link lies at 0 */
/* Fields in any order, at most 16. Returns where the table is. */
size_t flat_table_write(flat_writer *f, flat_field *fields, int count);
/* `alignment` of the first element: the element's size, or more. Returns where the vector is; its elements begin 4 bytes behind. */
size_t flat_vector_write(flat_writer *f, const void *data, size_t count, size_t size, size_t alignment);
size_t flat_text(flat_writer *f, const char *words);
/* A vector of `count` links that are still to be made. */
size_t flat_links(flat_writer *f, size_t count);
/* A vector of one link, itself linked at `at`. Returns where that link lies: ask before what it links to is written. */
size_t flat_single(flat_writer *f, size_t at);
void flat_link(flat_writer *f, size_t at, size_t target);
void flat_release(flat_writer *f);

#endif
