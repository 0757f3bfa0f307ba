/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar: libarchive tells once where each file's bytes lie; from then on they are read in place, by any number of threads.
 * A compressed tar is first unpacked, as the one stream that it is, into a file without a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/archives/container.h"
#include "data/archives/libarchive.h"

enum {
    BLOCK = 1 << 16,
    UNPACK_BLOCK = 1 << 18,
    RATIO_LIMIT =
        1000 /* unpacked to packed bytes; pictures reach 2, files of zeros 1000 (deflate) and far more (xz) */
};
static const uint64_t ratio_free = (uint64_t)1 << 28; /* bytes that any archive may unpack to */
static const uint64_t space_left = (uint64_t)1 << 26; /* bytes that are not taken from the disk */

typedef struct tar_container {
    container base;
    int file; /* -1: opened for each read */
    uint64_t size;
} tar_container;

/* A link to a file within the archive; both are offsets in the names. */
typedef struct tar_link {
    size_t name, target;
} tar_link;

typedef struct scan {
    tar_container *tar;
    const libarchive_api *api;
    struct archive *stream;
    struct archive_entry *entry;
    tar_link *links;
    size_t link_count, link_capacity;
} scan;

/* ---- the container ---- */

static fv_status read_at(int file, uint64_t offset, uint8_t *to, uint64_t size)
{
    for (uint64_t got = 0; got < size;) {
        ssize_t n = pread(file, to + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? ENODATA : errno;
            return FV_ERROR_IO;
        }
        got += (uint64_t)n;
    }
    return FV_OK;
}

static fv_status read_entry(const container *c, const container_entry *e, file_bytes *bytes)
{
    const tar_container *t = (const tar_container *)c;
    int file = t->file;
    STATUS_TRY(file_bytes_resize(bytes, e->size));
    if (file < 0)
        STATUS_TRY(file_open(c->path, &file));
    fv_status status = read_at(file, e->place, bytes->data, e->size);
    if (status != FV_OK)
        status_set(status, "%s/%s: cannot be read: %s", c->path, c->names.data + e->name,
                   errno == ENODATA ? "the archive has become shorter" : strerror(errno));
    if (t->file < 0)
        close(file);
    return status;
}

static void destroy(container *c)
{
    tar_container *t = (tar_container *)c;
    if (t->file >= 0)
        close(t->file);
    container_free(c);
}

/* ---- listing ---- */

static fv_status damaged(const scan *s)
{
    const char *reason = s->api->error_string(s->stream);
    return status_set(FV_ERROR_FORMAT, "%s: is no tar archive, or a damaged one: %s (after %zu files)",
                      s->tar->base.path, reason ? reason : "it cannot be read", s->tar->base.count);
}

static fv_status add_link(scan *s, const char *name, const char *target)
{
    tar_link link;
    if (!name || !target) {
        s->tar->base.unnamed++;
        return FV_OK;
    }
    STATUS_TRY(MEM_GROW(s->links, s->link_count, s->link_capacity));
    STATUS_TRY(container_add_name(&s->tar->base, name, &link.name));
    STATUS_TRY(container_add_name(&s->tar->base, target, &link.target));
    s->links[s->link_count++] = link;
    return FV_OK;
}

static fv_status add_entry(scan *s)
{
    container *c = &s->tar->base;
    const libarchive_api *api = s->api;
    const char *name = api->entry_pathname(s->entry), *target = api->entry_hardlink(s->entry);
    if (target)
        return add_link(s, name, target);
    if (api->entry_filetype(s->entry) == AE_IFLNK)
        c->links++;
    if (api->entry_filetype(s->entry) != AE_IFREG)
        return FV_OK;
    int64_t size = api->entry_size(s->entry), place = api->filter_bytes(s->stream, 0);
    if (size < 0 || place < 0 || api->entry_sparse_count(s->entry) > 0) {
        c->odd++;
        return FV_OK;
    }
    if ((uint64_t)place > s->tar->size || (uint64_t)size > s->tar->size - (uint64_t)place)
        return status_set(FV_ERROR_FORMAT, "%s: truncated: it ends within %s", c->path,
                          name ? name : "a file");
    return container_add(c, name, (uint64_t)size, (uint64_t)place);
}

