/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher that writes TensorBoard's event file. */
#include "report/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"
#include "nn/network.h"
#include "report/report.h"

enum {
    FILES_MOST = 999,
    POINTS = 100,   /* of an epoch's loss, about */
    HISTOGRAMS = 50 /* epochs that have them, about */
};
static const double flush_seconds = 2;

typedef struct events {
    event_file file;
    char *run;
    double loss_sum; /* of the steps since the last point */
    int64_t steps;
    double flushed;
} events;

/* The run's options as a table. */
static fv_status add_options(events *e)
{
    report_pairs pairs;
    text table = {0}, summary = {0};
    char *path = file_join(e->run, "args.yaml");
    if (!path)
        return status_last();
    fv_status status = file_exists(path) ? report_pairs_load(&pairs, path) : FV_OK;
    bool loaded = status == FV_OK && file_exists(path);
    free(path);
    if (!loaded)
        return status;
    text_add(&table, "| option | value |\n| --- | --- |\n");
    for (size_t i = 0; i < pairs.count; i++) {
        text_add(&table, "| %s | ", pairs.list[i].key);
        for (const char *c = pairs.list[i].value; *c; c++)
            text_add(&table, *c == '\n' ? " " : *c == '|' ? "\\%c" : "%c", *c);
        text_add(&table, " |\n");
    }
    report_pairs_release(&pairs);
    summary_add_markdown(&summary, "options", text_string(&table));
    status = text_status(&table);
    text_release(&table);
    if (status == FV_OK)
        return event_file_add(&e->file, 0, &summary);
    text_release(&summary);
    return status;
}

static fv_status add_picture(events *e, int64_t step, const char *tag, const image *picture)
{
    text summary = {0};
    fv_status status = summary_add_image(&summary, tag, picture);
    if (status == FV_OK)
        return event_file_add(&e->file, step, &summary);
    text_release(&summary);
    return status;
}

static int64_t run_step(const fv_progress *p)
{
    return (p->epoch - 1) * p->steps + p->step;
}

/* A run that is resumed begins its process here, too; TensorBoard then forgets steps that were made but not saved. */
static fv_status on_batch(const fv_run_view *v, void *user)
{
    events *e = user;
    image sheet = {0};
    int64_t step = run_step(v->progress) + 1;
    STATUS_TRY(event_file_begin_session(&e->file, step));
    STATUS_TRY(add_options(e));
    fv_status status = batch_sheet_draw(v, &sheet);
    if (status == FV_OK)
        status = add_picture(e, step, "train/batch", &sheet);
    image_release(&sheet);
    return status == FV_OK ? event_file_flush(&e->file) : status;
}

static fv_status on_step(const fv_run_view *v, void *user)
{
    events *e = user;
    const fv_progress *p = v->progress;
    int64_t every = p->steps > POINTS ? p->steps / POINTS : 1;
    e->loss_sum += (double)p->step_loss;
    e->steps++;
    if (p->step % every != 0)
        return FV_OK;
    text summary = {0};
    summary_add_scalar(&summary, "step/loss", (float)(e->loss_sum / (double)e->steps));
    summary_add_scalar(&summary, "step/lr", p->learning_rate);
    e->loss_sum = 0;
    e->steps = 0;
    STATUS_TRY(event_file_add(&e->file, run_step(p), &summary));
    double now = clock_seconds();
    if (now - e->flushed < flush_seconds)
        return FV_OK;
    e->flushed = now;
    return event_file_flush(&e->file);
}

/* Every column of the last row of results.csv that has a value. */
static void add_row(text *summary, const char *results)
{
    const char *name = results, *row = results;
    for (const char *line = results; *line; line += strcspn(line, "\n") + 1)
        row = line;
    while (*name && *name != '\n') {
        size_t length = strcspn(name, ",\n");
        char *end, tag[256];
        double value = strtod(row, &end);
        if (end != row && isfinite(value) && length < sizeof tag &&
            !(length == 5 && strncmp(name, "epoch", 5) == 0)) {
            memcpy(tag, name, length);
            tag[length] = 0;
            summary_add_scalar(summary, tag, (float)value);
        }
        row += strcspn(row, ",\n");
        row += *row == ',';
        name += length;
        name += *name == ',';
    }
}

