/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats of archives share: names, order, reading by number. */
#include "data/archives/container.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/source.h"

enum {
    MAX_NAME = 4096,
    MAGIC_BYTES = 512
};

/* ---- recognising ---- */

static const struct {
    size_t offset, length;
    const char *bytes;
} magics[] = {{0, 4, "PK\3\4"},
              {0, 4, "PK\5\6"},
              {0, 4, "PK\7\x08"},
              {257, 5, "ustar"},
              {0, 6,
               "\xfd"
               "7zXZ"},
              {0, 2, "\x1f\x8b"},
              {0, 4, "\x28\xb5\x2f\xfd"},
              {0, 3, "BZh"}};
static const char *const endings[] = {".zip",    ".tar",    ".tgz",     ".txz",    ".tbz2",
                                      ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"};

static bool ends_with(const char *name, const char *end)
{
    size_t a = strlen(name), b = strlen(end);
    return a > b && strcasecmp(name + a - b, end) == 0;
}

/* The first bytes of the file; 0 when it cannot be read. */
static size_t first_bytes(const char *path, char bytes[MAGIC_BYTES])
{
    int file;
    if (file_open(path, &file) != FV_OK)
        return 0;
    ssize_t got = pread(file, bytes, MAGIC_BYTES, 0);
    close(file);
    return got > 0 ? (size_t)got : 0;
}

bool container_detect(const char *path)
{
    char bytes[MAGIC_BYTES];
    size_t got = first_bytes(path, bytes);
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (got >= magics[i].offset + magics[i].length &&
            memcmp(bytes + magics[i].offset, magics[i].bytes, magics[i].length) == 0)
            return true;
    for (size_t i = 0; got > 0 && i < sizeof endings / sizeof *endings; i++)
        if (ends_with(path, endings[i]))
            return true;
    return false;
}

fv_status container_open(const char *path, bool keep_open, container **out)
{
    char bytes[MAGIC_BYTES];
    size_t got = first_bytes(path, bytes);
    /* A zip may have a program in front; its name then says it. */
    bool zip = (got > 2 && memcmp(bytes, "PK", 2) == 0) || ends_with(path, ".zip");
    *out = NULL;
    return zip ? zip_open_container(path, out) : tar_open_container(path, keep_open, true, out);
}

/* ---- life ---- */

fv_status container_init(container *c, const char *path)
{
    c->users = 1;
    c->path = mem_string(path);
    return c->path ? FV_OK : status_last();
}

void container_free(container *c)
{
    free(c->path);
    text_release(&c->names);
    free(c->entries);
    free(c);
}

container *container_share(container *c)
{
    c->users++;
    return c;
}

void container_release(container *c)
{
    if (c && --c->users == 0)
        c->destroy(c);
}

/* ---- names ---- */

fv_status container_add_name(container *c, const char *name, size_t *place)
{
    *place = c->names.length;
    for (const char *part = name; *part;) {
        size_t length = strcspn(part, "/");
        if (length > 0 && !(length == 1 && *part == '.')) {
            if (c->names.length > *place)
                text_add_bytes(&c->names, "/", 1);
            text_add_bytes(&c->names, part, length);
        }
        part += length + (part[length] == '/');
    }
    text_add_bytes(&c->names, "", 1);
    return text_status(&c->names);
}

fv_status container_add(container *c, const char *name, uint64_t size, uint64_t place)
{
    size_t start;
    if (!name || strlen(name) > MAX_NAME) {
        c->unnamed++;
        return FV_OK;
    }
    if (c->count >= SOURCE_MAX_RECORDS)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: more than %lld files", c->path,
                          (long long)SOURCE_MAX_RECORDS);
    STATUS_TRY(MEM_GROW(c->entries, c->count, c->capacity));
    STATUS_TRY(container_add_name(c, name, &start));
    if (c->names.data[start] == 0) {
        c->unnamed++;
        return FV_OK;
    }
    c->entries[c->count++] = (container_entry){.name = start, .size = size, .place = place};
    return FV_OK;
}

/* In each folder first its files, then the folders in it. */
static int compare_paths(const char *a, const char *b)
{
    size_t i = 0, part = 0;
    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            part = i + 1;
    if (a[i] == b[i])
        return 0;
    bool a_folder = strchr(a + part, '/'), b_folder = strchr(b + part, '/');
    if (a_folder != b_folder)
        return a_folder ? 1 : -1;
    unsigned char x = a[i] == '/' ? 0 : (unsigned char)a[i], y = b[i] == '/' ? 0 : (unsigned char)b[i];
    return x < y ? -1 : 1;
}

/* Names that are equal stand in the order of the archive: names were added in it. */
static int by_path(const void *a, const void *b, void *names)
{
    const container_entry *x = a, *y = b;
    int order = compare_paths((const char *)names + x->name, (const char *)names + y->name);
    return order ? order : (x->name > y->name) - (x->name < y->name);
}

fv_status container_sort(container *c)
{
    if (c->count == 0)
        return FV_OK;
    qsort_r(c->entries, c->count, sizeof *c->entries, by_path, c->names.data);
    size_t kept = 1;
    for (size_t i = 1; i < c->count; i++) {
        bool twice = strcmp(container_name(c, i), container_name(c, kept - 1)) == 0;
        c->doubles += twice;
        c->entries[twice ? kept - 1 : kept++] = c->entries[i];
    }
    c->count = kept;
    return FV_OK;
}

int64_t container_find(const container *c, const char *name)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_paths(container_name(c, middle), name);
        if (order == 0)
            return (int64_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *container_name(const container *c, size_t entry)
{
    return c->names.data + c->entries[entry].name;
}

void container_file(const container *c, size_t entry, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s/%s", c->path, container_name(c, entry));
}

/* ---- reading ---- */

fv_status container_read(const container *c, size_t entry, size_t limit, file_bytes *bytes)
{
    const container_entry *e = &c->entries[entry];
    bytes->size = 0;
    if ((bytes->too_large = e->size > limit))
        return status_set(FV_ERROR_FORMAT, "%s/%s: %llu bytes are over the limit of %zu", c->path,
                          container_name(c, entry), (unsigned long long)e->size, limit);
    return c->read(c, e, bytes);
}

fv_status container_problems(const container *c, name_list *problems)
{
    if (c->doubles > 0)
        STATUS_TRY(names_add(problems, "%s: %lld files stand in it more than once; the last of each is taken",
                             c->path, (long long)c->doubles));
    if (c->links > 0)
        STATUS_TRY(names_add(problems, "%s: %lld links are left out", c->path, (long long)c->links));
    if (c->encrypted > 0)
        STATUS_TRY(names_add(problems, "%s: %lld files are encrypted and left out, the first is %s", c->path,
                             (long long)c->encrypted, c->names.data + c->first_encrypted));
    if (c->unnamed > 0)
        STATUS_TRY(names_add(problems,
                             "%s: %lld files without a name or with one of over %d bytes are left out",
                             c->path, (long long)c->unnamed, MAX_NAME));
    if (c->odd > 0)
        STATUS_TRY(names_add(
            problems,
            "%s: %lld files are stored in a way that is not understood (sparse, deleted); they are left out",
            c->path, (long long)c->odd));
    return FV_OK;
}
