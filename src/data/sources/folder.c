/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of class folders. Only names are kept: 8 bytes a picture and the characters of its name, so that ten
 * million fit. Types come with the listing (d_type), so no file is looked at one by one.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "data/source.h"
#include "data/tree.h"

enum {
    MAX_DEPTH = 16 /* of folders below a class */
};

typedef struct folder_entry {
    uint32_t folder; /* index into folders */
    uint32_t name;   /* offset behind the folder's first name */
} folder_entry;

typedef struct folder_place {
    size_t path, names; /* offsets in the arena */
} folder_place;

typedef struct folder_source {
    source base;
    text arena; /* zero-ended paths and names, one after the other */
    folder_place *folders;
    size_t folder_count, folder_capacity;
    folder_entry *entries; /* (base.count) */
    size_t entry_capacity;
} folder_source;

/* What listing finds besides pictures. */
typedef struct scan {
    folder_source *source;
    listing *found;
    int64_t ignored;         /* files that are not pictures */
    name_list first_ignored; /* the first of them, for the message */
} scan;

/* ---- the source ---- */

static const char *entry_name(const folder_source *f, folder_entry e)
{
    return f->arena.data + f->folders[e.folder].names + e.name;
}

static void file(const source *s, int64_t record, char *buffer, size_t size)
{
    const folder_source *f = (const folder_source *)s;
    folder_entry e = f->entries[record];
    snprintf(buffer, size, "%s/%s", f->arena.data + f->folders[e.folder].path, entry_name(f, e));
}

static fv_status read_file(const source *s, int64_t record, file_bytes *bytes)
{
    char path[PATH_MAX];
    file(s, record, path, sizeof path);
    return file_read_into(path, s->max_bytes, bytes);
}

static void destroy(source *s)
{
    folder_source *f = (folder_source *)s;
    text_release(&f->arena);
    free(f->folders);
    free(f->entries);
    source_free(s);
}

static folder_source *folder_create(fv_part part)
{
    folder_source *f = mem_array(1, sizeof *f);
    if (!f)
        return NULL;
    f->base.part = part;
    f->base.read = read_file;
    f->base.file = file;
    f->base.in_files = true;
    f->base.destroy = destroy;
    return f;
}

/* ---- listing ---- */

typedef enum entry_type {
    ENTRY_FILE,
    ENTRY_FOLDER,
    ENTRY_LINKED_FOLDER,
    ENTRY_OTHER
} entry_type;

static entry_type type_of(DIR *folder, const struct dirent *entry)
{
    if (entry->d_type == DT_REG)
        return ENTRY_FILE;
    if (entry->d_type == DT_DIR)
        return ENTRY_FOLDER;
    struct stat info;
    if ((entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN) ||
        fstatat(dirfd(folder), entry->d_name, &info, 0) != 0)
        return ENTRY_OTHER;
    if (S_ISREG(info.st_mode))
        return ENTRY_FILE;
    if (!S_ISDIR(info.st_mode))
        return ENTRY_OTHER;
    return entry->d_type == DT_LNK ? ENTRY_LINKED_FOLDER : ENTRY_FOLDER;
}

static fv_status ignore(scan *s, const char *folder, const char *name)
{
    return s->ignored++ == 0 ? names_add(&s->first_ignored, "%s/%s", folder, name) : FV_OK;
}

static fv_status add_picture(folder_source *f, const char *name)
{
    source *s = &f->base;
    if (s->count == SOURCE_MAX_RECORDS - 1)
        return status_set(FV_ERROR_UNSUPPORTED, "more than %lld pictures", (long long)s->count);
    size_t place = f->arena.length - f->folders[f->folder_count - 1].names, length = strlen(name);
    if (place > UINT32_MAX)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: too many pictures in one folder",
                          f->arena.data + f->folders[f->folder_count - 1].path);
    STATUS_TRY(MEM_GROW(f->entries, s->count, f->entry_capacity));
    text_add_bytes(&f->arena, name, length + 1);
    f->entries[s->count++] = (folder_entry){.folder = (uint32_t)f->folder_count - 1, .name = (uint32_t)place};
    return text_status(&f->arena);
}