/* Hard links become files of their own with the same bytes. */
static fv_status resolve_links(scan *s)
{
    container *c = &s->tar->base;
    size_t files = c->count;
    if (s->link_count == 0)
        return FV_OK;
    for (size_t i = 0; i < s->link_count; i++) {
        /* Found among the files that are sorted already; new ones are only appended. */
        c->count = files;
        int64_t target = container_find(c, c->names.data + s->links[i].target);
        c->count = files + i;
        STATUS_TRY(MEM_GROW(c->entries, c->count, c->capacity));
        c->entries[c->count] = target < 0 ? (container_entry){.size = UINT64_MAX} : c->entries[target];
        c->entries[c->count++].name = s->links[i].name;
    }
    size_t kept = files;
    for (size_t i = files; i < c->count; i++)
        if (c->entries[i].size != UINT64_MAX)
            c->entries[kept++] = c->entries[i];
    c->links += (int64_t)(c->count - kept);
    c->count = kept;
    return container_sort(c);
}

static fv_status scan_entries(scan *s)
{
    int code;
    while ((code = s->api->read_next_header(s->stream, &s->entry)) == ARCHIVE_OK || code == ARCHIVE_WARN)
        STATUS_TRY(add_entry(s));
    if (code != ARCHIVE_EOF)
        return damaged(s);
    STATUS_TRY(container_sort(&s->tar->base));
    return resolve_links(s);
}

static fv_status scan_file(tar_container *t, int file)
{
    scan s = {.tar = t};
    STATUS_TRY(libarchive_open(&s.api));
    s.stream = s.api->read_new();
    if (!s.stream)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to list it", t->base.path);
    s.api->read_support_format_tar(s.stream);
    /* Names are bytes, whatever the locale. */
    s.api->read_set_options(s.stream, "hdrcharset=BINARY");
    fv_status status = FV_OK;
    if (lseek(file, 0, SEEK_SET) != 0 || s.api->read_open_fd(s.stream, file, BLOCK) != ARCHIVE_OK)
        status = damaged(&s);
    if (status == FV_OK)
        status = scan_entries(&s);
    s.api->read_free(s.stream);
    free(s.links);
    return status;
}

/* ---- unpacking ---- */

/* A file that has no name, and is gone when it is closed. */
static fv_status nameless_file(int *file, const char **folder)
{
    const char *given = getenv("TMPDIR");
    *folder = given && *given ? given : "/tmp";
    *file = open(*folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*file >= 0)
        return FV_OK;
    char *path = file_join(*folder, "fovea-XXXXXX"); /* not every file system has O_TMPFILE */
    if (!path)
        return status_last();
    *file = mkostemp(path, O_CLOEXEC);
    int error = errno;
    if (*file >= 0)
        unlink(path);
    free(path);
    return *file >= 0
               ? FV_OK
               : status_set(FV_ERROR_IO, "%s: no file can be made there: %s; TMPDIR names another folder",
                            *folder, strerror(error));
}

static uint64_t free_space(int file)
{
    struct statvfs info;
    if (fstatvfs(file, &info) != 0)
        return UINT64_MAX;
    return (uint64_t)info.f_bavail * info.f_frsize;
}

