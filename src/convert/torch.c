/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/torch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"

/* ---- storages ---- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const torch_storage *)a)->key, ((const torch_storage *)b)->key);
}

/* Of a storage that is named several times the largest count; all must agree in type. */
static fv_status merge_storages(torch_reader *r, const char *path)
{
    size_t kept = 0;
    if (r->storage_count > 0)
        qsort(r->storages, r->storage_count, sizeof *r->storages, compare_keys);
    for (size_t i = 0; i < r->storage_count; i++) {
        torch_storage *s = &r->storages[i], *last = kept ? &r->storages[kept - 1] : NULL;
        if (!last || compare_keys(last, s) != 0) {
            torch_storage moved = *s;
            s->key = NULL;
            r->storages[kept++] = moved;
            continue;
        }
        if (last->type != s->type)
            return status_set(FV_ERROR_FORMAT, "%s: storage %.50s has two types; the file is damaged", path,
                              s->key);
        last->count = last->count > s->count ? last->count : s->count;
        free(s->key);
        s->key = NULL;
    }
    r->storage_count = kept;
    return FV_OK;
}

fv_status torch_take_storages(torch_reader *r, const pickle *p)
{
    r->storages = mem_array(p->storage_count, sizeof *r->storages);
    if (!r->storages)
        return status_last();
    for (size_t i = 0; i < p->storage_count; i++) {
        const pickle_value *v = p->storages[i], *key = v->storage.key;
        torch_storage *s = &r->storages[i];
        *s = (torch_storage){.type = v->storage.type};
        if (v->storage.first < 0 || v->storage.count < 0 ||
            __builtin_add_overflow(v->storage.first, v->storage.count, &s->count) || s->count > INT64_MAX / 8)
            return status_set(FV_ERROR_FORMAT, "%s: a storage has an impossible size; the file is damaged",
                              p->path);
        if (!(s->key = mem_string_n(key->string.bytes, key->string.length)))
            return status_last();
        text_flatten(s->key);
        r->storage_count = i + 1;
    }
    return merge_storages(r, p->path);
}

torch_storage *torch_find_storage(const torch_reader *r, const char *key, size_t length)
{
    torch_storage wanted = {.key = mem_string_n(key, length)}, *found = NULL;
    if (wanted.key)
        text_flatten(wanted.key);
    if (wanted.key && r->storage_count > 0)
        found = bsearch(&wanted, r->storages, r->storage_count, sizeof wanted, compare_keys);
    free(wanted.key);
    return found;
}

/* ---- reading ---- */

/* The strided elements of dimension `d` on, from element `at` of the storage. */
static float *gather(const named_tensor *t, const torch_tensor *w, const uint8_t *bytes, int d, int64_t at,
                     float *values)
{
    size_t size = number_size(t->type);
    if (d == t->rank) {
        *values = number_to_f32(t->type, bytes + (size_t)at * size);
        return values + 1;
    }
    for (int64_t i = 0; i < t->shape[d]; i++)
        values = gather(t, w, bytes, d + 1, at + i * w->strides[d], values);
    return values;
}

static bool is_contiguous(const named_tensor *t, const torch_tensor *w)
{
    int64_t stride = 1;
    for (int d = t->rank - 1; d >= 0; d--) {
        if (t->shape[d] != 1 && w->strides[d] != stride)
            return false;
        stride *= t->shape[d];
    }
    return true;
}

static fv_status read_values(const tensor_file *f, const named_tensor *t, float *values)
{
    torch_reader *r = f->reader;
    const torch_tensor *w = &r->tensors[t->place];
    if (t->count == 0)
        return FV_OK;
    if (r->in_bytes != w->storage + 1) {
        r->in_bytes = 0;
        fv_status status = r->load(r, f->path, &r->storages[w->storage]);
        if (status != FV_OK)
            return status_prefix(status, "tensor %.100s", t->name);
        r->in_bytes = w->storage + 1;
    }
    if (is_contiguous(t, w))
        numbers_to_f32(t->type, r->bytes.data + (size_t)w->first * number_size(t->type), (size_t)t->count,
                       values);
    else
        gather(t, w, r->bytes.data, 0, w->first, values);
    return FV_OK;
}

static void close_reader(void *reader)
{
    torch_reader *r = reader;
    if (r->close)
        r->close(r);
    for (size_t i = 0; i < r->storage_count; i++)
        free(r->storages[i].key);
    free(r->storages);
    free(r->tensors);
    file_bytes_release(&r->bytes);
    free(r);
}

torch_reader *torch_reader_create(tensor_file *f)
{
    torch_reader *r = mem_array(1, sizeof *r);
    if (r) {
        r->file = -1;
        f->reader = r;
        f->close = close_reader;
        f->read = read_values;
    }
    return r;
}

/* ---- tensors ---- */

static fv_status damaged(const tensor_file *f, const pickle_value *name, const char *what)
{
    char shown[101];
    snprintf(shown, sizeof shown, "%.*s", (int)(name->string.length < 100 ? name->string.length : 100),
             name->string.bytes);
    text_flatten(shown);
    return status_set(FV_ERROR_FORMAT, "%s: tensor %s: %s; the file is damaged", f->path, shown, what);
}

