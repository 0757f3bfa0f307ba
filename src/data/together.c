/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of file,group rows beside the data. A row names a picture when one's path ends in the other's, folder by folder:
 * "1.jpg", "cat/1.jpg" and "photos/cat/1.jpg" name /data/photos/cat/1.jpg, and so does "/home/ann/photos/cat/1.jpg", because the
 * picture is cat/1.jpg in the folder that all have in common. The longest of several rows for a picture counts.
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/csv.h"
#include "data/paths.h"
#include "data/table_columns.h"

typedef struct together {
    store *store;
    csv_reader reader;
    table_columns columns;
    picture_paths paths;
    name_table files; /* of the rows */
    uint32_t *group;  /* (files.count): index in store->group_names */
    uint8_t *used;    /* (files.count): names no picture, one, more */
    uint64_t depths;  /* bit d: there is a file with d slashes */
    uint32_t *leader; /* (group_names.count): groups with a picture in common are one */
    size_t group_capacity, leader_capacity;
    int64_t malformed, joined, unnamed;
    char *first_malformed;
} together;

/* ---- reading ---- */

static uint32_t find_leader(const together *t, uint32_t group)
{
    while (t->leader[group] != group)
        group = t->leader[group] = t->leader[t->leader[group]];
    return group;
}

static fv_status note_malformed(together *t)
{
    if (t->store->sources.on_error == FV_FAIL)
        return status_last();
    if (t->malformed++ == 0 && !(t->first_malformed = mem_string(fv_error_message())))
        return status_last();
    return FV_OK;
}

static int depth_of(const char *name)
{
    int depth = 0;
    for (; *name; name++)
        depth += *name == '/';
    return depth < 63 ? depth : 63;
}

/* The row's file without what only says where to begin. */
static char *plain_name(char *cell)
{
    char *name = table_plain_path(cell);
    while (strncmp(name, "../", 3) == 0 || strncmp(name, "./", 2) == 0)
        name = strchr(name, '/') + 1;
    return name;
}

static fv_status add_group(together *t, const char *name, uint32_t *group)
{
    name_table *names = &t->store->group_names;
    size_t before = names->count;
    STATUS_TRY(name_table_add(names, name, group));
    if (*group < before)
        return FV_OK;
    STATUS_TRY(MEM_GROW(t->leader, before, t->leader_capacity));
    t->leader[*group] = *group;
    return FV_OK;
}

static fv_status read_row(together *t)
{
    const csv_reader *r = &t->reader;
    if (r->count != t->columns.count) {
        status_set(FV_ERROR_FORMAT, "%s:%lld: the row has %zu cells, the first row %zu", r->path,
                   (long long)r->line, r->count, t->columns.count);
        return note_malformed(t);
    }
    char *name =
        plain_name((char *)r->cells[t->columns.file]); /* the reader's cells are ours until the next row */
    const char *group_name = r->cells[t->columns.group];
    if (!*name || !*group_name) {
        status_set(FV_ERROR_FORMAT, "%s:%lld: the row lacks a %s", r->path, (long long)r->line,
                   *name ? "group" : "file");
        return note_malformed(t);
    }
    uint32_t group, file;
    size_t before = t->files.count;
    STATUS_TRY(add_group(t, group_name, &group));
    STATUS_TRY(name_table_add(&t->files, name, &file));
    STATUS_TRY(MEM_GROW(t->group, file, t->group_capacity));
    if (file == before) {
        t->group[file] = group;
        t->depths |= (uint64_t)1 << depth_of(name);
    } else if (find_leader(t, group) != find_leader(t, t->group[file])) {
        t->leader[find_leader(t, group)] = find_leader(t, t->group[file]);
        t->joined++;
    }
    return FV_OK;
}

static fv_status read_rows(together *t)
{
    bool first = true;
    for (csv_result result; (result = csv_next(&t->reader)) != CSV_END; first = false) {
        if (result == CSV_FAILED || (result == CSV_BAD && first))
            return status_last();
        if (first)
            STATUS_TRY(table_columns_find_group(&t->columns, &t->reader));
        if (result == CSV_BAD)
            STATUS_TRY(note_malformed(t));
        else if (!first || !t->columns.header)
            STATUS_TRY(read_row(t));
    }
    if (t->files.count == 0)
        return status_set(FV_ERROR_INVALID, "%s: there are no rows of file and group in it", t->reader.path);
    t->used = mem_array(t->files.count, 1);
    return t->used ? FV_OK : status_last();
}

/* ---- bringing rows and pictures together ---- */

/* `name`, then what stands behind its first slash, and so on; NULL behind the last. */
static const char *next_ending(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? slash + 1 : NULL;
}

static void give(together *t, int64_t sample, int64_t row)
{
    t->store->groups[sample] = find_leader(t, t->group[row]) + 1;
    t->used[row] += t->used[row] < 2;
}

