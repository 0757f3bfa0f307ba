/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip through libzip, whose handles serve one thread at a time: the lock is held only while a file's packed bytes are
 * fetched; stored and deflated files, which is what nearly all archives hold, are unpacked outside of it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>
#include <zlib.h>

#include "core/memory.h"
#include "core/plugin.h"
#include "data/archives/container.h"

#define ZIP_FUNCTIONS(X)                                                                                     \
    X(discard)                                                                                               \
    X(error_fini)                                                                                            \
    X(error_init_with_code)                                                                                  \
    X(error_strerror)                                                                                        \
    X(fclose)                                                                                                \
    X(fdopen)                                                                                                \
    X(file_strerror)                                                                                         \
    X(fopen_index)                                                                                           \
    X(fread)                                                                                                 \
    X(get_num_entries)                                                                                       \
    X(stat_index)                                                                                            \
    X(strerror)

#define FIELD(name) __typeof__(zip_##name) *name;
static struct {
    ZIP_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {"zip_" #name, (void **)&api.name},
static const plugin_symbol symbols[] = {ZIP_FUNCTIONS(SYMBOL)};

/* deflate cannot shrink data more than this, and what another method packs more tightly is no picture: a larger announced
 * size is refused before there is memory for it. */
static const uint64_t max_ratio = 1032;

typedef struct zip_container {
    container base;
    zip_t *zip;
    uint64_t bytes;       /* of the archive */
    pthread_mutex_t lock; /* of `zip` */
} zip_container;

/* ---- reading ---- */

static fv_status fail(const container *c, const container_entry *e, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s/%s: %s", c->path, c->names.data + e->name, what);
}

/* Exactly `size` bytes of the file, packed or unpacked by `flags`. Under the lock. */
static fv_status fetch(const zip_container *z, const container_entry *e, zip_flags_t flags, uint8_t *to,
                       uint64_t size)
{
    zip_file_t *file = api.fopen_index(z->zip, e->place, flags);
    if (!file)
        return fail(&z->base, e, api.strerror(z->zip));
    uint64_t got = 0;
    zip_int64_t n = 1;
    while (got < size && (n = api.fread(file, to + got, size - got)) > 0)
        got += (uint64_t)n;
    /* One more byte makes libzip compare the checksum, where it is the one who unpacks. */
    uint8_t more;
    if (got == size && !(flags & ZIP_FL_COMPRESSED))
        n = api.fread(file, &more, 1);
    fv_status status = FV_OK;
    if (n < 0)
        status = fail(&z->base, e, api.file_strerror(file));
    else if (got < size)
        status = fail(&z->base, e, "truncated: the archive ends within it");
    api.fclose(file);
    return status;
}

static fv_status inflate_into(const container *c, const container_entry *e, const uint8_t *packed,
                              uint64_t size, uint8_t *to)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed,
                       .avail_in = (uInt)size,
                       .next_out = to,
                       .avail_out = (uInt)e->size};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to unpack", c->path);
    int code = inflate(&stream, Z_FINISH);
    uint64_t got = stream.total_out;
    inflateEnd(&stream);
    return code == Z_STREAM_END && got == e->size ? FV_OK : fail(c, e, "damaged: it cannot be unpacked");
}

/* Under the lock: what to fetch, as the directory of the archive has it. */
static fv_status entry_info(const zip_container *z, const container_entry *e, zip_stat_t *info)
{
    return api.stat_index(z->zip, e->place, 0, info) == 0 ? FV_OK : fail(&z->base, e, api.strerror(z->zip));
}

static fv_status read_packed(zip_container *z, const container_entry *e, file_bytes *bytes, zip_stat_t *info,
                             uint8_t **packed)
{
    fv_status status = entry_info(z, e, info);
    if (status != FV_OK)
        return status;
    if (info->comp_method == ZIP_CM_STORE)
        return info->comp_size == e->size ? fetch(z, e, ZIP_FL_COMPRESSED, bytes->data, e->size)
                                          : fail(&z->base, e, "damaged: its two sizes differ");
    if (info->comp_method != ZIP_CM_DEFLATE || e->size > UINT32_MAX)
        return fetch(z, e, 0, bytes->data, e->size);
    *packed = mem_resize(NULL, info->comp_size + 1, 1);
    return *packed ? fetch(z, e, ZIP_FL_COMPRESSED, *packed, info->comp_size) : status_last();
}

