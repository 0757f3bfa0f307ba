/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of `file,label` rows: CSV or TSV, with or without a header, its files relative to the folder it lies in. Further
 * columns may name a group and a part (train, val, test). "a|b" in a label makes it multi-label data; so may a column for
 * each class that holds 0 or 1.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/path_table.h"
#include "data/source.h"
#include "data/table_columns.h"

enum {
    LOOKED_FOR = 4096, /* a table of up to so many rows: every file is looked for when it is opened */
    LOOKED_FOR_OF_MORE =
        64 /* of a longer one so many at its head: else opening would take minutes on a network disk */
};

/* The files of a table, shared by the sources of its parts. */
typedef struct table_files {
    char *folder;
    path_table names;
    name_table groups;
    int users;
} table_files;

typedef struct table_source {
    source base;
    table_files *files;
    uint32_t *rows; /* (base.count) into files->names; NULL: all, in order */
} table_source;

/* ---- the source ---- */

static void print_path(const table_files *f, size_t row, char *buffer, size_t size)
{
    char name[PATH_MAX];
    path_table_print(&f->names, row, name, sizeof name);
    bool absolute = name[0] == '/';
    if (snprintf(buffer, size, "%s%s%s", absolute ? "" : f->folder, absolute ? "" : "/", name) < 0)
        buffer[0] = 0;
}

static void file(const source *s, int64_t record, char *buffer, size_t size)
{
    const table_source *t = (const table_source *)s;
    size_t row = t->rows ? t->rows[record] : (size_t)record;
    print_path(t->files, row, buffer, size);
}

static fv_status read_file(const source *s, int64_t record, file_bytes *bytes)
{
    char path[PATH_MAX];
    file(s, record, path, sizeof path);
    return file_read_into(path, s->max_bytes, bytes);
}

static void files_release(table_files *f)
{
    if (!f || --f->users > 0)
        return;
    free(f->folder);
    path_table_release(&f->names);
    name_table_release(&f->groups);
    free(f);
}

static void destroy(source *s)
{
    table_source *t = (table_source *)s;
    files_release(t->files);
    free(t->rows);
    source_free(s);
}

/* ---- reading rows ---- */

/* Something that is wrong with several rows: how often, and the first of them. */
typedef struct tally {
    int64_t count;
    char *first; /* message */
} tally;

typedef struct table {
    listing *found;
    csv_reader reader;
    table_columns columns;
    table_files *files;    /* the row's number is its file's */
    name_table classes;    /* in the order of coming */
    uint32_t *label_first; /* (rows + 1) */
    int32_t *label_list;   /* ascending in a row */
    uint32_t *groups;      /* (rows), with columns.group; as in source */
    uint8_t *parts;        /* (rows), fv_part */
    size_t label_first_capacity, label_count, label_capacity, group_capacity, part_capacity;
    bool multi_label, *left_out; /* (rows), NULL: none is */
    tally malformed, repeated, missing, unlabelled;
} table;

static size_t row_count(const table *t)
{
    return path_table_count(&t->files->names);
}

/* The thread's message is an error with FV_FAIL; else it is counted. */
static fv_status note(table *t, tally *what)
{
    if (t->found->on_error == FV_FAIL)
        return status_last();
    if (what->count++ == 0 && !(what->first = mem_string(fv_error_message())))
        return status_last();
    return FV_OK;
}

static fv_status bad_row(table *t, const char *what, const char *cell)
{
    status_set(FV_ERROR_FORMAT, "%s:%lld: '%.200s' %s", t->reader.path, (long long)t->reader.line, cell,
               what);
    return note(t, &t->malformed);
}

static fv_status add_label(table *t, const char *name)
{
    uint32_t label;
    STATUS_TRY(name_table_add(&t->classes, name, &label));
    size_t first = t->label_first[row_count(t)], k = t->label_count;
    for (size_t i = first; i < t->label_count; i++)
        if (t->label_list[i] == (int32_t)label)
            return FV_OK;
    if (t->label_count == UINT32_MAX)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: has too many labels", t->reader.path);
    STATUS_TRY(MEM_GROW(t->label_list, t->label_count, t->label_capacity));
    for (; k > first && t->label_list[k - 1] > (int32_t)label; k--)
        t->label_list[k] = t->label_list[k - 1];
    t->label_list[k] = (int32_t)label;
    t->label_count++;
    return FV_OK;
}

/* "a|b" into its classes; the cell is overwritten. */
static fv_status split_labels(table *t, char *cell)
{
    t->multi_label = t->multi_label || strchr(cell, '|');
    char *rest = cell;
    for (char *name; (name = strsep(&rest, "|"));) {
        while (*name == ' ')
            name++;
        for (size_t n = strlen(name); n > 0 && name[n - 1] == ' ';)
            name[--n] = 0;
        if (*name)
            STATUS_TRY(add_label(t, name));
    }
    return FV_OK;
}