/* Rows in which the picture's path ends. Most tables have files of one depth, and so one look-up a picture. */
static void match_rows(together *t)
{
    char name[2 * PATHS_BYTES];
    for (int64_t i = 0; i < t->store->count; i++) {
        paths_print(&t->paths, i, name, sizeof name);
        int depth = depth_of(name);
        int64_t row = -1;
        for (const char *end = name; end && row < 0; end = next_ending(end), depth--)
            if (depth >= 62 || t->depths >> depth & 1)
                row = name_table_find(&t->files, end);
        if (row >= 0)
            give(t, i, row);
        else
            t->unnamed++;
    }
}

/* The other way: pictures that are still without a row, below the common folder, and rows that end in them. */
static fv_status match_pictures(together *t)
{
    char name[2 * PATHS_BYTES];
    name_table pictures = {0};
    int64_t *row_of = NULL;
    fv_status status = FV_OK;
    uint32_t index;
    store *s = t->store;
    for (int64_t i = 0; status == FV_OK && i < s->count; i++)
        if (s->groups[i] == 0) {
            paths_print(&t->paths, i, name, sizeof name);
            status = name_table_add(&pictures, name + t->paths.root_length, &index);
        }
    if (status == FV_OK && !(row_of = mem_array(pictures.count, sizeof *row_of)))
        status = status_last();
    for (size_t row = 0; status == FV_OK && row < t->files.count; row++) {
        int64_t found = -1;
        if (t->used[row] == 0)
            for (const char *end = name_table_get(&t->files, row); end && found < 0; end = next_ending(end))
                found = name_table_find(&pictures, end);
        if (found >= 0)
            row_of[found] = (int64_t)row + 1;
    }
    for (int64_t i = 0; status == FV_OK && i < s->count; i++)
        if (s->groups[i] == 0) {
            paths_print(&t->paths, i, name, sizeof name);
            int64_t found = name_table_find(&pictures, name + t->paths.root_length);
            if (row_of[found] > 0) {
                give(t, i, row_of[found] - 1);
                t->unnamed--;
            }
        }
    name_table_release(&pictures);
    free(row_of);
    return status;
}

static fv_status match(together *t)
{
    STATUS_TRY(paths_open(&t->paths, t->store));
    match_rows(t);
    bool rows_left = memchr(t->used, 0, t->files.count) != NULL;
    if (t->unnamed > 0 && rows_left)
        STATUS_TRY(match_pictures(t));
    if (t->unnamed < t->store->count)
        return FV_OK;
    char name[2 * PATHS_BYTES];
    paths_print(&t->paths, 0, name, sizeof name);
    return status_set(
        FV_ERROR_INVALID,
        "%s: none of its rows names a picture of the data; its first file is %.300s, and the data's "
        "first picture is %.300s, which a row may name by the end of its path",
        t->reader.path, name_table_get(&t->files, 0), name);
}

/* ---- what is to be said ---- */

static fv_status add_problems(together *t)
{
    name_list *problems = &t->store->sources.problems;
    const char *path = t->reader.path;
    int64_t unused = 0, several = 0;
    size_t first_unused = 0, first_several = 0;
    for (size_t i = 0; i < t->files.count; i++) {
        if (t->used[i] == 0 && unused++ == 0)
            first_unused = i;
        if (t->used[i] > 1 && several++ == 0)
            first_several = i;
    }
    if (t->malformed > 0)
        STATUS_TRY(names_add(problems, "%s: %lld malformed rows were left out, the first: %s", path,
                             (long long)t->malformed, t->first_malformed));
    if (unused > 0)
        STATUS_TRY(names_add(problems, "%s: %lld rows name no picture of the data, the first is %s", path,
                             (long long)unused, name_table_get(&t->files, first_unused)));
    if (several > 0)
        STATUS_TRY(names_add(problems, "%s: %lld rows name several pictures each, the first is %s", path,
                             (long long)several, name_table_get(&t->files, first_several)));
    if (t->joined > 0)
        STATUS_TRY(names_add(problems,
                             "%s: %lld rows put a file into a further group; these groups stay together",
                             path, (long long)t->joined));
    if (t->unnamed > 0)
        STATUS_TRY(names_add(problems, "%s: no row names %lld of the pictures; each is a group of its own",
                             path, (long long)t->unnamed));
    return FV_OK;
}

static fv_status take_table(together *t)
{
    store *s = t->store;
    free(s->groups);
    name_table_release(&s->group_names);
    if (!(s->groups = mem_array((size_t)s->count, sizeof *s->groups)))
        return status_last();
    STATUS_TRY(read_rows(t));
    name_table_close(&s->group_names);
    STATUS_TRY(match(t));
    return add_problems(t);
}

fv_status store_read_groups(store *s, const char *path)
{
    together t = {.store = s};
    STATUS_TRY(csv_open(&t.reader, path));
    fv_status status = take_table(&t);
    csv_close(&t.reader);
    table_columns_release(&t.columns);
    paths_close(&t.paths);
    name_table_release(&t.files);
    free(t.group);
    free(t.used);
    free(t.leader);
    free(t.first_malformed);
    return status;
}
