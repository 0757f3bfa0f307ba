/* SPDX-License-Identifier: Apache-2.0 */
/* Writing safetensors files. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "model/safetensors.h"

static const char *type_name(safetensors_type type)
{
    return type == SAFETENSORS_F32 ? "F32" : type == SAFETENSORS_I64 ? "I64" : "U8";
}

static size_t type_size(safetensors_type type)
{
    return type == SAFETENSORS_F32 ? 4 : type == SAFETENSORS_I64 ? 8 : 1;
}

void safetensors_add(safetensors_writer *w, const char *name, safetensors_type type, const int64_t *shape,
                     int rank, const void *data)
{
    if (w->status != FV_OK || (w->status = MEM_GROW(w->tensors, w->count, w->capacity)) != FV_OK)
        return;
    safetensors_tensor t = {
        .name = mem_string(name), .type = type, .rank = rank, .bytes = type_size(type), .data = data};
    if (!t.name) {
        w->status = status_last();
        return;
    }
    for (int i = 0; i < rank; i++) {
        t.shape[i] = shape[i];
        t.bytes *= (size_t)shape[i];
    }
    w->tensors[w->count++] = t;
}

void safetensors_set(safetensors_writer *w, const char *key, const char *value)
{
    if (w->status != FV_OK)
        return;
    if (!w->metadata)
        w->metadata = json_object();
    if (json_object_set_new(w->metadata, key, json_string(value)) != 0)
        w->status = status_set(FV_ERROR_INVALID,
                               "%.100s: '%.100s' is not valid UTF-8, which model files are in", key, value);
}

static json_t *describe(const safetensors_tensor *t, size_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer(t->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", type_name(t->type), "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + t->bytes));
}

/* Wide types go first, so that everything is aligned to its own size; otherwise the order is that of the calls. */
static const safetensors_type order[] = {SAFETENSORS_I64, SAFETENSORS_F32, SAFETENSORS_U8};
enum {
    ORDER_COUNT = sizeof order / sizeof *order
};

/* The header as text, padded with spaces so that the data begins at a multiple of 8. NULL with the error set. */
static char *make_header(const safetensors_writer *w, size_t *length)
{
    size_t begin = 0;
    json_t *header = json_object();
    char *out = NULL;
    int failed = header == NULL;
    if (w->metadata)
        failed |= json_object_set(header, "__metadata__", w->metadata);
    for (int k = 0; k < ORDER_COUNT; k++)
        for (size_t i = 0; i < w->count; i++) {
            const safetensors_tensor *t = &w->tensors[i];
            if (t->type != order[k])
                continue;
            failed |= json_object_set_new(header, t->name, describe(t, begin));
            begin += t->bytes;
        }
    char *json = failed ? NULL : json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (!json) {
        status_set(FV_ERROR_INVALID,
                   "the header cannot be written: a tensor's name is not UTF-8, or memory is short");
        return NULL;
    }
    size_t used = strlen(json);
    *length = (used + 7) / 8 * 8;
    if ((out = mem_array(*length, 1))) {
        memset(out, ' ', *length);
        memcpy(out, json, used);
    }
    free(json);
    return out;
}

fv_status safetensors_write(const safetensors_writer *w, const char *path)
{
    file_writer file;
    size_t length;
    uint8_t prefix[8];
    if (w->status != FV_OK)
        return status_prefix(w->status, "%s", path);
    char *header = make_header(w, &length);
    if (!header)
        return status_prefix(status_last(), "%s", path);
    fv_status status = file_writer_open(&file, path);
    if (status == FV_OK) {
        for (int i = 0; i < 8; i++)
            prefix[i] = (uint8_t)((uint64_t)length >> 8 * i);
        file_writer_add(&file, prefix, sizeof prefix);
        file_writer_add(&file, header, length);
        for (int k = 0; k < ORDER_COUNT; k++)
            for (size_t i = 0; i < w->count; i++)
                if (w->tensors[i].type == order[k])
                    file_writer_add(&file, w->tensors[i].data, w->tensors[i].bytes);
        status = file_writer_commit(&file);
    }
    free(header);
    return status;
}

void safetensors_writer_release(safetensors_writer *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->tensors[i].name);
    free(w->tensors);
    json_decref(w->metadata);
    *w = (safetensors_writer){0};
}
