/* SPDX-License-Identifier: Apache-2.0 */
/* torch.save since PyTorch 1.6: a zip archive of NAME/data.pkl and, stored as they are, NAME/data/KEY for each storage. */
#include <stdlib.h>
#include <string.h>

#include "convert/torch.h"
#include "core/memory.h"
#include "core/text.h"
#include "data/archives/container.h"

static fv_status load(torch_reader *r, const char *path, const torch_storage *s)
{
    (void)path;
    uint64_t size = (uint64_t)s->count * number_size(s->type);
    return container_read(r->zip, (size_t)s->place, (size_t)size, &r->bytes);
}

static void close_zip(torch_reader *r)
{
    container_release(r->zip);
}

/* The entry FOLDER/data.pkl, FOLDER being one name or nothing; -1 when there is none. */
static int64_t find_pickle(const container *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const char *name = container_name(c, i), *slash = strchr(name, '/');
        if (strcmp(slash ? slash + 1 : name, "data.pkl") == 0)
            return (int64_t)i;
    }
    return -1;
}

/* Where each storage lies. Its size must be what the pickle says: that is how much memory it will take. */
static fv_status find_storages(torch_reader *r, const char *path, const char *folder, int length)
{
    for (size_t i = 0; i < r->storage_count; i++) {
        torch_storage *s = &r->storages[i];
        text name = {0};
        text_add(&name, "%.*sdata/%s", length, folder, s->key);
        fv_status status = text_status(&name);
        int64_t entry = container_find(r->zip, text_string(&name));
        text_release(&name);
        STATUS_TRY(status);
        if (entry < 0)
            continue;
        if (r->zip->entries[entry].size != (uint64_t)s->count * number_size(s->type))
            return status_set(
                FV_ERROR_FORMAT,
                "%s: storage %.50s has not as many bytes as its tensors say; the file is damaged", path,
                s->key);
        s->place = (uint64_t)entry;
        s->found = true;
    }
    return FV_OK;
}

static fv_status check_archive(const container *c, const char *folder, int length, const char *path)
{
    text name = {0};
    file_bytes order = {0};
    fv_status status = FV_OK;
    text_add(&name, "%.*sconstants.pkl", length, folder);
    if (container_find(c, text_string(&name)) >= 0)
        status = status_set(FV_ERROR_UNSUPPORTED,
                            "%s: is a TorchScript program; save its state dict: "
                            "torch.save(torch.jit.load(FILE).state_dict(), OTHER)",
                            path);
    text_release(&name);
    text_add(&name, "%.*sbyteorder", length, folder);
    int64_t entry = container_find(c, text_string(&name));
    if (status == FV_OK && entry >= 0)
        status = container_read(c, (size_t)entry, 16, &order);
    if (status == FV_OK && order.size && strcmp((const char *)order.data, "little") != 0)
        status = status_set(FV_ERROR_UNSUPPORTED, "%s: its numbers are big-endian", path);
    file_bytes_release(&order);
    text_release(&name);
    return status;
}

fv_status torch_zip_tensors(tensor_file *f)
{
    torch_reader *r = torch_reader_create(f);
    const pickle_value *value;
    file_bytes bytes = {0};
    pickle p;
    if (!r)
        return status_last();
    r->load = load;
    r->close = close_zip;
    STATUS_TRY(container_open(f->path, true, &r->zip));
    int64_t entry = find_pickle(r->zip);
    if (entry < 0)
        return status_set(FV_ERROR_FORMAT, "%s: is a zip archive without data.pkl, so no file of PyTorch's",
                          f->path);
    const char *folder = container_name(r->zip, (size_t)entry);
    int length = (int)(strlen(folder) - strlen("data.pkl"));
    STATUS_TRY(check_archive(r->zip, folder, length, f->path));
    fv_status status = container_read(r->zip, (size_t)entry, PICKLE_MAX_BYTES, &bytes);
    pickle_init(&p, f->path, bytes.data, bytes.size);
    if (status == FV_OK)
        status = pickle_read(&p, &value);
    if (status == FV_OK)
        status = torch_take_storages(r, &p);
    if (status == FV_OK)
        status = find_storages(r, f->path, folder, length);
    if (status == FV_OK)
        status = torch_take_tensors(f, value);
    pickle_release(&p);
    file_bytes_release(&bytes);
    return status;
}
