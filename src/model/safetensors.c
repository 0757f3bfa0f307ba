/* SPDX-License-Identifier: Apache-2.0 */
/* Reading safetensors files, which may be hostile. */
#include "model/safetensors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"

static const char *const types[NUMBER_TYPES] = {
    [NUMBER_F32] = "F32", [NUMBER_F16] = "F16", [NUMBER_BF16] = "BF16", [NUMBER_F64] = "F64",
    [NUMBER_I8] = "I8",   [NUMBER_U8] = "U8",   [NUMBER_I16] = "I16",   [NUMBER_I32] = "I32",
    [NUMBER_I64] = "I64", [NUMBER_BOOL] = "BOOL"};

/* Reads all of [offset, offset + size) of the file. */
static fv_status read_at(const safetensors *f, uint64_t offset, void *data, size_t size)
{
    uint8_t *to = data;
    while (size > 0) {
        ssize_t got = pread(f->file, to, size < (1 << 30) ? size : (1 << 30), (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_set(FV_ERROR_IO, "%s: cannot be read: %s", f->path, strerror(errno));
        if (got == 0)
            return status_set(FV_ERROR_FORMAT, "%s: ends in the middle; it was cut short", f->path);
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return FV_OK;
}

static fv_status damaged(const safetensors *f, const char *tensor, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: tensor %.100s: %s; the file is damaged", f->path, tensor, what);
}

static fv_status read_header(safetensors *f, uint64_t size)
{
    uint8_t bytes[8];
    uint64_t length = 0;
    if (size < 8)
        return status_set(FV_ERROR_FORMAT, "%s: %" PRIu64 " bytes are too few for a safetensors file",
                          f->path, size);
    STATUS_TRY(read_at(f, 0, bytes, sizeof bytes));
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > size - 8 || length < 2)
        return status_set(FV_ERROR_FORMAT,
                          "%s: not a safetensors file, or cut short: its header would be %" PRIu64
                          " bytes long",
                          f->path, length);
    if (length > SAFETENSORS_MAX_HEADER)
        return status_set(FV_ERROR_FORMAT, "%s: its header of %" PRIu64 " bytes is over the limit of %d",
                          f->path, length, SAFETENSORS_MAX_HEADER);
    char *header = mem_array((size_t)length, 1);
    if (!header)
        return status_last();
    fv_status status = read_at(f, 8, header, (size_t)length);
    if (status == FV_OK) {
        json_error_t error;
        f->header = json_loadb(header, (size_t)length, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(f->header))
            status = status_set(FV_ERROR_FORMAT,
                                "%s: not a safetensors file: its header is no JSON object%s%.200s", f->path,
                                f->header ? "" : ": ", f->header ? "" : error.text);
    }
    free(header);
    f->data_start = 8 + length;
    f->data_bytes = size - f->data_start;
    return status;
}

static fv_status read_type(const safetensors *f, safetensors_entry *e, const json_t *value)
{
    const char *name = json_string_value(value);
    for (int i = 0; name && i < NUMBER_TYPES; i++)
        if (strcmp(name, types[i]) == 0) {
            e->type = (safetensors_type)i;
            return FV_OK;
        }
    if (!name)
        return damaged(f, e->name, "it has no dtype");
    return status_set(FV_ERROR_UNSUPPORTED,
                      "%s: tensor %.100s: dtype %.20s is not supported; F64, F32, F16, BF16, whole numbers of up to 64 bits and BOOL are",
                      f->path, e->name, name);
}

static fv_status read_shape(const safetensors *f, safetensors_entry *e, const json_t *value)
{
    if (!json_is_array(value) || json_array_size(value) > SAFETENSORS_MAX_RANK)
        return damaged(f, e->name, "its shape is not a list of up to 8 numbers");
    e->rank = (int)json_array_size(value);
    e->count = 1;
    for (int i = 0; i < e->rank; i++) {
        const json_t *side = json_array_get(value, (size_t)i);
        int64_t n = json_integer_value(side);
        if (!json_is_integer(side) || n < 0 || __builtin_mul_overflow(e->count, n, &e->count))
            return damaged(f, e->name, "its shape is impossible");
        e->shape[i] = n;
    }
    return FV_OK;
}

static fv_status read_offsets(const safetensors *f, safetensors_entry *e, const json_t *value)
{
    const json_t *first = json_array_get(value, 0), *last = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return damaged(f, e->name, "its data_offsets are not two whole numbers");
    int64_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > f->data_bytes)
        return damaged(f, e->name, "its data lies outside the file");
    e->begin = (uint64_t)begin;
    e->bytes = (uint64_t)(end - begin);
    if ((uint64_t)e->count > UINT64_MAX / 8 || e->bytes != (uint64_t)e->count * number_size(e->type))
        return damaged(f, e->name, "its number of bytes does not fit its shape and dtype");
    return FV_OK;
}

static int compare_begin(const void *a, const void *b)
{
    const safetensors_entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* empty ones first */
}

static int compare_name(const void *a, const void *b)
{
    return strcmp((*(safetensors_entry *const *)a)->name, (*(safetensors_entry *const *)b)->name);
}

/* The tensors must cover the data without overlap or gap, so that nothing can hide in it. */
static fv_status check_cover(const safetensors *f)
{
    uint64_t end = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (f->entries[i].begin != end)
            return damaged(f, f->entries[i].name,
                           f->entries[i].begin < end ? "its data overlaps another's"
                                                     : "there is a gap before its data");
        end += f->entries[i].bytes;
    }
    if (end != f->data_bytes)
        return status_set(FV_ERROR_FORMAT,
                          "%s: %" PRIu64 " bytes at its end belong to no tensor; the file is damaged",
                          f->path, f->data_bytes - end);
    return FV_OK;
}

