/* SPDX-License-Identifier: Apache-2.0 */
#include "model/checkpoint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "model/file.h"

float *checkpoint_add_tensor(checkpoint_extra *x, const char *name, int64_t count)
{
    if (count < 0) {
        status_set(FV_ERROR_INTERNAL, "a checkpoint's tensor %s has no size", name);
        return NULL;
    }
    if (MEM_GROW(x->tensors, x->tensor_count, x->tensor_capacity) != FV_OK)
        return NULL;
    checkpoint_tensor t = {
        .name = mem_string(name), .count = count, .data = mem_array((size_t)count, sizeof(float))};
    if (!t.name || !t.data) {
        free(t.name);
        free(t.data);
        return NULL;
    }
    x->tensors[x->tensor_count++] = t;
    return t.data;
}

static fv_status add_value(checkpoint_extra *x, const char *key, const char *content)
{
    STATUS_TRY(MEM_GROW(x->values, x->value_count, x->value_capacity));
    checkpoint_value v = {.key = mem_string(key), .value = mem_string(content)};
    if (!v.key || !v.value) {
        free(v.key);
        free(v.value);
        return status_last();
    }
    x->values[x->value_count++] = v;
    return FV_OK;
}

fv_status checkpoint_add_value(checkpoint_extra *x, const char *key, const char *format, ...)
{
    va_list arguments;
    char *content = NULL;
    va_start(arguments, format);
    int length = vasprintf(&content, format, arguments);
    va_end(arguments);
    if (length < 0)
        return status_set(FV_ERROR_MEMORY, "not enough memory for a checkpoint's %s", key);
    fv_status status = add_value(x, key, content);
    free(content);
    return status;
}

const checkpoint_tensor *checkpoint_find_tensor(const checkpoint_extra *x, const char *name)
{
    for (size_t i = 0; i < x->tensor_count; i++)
        if (strcmp(x->tensors[i].name, name) == 0)
            return &x->tensors[i];
    return NULL;
}

const char *checkpoint_find_value(const checkpoint_extra *x, const char *key)
{
    for (size_t i = 0; i < x->value_count; i++)
        if (strcmp(x->values[i].key, key) == 0)
            return x->values[i].value;
    return NULL;
}

void checkpoint_release(checkpoint_extra *x)
{
    for (size_t i = 0; i < x->tensor_count; i++) {
        free(x->tensors[i].name);
        free(x->tensors[i].data);
    }
    for (size_t i = 0; i < x->value_count; i++) {
        free(x->values[i].key);
        free(x->values[i].value);
    }
    free(x->tensors);
    free(x->values);
    *x = (checkpoint_extra){0};
}

/* The name in the file. NULL when memory is short. */
static char *prefixed(const char *name)
{
    text t = {0};
    text_add(&t, CHECKPOINT_PREFIX "%s", name);
    if (text_status(&t) != FV_OK)
        text_release(&t);
    return t.data;
}

static fv_status add_extra(const checkpoint_extra *x, safetensors_writer *w)
{
    for (size_t i = 0; i < x->value_count; i++) {
        char *key = prefixed(x->values[i].key);
        if (!key)
            return status_last();
        safetensors_set(w, key, x->values[i].value);
        free(key);
    }
    for (size_t i = 0; i < x->tensor_count; i++) {
        const checkpoint_tensor *t = &x->tensors[i];
        char *name = prefixed(t->name);
        if (!name)
            return status_last();
        safetensors_add(w, name, SAFETENSORS_F32, &t->count, 1, t->data);
        free(name);
    }
    return w->status;
}

/* ---- the checksum: the sum over tensors and values, so that their order does not matter ---- */

static const char checksum_key[] = CHECKPOINT_PREFIX "checksum";

static uint64_t hash_tensor(const char *name, const void *bytes, size_t size)
{
    return hash_bytes(hash_string(HASH_START, name), bytes, size);
}

static uint64_t hash_values(json_t *metadata)
{
    const char *key;
    json_t *content;
    uint64_t sum = 0;
    json_object_foreach(metadata, key, content)
    {
        const char *value = json_string_value(content);
        if (value && strcmp(key, checksum_key) != 0)
            sum += hash_string(hash_string(HASH_START, key), value);
    }
    return sum;
}

