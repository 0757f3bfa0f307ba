/* SPDX-License-Identifier: Apache-2.0 */
/*
 * last.safetensors is always the newest checkpoint. Where more are kept, the one that it replaces gets a second name,
 * last-STEP.safetensors, before it is replaced: at no moment is there none. Checkpoints list the second names that the run made, so
 * that nothing else is ever removed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"
#include "train/fit.h"

static const char suffix[] = ".safetensors", kept_key[] = "kept";

enum {
    KEPT_MOST = 1000000
};

/* ---- when ---- */

/* The sums go on in this process: only the file has its seconds in them. */
fv_status fit_save_within_epoch(fit_run *r)
{
    fit_state *s = &r->state;
    double seconds = s->seconds, waited = s->waited;
    s->seconds += clock_seconds() - r->started;
    s->waited += loader_waited(fit_loader(r));
    fv_status status = trainer_read(r->trainer);
    if (status == FV_OK)
        status = fit_save_last(r);
    s->seconds = seconds;
    s->waited = waited;
    return status;
}

fv_status fit_save_when_due(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    bool due = r->last_path &&
               ((o->checkpoint_steps > 0 && r->state.step % o->checkpoint_steps == 0) ||
                (o->checkpoint_minutes > 0 && clock_seconds() - r->saved >= 60 * o->checkpoint_minutes));
    return due ? fit_save_within_epoch(r) : FV_OK;
}

/* ---- the last few ---- */

