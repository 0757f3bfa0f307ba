/* SPDX-License-Identifier: Apache-2.0 */
/* The warnings of a run, each told once: also where it was told before the run was interrupted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "train/fit.h"
#include "train/warnings.h"

struct fit_warnings {
    warning_epoch *epochs;
    int64_t count;
    size_t capacity;
};

static warning_history make_history(const fit_run *r, int64_t count)
{
    int64_t classes = fv_model_class_count(r->model);
    bool binary = r->multi_label || classes == 1 || r->model->compile.loss == FV_BINARY_CROSSENTROPY;
    return (warning_history){.epochs = r->warnings->epochs,
                             .count = count,
                             .planned = r->o.epochs,
                             .chance_loss = log(binary ? 2 : (double)classes),
                             .highest_rate = r->schedule.base,
                             .validation_pictures = r->validation ? loader_samples(r->validation) : 0,
                             .one_class = !r->multi_label,
                             .classes = r->model->class_count,
                             .names = (const char *const *)r->model->classes,
                             .cached = loader_cache(r->loader) != NULL};
}

static void check(fit_run *r, const warning_history *h)
{
    for (int kind = 0; kind < WARNING_KINDS; kind++) {
        text line = {0};
        int64_t bit = (int64_t)1 << kind;
        if (!(r->state.told & bit) && warning_check((warning_kind)kind, h, &line)) {
            r->state.told |= bit;
            fit_log(r, "warning: %s", text_string(&line));
        }
        text_release(&line);
    }
}

static fv_status add_epoch(fit_warnings *w, const warning_epoch *e)
{
    STATUS_TRY(MEM_GROW(w->epochs, w->count, w->capacity));
    w->epochs[w->count++] = *e;
    return FV_OK;
}

/* The columns that every results.csv begins with; see fit_save_results. */
static warning_epoch read_row(const char *row)
{
    enum {
        COLUMNS = 7
    };
    double values[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        char *end;
        values[i] = strtod(row, &end);
        if (end == row)
            values[i] = NAN;
        row += strcspn(row, ",\n");
        row += *row == ',';
    }
    return (warning_epoch){.seconds = values[1],
                           .train_loss = values[2],
                           .train_accuracy = values[3],
                           .validation_loss = values[4],
                           .validation_accuracy = values[5],
                           .rate = values[6],
                           .wait_share = NAN};
}

fv_status fit_warn_begin(fit_run *r)
{
    fit_warnings *w = r->warnings = mem_array(1, sizeof *w);
    const char *row = text_string(&r->state.results);
    if (!w)
        return status_last();
    while ((row = strchr(row, '\n')) && *++row) {
        warning_epoch e = read_row(row);
        STATUS_TRY(add_epoch(w, &e));
    }
    if (w->count > 0)
        w->epochs[w->count - 1].wait_share = r->state.wait_share;
    return FV_OK;
}

void fit_warn_release(fit_run *r)
{
    if (r->warnings)
        free(r->warnings->epochs);
    free(r->warnings);
}

fv_status fit_warn_epoch(fit_run *r, const fit_result *result)
{
    warning_epoch e = {.seconds = result->seconds,
                       .train_loss = result->train_loss,
                       .train_accuracy = result->train_accuracy,
                       .validation_loss = result->validation_loss,
                       .validation_accuracy = result->validation_accuracy,
                       .rate = r->state.rate,
                       .wait_share = result->wait_share};
    r->state.wait_share = result->wait_share;
    STATUS_TRY(add_epoch(r->warnings, &e));
    warning_history h = make_history(r, r->warnings->count);
    h.confusion = fit_watch_confusion(r);
    check(r, &h);
    return FV_OK;
}

void fit_warn_end(fit_run *r)
{
    warning_history h = make_history(r, r->warnings->count);
    h.ended = true;
    check(r, &h);
}