static bool write_all(int file, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(file, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* Copies the unpacked stream. Bombs are stopped: by the ratio, and before the disk is full. */
static fv_status copy_stream(const scan *s, const char *path, uint64_t packed, int to, const char *folder)
{
    uint64_t done = 0, space = free_space(to);
    uint8_t *block = mem_array(UNPACK_BLOCK, 1);
    fv_status status = block ? FV_OK : status_last();
    while (status == FV_OK) {
        la_ssize_t got = s->api->read_data(s->stream, block, UNPACK_BLOCK);
        if (got == 0)
            break;
        done += got > 0 ? (uint64_t)got : 0;
        if (got < 0)
            status = status_set(FV_ERROR_FORMAT, "%s: damaged or truncated: %s", path,
                                s->api->error_string(s->stream));
        else if (done > ratio_free && done / RATIO_LIMIT > packed)
            status = status_set(FV_ERROR_FORMAT,
                                "%s: unpacks to more than %d times its size; no archive of pictures does",
                                path, RATIO_LIMIT);
        else if (space < space_left || done > space - space_left)
            status = status_set(
                FV_ERROR_IO,
                "%s: unpacked, it does not fit into %s, where %llu MB are free; TMPDIR names another folder",
                path, folder, (unsigned long long)(space >> 20));
        else if (!write_all(to, block, (size_t)got))
            status =
                status_set(FV_ERROR_IO, "%s: cannot be unpacked into %s: %s; TMPDIR names another folder",
                           path, folder, strerror(errno));
    }
    free(block);
    return status;
}

/* Only filters that libarchive has built in: others would start programs. */
static void support_filters(const libarchive_api *api, struct archive *stream)
{
    api->read_support_filter_gzip(stream);
    api->read_support_filter_bzip2(stream);
    api->read_support_filter_xz(stream);
    api->read_support_filter_zstd(stream);
    api->read_support_format_raw(stream);
}

/* When `*file` is compressed, it is replaced by a nameless file with the unpacked stream. */
static fv_status unpack(const char *path, int *file, uint64_t *size, bool *unpacked)
{
    scan s = {0};
    struct stat info;
    STATUS_TRY(libarchive_open(&s.api));
    s.stream = s.api->read_new();
    if (!s.stream)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to unpack it", path);
    support_filters(s.api, s.stream);
    int code = s.api->read_open_fd(s.stream, *file, BLOCK);
    if (code == ARCHIVE_OK)
        code = s.api->read_next_header(s.stream, &s.entry);
    fv_status status = FV_OK;
    if (code != ARCHIVE_OK && code != ARCHIVE_EOF)
        status =
            status_set(FV_ERROR_FORMAT, "%s: cannot be unpacked: %s", path, s.api->error_string(s.stream));
    *unpacked = status == FV_OK && s.api->filter_code(s.stream, 0) != ARCHIVE_FILTER_NONE;
    int to = -1;
    const char *folder;
    if (*unpacked)
        status = nameless_file(&to, &folder);
    if (*unpacked && status == FV_OK && code == ARCHIVE_OK)
        status = copy_stream(&s, path, *size, to, folder);
    s.api->read_free(s.stream);
    if (*unpacked && status == FV_OK && fstat(to, &info) == 0) {
        close(*file);
        *file = to;
        *size = (uint64_t)info.st_size;
    } else if (to >= 0) {
        close(to);
    }
    return status;
}

fv_status tar_open_container(const char *path, bool keep_open, bool scan_it, container **out)
{
    struct stat info;
    bool unpacked = false;
    tar_container *t = mem_array(1, sizeof *t);
    if (!t)
        return status_last();
    t->file = -1;
    t->base.read = read_entry;
    t->base.destroy = destroy;
    fv_status status = container_init(&t->base, path);
    if (status == FV_OK)
        status = file_open(path, &t->file);
    if (status == FV_OK && fstat(t->file, &info) != 0)
        status = status_set(FV_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (status == FV_OK)
        t->size = (uint64_t)info.st_size;
    if (status == FV_OK && scan_it)
        status = unpack(path, &t->file, &t->size, &unpacked);
    if (status == FV_OK && scan_it)
        status = scan_file(t, t->file);
    if (status != FV_OK) {
        destroy(&t->base);
        return status;
    }
    if (!keep_open && !unpacked) {
        close(t->file);
        t->file = -1;
    }
    *out = &t->base;
    return FV_OK;
}