/* Shape and strides, whose last element must lie within the storage. */
static bool read_window(const pickle_value *v, int64_t elements, named_tensor *t, torch_tensor *w)
{
    const pickle_value *shape = v->tensor.shape, *strides = v->tensor.strides;
    int64_t last = w->first;
    bool empty = false, fits = true;
    if (shape->list.count > TENSORS_MAX_RANK || strides->list.count != shape->list.count || w->first < 0)
        return false;
    t->rank = (int)shape->list.count;
    t->count = 1;
    for (int d = 0; d < t->rank; d++) {
        const pickle_value *side = shape->list.items[d], *stride = strides->list.items[d];
        int64_t reach;
        if (side->kind != PICKLE_NUMBER || stride->kind != PICKLE_NUMBER || side->number < 0 ||
            stride->number < 0 || __builtin_mul_overflow(t->count, side->number, &t->count))
            return false;
        t->shape[d] = side->number;
        w->strides[d] = stride->number;
        empty |= side->number == 0;
        fits = fits &&
               (side->number == 0 || (!__builtin_mul_overflow(side->number - 1, stride->number, &reach) &&
                                      !__builtin_add_overflow(last, reach, &last)));
    }
    /* Values that stand for many (stride 0) would let a small file ask for any amount of memory; parameters are never saved so. */
    return empty || (fits && last < elements && t->count <= elements);
}

static fv_status add_tensor(tensor_file *f, const pickle_value *name, const pickle_value *v)
{
    torch_reader *r = f->reader;
    const pickle_value *storage = v->tensor.storage, *key = storage->storage.key;
    const torch_storage *s = torch_find_storage(r, key->string.bytes, key->string.length);
    if (!s)
        return damaged(f, name, "its storage is not there");
    named_tensor t = {.type = s->type, .place = r->tensor_count};
    torch_tensor w = {.storage = (size_t)(s - r->storages)};
    if (__builtin_add_overflow(storage->storage.first, v->tensor.offset, &w.first) || v->tensor.offset < 0 ||
        !read_window(v, s->count, &t, &w))
        return damaged(f, name, "its shape does not fit its storage");
    if (t.count > 0 && !s->found)
        return damaged(f, name, "its storage is not there");
    STATUS_TRY(MEM_GROW(r->tensors, r->tensor_count, r->tensor_capacity));
    r->tensors[r->tensor_count++] = w;
    return tensor_file_add(f, name->string.bytes, name->string.length, t);
}

static bool has_tensors(const pickle_value *dict)
{
    for (size_t i = 0; i + 1 < dict->list.count; i += 2)
        if (dict->list.items[i]->kind == PICKLE_STRING && dict->list.items[i + 1]->kind == PICKLE_TENSOR)
            return true;
    return false;
}

/* The state dict: the value itself, or what training scripts keep it under. NULL: there is none. */
static const pickle_value *find_state_dict(const pickle_value *value)
{
    static const char *const keys[] = {"state_dict", "model_state_dict", "model",  "module", "net",
                                       "network",    "weights",          "params", NULL};
    for (int depth = 0; depth < 3 && value && value->kind == PICKLE_DICT; depth++) {
        const pickle_value *inner = NULL;
        if (has_tensors(value))
            return value;
        for (int i = 0; keys[i] && !(inner && inner->kind == PICKLE_DICT); i++)
            inner = pickle_get(value, keys[i]);
        value = inner;
    }
    return NULL;
}

static fv_status no_state_dict(const tensor_file *f, const pickle_value *value)
{
    text keys = {0};
    for (size_t i = 0; value->kind == PICKLE_DICT && i + 1 < value->list.count && i < 20; i += 2) {
        const pickle_value *key = value->list.items[i];
        if (key->kind == PICKLE_STRING)
            text_add(&keys, "%s%.*s", keys.length ? ", " : "",
                     (int)(key->string.length < 40 ? key->string.length : 40), key->string.bytes);
    }
    if (keys.data)
        text_flatten(keys.data);
    fv_status status =
        status_set(FV_ERROR_FORMAT,
                   "%s: there is no state dict in it%s%s; save one: torch.save(model.state_dict(), FILE)",
                   f->path, keys.length ? ", only " : "", text_string(&keys));
    text_release(&keys);
    return status;
}

fv_status torch_take_tensors(tensor_file *f, const pickle_value *value)
{
    const pickle_value *dict = find_state_dict(value);
    if (!dict)
        return no_state_dict(f, value);
    for (size_t i = 0; i + 1 < dict->list.count; i += 2)
        if (dict->list.items[i]->kind == PICKLE_STRING && dict->list.items[i + 1]->kind == PICKLE_TENSOR)
            STATUS_TRY(add_tensor(f, dict->list.items[i], dict->list.items[i + 1]));
    return FV_OK;
}