static fv_status read_entries(safetensors *f)
{
    const char *name;
    json_t *value;
    size_t most = json_object_size(f->header);
    f->entries = mem_array(most, sizeof *f->entries);
    f->by_name = mem_array(most, sizeof *f->by_name);
    if (!f->entries || !f->by_name)
        return status_last();
    json_object_foreach(f->header, name, value)
    {
        safetensors_entry *e = &f->entries[f->count];
        if (strcmp(name, "__metadata__") == 0) {
            if (!json_is_object(value))
                return status_set(FV_ERROR_FORMAT, "%s: its __metadata__ is no JSON object", f->path);
            continue;
        }
        e->name = name;
        STATUS_TRY(read_type(f, e, json_object_get(value, "dtype")));
        STATUS_TRY(read_shape(f, e, json_object_get(value, "shape")));
        STATUS_TRY(read_offsets(f, e, json_object_get(value, "data_offsets")));
        f->count++;
    }
    qsort(f->entries, f->count, sizeof *f->entries, compare_begin);
    for (size_t i = 0; i < f->count; i++)
        f->by_name[i] = &f->entries[i];
    qsort(f->by_name, f->count, sizeof(safetensors_entry *), compare_name);
    return check_cover(f);
}

fv_status safetensors_open(safetensors *f, const char *path)
{
    struct stat info;
    *f = (safetensors){.file = -1};
    if (!(f->path = mem_string(path)))
        return status_last();
    fv_status status = file_open(path, &f->file);
    if (status == FV_OK && fstat(f->file, &info) != 0)
        status = status_set(FV_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (status == FV_OK)
        status = read_header(f, (uint64_t)info.st_size);
    if (status == FV_OK)
        status = read_entries(f);
    if (status != FV_OK)
        safetensors_release(f);
    return status;
}

void safetensors_release(safetensors *f)
{
    if (f->file >= 0)
        close(f->file);
    json_decref(f->header);
    free(f->entries);
    free(f->by_name);
    free(f->path);
    *f = (safetensors){.file = -1};
}

const safetensors_entry *safetensors_find(const safetensors *f, const char *name)
{
    safetensors_entry key = {.name = name}, *wanted = &key;
    safetensors_entry *const *found =
        bsearch(&wanted, f->by_name, f->count, sizeof(safetensors_entry *), compare_name);
    return found ? *found : NULL;
}

const char *safetensors_metadata(const safetensors *f, const char *key)
{
    return json_string_value(json_object_get(json_object_get(f->header, "__metadata__"), key));
}

fv_status safetensors_read_f32(const safetensors *f, const safetensors_entry *e, float *values)
{
    uint8_t part[32768];
    if (e->type == SAFETENSORS_F32)
        return read_at(f, f->data_start + e->begin, values, (size_t)e->bytes);
    size_t size = number_size(e->type);
    for (uint64_t done = 0; done < e->bytes;) {
        size_t now = e->bytes - done < sizeof part ? (size_t)(e->bytes - done) : sizeof part;
        STATUS_TRY(read_at(f, f->data_start + e->begin + done, part, now));
        numbers_to_f32(e->type, part, now / size, values);
        values += now / size;
        done += now;
    }
    return FV_OK;
}

fv_status safetensors_read_bytes(const safetensors *f, const safetensors_entry *e, void *bytes)
{
    return read_at(f, f->data_start + e->begin, bytes, (size_t)e->bytes);
}

fv_status safetensors_read_u8(const safetensors *f, const safetensors_entry *e, uint8_t *values)
{
    if (e->type != SAFETENSORS_U8)
        return damaged(f, e->name, "its dtype should be U8");
    return safetensors_read_bytes(f, e, values);
}
