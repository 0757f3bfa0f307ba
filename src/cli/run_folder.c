/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/train.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    RUNS_MAX = 100000,
    COLUMNS_MAX = 64,
    RESULTS_LIMIT = 64 << 20
};

/* The last part of a path, "." and trailing slashes resolved; "data" where there is none. */
static void add_name(text *out, const char *data)
{
    char *full = realpath(data, NULL);
    const char *base = file_base_name(full ? full : data);
    text_add(out, "%s", *base ? base : "data");
    free(full);
}

char *run_folder_fresh(const char *data)
{
    if (file_make_folders("runs") != FV_OK)
        return NULL;
    text name = {0};
    add_name(&name, data);
    for (int i = 1; i <= RUNS_MAX; i++) {
        text path = {0};
        text_add(&path, "runs/%s-%d", text_string(&name), i);
        if (text_status(&path) != FV_OK || text_status(&name) != FV_OK)
            break;
        /* mkdir tells two runs that start at the same time apart. */
        if (mkdir(path.data, 0777) == 0) {
            text_release(&name);
            return path.data;
        }
        int error = errno;
        if (error != EEXIST)
            status_set(FV_ERROR_IO, "%s: cannot make the folder: %s", path.data, strerror(error));
        text_release(&path);
        if (error != EEXIST)
            break;
    }
    text_release(&name);
    return NULL;
}

fv_status run_folder_check(const char *path)
{
    if (run_folder_has(path, "args.yaml"))
        return status_set(
            FV_ERROR_INVALID,
            "%s: holds a run already; --resume %s goes on with it, another --out begins a new one", path,
            path);
    if (!file_exists(path))
        return FV_OK;
    file_list inner;
    STATUS_TRY(file_list_folder(&inner, path));
    bool empty = inner.count == 0;
    file_list_release(&inner);
    return empty ? FV_OK
                 : status_set(FV_ERROR_INVALID,
                              "--out: %s holds other files, which a run might overwrite; name a new folder",
                              path);
}

bool run_folder_has(const char *run, const char *file)
{
    char *path = file_join(run, file);
    bool there = path && file_exists(path);
    free(path);
    return there;
}

fv_status run_folder_open_log(const char *run, const fv_dataset *data, FILE **log)
{
    char *path = file_join(run, "log.txt");
    if (!path)
        return status_last();
    bool fresh = !file_exists(path);
    fv_status status = FV_OK;
    *log = fopen(path, "ae");
    if (!*log)
        status = status_set(FV_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
    for (int64_t i = 0; *log && fresh && i < fv_dataset_problem_count(data); i++)
        fprintf(*log, "%s\n", fv_dataset_problem(data, i));
    free(path);
    return status;
}

/* Column numbers of the values in results.csv; -1: there is none. */
typedef struct columns {
    int train_loss, train_accuracy, val_loss, val_accuracy, val_f1, val_map;
} columns;

static int find_column(const char *header, const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < COLUMNS_MAX; i++) {
        size_t width = strcspn(header, ",\r\n");
        if (width == length && strncmp(header, name, length) == 0)
            return i;
        if (header[width] != ',')
            return -1;
        header += width + 1;
    }
    return -1;
}

static double value_at(const char *row, int column)
{
    if (column < 0)
        return NAN;
    for (; column > 0; column--) {
        row += strcspn(row, ",\r\n");
        if (*row++ != ',')
            return NAN;
    }
    if (strchr(",\r\n", *row)) /* strtod would go on to the next row's number */
        return NAN;
    char *end;
    double value = strtod(row, &end);
    return end == row ? NAN : value;
}

/* As fv_fit judges: of equal F1 or mAP the one with less loss. */
static bool is_better(const run_best *a, const run_best *b, fv_monitor monitor)
{
    if (monitor == FV_MONITOR_LOSS)
        return a->loss < b->loss;
    if (monitor == FV_MONITOR_F1)
        return a->f1 > b->f1 || (a->f1 == b->f1 && a->loss < b->loss);
    if (monitor == FV_MONITOR_MAP)
        return a->map > b->map || (a->map == b->map && a->loss < b->loss);
    return a->accuracy > b->accuracy;
}

static void take_row(const char *row, const columns *c, fv_monitor monitor, run_best *best)
{
    run_best now = {.epoch = (int64_t)value_at(row, 0),
                    .loss = value_at(row, c->val_loss),
                    .accuracy = value_at(row, c->val_accuracy),
                    .f1 = value_at(row, c->val_f1),
                    .map = value_at(row, c->val_map)};
    now.validated = isfinite(now.loss) || isfinite(now.accuracy);
    if (!now.validated) {
        now.loss = value_at(row, c->train_loss);
        now.accuracy = value_at(row, c->train_accuracy);
    }
    now.epochs = best->epochs + 1;
    if (best->epoch > 0 && !is_better(&now, best, monitor))
        best->epochs = now.epochs;
    else
        *best = now;
}

fv_status run_folder_best(const char *run, fv_monitor monitor, run_best *best)
{
    *best = (run_best){0};
    uint8_t *bytes = NULL;
    size_t size;
    char *path = file_join(run, "results.csv");
    fv_status status = path ? file_read(path, RESULTS_LIMIT, &bytes, &size) : status_last();
    free(path);
    if (status != FV_OK)
        return status;
    const char *row = (const char *)bytes;
    columns c = {find_column(row, "train/loss"), find_column(row, "train/accuracy"),
                 find_column(row, "val/loss"),   find_column(row, "val/accuracy"),
                 find_column(row, "val/f1"),     find_column(row, "val/map")};
    while ((row = strchr(row, '\n')) && *++row)
        take_row(row, &c, monitor, best);
    free(bytes);
    return FV_OK;
}
