/* SPDX-License-Identifier: Apache-2.0 */
/* From a name or an address to a place on this machine. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/digest.h"
#include "core/download.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "data/known.h"

static const char sum_mark[] = "#sha256=";

/* o->folder, or NAME in the cache; it is made. The caller frees it. */
static char *make_folder(const fv_download_options *o, const char *name)
{
    char *cache = o->folder ? NULL : file_cache_folder();
    char *folder = o->folder ? mem_string(o->folder) : cache ? file_join(cache, name) : NULL;
    free(cache);
    if (folder && file_make_folders(folder) != FV_OK) {
        free(folder);
        return NULL;
    }
    return folder;
}

static fv_status give(char *path, size_t size, const char *found)
{
    if (strlen(found) >= size)
        return status_set(FV_ERROR_INVALID, "download: the path %s does not fit into %zu bytes", found, size);
    memcpy(path, found, strlen(found) + 1);
    return FV_OK;
}

static fv_status fetch_into(const char *url, const char *folder, const char *name, const char *sha256,
                            const fv_download_options *o, char **path)
{
    *path = file_join(folder, name);
    if (!*path)
        return status_last();
    return download_file(&(download_options){
        .url = url, .path = *path, .sha256 = sha256, .on_progress = o->on_progress, .user = o->user});
}

/* ---- known names ---- */

static fv_status fetch_file(const known_set *k, const known_file *f, const char *folder,
                            const fv_download_options *o)
{
    text url = {0};
    char *path = NULL;
    if (o->mirror)
        text_add(&url, "%s/%s/%s", o->mirror, k->about.name, f->name);
    else
        text_add(&url, "%s/%s", k->about.source, f->name);
    fv_status status = text_status(&url);
    if (status == FV_OK)
        status = fetch_into(text_string(&url), folder, f->name, f->sha256, o, &path);
    text_release(&url);
    free(path);
    return status;
}

/* What is drawn counts pictures, not bytes: only stopping is passed on. */
static int may_stop(int64_t done, int64_t total, void *user)
{
    const fv_download_options *o = user;
    (void)done, (void)total;
    return o->on_progress ? o->on_progress(0, 0, o->user) : 0;
}

static fv_status draw_demo(const fv_download_options *o, const char *folder)
{
    char *temporary;
    file_list files = {0};
    STATUS_TRY(file_list_folder(&files, folder));
    bool drawn = files.count > 0;
    file_list_release(&files);
    if (drawn)
        return FV_OK;
    STATUS_TRY(file_folder_begin(folder, &temporary));
    fv_status status = fv_demo_write(temporary, .on_progress = may_stop, .user = (void *)o);
    if (status == FV_OK)
        status = file_folder_commit(temporary, folder);
    else
        file_folder_discard(temporary);
    free(temporary);
    return status;
}

fv_status known_fetch(const known_set *k, const fv_download_options *o, char *path, size_t size)
{
    char *folder = make_folder(o, k->about.name);
    if (!folder)
        return status_last();
    fv_status status = k->files[0].name ? FV_OK : draw_demo(o, folder);
    for (int i = 0; status == FV_OK && i < KNOWN_FILES && k->files[i].name; i++)
        status = fetch_file(k, &k->files[i], folder, o);
    if (status == FV_OK && k->files[0].name && !k->files[1].name) {
        char *archive = file_join(folder, k->files[0].name);
        status = archive ? give(path, size, archive) : status_last();
        free(archive);
    } else if (status == FV_OK) {
        status = give(path, size, folder);
    }
    free(folder);
    return status;
}

/* ---- addresses ---- */