static int truth_of(const char *cell)
{
    static const char *const no[] = {"0", "0.0", "false", ""}, *const yes[] = {"1", "1.0", "true"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (strcasecmp(cell, no[i]) == 0)
            return 0;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcasecmp(cell, yes[i]) == 0)
            return 1;
    return -1;
}

static fv_status read_class_columns(table *t, bool *bad)
{
    const table_columns *c = &t->columns;
    for (size_t i = 0; i < c->class_names.count; i++) {
        const char *cell = t->reader.cells[c->class_columns[i]];
        int truth = truth_of(cell);
        if (truth < 0 && row_count(t) == 0 && t->malformed.count == 0)
            return status_set(
                FV_ERROR_FORMAT,
                "%s: which column is the label? None is named 'label' or 'class', and %s does not "
                "hold 0 or 1 as a column for a class would",
                t->reader.path, c->class_names.items[i]);
        if (truth < 0) {
            *bad = true;
            return bad_row(t, "is neither 0 nor 1", cell);
        }
        if (truth)
            STATUS_TRY(add_label(t, c->class_names.items[i]));
    }
    return FV_OK;
}

/* The row's labels, which stand at the end of the list, against those of a row before. */
static bool same_labels(const table *t, uint32_t row)
{
    size_t a = t->label_first[row], n = t->label_first[row + 1] - a, b = t->label_first[row_count(t)];
    return n == t->label_count - b &&
           (n == 0 || memcmp(t->label_list + a, t->label_list + b, n * sizeof *t->label_list) == 0);
}

static fv_status repeated_row(table *t, uint32_t before, const char *name, fv_part part)
{
    bool labels = same_labels(t, before), parts = t->parts[before] == part;
    t->label_count = t->label_first[row_count(t)];
    status_set(FV_ERROR_FORMAT, "%s:%lld: %.300s stands in an earlier row, %s", t->reader.path,
               (long long)t->reader.line, name,
               !labels ? "with another label; give several classes of a picture in one row, as a|b"
               : parts ? "too"
                       : "for another part");
    return note(t, &t->repeated);
}

/* An empty cell is a group of its own. */
static fv_status take_group(table *t, const char *cell, uint32_t *group)
{
    *group = 0;
    if (!*cell)
        return FV_OK;
    STATUS_TRY(name_table_add(&t->files->groups, cell, group));
    ++*group;
    return FV_OK;
}

/* Takes the row whose labels stand at the end of the list. */
static fv_status take_row(table *t, char *name)
{
    const table_columns *c = &t->columns;
    const char *const *cells = t->reader.cells;
    size_t row = row_count(t);
    fv_part part = c->part < 0 ? FV_ALL : table_part_of(cells[c->part]);
    STATUS_TRY(MEM_GROW(t->parts, row, t->part_capacity));
    STATUS_TRY(MEM_GROW(t->label_first, row + 1, t->label_first_capacity));
    if (c->group >= 0)
        STATUS_TRY(MEM_GROW(t->groups, row, t->group_capacity));
    uint32_t index;
    STATUS_TRY(path_table_add(&t->files->names, name, &index));
    if (index < row)
        return repeated_row(t, index, name, part);
    t->parts[row] = (uint8_t)part;
    t->label_first[row + 1] = (uint32_t)t->label_count;
    return c->group >= 0 ? take_group(t, cells[c->group], &t->groups[row]) : FV_OK;
}

static fv_status read_row(table *t)
{
    const table_columns *c = &t->columns;
    char *const *cells = (char *const *)t->reader.cells; /* they are ours to change until the next row */
    if (t->reader.count != c->count) {
        status_set(FV_ERROR_FORMAT, "%s:%lld: the row has %zu cells, the first row %zu", t->reader.path,
                   (long long)t->reader.line, t->reader.count, c->count);
        return note(t, &t->malformed);
    }
    char *name = table_plain_path(cells[c->file]);
    if (!*name)
        return bad_row(t, "is no file's name", name);
    if (strstr(name, "://"))
        return bad_row(t, "is an address; a table can only name files", name);
    if (strlen(name) >= PATH_MAX)
        return bad_row(t, "is too long for a file's name", name);
    if (c->part >= 0 && table_part_of(cells[c->part]) == FV_ALL)
        return bad_row(t, "is none of train, val, test", cells[c->part]);
    bool bad = false;
    STATUS_TRY(c->label >= 0 ? split_labels(t, cells[c->label]) : read_class_columns(t, &bad));
    if (!bad)
        return take_row(t, name);
    t->label_count = t->label_first[row_count(t)];
    return FV_OK;
}