static void add_checksum(safetensors_writer *w)
{
    char digits[17];
    uint64_t sum = hash_values(w->metadata);
    for (size_t i = 0; i < w->count; i++)
        sum += hash_tensor(w->tensors[i].name, w->tensors[i].data, w->tensors[i].bytes);
    snprintf(digits, sizeof digits, "%016" PRIx64, sum);
    safetensors_set(w, checksum_key, digits);
}

static fv_status hash_entries(const safetensors *f, uint64_t *sum)
{
    file_bytes bytes = {0};
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < f->count; i++) {
        const safetensors_entry *e = &f->entries[i];
        status = file_bytes_resize(&bytes, (size_t)e->bytes);
        if (status == FV_OK)
            status = safetensors_read_bytes(f, e, bytes.data);
        if (status == FV_OK)
            *sum += hash_tensor(e->name, bytes.data, bytes.size);
    }
    file_bytes_release(&bytes);
    return status;
}

static fv_status check_checksum(const safetensors *f)
{
    char digits[17];
    const char *saved = safetensors_metadata(f, checksum_key);
    uint64_t sum = hash_values(json_object_get(f->header, "__metadata__"));
    STATUS_TRY(hash_entries(f, &sum));
    snprintf(digits, sizeof digits, "%016" PRIx64, sum);
    return saved && strcmp(saved, digits) == 0
               ? FV_OK
               : status_set(FV_ERROR_FORMAT, "%s: is damaged: it does not hold what was written", f->path);
}

fv_status checkpoint_save(fv_model *m, const checkpoint_extra *x, const char *path)
{
    safetensors_writer w = {0};
    fv_status status = model_file_add(m, &w);
    if (status == FV_OK && x)
        status = add_extra(x, &w);
    if (status == FV_OK && x)
        add_checksum(&w);
    if (status == FV_OK)
        status = safetensors_write(&w, path);
    else
        status_prefix(status, "%s: cannot be saved", path);
    safetensors_writer_release(&w);
    return status;
}

/* ---- loading ---- */

static const size_t prefix_length = sizeof CHECKPOINT_PREFIX - 1;

static bool is_prefixed(const char *name)
{
    return strncmp(name, CHECKPOINT_PREFIX, prefix_length) == 0;
}

static fv_status read_values(const safetensors *f, checkpoint_extra *x)
{
    const char *key;
    json_t *content;
    json_object_foreach(json_object_get(f->header, "__metadata__"), key, content)
    {
        if (is_prefixed(key) && json_is_string(content) && strcmp(key, checksum_key) != 0)
            STATUS_TRY(add_value(x, key + prefix_length, json_string_value(content)));
    }
    if (x->value_count == 0)
        return status_set(FV_ERROR_FORMAT,
                          "%s: is a model without the state of a training run: it cannot be resumed from",
                          f->path);
    return FV_OK;
}

static fv_status read_state(const safetensors *f, checkpoint_extra *x)
{
    for (size_t i = 0; i < f->count; i++) {
        const safetensors_entry *e = &f->entries[i];
        if (!is_prefixed(e->name))
            continue;
        float *data = checkpoint_add_tensor(x, e->name + prefix_length, e->count);
        if (!data)
            return status_last();
        STATUS_TRY(safetensors_read_f32(f, e, data));
    }
    return FV_OK;
}

fv_status checkpoint_load_values(const char *path, checkpoint_extra *x)
{
    safetensors f;
    STATUS_TRY(safetensors_open(&f, path));
    fv_status status = read_values(&f, x);
    safetensors_release(&f);
    if (status != FV_OK)
        checkpoint_release(x);
    return status;
}

fv_status checkpoint_load(fv_model *m, const char *path, checkpoint_extra *x)
{
    safetensors f;
    STATUS_TRY(network_check(m));
    STATUS_TRY(safetensors_open(&f, path));
    fv_status status = read_values(&f, x);
    if (status == FV_OK)
        status = check_checksum(&f);
    if (status == FV_OK)
        status = read_state(&f, x);
    if (status == FV_OK)
        status = model_file_read_tensors(m, &f);
    if (status == FV_OK)
        status = model_file_read_metadata(m, &f);
    if (status == FV_OK)
        status = model_file_read_samples(m, &f);
    safetensors_release(&f);
    if (status != FV_OK)
        checkpoint_release(x);
    return status;
}
