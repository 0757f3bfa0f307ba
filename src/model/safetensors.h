/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors files: 8 bytes of header length (little endian), a JSON header {"NAME": {"dtype", "shape", "data_offsets"},
 * "__metadata__": {strings}}, then the tensors' bytes without gaps.
 *
 *     safetensors f;
 *     STATUS_TRY(safetensors_open(&f, path));
 *     const safetensors_entry *e = safetensors_find(&f, "conv1.weight");
 *     status = e ? safetensors_read_f32(&f, e, weights) : ...;
 *     safetensors_release(&f);
 *
 * Everything in the header is checked when the file is opened, and nothing but the header is read then: tensors are read
 * one by one into the caller's memory.
 */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/numbers.h"
#include "core/status.h"

enum {
    SAFETENSORS_MAX_RANK = 8,
    SAFETENSORS_MAX_HEADER = 16 << 20 /* bytes; that of the largest networks is a few hundred kB */
};

typedef number_type safetensors_type;
#define SAFETENSORS_F32 NUMBER_F32
#define SAFETENSORS_I64 NUMBER_I64
#define SAFETENSORS_U8  NUMBER_U8

typedef struct safetensors_entry {
    const char *name; /* owned by the header */
    safetensors_type type;
    int rank;
    int64_t shape[SAFETENSORS_MAX_RANK], count; /* elements */
    uint64_t begin, bytes;                      /* within the data */
} safetensors_entry;

typedef struct safetensors {
    char *path;
    int file;
    json_t *header;
    uint64_t data_start, data_bytes;
    safetensors_entry *entries; /* in the order of the data */
    size_t count;
    safetensors_entry **by_name; /* sorted */
} safetensors;

/* On failure there is nothing to release. Errors name the file and the tensor. */
fv_status safetensors_open(safetensors *f, const char *path);
void safetensors_release(safetensors *f);
const safetensors_entry *safetensors_find(const safetensors *f, const char *name); /* NULL: not there */
const char *safetensors_metadata(const safetensors *f, const char *key);           /* NULL: not there */
/* `count` values as f32, converted from the entry's type. */
fv_status safetensors_read_f32(const safetensors *f, const safetensors_entry *e, float *values);
/* The e->bytes bytes of any entry, as they are in the file. */
fv_status safetensors_read_bytes(const safetensors *f, const safetensors_entry *e, void *bytes);
/* The bytes of a U8 entry. */
fv_status safetensors_read_u8(const safetensors *f, const safetensors_entry *e, uint8_t *values);

/* ---- writing ---- */

typedef struct safetensors_tensor {
    char *name;
    safetensors_type type; /* F32, I64 or U8 */
    int rank;
    int64_t shape[SAFETENSORS_MAX_RANK];
    size_t bytes;
    const void *data; /* borrowed until written */
} safetensors_tensor;

/* All zero is empty. The same calls make the same bytes. The first failure is reported by safetensors_write. */
typedef struct safetensors_writer {
    safetensors_tensor *tensors;
    size_t count, capacity;
    json_t *metadata;
    fv_status status;
} safetensors_writer;

void safetensors_add(safetensors_writer *w, const char *name, safetensors_type type, const int64_t *shape,
                     int rank, const void *data);
void safetensors_set(safetensors_writer *w, const char *key, const char *value);
/* Whole or not at all, see core/file.h. */
fv_status safetensors_write(const safetensors_writer *w, const char *path);
void safetensors_writer_release(safetensors_writer *w);

#endif