static fv_status add_entry(scan *s, DIR *folder, const char *path, const struct dirent *entry,
                           name_list *inner)
{
    if (entry->d_name[0] == '.')
        return FV_OK;
    switch (type_of(folder, entry)) {
    case ENTRY_FILE:
        return fv_is_picture_name(entry->d_name) ? add_picture(s->source, entry->d_name)
                                                 : ignore(s, path, entry->d_name);
    case ENTRY_FOLDER:
        return names_add(inner, "%s", entry->d_name);
    case ENTRY_LINKED_FOLDER: /* may lead in a circle */
        return names_add(&s->found->problems, "%s/%s: a link to a folder is not followed within a class",
                         path, entry->d_name);
    case ENTRY_OTHER:
        break;
    }
    return ignore(s, path, entry->d_name);
}

static int by_name(const void *a, const void *b, void *f)
{
    return strcmp(entry_name(f, *(const folder_entry *)a), entry_name(f, *(const folder_entry *)b));
}

static fv_status begin_folder(folder_source *f, const char *path)
{
    STATUS_TRY(MEM_GROW(f->folders, f->folder_count, f->folder_capacity));
    size_t place = f->arena.length;
    text_add_bytes(&f->arena, path, strlen(path) + 1);
    f->folders[f->folder_count++] = (folder_place){.path = place, .names = f->arena.length};
    return text_status(&f->arena);
}

/* A folder that cannot be used: the error with FV_FAIL, else a problem. */
static fv_status tolerate(listing *l, fv_status status)
{
    if (status == FV_OK || status == FV_ERROR_MEMORY || l->on_error == FV_FAIL)
        return status;
    return names_add(&l->problems, "%s; left out", fv_error_message());
}

static fv_status scan_folder(scan *s, const char *path, int depth);

static fv_status scan_inner(scan *s, const char *path, name_list *inner, int depth)
{
    fv_status status = FV_OK;
    names_sort(inner);
    for (size_t i = 0; status == FV_OK && i < inner->count; i++) {
        char *deeper = file_join(path, inner->items[i]);
        status = deeper ? scan_folder(s, deeper, depth + 1) : status_last();
        free(deeper);
    }
    return status;
}

/* Adds the pictures in `path` in the order of their names, then those of the folders in it. */
static fv_status scan_folder(scan *s, const char *path, int depth)
{
    folder_source *f = s->source;
    if (depth > MAX_DEPTH || strlen(path) + NAME_MAX + 2 > PATH_MAX)
        return tolerate(s->found, status_set(FV_ERROR_UNSUPPORTED, "%s: lies too deep", path));
    DIR *folder = opendir(path);
    if (!folder)
        return tolerate(s->found, status_set(FV_ERROR_IO, "%s: cannot be listed: %s", path, strerror(errno)));
    name_list inner = {0};
    int64_t first = f->base.count;
    fv_status status = begin_folder(f, path);
    for (struct dirent *entry; status == FV_OK && (entry = readdir(folder));)
        status = add_entry(s, folder, path, entry, &inner);
    closedir(folder);
    if (status == FV_OK && f->base.count > first)
        qsort_r(f->entries + first, (size_t)(f->base.count - first), sizeof *f->entries, by_name, f);
    if (status == FV_OK)
        status = scan_inner(s, path, &inner, depth);
    names_release(&inner);
    return status;
}

/* A class folder: a class of the source when it has pictures. */
static fv_status scan_class(scan *s, const char *path, const char *name)
{
    source *base = &s->source->base;
    int64_t first = base->count;
    STATUS_TRY(scan_folder(s, path, 0));
    if (base->count == first)
        return names_add(&s->found->problems, "%s: no pictures in it; the class is left out", path);
    int32_t *labels = mem_resize(base->labels, (size_t)base->count, sizeof *labels);
    if (!labels)
        return status_last();
    base->labels = labels;
    for (int64_t i = first; i < base->count; i++)
        labels[i] = (int32_t)base->classes.count;
    return names_add(&base->classes, "%s", name);
}

/* A link that leads to `root` or above it: its pictures would be those of all classes. */
static bool leads_up(const char *root, const char *path)
{
    char *top = realpath(root, NULL), *end = realpath(path, NULL);
    size_t length = end ? strlen(end) : 0;
    bool up = top && end && strncmp(top, end, length) == 0 &&
              (top[length] == 0 || top[length] == '/' || length == 1);
    free(top);
    free(end);
    return up;
}

