/* SPDX-License-Identifier: Apache-2.0 */
#include "data/row_names.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/paths.h"
#include "data/table_columns.h"

static int depth_of(const char *name)
{
    int depth = 0;
    for (; *name; name++)
        depth += *name == '/';
    return depth < 63 ? depth : 63;
}

/* Without what only says where to begin. */
char *row_names_plain(char *cell)
{
    char *name = table_plain_path(cell);
    while (strncmp(name, "../", 3) == 0 || strncmp(name, "./", 2) == 0)
        name = strchr(name, '/') + 1;
    return name;
}

fv_status row_names_add(row_names *r, char *cell, uint32_t *row)
{
    const char *name = row_names_plain(cell);
    STATUS_TRY(name_table_add(&r->files, name, row));
    r->depths |= (uint64_t)1 << depth_of(name);
    return FV_OK;
}

/* ---- bringing rows and pictures together ---- */

typedef struct row_match {
    row_names *rows;
    const store *store;
    picture_paths paths;
    uint32_t *row_of;
} row_match;

/* `name`, then what stands behind its first slash, and so on; NULL behind the last. */
static const char *next_ending(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? slash + 1 : NULL;
}

static void give(row_match *m, int64_t sample, int64_t row)
{
    m->row_of[sample] = (uint32_t)row + 1;
    m->rows->used[row] += m->rows->used[row] < 2;
}

/* Rows in which the picture's path ends. Most tables have files of one depth, and so one look-up a picture. */
static void match_rows(row_match *m)
{
    char name[2 * PATHS_BYTES];
    for (int64_t i = 0; i < m->store->count; i++) {
        paths_print(&m->paths, i, name, sizeof name);
        int depth = depth_of(name);
        int64_t row = -1;
        for (const char *end = name; end && row < 0; end = next_ending(end), depth--)
            if (depth >= 62 || m->rows->depths >> depth & 1)
                row = name_table_find(&m->rows->files, end);
        if (row >= 0)
            give(m, i, row);
        else
            m->rows->unnamed++;
    }
}

/* The other way: pictures that are still without a row, below the common folder, and rows that end in them. */
static fv_status match_pictures(row_match *m)
{
    char name[2 * PATHS_BYTES];
    name_table pictures = {0};
    const name_table *files = &m->rows->files;
    int64_t *found_row = NULL;
    fv_status status = FV_OK;
    uint32_t index;
    for (int64_t i = 0; status == FV_OK && i < m->store->count; i++)
        if (m->row_of[i] == 0) {
            paths_print(&m->paths, i, name, sizeof name);
            status = name_table_add(&pictures, name + m->paths.root_length, &index);
        }
    if (status == FV_OK && !(found_row = mem_array(pictures.count, sizeof *found_row)))
        status = status_last();
    for (size_t row = 0; status == FV_OK && row < files->count; row++) {
        int64_t found = -1;
        if (m->rows->used[row] == 0)
            for (const char *end = name_table_get(files, row); end && found < 0; end = next_ending(end))
                found = name_table_find(&pictures, end);
        if (found >= 0)
            found_row[found] = (int64_t)row + 1;
    }
    for (int64_t i = 0; status == FV_OK && i < m->store->count; i++)
        if (m->row_of[i] == 0) {
            paths_print(&m->paths, i, name, sizeof name);
            int64_t found = name_table_find(&pictures, name + m->paths.root_length);
            if (found_row[found] > 0) {
                give(m, i, found_row[found] - 1);
                m->rows->unnamed--;
            }
        }
    name_table_release(&pictures);
    free(found_row);
    return status;
}

static fv_status match(row_match *m, const char *table)
{
    row_names *r = m->rows;
    STATUS_TRY(paths_open(&m->paths, m->store));
    match_rows(m);
    if (r->unnamed > 0 && memchr(r->used, 0, r->files.count))
        STATUS_TRY(match_pictures(m));
    if (r->unnamed < m->store->count)
        return FV_OK;
    char name[2 * PATHS_BYTES];
    paths_print(&m->paths, 0, name, sizeof name);
    return status_set(
        FV_ERROR_INVALID,
        "%s: none of its rows names a picture of the data; its first file is %.300s, and the data's "
        "first picture is %.300s, which a row may name by the end of its path",
        table, name_table_get(&r->files, 0), name);
}

fv_status row_names_match(row_names *r, const store *s, const char *table, uint32_t *row_of)
{
    row_match m = {.rows = r, .store = s, .row_of = row_of};
    r->unnamed = 0;
    if (!(r->used = mem_array(r->files.count, 1)))
        return status_last();
    memset(row_of, 0, (size_t)s->count * sizeof *row_of);
    fv_status status = match(&m, table);
    paths_close(&m.paths);
    return status;
}

fv_status row_names_note(const row_names *r, const char *table, name_list *problems)
{
    int64_t unused = 0, several = 0;
    size_t first_unused = 0, first_several = 0;
    for (size_t i = 0; i < r->files.count; i++) {
        if (r->used[i] == 0 && unused++ == 0)
            first_unused = i;
        if (r->used[i] > 1 && several++ == 0)
            first_several = i;
    }
    if (unused > 0)
        STATUS_TRY(names_add(problems, "%s: %lld rows name no picture of the data, the first is %s", table,
                             (long long)unused, name_table_get(&r->files, first_unused)));
    if (several > 0)
        STATUS_TRY(names_add(problems, "%s: %lld rows name several pictures each, the first is %s", table,
                             (long long)several, name_table_get(&r->files, first_several)));
    return FV_OK;
}

void row_names_release(row_names *r)
{
    name_table_release(&r->files);
    free(r->used);
    *r = (row_names){0};
}