static fv_status read_rows(table *t)
{
    bool first = true;
    if (!(t->label_first = mem_array(1, sizeof *t->label_first)))
        return status_last();
    t->label_first_capacity = 1;
    for (csv_result result; (result = csv_next(&t->reader)) != CSV_END; first = false) {
        if (result == CSV_FAILED || (result == CSV_BAD && first))
            return status_last();
        if (first)
            STATUS_TRY(table_columns_find(&t->columns, &t->reader));
        if (result == CSV_BAD)
            STATUS_TRY(note(t, &t->malformed));
        else if (!first || !t->columns.header)
            STATUS_TRY(read_row(t));
    }
    return FV_OK;
}

/* ---- after the last row ---- */

static fv_status leave_out(table *t, size_t row)
{
    if (!t->left_out && !(t->left_out = mem_array(row_count(t), sizeof *t->left_out)))
        return status_last();
    t->left_out[row] = true;
    return FV_OK;
}

/* A row without a class means something in multi-label data only. */
static fv_status check_unlabelled(table *t)
{
    size_t rows = row_count(t);
    for (size_t i = 0; t->columns.label < 0 && !t->multi_label && i < rows; i++)
        t->multi_label = t->label_first[i + 1] - t->label_first[i] != 1;
    for (size_t i = 0; !t->multi_label && i < rows; i++)
        if (t->label_first[i + 1] == t->label_first[i]) {
            char name[PATH_MAX];
            status_set(FV_ERROR_FORMAT, "%s: %s has no label", t->reader.path,
                       path_table_print(&t->files->names, i, name, sizeof name));
            STATUS_TRY(note(t, &t->unlabelled));
            STATUS_TRY(leave_out(t, i));
        }
    return FV_OK;
}

static fv_status check_files(table *t)
{
    size_t rows = row_count(t), looked = rows <= LOOKED_FOR ? rows : LOOKED_FOR_OF_MORE, there = 0;
    for (size_t i = 0; i < looked; i++) {
        char path[PATH_MAX];
        struct stat info;
        print_path(t->files, i, path, sizeof path);
        bool found = stat(path, &info) == 0;
        there += found && S_ISREG(info.st_mode);
        if ((found && S_ISREG(info.st_mode)) || rows > looked)
            continue;
        status_set(FV_ERROR_IO, "%s: %s %s", t->reader.path, path,
                   found ? "is not a file" : "does not exist");
        STATUS_TRY(note(t, &t->missing));
        STATUS_TRY(leave_out(t, i));
    }
    char first[PATH_MAX];
    if (looked > 0 && there == 0)
        return status_set(
            FV_ERROR_IO,
            "%s: none of the first %zu files exists; the first, %.300s, was looked for in %s, where "
            "the table lies",
            t->reader.path, looked, path_table_print(&t->files->names, 0, first, sizeof first),
            t->files->folder);
    return FV_OK;
}

static fv_status add_problem(table *t, const tally *what, const char *words)
{
    if (what->count == 0)
        return FV_OK;
    return names_add(&t->found->problems, "%s: %lld %s, the first: %s", t->reader.path,
                     (long long)what->count, words, what->first);
}

static fv_status add_problems(table *t)
{
    STATUS_TRY(add_problem(t, &t->malformed, "malformed rows were left out"));
    STATUS_TRY(add_problem(t, &t->repeated, "rows with a file that was there before were left out"));
    STATUS_TRY(add_problem(t, &t->unlabelled, "rows without a label were left out"));
    return add_problem(t, &t->missing, "rows whose file cannot be had were left out");
}

/* ---- sources ---- */

static bool is_row_of(const table *t, size_t row, fv_part part)
{
    return t->parts[row] == part && !(t->left_out && t->left_out[row]);
}

static int by_class_name(const void *a, const void *b, void *classes)
{
    return strcmp(name_table_get(classes, *(const uint32_t *)a),
                  name_table_get(classes, *(const uint32_t *)b));
}

/* The classes that occur in the source's rows, sorted; its labels become places among them. */
static fv_status sort_classes(table *t, source *s, int32_t *list, size_t count)
{
    size_t n = t->classes.count, used = 0;
    int32_t *place = mem_array(n, sizeof *place);
    uint32_t *order = mem_array(n, sizeof *order);
    fv_status status = place && order ? FV_OK : status_last();
    for (size_t i = 0; status == FV_OK && i < count; i++)
        if (place[list[i]]++ == 0)
            order[used++] = (uint32_t)list[i];
        else
            place[list[i]] = 1;
    if (status == FV_OK && used > 0)
        qsort_r(order, used, sizeof *order, by_class_name, &t->classes);
    for (size_t i = 0; status == FV_OK && i < used; i++) {
        place[order[i]] = (int32_t)i;
        status = names_add(&s->classes, "%s", name_table_get(&t->classes, order[i]));
    }
    for (size_t i = 0; status == FV_OK && i < count; i++)
        list[i] = place[list[i]];
    free(place);
    free(order);
    return status;
}

