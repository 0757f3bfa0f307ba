/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tflite_export/flat_writer.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    FIELDS_MAX = 16
};
/* Links have 31 bits. */
static const size_t bytes_max = (size_t)INT32_MAX;

/* Zeros up to `size` more bytes behind a multiple of `alignment`; where these begin. */
static size_t extend(flat_writer *f, size_t size, size_t alignment)
{
    size_t begin = (f->size + alignment - 1) / alignment * alignment;
    if (f->status != FV_OK)
        return 0;
    if (begin > bytes_max || size > bytes_max - begin) {
        f->status =
            status_set(FV_ERROR_UNSUPPORTED, "a TFLite file ends at 2 GiB, and this network takes more");
        return 0;
    }
    if (begin + size > f->capacity) {
        size_t capacity = f->capacity + f->capacity / 2 > begin + size ? f->capacity + f->capacity / 2
                                                                       : begin + size + 4096;
        uint8_t *grown = mem_resize(f->data, capacity, 1);
        if (!grown) {
            f->status = status_last();
            return 0;
        }
        f->data = grown;
        f->capacity = capacity;
    }
    memset(f->data + f->size, 0, begin + size - f->size);
    f->size = begin + size;
    return begin;
}

static void put(flat_writer *f, size_t at, uint32_t bits, int size)
{
    for (int i = 0; f->status == FV_OK && i < size; i++)
        f->data[at + (size_t)i] = (uint8_t)(bits >> 8 * i);
}

void flat_begin(flat_writer *f, const char identifier[4])
{
    extend(f, 8, 4);
    if (f->status == FV_OK)
        memcpy(f->data + 4, identifier, 4);
}

void flat_link(flat_writer *f, size_t at, size_t target)
{
    put(f, at, (uint32_t)(target - at), 4);
}

/* The table's list of places stands before it: its own size, the table's size, and the place of each field, 0 for those that are absent. */
size_t flat_table_write(flat_writer *f, flat_field *fields, int count)
{
    uint16_t places[FIELDS_MAX] = {0}, end = 4;
    int known = 0;
    for (int size = 4; size >= 1; size -= 3) /* the larger ones first: nothing between them */
        for (int i = 0; i < count; i++)
            if (fields[i].size == size) {
                places[fields[i].number] = end;
                end = (uint16_t)(end + size);
                known = fields[i].number >= known ? fields[i].number + 1 : known;
            }
    size_t list = extend(f, 4 + 2 * (size_t)known, 4), table = extend(f, end, 4);
    put(f, list, 4 + 2 * (uint32_t)known, 2);
    put(f, list + 2, end, 2);
    for (int i = 0; i < known; i++)
        put(f, list + 4 + 2 * (size_t)i, places[i], 2);
    put(f, table, (uint32_t)(table - list), 4);
    for (int i = 0; i < count; i++) {
        fields[i].at = table + places[fields[i].number];
        put(f, fields[i].at, fields[i].bits, fields[i].size);
    }
    return table;
}

size_t flat_vector_write(flat_writer *f, const void *data, size_t count, size_t size, size_t alignment)
{
    size_t bytes = count * size;
    while (f->status == FV_OK && alignment > 4 &&
           (f->size + 4) % alignment) /* the elements begin behind the count */
        extend(f, 1, 1);
    size_t at = extend(f, 4 + bytes, 4);
    put(f, at, (uint32_t)count, 4);
    if (f->status == FV_OK && data && bytes)
        memcpy(f->data + at + 4, data, bytes);
    return at;
}

size_t flat_text(flat_writer *f, const char *words)
{
    size_t at = flat_vector_write(f, words, strlen(words), 1, 1);
    extend(f, 1, 1);
    return at;
}

size_t flat_links(flat_writer *f, size_t count)
{
    return flat_vector_write(f, NULL, count, 4, 4);
}

size_t flat_single(flat_writer *f, size_t at)
{
    size_t list = flat_links(f, 1);
    flat_link(f, at, list);
    return list + 4;
}

void flat_release(flat_writer *f)
{
    free(f->data);
    *f = (flat_writer){0};
}
