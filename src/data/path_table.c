/* SPDX-License-Identifier: Apache-2.0 */
#include "data/path_table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"

enum {
    NUMBER_BYTES = 5 /* of a folder's number at most */
};

/* Seven bits a byte, the lowest first, and 128 on all but the last, which is one more than its bits: no byte is zero. */
static size_t write_number(uint32_t number, char *out)
{
    size_t n = 0;
    for (; number >= 127; number >>= 7)
        out[n++] = (char)(128 | (number & 127));
    out[n++] = (char)(number + 1);
    return n;
}

static const char *read_number(const char *in, uint32_t *number)
{
    unsigned shift = 0;
    for (*number = 0; *in & 128; in++, shift += 7)
        *number |= (uint32_t)(*in & 127) << shift;
    *number += (uint32_t)(*in - 1) << shift;
    return in + 1;
}

static fv_status find_folder(path_table *t, const char *path, size_t length)
{
    char folder[PATH_MAX];
    const char *last = t->folders.count > 0 ? name_table_get(&t->folders, t->last) : NULL;
    if (last && strncmp(last, path, length) == 0 && !last[length])
        return FV_OK;
    memcpy(folder, path, length);
    folder[length] = 0;
    return name_table_add(&t->folders, folder, &t->last);
}

fv_status path_table_add(path_table *t, const char *path, uint32_t *index)
{
    char key[PATH_MAX + NUMBER_BYTES];
    const char *base = file_base_name(path);
    if (strlen(path) >= PATH_MAX)
        return status_set(FV_ERROR_UNSUPPORTED, "%.200s...: the path is too long", path);
    STATUS_TRY(find_folder(t, path, (size_t)(base - path)));
    memcpy(key + write_number(t->last, key), base, strlen(base) + 1);
    return name_table_add(&t->files, key, index);
}

size_t path_table_count(const path_table *t)
{
    return t->files.count;
}

const char *path_table_print(const path_table *t, size_t index, char *buffer, size_t size)
{
    uint32_t folder;
    const char *base = read_number(name_table_get(&t->files, index), &folder);
    snprintf(buffer, size, "%s%s", name_table_get(&t->folders, folder), base);
    return buffer;
}

void path_table_close(path_table *t)
{
    name_table_close(&t->folders);
    name_table_close(&t->files);
}

void path_table_release(path_table *t)
{
    name_table_release(&t->folders);
    name_table_release(&t->files);
}
