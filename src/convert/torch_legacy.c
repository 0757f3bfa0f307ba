/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torch.save before PyTorch 1.6: five pickles one after the other (a magic number, a version, facts about the machine, the object,
 * the storages' keys), and then for each key the number of its elements in 8 bytes and the elements.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert/torch.h"
#include "core/memory.h"

static const uint8_t magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
enum {
    VERSION = 1001
};

static fv_status read_at(int file, const char *path, uint64_t offset, uint8_t *to, size_t size)
{
    while (size > 0) {
        ssize_t got = pread(file, to, size < (1 << 30) ? size : (1 << 30), (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_set(FV_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
        if (got == 0)
            return status_set(FV_ERROR_FORMAT, "%s: ends in the middle; it was cut short", path);
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return FV_OK;
}

static fv_status load(torch_reader *r, const char *path, const torch_storage *s)
{
    size_t size = (size_t)s->count * number_size(s->type);
    STATUS_TRY(file_bytes_resize(&r->bytes, size));
    return read_at(r->file, path, s->place, r->bytes.data, size);
}

static void close_file(torch_reader *r)
{
    if (r->file >= 0)
        close(r->file);
}

/* Magic number, version and machine; a little-endian one. */
static fv_status read_preamble(pickle *p)
{
    const pickle_value *v;
    size_t end = 2 + 2 + sizeof magic + 1; /* protocol, LONG1 with its length, STOP */
    if (p->size < end || memcmp(p->bytes + 4, magic, sizeof magic) != 0)
        return status_set(FV_ERROR_FORMAT, "%s: is a pickle, but not one that torch.save wrote", p->path);
    STATUS_TRY(pickle_read(p, &v));
    STATUS_TRY(pickle_read(p, &v));
    if (v->kind != PICKLE_NUMBER || v->number != VERSION)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: is in another version of PyTorch's format than %d",
                          p->path, VERSION);
    STATUS_TRY(pickle_read(p, &v));
    const pickle_value *little = v->kind == PICKLE_DICT ? pickle_get(v, "little_endian") : NULL;
    if (little && little->kind == PICKLE_NUMBER && little->number == 0)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: its numbers are big-endian", p->path);
    return FV_OK;
}

/* Where each storage lies: one after the other from `at`, in the order of the keys, all within the file. */
static fv_status find_storages(torch_reader *r, const char *path, const pickle_value *keys, uint64_t at,
                               uint64_t end)
{
    for (size_t i = 0; i < keys->list.count; i++) {
        const pickle_value *key = keys->list.items[i];
        torch_storage *s =
            key->kind == PICKLE_STRING ? torch_find_storage(r, key->string.bytes, key->string.length) : NULL;
        uint8_t bytes[8];
        uint64_t count = 0;
        if (!s || s->found)
            return status_set(FV_ERROR_FORMAT,
                              "%s: its list of storages does not fit its tensors; the file is damaged", path);
        if (end - at < sizeof bytes)
            return status_set(FV_ERROR_FORMAT, "%s: ends before its storages; it was cut short", path);
        STATUS_TRY(read_at(r->file, path, at, bytes, sizeof bytes));
        for (int b = 7; b >= 0; b--)
            count = count << 8 | bytes[b];
        at += sizeof bytes;
        if (count > (end - at) / number_size(s->type))
            return status_set(FV_ERROR_FORMAT, "%s: storage %.50s goes past the file's end; it was cut short",
                              path, s->key);
        if ((uint64_t)s->count > count)
            return status_set(
                FV_ERROR_FORMAT,
                "%s: storage %.50s has not as many elements as its tensors say; the file is damaged", path,
                s->key);
        s->count = (int64_t)count;
        s->place = at;
        s->found = true;
        at += count * number_size(s->type);
    }
    return FV_OK;
}

static fv_status read_all(tensor_file *f, torch_reader *r, pickle *p, uint64_t size)
{
    const pickle_value *value, *keys;
    STATUS_TRY(read_preamble(p));
    STATUS_TRY(pickle_read(p, &value));
    STATUS_TRY(pickle_read(p, &keys));
    if (keys->kind != PICKLE_LIST)
        return status_set(FV_ERROR_FORMAT, "%s: has no list of storages; the file is damaged", f->path);
    STATUS_TRY(torch_take_storages(r, p));
    STATUS_TRY(find_storages(r, f->path, keys, p->at, size));
    return torch_take_tensors(f, value);
}

fv_status torch_legacy_tensors(tensor_file *f)
{
    torch_reader *r = torch_reader_create(f);
    struct stat info;
    if (!r)
        return status_last();
    r->load = load;
    r->close = close_file;
    STATUS_TRY(file_open(f->path, &r->file));
    if (fstat(r->file, &info) != 0)
        return status_set(FV_ERROR_IO, "%s: cannot be read: %s", f->path, strerror(errno));
    uint64_t size = (uint64_t)info.st_size;
    size_t head = size < PICKLE_MAX_BYTES ? (size_t)size : PICKLE_MAX_BYTES;
    uint8_t *bytes = mem_array(head, 1);
    if (!bytes)
        return status_last();
    pickle p;
    pickle_init(&p, f->path, bytes, head);
    fv_status status = read_at(r->file, f->path, 0, bytes, head);
    if (status == FV_OK)
        status = read_all(f, r, &p, size);
    pickle_release(&p);
    free(bytes);
    return status;
}