/* "RUN/last-STEP.safetensors"; the caller frees it. */
static char *kept_path(const char *last, int64_t step)
{
    text path = {0};
    text_add(&path, "%.*s-%lld%s", (int)(strlen(last) - strlen(suffix)), last, (long long)step, suffix);
    if (text_status(&path) != FV_OK)
        text_release(&path);
    return path.data;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* `*ours`: whether the second name is this run's, and not that of a file that was there. */
static fv_status give_name(const char *last, const char *path, bool *ours)
{
    *ours = true;
    if (link(last, path) == 0)
        return FV_OK;
    if (errno == EEXIST) {
        *ours = is_same_file(last, path); /* of a process that was killed just then */
        return FV_OK;
    }
    return file_copy(last, path); /* a file cannot have two names here */
}

static fv_status add_kept(fit_run *r, int64_t step)
{
    STATUS_TRY(MEM_GROW(r->kept_steps, r->kept_count, r->kept_capacity));
    r->kept_steps[r->kept_count++] = step;
    return FV_OK;
}

fv_status fit_keep_last(fit_run *r)
{
    bool ours = false;
    if (r->o.keep_checkpoints < 2 || r->last_step < 0 || r->last_step == r->state.step ||
        !file_exists(r->last_path))
        return FV_OK;
    char *path = kept_path(r->last_path, r->last_step);
    fv_status status = path ? give_name(r->last_path, path, &ours) : status_last();
    free(path);
    return status == FV_OK && ours ? add_kept(r, r->last_step) : status;
}

void fit_remove_oldest(fit_run *r)
{
    while ((int64_t)r->kept_count > r->o.keep_checkpoints - 1) {
        char *path = kept_path(r->last_path, r->kept_steps[0]);
        if (path)
            unlink(path);
        free(path);
        memmove(r->kept_steps, r->kept_steps + 1, --r->kept_count * sizeof *r->kept_steps);
    }
}

fv_status fit_pack_kept(const fit_run *r, checkpoint_extra *x)
{
    text list = {0};
    text_add(&list, "%s", r->kept_count > 0 ? "" : "none");
    for (size_t i = 0; i < r->kept_count; i++)
        text_add(&list, "%s%lld", i ? "," : "", (long long)r->kept_steps[i]);
    fv_status status = text_status(&list);
    if (status == FV_OK)
        status = checkpoint_add_value(x, kept_key, "%s", text_string(&list));
    text_release(&list);
    return status;
}

/* Where the run goes on from a second name, this is one of those that were kept, and what stands at last_path is not to be. */
static fv_status take_resumed(fit_run *r)
{
    char *path = r->last_path ? kept_path(r->last_path, r->state.step) : NULL;
    bool second = path && strcmp(path, r->o.resume) == 0;
    free(path);
    if (r->last_path && strcmp(r->o.resume, r->last_path) == 0)
        r->last_step = r->state.step;
    return second ? add_kept(r, r->state.step) : FV_OK;
}

/* Ascending, and before the checkpoint's own step. */
fv_status fit_unpack_kept(fit_run *r, const checkpoint_extra *x)
{
    const char *list = checkpoint_find_value(x, kept_key);
    if (!list || !*list)
        return fit_unusable(r, kept_key);
    if (strcmp(list, "none") == 0)
        list = "";
    for (int64_t before = -1; *list; list += *list == ',') {
        char *end;
        int64_t step = strtoll(list, &end, 10);
        if (end == list || (*end && *end != ',') || step <= before || step >= r->state.step ||
            r->kept_count >= KEPT_MOST)
            return fit_unusable(r, kept_key);
        STATUS_TRY(add_kept(r, step));
        before = step;
        list = end;
    }
    return take_resumed(r);
}

/* ---- which to go on from ---- */

typedef struct kept_file {
    int64_t step;
    char *path;
} kept_file;

static int by_falling_step(const void *a, const void *b)
{
    const kept_file *x = a, *y = b;
    return (x->step < y->step) - (x->step > y->step);
}

/* The step in "STEM-STEP.safetensors"; -1 for other names. */
static int64_t step_in(const char *name, const char *stem, size_t length)
{
    char *end;
    if (strncmp(name, stem, length) != 0 || name[length] != '-' ||
        strspn(name + length + 1, "0123456789") == 0)
        return -1;
    int64_t step = strtoll(name + length + 1, &end, 10);
    return strcmp(end, suffix) == 0 ? step : -1;
}

/* The last-STEP.safetensors beside `last`, the newest first; none where the folder cannot be read. */
static size_t find_kept(const char *last, kept_file **files)
{
    file_list list = {0};
    size_t count = 0, stem = strlen(file_base_name(last));
    char *folder = file_folder_of(last);
    *files = NULL;
    if (folder && stem > strlen(suffix) && file_list_folder(&list, folder) == FV_OK)
        *files = mem_array(list.count + 1, sizeof **files);
    for (size_t i = 0; *files && i < list.count; i++) {
        int64_t step = step_in(list.names[i], file_base_name(last), stem - strlen(suffix));
        char *path = step >= 0 ? file_join(folder, list.names[i]) : NULL;
        if (path)
            (*files)[count++] = (kept_file){.step = step, .path = path};
    }
    if (count > 0)
        qsort(*files, count, sizeof **files, by_falling_step);
    file_list_release(&list);
    free(folder);
    return count;
}

/* The data come first: other ones have other classes, which the model would not fit. */
static fv_status open_one(fit_run *r, checkpoint_extra *x)
{
    STATUS_TRY(checkpoint_load_values(r->o.resume, x));
    fv_status status = fit_check_data(r, x);
    checkpoint_release(x);
    return status == FV_OK ? checkpoint_load(r->model, r->o.resume, x) : status;
}

static bool is_damage(fv_status status)
{
    return status == FV_ERROR_FORMAT || status == FV_ERROR_IO;
}

static fv_status open_kept(fit_run *r, checkpoint_extra *x, kept_file *files, size_t count)
{
    fv_status status = FV_ERROR_IO;
    for (size_t i = 0; i < count && is_damage(status); i++) {
        free(r->resume_path);
        r->o.resume = r->resume_path = files[i].path;
        files[i].path = NULL;
        status = open_one(r, x);
        if (status == FV_OK)
            fit_log(r, "warning: the run goes on from %s", r->o.resume);
        else if (is_damage(status))
            fit_log(r, "warning: %s", fv_error_message());
    }
    return status;
}

fv_status fit_open_checkpoint(fit_run *r, checkpoint_extra *x)
{
    kept_file *files;
    const char *given = r->o.resume;
    fv_status status = open_one(r, x);
    if (!is_damage(status))
        return status;
    text problem = {0};
    text_add(&problem, "%s", fv_error_message());
    size_t count = find_kept(given, &files);
    if (count > 0) {
        fit_log(r, "warning: %s", text_string(&problem));
        status = open_kept(r, x, files, count);
    }
    if (is_damage(status))
        status_set(status, "%s; there is no earlier checkpoint to go on from", text_string(&problem));
    for (size_t i = 0; i < count; i++)
        free(files[i].path);
    free(files);
    text_release(&problem);
    return status;
}
