/* SPDX-License-Identifier: Apache-2.0 */
/* fv_run: a run folder as it is read by those who did not train it. Nothing in it is trusted. */
#include "report/run.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    FILE_LIMIT = 16 << 20,
    STATE_LIMIT = 1 << 20
};

static bool has(const char *folder, const char *name)
{
    char *path = file_join(folder, name);
    bool there = path && file_exists(path);
    free(path);
    return there;
}

int fv_run_is(const char *folder)
{
    return has(folder, "args.yaml") || has(folder, "results.csv");
}

const char *fv_run_state_name(fv_run_state state)
{
    static const char *const names[] = {"unreadable", "running", "interrupted", "failed", "finished"};
    return (int)state >= 0 && state <= FV_RUN_FINISHED ? names[state] : "unknown";
}

const char *fv_run_option(const fv_run *run, const char *name)
{
    for (int64_t i = 0; i < run->option_count; i++)
        if (strcmp(run->option_names[i], name) == 0)
            return run->option_values[i];
    return NULL;
}

double fv_run_value(const fv_run *run, int64_t row, const char *column)
{
    for (int64_t i = 0; row >= 0 && row < run->row_count && i < run->column_count; i++)
        if (strcmp(run->columns[i], column) == 0)
            return run->values[row * run->column_count + i];
    return NAN;
}

double fv_run_seconds(const fv_run *run)
{
    double sum = 0;
    for (int64_t i = 0; i < run->row_count; i++) {
        double seconds = fv_run_value(run, i, "seconds");
        sum += isfinite(seconds) ? seconds : 0;
    }
    return sum;
}

/* The process that trains holds the lock for as long as it lives, however it ends. */
static bool is_locked(const char *folder)
{
    char *path = file_join(folder, RUN_LOCK);
    int file = -1;
    if (path && file_exists(path) && file_open(path, &file) != FV_OK)
        file = -1;
    free(path);
    bool locked = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (file >= 0)
        close(file);
    return locked;
}

/* How the last process said that it ended. */
static void read_end(fv_run *run)
{
    uint8_t *bytes;
    size_t size;
    char *path = file_join(run->folder, RUN_STATE);
    run->state = FV_RUN_INTERRUPTED;
    if (!path || !file_exists(path) || file_read(path, STATE_LIMIT, &bytes, &size) != FV_OK) {
        free(path);
        return;
    }
    json_t *root = json_loadb((const char *)bytes, size, 0, NULL);
    const char *state = json_string_value(json_object_get(root, "state")),
               *message = json_string_value(json_object_get(root, "message"));
    if (state && strcmp(state, "failed") == 0) {
        run->state = FV_RUN_FAILED;
        snprintf(run->problem, sizeof run->problem, "%s", message ? message : "");
        text_flatten(run->problem);
    }
    json_decref(root);
    free(bytes);
    free(path);
}

static void find_state(fv_run *run)
{
    if (is_locked(run->folder))
        run->state = FV_RUN_RUNNING;
    else if (has(run->folder, "report.html"))
        run->state = FV_RUN_FINISHED;
    else
        read_end(run);
}

/* RUN/name when it is there and not too large, else NULL; `*status` says whether that is a problem. */
static char *readable(const fv_run *run, const char *name, fv_status *status)
{
    struct stat s;
    char *path = file_join(run->folder, name);
    if (path && stat(path, &s) == 0) {
        if (s.st_size <= FILE_LIMIT)
            return path;
        *status = status_set(FV_ERROR_FORMAT, "%s has %lld MB; more than %d are not read", name,
                             (long long)(s.st_size >> 20), FILE_LIMIT >> 20);
    } else if (!path) {
        *status = status_last();
    }
    free(path);
    return NULL;
}

static fv_status load_results(fv_run *run)
{
    report_table t;
    fv_status status = FV_OK;
    char *path = readable(run, "results.csv", &status);
    if (!path)
        return status;
    status = report_table_load(&t, path, "epoch");
    free(path);
    if (status != FV_OK)
        return status;
    run->columns = t.columns;
    run->values = t.values;
    run->column_count = t.column_count;
    run->row_count = t.row_count;
    return FV_OK;
}

static fv_status load_options(fv_run *run)
{
    report_pairs p;
    fv_status status = FV_OK;
    char *path = readable(run, "args.yaml", &status);
    if (!path)
        return status;
    status = report_pairs_load(&p, path);
    free(path);
    if (status != FV_OK)
        return status;
    run->option_names = mem_array(p.count, sizeof *run->option_names);
    run->option_values = mem_array(p.count, sizeof *run->option_values);
    if (!run->option_names || !run->option_values) {
        report_pairs_release(&p);
        return status_last();
    }
    for (size_t i = 0; i < p.count; i++) {
        run->option_names[i] = p.list[i].key;
        run->option_values[i] = p.list[i].value;
    }
    run->option_count = (int64_t)p.count;
    free(p.list);
    return FV_OK;
}

/* What the run itself went by: args.yaml's monitor, validation before training. */
static int64_t find_best(const fv_run *run)
{
    const char *monitor = fv_run_option(run, "monitor");
    bool loss = monitor && strcmp(monitor, "val/loss") == 0;
    const char *const columns[] = {loss ? "val/loss" : "val/accuracy",
                                   loss ? "train/loss" : "train/accuracy"};
    int64_t best = -1;
    for (int k = 0; k < 2 && best < 0; k++)
        for (int64_t i = 0; i < run->row_count; i++) {
            double value = fv_run_value(run, i, columns[k]), so_far = fv_run_value(run, best, columns[k]);
            if (isfinite(value) && (best < 0 || (loss ? value < so_far : value > so_far)))
                best = i;
        }
    return best;
}

static fv_status unreadable(fv_run *run)
{
    run->state = FV_RUN_UNREADABLE;
    snprintf(run->problem, sizeof run->problem, "%s", fv_error_message());
    text_flatten(run->problem);
    return FV_OK;
}

fv_status fv_run_load(fv_run *run, const char *folder)
{
    *run = (fv_run){.best_row = -1};
    if (!folder || !fv_run_is(folder))
        return status_set(FV_ERROR_IO, "%s: is no run folder: it has neither args.yaml nor results.csv",
                          folder ? folder : "");
    if (!(run->folder = mem_string(folder)))
        return status_last();
    find_state(run);
    fv_status status = load_options(run);
    if (status == FV_OK)
        status = load_results(run);
    if (status == FV_ERROR_MEMORY) {
        fv_run_release(run);
        return status;
    }
    run->best_row = find_best(run);
    return status == FV_OK ? FV_OK : unreadable(run);
}

static void free_strings(char **list, int64_t count)
{
    for (int64_t i = 0; list && i < count; i++)
        free(list[i]);
    free(list);
}

void fv_run_release(fv_run *run)
{
    free(run->folder);
    free_strings(run->option_names, run->option_count);
    free_strings(run->option_values, run->option_count);
    free_strings(run->columns, run->column_count);
    free(run->values);
    *run = (fv_run){0};
}