static fv_status fill_labels(table *t, table_source *s)
{
    source *base = &s->base;
    size_t count = 0;
    int32_t **list = t->multi_label ? &base->label_list : &base->labels;
    for (int64_t i = 0; i < base->count; i++) {
        size_t row = s->rows ? s->rows[i] : (size_t)i;
        count += t->label_first[row + 1] - t->label_first[row];
    }
    if (!(*list = mem_array(count, sizeof **list)) ||
        (t->multi_label &&
         !(base->label_first = mem_array((size_t)base->count + 1, sizeof *base->label_first))))
        return status_last();
    count = 0;
    for (int64_t i = 0; i < base->count; i++) {
        size_t row = s->rows ? s->rows[i] : (size_t)i;
        for (size_t k = t->label_first[row]; k < t->label_first[row + 1]; k++)
            (*list)[count++] = t->label_list[k];
        if (t->multi_label)
            base->label_first[i + 1] = (uint32_t)count;
    }
    return sort_classes(t, base, *list, count);
}

static fv_status fill_source(table *t, table_source *s, fv_part part)
{
    size_t rows = row_count(t), k = 0;
    for (size_t i = 0; i < rows; i++)
        s->base.count += is_row_of(t, i, part);
    if ((size_t)s->base.count < rows && !(s->rows = mem_array((size_t)s->base.count, sizeof *s->rows)))
        return status_last();
    for (size_t i = 0; s->rows && i < rows; i++)
        if (is_row_of(t, i, part))
            s->rows[k++] = (uint32_t)i;
    STATUS_TRY(fill_labels(t, s));
    if (!t->groups)
        return FV_OK;
    s->base.group_names = &t->files->groups;
    if (!(s->base.groups = mem_array((size_t)s->base.count, sizeof *s->base.groups)))
        return status_last();
    for (int64_t i = 0; i < s->base.count; i++)
        s->base.groups[i] = t->groups[s->rows ? s->rows[i] : (size_t)i];
    return FV_OK;
}

static fv_status add_source(table *t, fv_part part)
{
    size_t i = 0, rows = row_count(t);
    while (i < rows && !is_row_of(t, i, part))
        i++;
    if (i == rows)
        return FV_OK;
    table_source *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    s->base = (source){.part = part, .read = read_file, .file = file, .in_files = true, .destroy = destroy};
    s->files = t->files;
    t->files->users++;
    fv_status status = fill_source(t, s, part);
    if (status == FV_OK)
        return listing_add(t->found, &s->base);
    destroy(&s->base);
    return status;
}

static fv_status make_sources(table *t)
{
    path_table_close(&t->files->names);
    name_table_close(&t->files->groups);
    name_table_close(&t->classes);
    if (row_count(t) == 0)
        return status_set(FV_ERROR_INVALID, "%s: there are no rows of pictures in it%s%s", t->reader.path,
                          t->malformed.count ? "; " : "", t->malformed.count ? t->malformed.first : "");
    STATUS_TRY(check_unlabelled(t));
    STATUS_TRY(check_files(t));
    size_t before = t->found->count;
    for (fv_part part = FV_ALL; part <= FV_TEST; part++)
        STATUS_TRY(add_source(t, part));
    if (t->found->count == before)
        return status_set(FV_ERROR_INVALID, "%s: no row has a label and a file that exists", t->reader.path);
    return add_problems(t);
}

/* ---- the kind ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? mem_string("")
           : slash       ? mem_string_n(path, (size_t)(slash - path))
                         : mem_string(".");
}

static void table_release(table *t)
{
    files_release(t->files);
    name_table_release(&t->classes);
    table_columns_release(&t->columns);
    free(t->label_first);
    free(t->label_list);
    free(t->groups);
    free(t->parts);
    free(t->left_out);
    free(t->malformed.first);
    free(t->repeated.first);
    free(t->missing.first);
    free(t->unlabelled.first);
}

static fv_status list(const data_place *place, listing *l)
{
    table t = {.found = l};
    STATUS_TRY(csv_open(&t.reader, place->path));
    fv_status status = FV_OK;
    if (!(t.files = mem_array(1, sizeof *t.files)))
        status = status_last();
    if (status == FV_OK) {
        t.files->users = 1;
        t.files->folder = folder_of(place->path);
        status = t.files->folder ? read_rows(&t) : status_last();
    }
    if (status == FV_OK)
        status = make_sources(&t);
    csv_close(&t.reader);
    table_release(&t);
    return status;
}

static bool detect(const data_place *place)
{
    size_t length = strlen(place->path);
    return !place->folder && length > 4 &&
           (strcasecmp(place->path + length - 4, ".csv") == 0 ||
            strcasecmp(place->path + length - 4, ".tsv") == 0);
}

const source_kind table_kind = {"a .csv or .tsv of file,label rows", detect, list};