static fv_status read_entry(const container *c, const container_entry *e, file_bytes *bytes)
{
    zip_container *z = (zip_container *)(uintptr_t)c; /* only its lock and what that guards change */
    zip_stat_t info;
    uint8_t *packed = NULL;
    STATUS_TRY(file_bytes_resize(bytes, e->size));
    pthread_mutex_lock(&z->lock);
    fv_status status = read_packed(z, e, bytes, &info, &packed);
    pthread_mutex_unlock(&z->lock);
    if (status == FV_OK && packed)
        status = inflate_into(c, e, packed, info.comp_size, bytes->data);
    free(packed);
    if (status == FV_OK && (info.valid & ZIP_STAT_CRC) && crc32_z(0, bytes->data, e->size) != info.crc)
        status = fail(c, e, "damaged: its checksum is wrong");
    return status;
}

/* ---- listing ---- */

static void destroy(container *c)
{
    zip_container *z = (zip_container *)c;
    if (z->zip)
        api.discard(z->zip);
    pthread_mutex_destroy(&z->lock);
    container_free(c);
}

static fv_status add_entry(zip_container *z, uint64_t index)
{
    container *c = &z->base;
    zip_stat_t info;
    if (api.stat_index(z->zip, index, 0, &info) != 0)
        return status_set(FV_ERROR_FORMAT, "%s: file %llu of its directory: %s", c->path,
                          (unsigned long long)index, api.strerror(z->zip));
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if ((info.valid & needed) != needed) {
        c->odd++;
        return FV_OK;
    }
    size_t length = strlen(info.name);
    if (length > 0 && info.name[length - 1] == '/')
        return FV_OK; /* a folder */
    if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) && info.encryption_method != ZIP_EM_NONE) {
        if (c->encrypted++ == 0)
            return container_add_name(c, info.name, &c->first_encrypted);
        return FV_OK;
    }
    if (info.comp_size > z->bytes)
        return status_set(FV_ERROR_FORMAT, "%s/%s: its size in the archive's directory is wrong", c->path,
                          info.name);
    if (info.size / (info.comp_method == ZIP_CM_STORE ? 1 : max_ratio) > info.comp_size)
        return status_set(FV_ERROR_FORMAT,
                          "%s/%s: %llu bytes cannot come from the %llu that it has in the archive", c->path,
                          info.name, (unsigned long long)info.size, (unsigned long long)info.comp_size);
    return container_add(c, info.name, info.size, index);
}

static fv_status open_file(zip_container *z)
{
    struct stat info;
    int file, code = 0;
    STATUS_TRY(file_open(z->base.path, &file));
    if (fstat(file, &info) == 0)
        z->bytes = (uint64_t)info.st_size;
    /* Takes the file when it succeeds. */
    z->zip = api.fdopen(file, 0, &code);
    if (z->zip)
        return FV_OK;
    zip_error_t error;
    api.error_init_with_code(&error, code);
    fv_status status = status_set(FV_ERROR_FORMAT, "%s: is no zip archive, or a damaged or truncated one: %s",
                                  z->base.path, api.error_strerror(&error));
    api.error_fini(&error);
    close(file);
    return status;
}

fv_status zip_open_container(const char *path, container **out)
{
    STATUS_TRY(plugin_open(&plugin_zip, symbols, sizeof symbols / sizeof *symbols));
    zip_container *z = mem_array(1, sizeof *z);
    if (!z)
        return status_last();
    pthread_mutex_init(&z->lock, NULL);
    z->base.read = read_entry;
    z->base.destroy = destroy;
    fv_status status = container_init(&z->base, path);
    if (status == FV_OK)
        status = open_file(z);
    zip_int64_t count = status == FV_OK ? api.get_num_entries(z->zip, 0) : 0;
    for (zip_int64_t i = 0; status == FV_OK && i < count; i++)
        status = add_entry(z, (uint64_t)i);
    if (status == FV_OK)
        status = container_sort(&z->base);
    if (status == FV_OK)
        *out = &z->base;
    else
        destroy(&z->base);
    return status;
}