static void add_histograms(text *summary, const fv_model *m)
{
    for (int32_t i = 0; i < m->tensor_count; i++)
        summary_add_histogram(summary, m->tensors[i].name, m->tensors[i].data, m->tensors[i].count);
}

/* Where cairo is missing there is none. */
static fv_status add_confusion(events *e, const fv_run_view *v)
{
    const char **names = mem_array((size_t)v->class_count, sizeof *names);
    image plot = {0};
    if (!names)
        return status_last();
    for (int64_t i = 0; i < v->class_count; i++)
        names[i] = v->model->classes[i];
    fv_status status = report_plot_confusion(v->confusion, v->class_count, names, &plot, NULL);
    if (status == FV_OK)
        status = add_picture(e, v->progress->epoch, "val/confusion", &plot);
    image_release(&plot);
    free(names);
    return status == FV_ERROR_UNSUPPORTED ? FV_OK : status;
}

/* Drawing takes longer than a small network's epoch: epochs 1, 2, 4, 8, ... and the last one. */
static bool draws_confusion(const fv_progress *p)
{
    return (p->epoch & (p->epoch - 1)) == 0 || p->epoch == p->epochs;
}

static fv_status on_epoch(const fv_run_view *v, void *user)
{
    events *e = user;
    const fv_progress *p = v->progress;
    text summary = {0};
    add_row(&summary, v->results);
    summary_add_scalar(&summary, "images_per_second", (float)p->images_per_second);
    if (isfinite(p->wait_share))
        summary_add_scalar(&summary, "wait_share", (float)p->wait_share);
    if (p->epoch % ((p->epochs + HISTOGRAMS - 1) / HISTOGRAMS) == 0 || p->epoch == p->epochs)
        add_histograms(&summary, v->model);
    STATUS_TRY(event_file_add(&e->file, p->epoch, &summary));
    if (v->confusion && draws_confusion(p))
        STATUS_TRY(add_confusion(e, v));
    return event_file_flush(&e->file);
}

static void on_end(fv_status status, const char *message, void *user)
{
    events *e = user;
    (void)status, (void)message;
    event_file_flush(&e->file);
}

static void release(void *user)
{
    events *e = user;
    event_file_close(&e->file);
    free(e->run);
    free(e);
}

/* The first number that is free: every process that works on the run has a file of its own. */
static fv_status open_file(events *e, event_clock clock)
{
    STATUS_TRY(file_make_folders(e->run));
    for (int i = 1; i <= FILES_MOST; i++) {
        char name[64];
        snprintf(name, sizeof name, "events.out.tfevents.%03d.fovea", i);
        char *path = file_join(e->run, name);
        bool taken = path && file_exists(path);
        fv_status status = !path ? status_last() : taken ? FV_OK : event_file_open(&e->file, path, clock);
        free(path);
        if (!taken)
            return status;
    }
    return status_set(FV_ERROR_IO, "%s: holds %d event files already; remove some", e->run, FILES_MOST);
}

fv_status events_init(fv_watcher *w, const char *run, event_clock clock)
{
    *w = (fv_watcher){.struct_size = sizeof *w};
    events *e = mem_array(1, sizeof *e);
    if (!e)
        return status_last();
    fv_status status = (e->run = mem_string(run)) ? open_file(e, clock) : status_last();
    if (status != FV_OK) {
        release(e);
        return status;
    }
    *w = (fv_watcher){.struct_size = sizeof *w,
                      .on_batch = on_batch,
                      .on_step = on_step,
                      .on_epoch = on_epoch,
                      .on_end = on_end,
                      .release = release,
                      .user = e};
    return FV_OK;
}

fv_status fv_events_init(fv_watcher *w, const char *run)
{
    return events_init(w, run, event_wall_clock);
}

void fv_watcher_release(fv_watcher *w)
{
    if (w->release)
        w->release(w->user);
    *w = (fv_watcher){0};
}
