/* SPDX-License-Identifier: Apache-2.0 */
#include "data/shard_files.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/tree.h"

enum {
    MAX_SHARDS = 1000000
};

fv_part shard_part(const char *path)
{
    for (const char *p = file_base_name(path); *p;) {
        char word[16];
        size_t length = 0;
        while (isalpha((unsigned char)p[length]))
            length++;
        if (length > 0 && length < sizeof word) {
            snprintf(word, sizeof word, "%.*s", (int)length, p);
            if (tree_part(word) != FV_ALL)
                return tree_part(word);
        }
        p += length > 0 ? length : 1;
    }
    return FV_ALL;
}

/* "x.tar", "x.tar.gz": also packed ones. */
static bool is_shard(const char *name)
{
    const char *end = strstr(name, ".tar");
    return end && (end[4] == 0 || end[4] == '.');
}

/* ---- a pattern: shard-{000..009}.tar ---- */

typedef struct pattern {
    size_t before, width; /* length of what stands before the brace; digits of the first number */
    long first, last;
    const char *after;
} pattern;

static bool read_pattern(const char *path, pattern *p)
{
    const char *open = strchr(path, '{');
    const char *dots = open ? strstr(open, "..") : NULL, *close = dots ? strchr(dots, '}') : NULL;
    if (!close)
        return false;
    size_t a = strspn(open + 1, "0123456789"), b = strspn(dots + 2, "0123456789");
    if (a == 0 || b == 0 || a > 9 || b > 9 || open + 1 + a != dots || dots + 2 + b != close)
        return false;
    *p = (pattern){.before = (size_t)(open - path),
                   .width = a,
                   .first = atol(open + 1),
                   .last = atol(dots + 2),
                   .after = close + 1};
    return true;
}

/* ---- a folder ---- */

/* Shards in the folder itself, or in folders that are parts; other folders make it a folder of classes. */
static bool has_shards(const char *path, const name_list *names, bool deeper)
{
    size_t shards = 0, folders = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (is_shard(names->items[i])) {
            shards++;
            continue;
        }
        char *inner_path = file_join(path, names->items[i]);
        file_list inner = {0};
        if (inner_path && file_is_folder(inner_path)) {
            bool part = deeper && tree_part(names->items[i]) != FV_ALL &&
                        file_list_folder(&inner, inner_path) == FV_OK;
            if (part &&
                has_shards(inner_path, &(name_list){.items = inner.names, .count = inner.count}, false))
                shards++;
            else
                folders++;
        }
        file_list_release(&inner);
        free(inner_path);
        if (folders > 0)
            return false;
    }
    return shards > 0;
}

bool shard_files_detect(const data_place *place)
{
    pattern p;
    if (place->archive)
        return false;
    return place->folder ? has_shards(place->path, place->names, true)
                         : read_pattern(place->path, &p) && is_shard(p.after) && !file_exists(place->path);
}

static fv_status add_file(shard_files *files, char *path, fv_part part)
{
    if (!path)
        return status_last();
    fv_status status = files->paths.count < MAX_SHARDS
                           ? MEM_GROW(files->parts, files->paths.count, files->part_capacity)
                           : status_set(FV_ERROR_UNSUPPORTED, "%s: more than %d shards", path, MAX_SHARDS);
    if (status == FV_OK) {
        files->parts[files->paths.count] = part;
        status = names_add(&files->paths, "%s", path);
    }
    free(path);
    return status;
}

/* `part`: that of the folder; FV_ALL: each shard's own name says it. */
static fv_status add_folder(shard_files *files, const char *path, const name_list *names, fv_part part)
{
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < names->count; i++)
        if (is_shard(names->items[i]))
            status = add_file(files, file_join(path, names->items[i]),
                              part != FV_ALL ? part : shard_part(names->items[i]));
    return status;
}

static fv_status add_part_folder(shard_files *files, const char *path, fv_part part)
{
    file_list inner;
    STATUS_TRY(file_list_folder(&inner, path));
    fv_status status =
        add_folder(files, path, &(name_list){.items = inner.names, .count = inner.count}, part);
    file_list_release(&inner);
    return status;
}

static fv_status find_in_folder(const data_place *place, shard_files *files)
{
    files->class_file = file_join(place->path, "classes.txt");
    if (!files->class_file)
        return status_last();
    STATUS_TRY(add_folder(files, place->path, place->names, FV_ALL));
    for (size_t i = 0; i < place->names->count; i++) {
        const char *name = place->names->items[i];
        char *path = file_join(place->path, name);
        fv_status status = path ? FV_OK : status_last();
        if (path && !is_shard(name) && tree_part(name) != FV_ALL && file_is_folder(path))
            status = add_part_folder(files, path, tree_part(name));
        free(path);
        STATUS_TRY(status);
    }
    return FV_OK;
}

static fv_status expand(const char *path, shard_files *files)
{
    pattern p;
    if (!read_pattern(path, &p) || p.last < p.first)
        return status_set(FV_ERROR_INVALID, "%s: the range in braces must go up, as in {000..009}", path);
    for (long i = p.first; i <= p.last; i++) {
        text one = {0};
        text_add(&one, "%.*s%0*ld%s", (int)p.before, path, (int)p.width, i, p.after);
        fv_status status = text_status(&one);
        if (status == FV_OK && !file_exists(text_string(&one)))
            status = status_set(FV_ERROR_IO, "%s: no such file (of %s)", text_string(&one), path);
        if (status == FV_OK)
            status = add_file(files, mem_string(text_string(&one)), shard_part(text_string(&one)));
        text_release(&one);
        STATUS_TRY(status);
    }
    const char *slash = strrchr(files->paths.items[0], '/');
    char *folder =
        mem_string_n(files->paths.items[0], slash ? (size_t)(slash - files->paths.items[0]) + 1 : 0);
    files->class_file = folder ? file_join(folder, "classes.txt") : NULL;
    free(folder);
    return files->class_file ? FV_OK : status_last();
}

fv_status shard_files_find(const data_place *place, shard_files *files)
{
    return place->folder ? find_in_folder(place, files) : expand(place->path, files);
}

void shard_files_release(shard_files *files)
{
    names_release(&files->paths);
    free(files->parts);
    free(files->class_file);
    *files = (shard_files){0};
}
