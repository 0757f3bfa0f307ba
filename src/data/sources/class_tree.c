/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Class folders within an archive: the same classes, parts and order as those of the unpacked folder (folder.c), and one or
 * more folders around all of it do not matter. 4 bytes a picture beside the archive's own list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "data/tree.h"

enum {
    MAX_WRAPPERS = 16 /* folders around the classes */
};

typedef struct tree_source {
    source base;
    container *archive;
    uint32_t *entries; /* (base.count) */
} tree_source;

/* The pictures of an archive, and how much of their names is the folders around them. */
typedef struct tree {
    container *archive;
    uint32_t *entries; /* sorted as the archive is */
    size_t count;
    size_t prefix;
    char root[4200]; /* "ARCHIVE/PREFIX", for messages */
} tree;

/* ---- names ---- */

fv_part tree_part(const char *name)
{
    static const struct {
        const char *name;
        fv_part part;
    } parts[] = {{"train", FV_TRAIN},
                 {"val", FV_VALIDATION},
                 {"valid", FV_VALIDATION},
                 {"validation", FV_VALIDATION},
                 {"test", FV_TEST}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(name, parts[i].name) == 0)
            return parts[i].part;
    return FV_ALL;
}

/* ---- the source ---- */

static fv_status read_entry(const source *s, int64_t record, file_bytes *bytes)
{
    const tree_source *t = (const tree_source *)s;
    return container_read(t->archive, t->entries[record], s->max_bytes, bytes);
}

static void file(const source *s, int64_t record, char *buffer, size_t size)
{
    const tree_source *t = (const tree_source *)s;
    container_file(t->archive, t->entries[record], buffer, size);
}

static int64_t size_of(const source *s, int64_t record)
{
    const tree_source *t = (const tree_source *)s;
    return (int64_t)t->archive->entries[t->entries[record]].size;
}

static void destroy(source *s)
{
    tree_source *t = (tree_source *)s;
    container_release(t->archive);
    free(t->entries);
    source_free(s);
}

static tree_source *tree_create(container *archive, fv_part part, size_t most)
{
    tree_source *t = mem_array(1, sizeof *t);
    if (!t)
        return NULL;
    t->base.part = part;
    t->base.read = read_entry;
    t->base.file = file;
    t->base.size = size_of;
    t->base.destroy = destroy;
    t->archive = container_share(archive);
    t->entries = mem_array(most, sizeof *t->entries);
    t->base.labels = mem_array(most, sizeof *t->base.labels);
    if (t->entries && t->base.labels)
        return t;
    destroy(&t->base);
    return NULL;
}

/* ---- what is a picture ---- */

/* Hidden files and what macOS puts into archives. Going up ("..") is just a name here. */
static bool is_hidden(const char *path)
{
    if (strncmp(path, "__MACOSX/", 9) == 0)
        return true;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (*part == '.' && !(part[1] == '.' && part[2] == '/'))
            return true;
    }
    return false;
}

static fv_status find_pictures(tree *t, name_list *problems)
{
    container *c = t->archive;
    int64_t ignored = 0;
    size_t first = 0;
    if (!(t->entries = mem_array(c->count, sizeof *t->entries)))
        return status_last();
    for (size_t i = 0; i < c->count; i++) {
        const char *name = container_name(c, i);
        if (is_hidden(name))
            continue;
        if (fv_is_picture_name(name))
            t->entries[t->count++] = (uint32_t)i;
        else if (ignored++ == 0)
            first = i;
    }
    if (ignored > 0 && t->count > 0)
        return names_add(problems, "%s: %lld files that are not pictures were left out, the first is %s",
                         c->path, (long long)ignored, container_name(c, first));
    return FV_OK;
}

/* ---- folders ---- */

/* What follows the first `prefix` bytes of the picture's name. */
static const char *rest_of(const tree *t, size_t i, size_t prefix)
{
    return container_name(t->archive, t->entries[i]) + prefix;
}

/* Length of the first folder in `rest`; 0: a file. */
static size_t folder_length(const char *rest)
{
    const char *slash = strchr(rest, '/');
    return slash ? (size_t)(slash - rest) : 0;
}

/* Pictures from `from` on that lie in the same first folder; *folder is its length, 0 for a run of files. */
static size_t run_end(const tree *t, size_t from, size_t to, size_t prefix, size_t *folder)
{
    const char *first = rest_of(t, from, prefix);
    *folder = folder_length(first);
    size_t i = from + 1;
    for (; i < to; i++) {
        const char *rest = rest_of(t, i, prefix);
        if (*folder == 0 ? strchr(rest, '/') != NULL : strncmp(rest, first, *folder + 1) != 0)
            break;
    }
    return i;
}

/* Files stand before folders: the last picture of a run shows whether folders are in it. */
static bool has_folders(const tree *t, size_t end, size_t prefix)
{
    return folder_length(rest_of(t, end - 1, prefix)) > 0;
}

static fv_part part_of(const char *rest, size_t length)
{
    char name[16];
    snprintf(name, sizeof name, "%.*s", (int)length, rest);
    return length < sizeof name ? tree_part(name) : FV_ALL;
}

