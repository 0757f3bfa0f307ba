/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watcher that keeps RUN/live/ up to date for `fovea runs --watch` and `train --watch`: state.json at most once a second, a batch, and
 * the worst mistakes of the last validation. Each file is replaced as a whole, so that a reader never sees half of one; nothing is
 * synced, as none of it matters after a crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <jansson.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"
#include "nn/network.h"
#include "report/events.h"
#include "report/run.h"

enum {
    POINTS = 400, /* of the loss over the run's steps, at most */
    MISTAKES = 12,
    ENLARGED = 128 /* small pictures of mistakes are shown about so large; the browser enlarges them */
};
static const double state_seconds = 1;

typedef struct live {
    char *run;
    int lock;
    double written;
    fv_progress progress;
    double steps[POINTS], losses[POINTS]; /* where a point's steps end, and the mean of their losses */
    int64_t points, every;                /* steps a point */
    double loss_sum;
    int64_t loss_count;
    json_t *mistakes;
} live;

/* Whole or not at all, but not synced. */
static fv_status replace(const live *l, const char *name, const void *bytes, size_t size)
{
    char *path = file_join(l->run, name);
    file_writer w;
    fv_status status = path ? file_writer_open(&w, path) : status_last();
    free(path);
    if (status != FV_OK)
        return status;
    w.unsynced = true;
    file_writer_add(&w, bytes, size);
    return file_writer_commit(&w);
}

static fv_status replace_picture(const live *l, const char *name, const image *picture)
{
    uint8_t *png;
    size_t size;
    STATUS_TRY(image_encode_png(picture, &png, &size));
    fv_status status = replace(l, name, png, size);
    free(png);
    return status;
}

/* ---- state.json ---- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_losses(const live *l)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < l->points; i++)
        json_array_append_new(list, json_pack("[o, o]", number(l->steps[i]), number(l->losses[i])));
    return list;
}

static fv_status write_state(live *l, const char *state, const char *message)
{
    const fv_progress *p = &l->progress;
    json_t *root =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "state", state,
                  "epoch", (json_int_t)p->epoch, "epochs", (json_int_t)p->epochs, "step", (json_int_t)p->step,
                  "steps", (json_int_t)p->steps, "loss", number((double)p->train_loss), "accuracy",
                  number((double)p->train_accuracy), "learning_rate", number((double)p->learning_rate),
                  "images_per_second", number(p->images_per_second), "wait_share", number(p->wait_share),
                  "seconds", number(p->seconds), "seconds_left", number(p->seconds_left), "losses",
                  describe_losses(l), "mistakes", l->mistakes);
    if (root && p->phase)
        json_object_set_new(root, "phase", json_string(p->phase));
    if (root && message && *message)
        json_object_set_new(root, "message", json_string(message));
    char *words = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(root);
    if (!words)
        return status_set(FV_ERROR_MEMORY, "%s/%s: cannot be made", l->run, RUN_STATE);
    fv_status status = replace(l, RUN_STATE, words, strlen(words));
    free(words);
    l->written = clock_seconds();
    return status;
}

/* ---- watching ---- */

static fv_status on_batch(const fv_run_view *v, void *user)
{
    live *l = user;
    image sheet = {0};
    fv_status status = batch_sheet_draw(v, &sheet);
    if (status == FV_OK)
        status = replace_picture(l, "live/batch.png", &sheet);
    image_release(&sheet);
    l->progress = *v->progress;
    return status == FV_OK ? write_state(l, "training", NULL) : status;
}

/* When there is no room for more, every two points become one, and later points stand for twice the steps. */
static void add_loss(live *l, int64_t step, double loss)
{
    l->loss_sum += loss;
    if (++l->loss_count < l->every)
        return;
    if (l->points == POINTS) {
        for (int64_t i = 0; i < POINTS / 2; i++) {
            l->steps[i] = l->steps[2 * i + 1];
            l->losses[i] = (l->losses[2 * i] + l->losses[2 * i + 1]) / 2;
        }
        l->points = POINTS / 2;
        l->every *= 2;
        if (l->loss_count < l->every)
            return;
    }
    l->steps[l->points] = (double)step;
    l->losses[l->points++] = l->loss_sum / (double)l->loss_count;
    l->loss_sum = 0;
    l->loss_count = 0;
}

