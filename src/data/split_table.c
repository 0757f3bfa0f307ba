/* SPDX-License-Identifier: Apache-2.0 */
/* A split as a table of file,label,split[,group] rows, as sources/table.c reads it. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "data/split_write.h"

typedef struct table_writer {
    split_job *job;
    file_writer file;
    text row;
    char delimiter;
    char *folder;         /* in which the table lies, ending in '/' */
    size_t folder_length; /* bytes */
} table_writer;

/* ---- cells ---- */

static void add_cell(table_writer *w, const char *cell)
{
    size_t n = strlen(cell);
    bool quoted = strpbrk(cell, ",;\t\"\r\n") || (n > 0 && (cell[0] == ' ' || cell[n - 1] == ' '));
    if (!quoted) {
        text_add_bytes(&w->row, cell, n);
        return;
    }
    text_add_bytes(&w->row, "\"", 1);
    for (const char *p = cell; *p; p++)
        text_add_bytes(&w->row, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    text_add_bytes(&w->row, "\"", 1);
}

static void end_cell(table_writer *w)
{
    text_add_bytes(&w->row, &w->delimiter, 1);
}

static void add_file(table_writer *w, int64_t sample)
{
    char path[2 * PATHS_BYTES];
    paths_print(&w->job->paths, sample, path, sizeof path);
    const char *name = strncmp(path, w->folder, w->folder_length) == 0 ? path + w->folder_length : path;
    /* A reader takes backslashes for slashes where there are no others. */
    if (!strchr(name, '/') && strchr(name, '\\')) {
        memmove(path + 2, name, strlen(name) + 1);
        memcpy(path, "./", 2);
        name = path;
    }
    add_cell(w, name);
}

/* In multi-label data "a|b", and "|" for a picture without a class. */
static void add_labels(table_writer *w, int64_t sample)
{
    const store *s = w->job->store;
    const int32_t *labels;
    int64_t n = store_labels(s, sample, &labels);
    text cell = {0};
    for (int64_t k = 0; k < n; k++)
        text_add(&cell, "%s%s", k ? "|" : "", s->classes.items[labels[k]]);
    add_cell(w, n > 0 ? text_string(&cell) : "|");
    if (text_status(&cell) != FV_OK)
        w->row.status = cell.status;
    text_release(&cell);
}

static void add_row(table_writer *w, int64_t sample, fv_part part)
{
    const store *s = w->job->store;
    w->row.length = 0;
    add_file(w, sample);
    end_cell(w);
    add_labels(w, sample);
    end_cell(w);
    add_cell(w, split_part_name(part));
    if (s->groups) {
        end_cell(w);
        if (s->groups[sample] > 0)
            add_cell(w, name_table_get(&s->group_names, s->groups[sample] - 1));
    }
    text_add_bytes(&w->row, "\n", 1);
}

/* ---- the table ---- */

static fv_status check_classes(const store *s)
{
    for (size_t c = 0; c < s->classes.count; c++) {
        const char *name = s->classes.items[c];
        size_t n = strlen(name);
        if (n == 0 || name[0] == ' ' || name[n - 1] == ' ' || strchr(name, '|'))
            return status_set(FV_ERROR_UNSUPPORTED,
                              "class '%.200s': such a name cannot stand in a table; write folders", name);
    }
    return FV_OK;
}

static fv_status find_folder(table_writer *w)
{
    const char *path = w->job->options->path, *base = file_base_name(path);
    char *given = base > path ? mem_string_n(path, (size_t)(base - path)) : mem_string("./");
    fv_status status = given ? file_make_folders(given) : status_last();
    char *real = status == FV_OK ? realpath(given, NULL) : NULL;
    if (status == FV_OK && !real)
        status = status_set(FV_ERROR_IO, "%s: cannot be made: its folder is not there", path);
    if (real && !(w->folder = file_join(real, "")))
        status = status_last();
    w->folder_length = w->folder ? strlen(w->folder) : 0;
    free(given);
    free(real);
    return status;
}

static fv_status write_rows(table_writer *w)
{
    const store *s = w->job->store;
    static const char *const header[] = {"file", "label", "split", "group"};
    for (int i = 0; i < 3 + (s->groups != NULL); i++) {
        if (i)
            end_cell(w);
        add_cell(w, header[i]);
    }
    text_add_bytes(&w->row, "\n", 1);
    file_writer_add(&w->file, w->row.data, w->row.length);
    for (fv_part part = FV_TRAIN; part <= FV_TEST; part++) {
        const fv_dataset *d = &s->parts[part];
        for (int64_t i = 0; i < d->count; i++) {
            add_row(w, d->indices[i], part);
            STATUS_TRY(text_status(&w->row));
            file_writer_add(&w->file, w->row.data, w->row.length);
            STATUS_TRY(split_step(w->job));
        }
    }
    return text_status(&w->row);
}

fv_status split_write_table(split_job *job)
{
    const char *path = job->options->path;
    table_writer w = {.job = job, .delimiter = path[strlen(path) - 3] == 't' ? '\t' : ','};
    STATUS_TRY(split_need_files(job, "a table"));
    STATUS_TRY(check_classes(job->store));
    if (file_exists(path))
        return status_set(FV_ERROR_IO, "%s: is there already; name another", path);
    fv_status status = find_folder(&w);
    if (status == FV_OK && (status = file_writer_open(&w.file, path)) == FV_OK) {
        status = write_rows(&w);
        if (status == FV_OK)
            status = file_writer_commit(&w.file);
        else
            file_writer_discard(&w.file);
    }
    text_release(&w.row);
    free(w.folder);
    return status;
}