/* "train" may be a class of vehicles: it is a part when class folders lie in it. Else all folders must be parts. */
static bool has_parts(const tree *t, size_t from, size_t to)
{
    int parts = 0, others = 0;
    bool train = false;
    for (size_t i = from, end, length; i < to; i = end) {
        end = run_end(t, i, to, t->prefix, &length);
        if (length == 0)
            continue;
        fv_part part = part_of(rest_of(t, i, t->prefix), length);
        bool full = part != FV_ALL && has_folders(t, end, t->prefix + length + 1);
        parts += full;
        others += !full;
        train = train || (full && part == FV_TRAIN);
    }
    return train || (parts > 0 && others == 0);
}

/* Enters the folders that lie around everything: as long as there is one folder only, with folders in it, and it is no part.
 * Returns where it begins among the pictures; those before it lie outside. */
static size_t enter_wrappers(tree *t, size_t *loose)
{
    size_t from = 0;
    for (int i = 0; i < MAX_WRAPPERS && t->count > 0; i++) {
        size_t length, end = run_end(t, from, t->count, t->prefix, &length), start = from;
        if (length == 0 && end < t->count) {
            start = end;
            end = run_end(t, start, t->count, t->prefix, &length);
        }
        if (length == 0 || end < t->count || !has_folders(t, end, t->prefix + length + 1) ||
            part_of(rest_of(t, start, t->prefix), length) != FV_ALL)
            break;
        *loose += start - from;
        from = start;
        t->prefix += length + 1;
    }
    return from;
}

/* ---- classes ---- */

static fv_status add_class(tree_source *s, const tree *t, size_t from, size_t to, size_t prefix,
                           size_t length)
{
    for (size_t i = from; i < to; i++) {
        s->base.labels[s->base.count] = (int32_t)s->base.classes.count;
        s->entries[s->base.count++] = t->entries[i];
    }
    return names_add(&s->base.classes, "%.*s", (int)length, rest_of(t, from, prefix));
}

/* The class folders of one part, below `prefix`. */
static fv_status add_classes(tree_source *s, const tree *t, size_t from, size_t to, size_t prefix,
                             size_t loose, listing *l)
{
    for (size_t i = from, end, length; i < to; i = end) {
        end = run_end(t, i, to, prefix, &length);
        if (length == 0)
            loose += end - i;
        else
            STATUS_TRY(add_class(s, t, i, end, prefix, length));
    }
    if (s->base.count == 0)
        return status_set(FV_ERROR_INVALID, "%s: %s; put the pictures of each class into a folder of its own",
                          t->root,
                          loose > 0 ? "there are pictures, but no class folders with pictures"
                                    : "no class folders with pictures were found");
    if (loose > 0)
        return names_add(&l->problems, "%s: %zu pictures lie outside the class folders; they are left out",
                         t->root, loose);
    return FV_OK;
}

static fv_status list_part(const tree *t, size_t from, size_t to, size_t prefix, size_t loose, fv_part part,
                           listing *l)
{
    tree_source *s = tree_create(t->archive, part, to - from);
    if (!s)
        return status_last();
    fv_status status = add_classes(s, t, from, to, prefix, loose, l);
    if (status == FV_OK)
        return listing_add(l, &s->base);
    destroy(&s->base);
    /* A test folder of unlabelled pictures is common; without training pictures nothing can be done. */
    if (status == FV_ERROR_MEMORY || part == FV_ALL || part == FV_TRAIN || l->on_error == FV_FAIL)
        return status;
    return names_add(&l->problems, "%s; left out", fv_error_message());
}

static fv_status list_parts(tree *t, size_t from, size_t loose, listing *l)
{
    char *root_end = t->root + strlen(t->root);
    for (size_t i = from, end, length; i < t->count; i = end) {
        end = run_end(t, i, t->count, t->prefix, &length);
        const char *rest = rest_of(t, i, t->prefix);
        fv_part part = part_of(rest, length);
        if (length == 0)
            loose += end - i;
        else if (part == FV_ALL)
            STATUS_TRY(names_add(&l->problems, "%s/%.*s: is none of train, val, test; left out", t->root,
                                 (int)length, rest));
        else {
            snprintf(root_end, sizeof t->root - (size_t)(root_end - t->root), "/%.*s", (int)length, rest);
            STATUS_TRY(list_part(t, i, end, t->prefix + length + 1, 0, part, l));
            *root_end = 0;
        }
    }
    if (l->count == 0)
        return status_set(FV_ERROR_INVALID, "%s: no pictures in class folders below train, val or test",
                          t->root);
    if (loose > 0)
        return names_add(&l->problems, "%s: %zu pictures lie outside the class folders; they are left out",
                         t->root, loose);
    return FV_OK;
}

static fv_status list_tree(tree *t, listing *l)
{
    size_t loose = 0;
    STATUS_TRY(find_pictures(t, &l->problems));
    if (t->count == 0)
        return status_set(FV_ERROR_INVALID, "%s: no pictures are in it (%zu files are)", t->archive->path,
                          t->archive->count);
    size_t from = enter_wrappers(t, &loose);
    snprintf(t->root, sizeof t->root, "%s%s%.*s", t->archive->path, t->prefix > 0 ? "/" : "",
             t->prefix > 0 ? (int)t->prefix - 1 : 0, rest_of(t, from, 0));
    return has_parts(t, from, t->count) ? list_parts(t, from, loose, l)
                                        : list_part(t, from, t->count, t->prefix, loose, FV_ALL, l);
}

fv_status tree_list(container *c, listing *l)
{
    tree t = {.archive = c};
    fv_status status = list_tree(&t, l);
    free(t.entries);
    return status;
}