static fv_status on_step(const fv_run_view *v, void *user)
{
    live *l = user;
    const fv_progress *p = v->progress;
    l->progress = *p;
    add_loss(l, (p->epoch - 1) * p->steps + p->step, (double)p->step_loss);
    if (clock_seconds() - l->written < state_seconds)
        return FV_OK;
    return write_state(l, p->step == p->steps && v->validation ? "validating" : "training", NULL);
}

/* A name that is not UTF-8 is no text of JSON. */
static json_t *name_or_null(const char *name)
{
    json_t *value = name ? json_string(name) : NULL;
    return value ? value : json_null();
}

/* Files of even and odd epochs alternate: those that state.json names are not written meanwhile. */
static fv_status write_mistake(live *l, const fv_run_view *v, int64_t index)
{
    const fv_mistake *m = &v->mistakes[index];
    char file[64], buffer[512];
    snprintf(file, sizeof file, "live/mistake-%d-%02d.png", (int)(v->progress->epoch % 2), (int)index + 1);
    image picture = {.height = v->height,
                     .width = v->width,
                     .channels = v->channels,
                     .data = (uint8_t *)(uintptr_t)m->pixels}; /* only read */
    STATUS_TRY(replace_picture(l, file, &picture));
    json_t *entry = json_pack("{s:s, s:o, s:o, s:o, s:o, s:b}", "file", file + strlen("live/"), "label",
                              name_or_null(v->model->classes[m->label]), "predicted",
                              name_or_null(v->model->classes[m->predicted]), "probability",
                              number((double)m->probability), "name",
                              name_or_null(fv_dataset_file(v->validation, m->index, buffer, sizeof buffer)),
                              "small", v->width < ENLARGED);
    return json_array_append_new(l->mistakes, entry) == 0
               ? FV_OK
               : status_set(FV_ERROR_MEMORY, "%s: not enough memory to list mistakes", l->run);
}

static fv_status on_epoch(const fv_run_view *v, void *user)
{
    live *l = user;
    l->progress = *v->progress;
    json_array_clear(l->mistakes);
    for (int64_t i = 0; i < v->mistake_count && i < MISTAKES; i++)
        STATUS_TRY(write_mistake(l, v, i));
    return write_state(l, "training", NULL);
}

static void on_end(fv_status status, const char *message, void *user)
{
    live *l = user;
    l->progress.seconds_left = 0;
    write_state(l,
                status == FV_OK            ? "trained"
                : status == FV_INTERRUPTED ? "interrupted"
                                           : "failed",
                message);
}

static void release(void *user)
{
    live *l = user;
    json_decref(l->mistakes);
    if (l->lock >= 0)
        close(l->lock);
    free(l->run);
    free(l);
}

/* Two processes that train one run would spoil it. */
static fv_status take_lock(live *l)
{
    char *folder = file_join(l->run, "live"), *path = file_join(l->run, RUN_LOCK);
    fv_status status = folder && path ? file_make_folders(folder) : status_last();
    if (status == FV_OK) {
        l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (l->lock < 0)
            status = status_set(FV_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
        else if (flock(l->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            status = status_set(FV_ERROR_IO, "%s: another process trains this run now", l->run);
    }
    free(folder);
    free(path);
    return status;
}

fv_status fv_live_init(fv_watcher *w, const char *run)
{
    *w = (fv_watcher){.struct_size = sizeof *w};
    live *l = mem_array(1, sizeof *l);
    if (!l)
        return status_last();
    l->lock = -1;
    l->every = 1;
    l->run = mem_string(run);
    l->mistakes = json_array();
    fv_status status = l->run && l->mistakes
                           ? take_lock(l)
                           : status_set(FV_ERROR_MEMORY, "%s: not enough memory to watch it", run);
    if (status != FV_OK) {
        release(l);
        return status;
    }
    *w = (fv_watcher){.struct_size = sizeof *w,
                      .on_batch = on_batch,
                      .on_step = on_step,
                      .on_epoch = on_epoch,
                      .on_end = on_end,
                      .release = release,
                      .user = l};
    return FV_OK;
}