/* The last part of the address's path, with nothing in it that means something to a file system. */
static char *name_of(const char *url)
{
    const char *path = strstr(url, "://") + 3, *end = path + strcspn(path, "?#"), *from = end;
    const char *host_end = path + strcspn(path, "/?#");
    while (from > host_end && from[-1] != '/')
        from--;
    char *name = end > from ? mem_string_n(from, (size_t)(end - from)) : mem_string("download");
    for (char *p = name; p && *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
            *p = '_';
    if (name && name[0] == '.')
        name[0] = '_';
    return name;
}

/* A folder of the cache for each address: two of them may end in the same name. */
static char *folder_of(const char *url, const fv_download_options *o)
{
    char hex[DIGEST_SIZE], name[32];
    if (digest_bytes(url, strlen(url), hex) != FV_OK)
        return NULL;
    snprintf(name, sizeof name, "urls/%.16s", hex);
    return make_folder(o, name);
}

static bool is_sum(const char *hex)
{
    return strlen(hex) == DIGEST_SIZE - 1 && strspn(hex, "0123456789abcdefABCDEF") == DIGEST_SIZE - 1;
}

static int hex_value(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* "file:///a%20b" is "/a b": nothing is copied. The caller frees it; NULL with the error set. */
static char *local_path(const char *url)
{
    const char *from = url + strlen("file://");
    if (strncmp(from, "localhost/", 10) == 0)
        from += 9;
    if (*from != '/') {
        status_set(FV_ERROR_INVALID, "%s: a file address has three slashes, as in file:///home/me/photos.zip",
                   url);
        return NULL;
    }
    char *path = mem_string(from), *to = path;
    for (const char *p = from; path && *p; p++) {
        int high = *p == '%' ? hex_value(p[1]) : -1, low = high >= 0 ? hex_value(p[2]) : -1;
        *to++ = low >= 0 ? (char)(high * 16 + low) : *p;
        p += low >= 0 ? 2 : 0;
    }
    if (path)
        *to = 0;
    return path;
}

static fv_status check_local(const char *path, const char *sum)
{
    char hex[DIGEST_SIZE];
    if (!sum)
        return FV_OK;
    STATUS_TRY(digest_file(path, hex));
    return strcasecmp(hex, sum) == 0
               ? FV_OK
               : status_set(FV_ERROR_FORMAT, "%s: has the SHA-256 %s, not %s", path, hex, sum);
}

static fv_status fetch_url(const char *url, const char *sum, const fv_download_options *o, char **file)
{
    if (strncasecmp(url, "file://", 7) == 0)
        return (*file = local_path(url)) ? check_local(*file, sum) : status_last();
    char *folder = folder_of(url, o), *name = name_of(url);
    fv_status status = folder && name ? fetch_into(url, folder, name, sum, o, file) : status_last();
    free(folder);
    free(name);
    return status;
}

static fv_status fetch_address(const char *given, const fv_download_options *o, char *path, size_t size)
{
    const char *mark = strstr(given, sum_mark), *sum = mark ? mark + strlen(sum_mark) : NULL;
    if (sum && !is_sum(sum))
        return status_set(FV_ERROR_INVALID, "%s: behind %s there must be 64 hexadecimal digits", given,
                          sum_mark);
    char *url = mark ? mem_string_n(given, (size_t)(mark - given)) : mem_string(given), *file = NULL;
    fv_status status = url ? fetch_url(url, sum, o, &file) : status_last();
    if (status == FV_OK)
        status = give(path, size, file);
    free(url);
    free(file);
    return status;
}

fv_status fv_download_with(char *path, size_t size, const fv_download_options *options)
{
    fv_download_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.name || !*o.name || !path)
        return status_set(FV_ERROR_INVALID,
                          "download: a name or an address, and room for the path, are needed");
    if (download_is_address(o.name) || strncasecmp(o.name, "file://", 7) == 0)
        return fetch_address(o.name, &o, path, size);
    const known_set *k = known_find(o.name);
    if (k)
        return known_fetch(k, &o, path, size);
    const char *names[16];
    size_t count = 0;
    for (const known_set *s = known_sets; s->about.name && count < 16; s++)
        names[count++] = s->about.name;
    const char *near = strlen(o.name) < 64 ? text_nearest(o.name, names, count) : NULL;
    return status_set(FV_ERROR_INVALID, "%.200s: is neither an address nor a known data set%s%s%s", o.name,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