static fv_status scan_classes(scan *s, const char *root, const name_list *names)
{
    int64_t loose = 0;
    for (size_t i = 0; i < names->count; i++) {
        char *path = file_join(root, names->items[i]);
        if (!path)
            return status_last();
        fv_status status = FV_OK;
        if (file_is_folder(path) && leads_up(root, path))
            status = names_add(&s->found->problems, "%s: is a link that leads back up; left out", path);
        else if (file_is_folder(path))
            status = scan_class(s, path, names->items[i]);
        else if (fv_is_picture_name(path))
            loose++;
        else
            status = ignore(s, root, names->items[i]);
        free(path);
        STATUS_TRY(status);
    }
    if (s->source->base.count == 0)
        return status_set(FV_ERROR_INVALID, "%s: %s; put the pictures of each class into a folder of its own",
                          root,
                          loose > 0 ? "there are pictures, but no class folders with pictures"
                                    : "no class folders with pictures were found");
    if (loose > 0)
        STATUS_TRY(names_add(&s->found->problems,
                             "%s: %lld pictures lie outside the class folders; they are left out", root,
                             (long long)loose));
    if (s->ignored > 0)
        STATUS_TRY(names_add(&s->found->problems,
                             "%s: %lld files that are not pictures were left out, the first is %s", root,
                             (long long)s->ignored, s->first_ignored.items[0]));
    return FV_OK;
}

static fv_status list_part(const char *root, const name_list *names, fv_part part, listing *l)
{
    scan s = {.source = folder_create(part), .found = l};
    if (!s.source)
        return status_last();
    fv_status status = scan_classes(&s, root, names);
    names_release(&s.first_ignored);
    if (status == FV_OK)
        return listing_add(l, &s.source->base);
    destroy(&s.source->base);
    return status;
}

/* ---- train/, val/, test/ ---- */

typedef enum part_kind {
    PART_NOT,
    PART_EMPTY,
    PART_FULL
} part_kind;

/* Whether the folder can be a part: it has the name of one, and folders (or nothing) lie in it. */
static part_kind kind_of(const char *path)
{
    file_list inner;
    bool folders = false;
    if (tree_part(file_base_name(path)) == FV_ALL || file_list_folder(&inner, path) != FV_OK)
        return PART_NOT;
    for (size_t i = 0; !folders && i < inner.count; i++) {
        char *deeper = file_join(path, inner.names[i]);
        folders = deeper && file_is_folder(deeper);
        free(deeper);
    }
    part_kind kind = folders ? PART_FULL : inner.count == 0 ? PART_EMPTY : PART_NOT;
    file_list_release(&inner);
    return kind;
}

/* "train" may be a class of vehicles: it is a part when class folders lie in it. Else all folders must be
 * parts. */
static bool has_parts(const char *root, const name_list *names)
{
    int parts = 0, others = 0;
    bool train = false;
    for (size_t i = 0; i < names->count; i++) {
        char *path = file_join(root, names->items[i]);
        if (path && file_is_folder(path)) {
            part_kind kind = kind_of(path);
            parts += kind != PART_NOT;
            others += kind == PART_NOT;
            train = train || (kind == PART_FULL && strcmp(names->items[i], "train") == 0);
        }
        free(path);
    }
    return train || (parts > 0 && others == 0);
}

static fv_status list_named_part(const char *path, fv_part part, listing *l)
{
    file_list files;
    STATUS_TRY(file_list_folder(&files, path));
    fv_status status = list_part(path, &(name_list){.items = files.names, .count = files.count}, part, l);
    file_list_release(&files);
    /* A test folder of unlabelled pictures is common; without training pictures nothing can be done. */
    return part == FV_TRAIN ? status : tolerate(l, status);
}

static fv_status list(const data_place *place, listing *l)
{
    const char *root = place->path;
    const name_list *names = place->names;
    if (!has_parts(root, names))
        return list_part(root, names, FV_ALL, l);
    for (size_t i = 0; i < names->count; i++) {
        fv_part part = tree_part(names->items[i]);
        char *path = file_join(root, names->items[i]);
        fv_status status = path ? FV_OK : status_last();
        if (path && part == FV_ALL)
            status = names_add(&l->problems, "%s: is none of train, val, test; left out", path);
        else if (path)
            status = list_named_part(path, part, l);
        free(path);
        STATUS_TRY(status);
    }
    if (l->count == 0)
        return status_set(FV_ERROR_INVALID, "%s: no pictures in class folders below train, val or test",
                          root);
    return FV_OK;
}

static bool detect(const data_place *place)
{
    return place->folder;
}

const source_kind folder_kind = {"a folder of class folders, a folder with train/, val/ and test/ in it",
                                 detect, list};
