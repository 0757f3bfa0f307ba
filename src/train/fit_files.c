/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "train/fit.h"
#include "train/warnings.h"

static const char best_prefix[] = "best.";

/* ---- results.csv ---- */

/* With a point whatever the locale; nothing when there is no value. */
static void add_number(text *row, double number)
{
    char digits[32] = "";
    if (isfinite(number))
        snprintf(digits, sizeof digits, "%.7g", number);
    for (char *c = digits; *c; c++)
        if (*c == ',')
            *c = '.';
    text_add(row, ",%s", digits);
}

fv_status fit_save_results(fit_run *r, const fit_result *result)
{
    text *t = &r->state.results;
    if (t->length == 0)
        text_add(t, "epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr,val/f1,val/map\n");
    text_add(t, "%lld", (long long)r->state.epoch + 1);
    const double values[] = {result->seconds,         result->train_loss,          result->train_accuracy,
                             result->validation_loss, result->validation_accuracy, r->state.rate,
                             result->validation_f1,   result->validation_map};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        add_number(t, values[i]);
    text_add(t, "\n");
    STATUS_TRY(text_status(t));
    return r->results_path ? file_write(r->results_path, t->data, t->length) : FV_OK;
}

/* ---- the best epoch ---- */

int64_t fit_tensor_total(const fit_run *r)
{
    int64_t total = 0;
    for (int32_t i = 0; i < r->model->tensor_count; i++)
        total += r->model->tensors[i].count;
    return total;
}

void fit_keep_best(fit_run *r)
{
    float *to = r->best;
    for (int32_t i = 0; i < r->model->tensor_count; to += r->model->tensors[i++].count)
        memcpy(to, r->model->tensors[i].data, (size_t)r->model->tensors[i].count * sizeof *to);
}

void fit_restore_best(fit_run *r)
{
    const float *from = r->best;
    if (r->state.best_epoch == 0)
        return;
    for (int32_t i = 0; i < r->model->tensor_count; from += r->model->tensors[i++].count)
        memcpy(r->model->tensors[i].data, from, (size_t)r->model->tensors[i].count * sizeof *from);
    network_changed(r->model);
}

fv_status fit_save_best(fit_run *r)
{
    return r->best_path ? fv_model_save(r->model, r->best_path) : FV_OK;
}

/* ---- checkpoints ---- */

/* The numbers of fit_state; those that are not whole are kept exactly, as their bits in hexadecimal. */
typedef struct state_field {
    const char *key;
    int64_t *whole;
    double *real;
} state_field;

enum {
    STATE_FIELDS = 21
};

static void list_fields(fit_state *s, state_field list[STATE_FIELDS])
{
    const state_field fields[STATE_FIELDS] = {{"epoch", &s->epoch, NULL},
                                              {"batch", &s->batch, NULL},
                                              {"step", &s->step, NULL},
                                              {"pictures", &s->pictures, NULL},
                                              {"counted", &s->counted, NULL},
                                              {"best_epoch", &s->best_epoch, NULL},
                                              {"on_features", &s->on_features, NULL},
                                              {"plateau_waited", &s->plateau.waited, NULL},
                                              {"told", &s->told, NULL},
                                              {"wait_share", NULL, &s->wait_share},
                                              {"loss_sum", NULL, &s->loss_sum},
                                              {"correct_sum", NULL, &s->correct_sum},
                                              {"weight_sum", NULL, &s->weight_sum},
                                              {"seconds", NULL, &s->seconds},
                                              {"waited", NULL, &s->waited},
                                              {"rate", NULL, &s->rate},
                                              {"best", NULL, &s->best},
                                              {"best_loss", NULL, &s->best_loss},
                                              {"plateau_scale", NULL, &s->plateau.scale},
                                              {"plateau_best", NULL, &s->plateau.best},
                                              {NULL, NULL, NULL}};
    memcpy(list, fields, sizeof fields);
}

static fv_status pack_best(const fit_run *r, checkpoint_extra *x)
{
    const float *from = r->best;
    for (int32_t i = 0; r->state.best_epoch > 0 && i < r->model->tensor_count; i++) {
        const network_tensor *t = &r->model->tensors[i];
        text name = {0};
        text_add(&name, "%s%s", best_prefix, t->name);
        float *to =
            text_status(&name) == FV_OK ? checkpoint_add_tensor(x, text_string(&name), t->count) : NULL;
        text_release(&name);
        if (!to)
            return status_last();
        memcpy(to, from, (size_t)t->count * sizeof *to);
        from += t->count;
    }
    return FV_OK;
}

static fv_status pack(fit_run *r, checkpoint_extra *x)
{
    state_field list[STATE_FIELDS];
    list_fields(&r->state, list);
    STATUS_TRY(checkpoint_add_value(x, "options", "%s", text_string(&r->signature)));
    STATUS_TRY(checkpoint_add_value(x, "results", "%s", text_string(&r->state.results)));
    for (const state_field *f = list; f->key; f++) {
        uint64_t bits = 0;
        if (f->real)
            memcpy(&bits, f->real, sizeof bits);
        STATUS_TRY(f->whole ? checkpoint_add_value(x, f->key, "%lld", (long long)*f->whole)
                            : checkpoint_add_value(x, f->key, "%llx", (unsigned long long)bits));
    }
    STATUS_TRY(checkpoint_add_value(x, "data", "%s", text_string(&r->data_signature)));
    STATUS_TRY(fit_pack_kept(r, x));
    if (r->trainer)
        STATUS_TRY(trainer_save(r->trainer, x));
    return pack_best(r, x);
}

fv_status fit_save_last(fit_run *r)
{
    checkpoint_extra x = {0};
    if (!r->last_path)
        return FV_OK;
    STATUS_TRY(fit_keep_last(r));
    fv_status status = pack(r, &x);
    if (status == FV_OK)
        status = checkpoint_save(r->model, &x, r->last_path);
    checkpoint_release(&x);
    if (status != FV_OK)
        return status;
    r->last_step = r->state.step;
    r->saved = clock_seconds();
    fit_remove_oldest(r);
    return FV_OK;
}

/* ---- resuming ---- */

fv_status fit_unusable(const fit_run *r, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: cannot be resumed from: its %s is missing or out of range",
                      r->o.resume, what);
}

static fv_status read_fields(fit_run *r, const checkpoint_extra *x)
{
    state_field list[STATE_FIELDS];
    list_fields(&r->state, list);
    for (const state_field *f = list; f->key; f++) {
        const char *saved = checkpoint_find_value(x, f->key);
        char *end = NULL;
        if (saved && f->whole) {
            *f->whole = strtoll(saved, &end, 10);
        } else if (saved) {
            uint64_t bits = strtoull(saved, &end, 16);
            memcpy(f->real, &bits, sizeof bits);
        }
        if (!end || end == saved || *end != 0)
            return fit_unusable(r, f->key);
    }
    return FV_OK;
}

/* A checkpoint is a file like any other: its numbers may be anything. */
static fv_status check_fields(const fit_run *r)
{
    const fit_state *s = &r->state;
    int64_t batches = loader_batches(r->loader);
    if (s->epoch < 0 || s->epoch > r->o.epochs)
        return fit_unusable(r, "epoch");
    if (s->batch < 0 || s->batch > batches || (s->epoch == r->o.epochs && s->batch > 0))
        return fit_unusable(r, "batch");
    if (s->step != s->epoch * batches + s->batch)
        return fit_unusable(r, "step");
    if (s->best_epoch < 0 || s->best_epoch > s->epoch)
        return fit_unusable(r, "best_epoch");
    if (s->on_features < 0 || s->on_features > 1)
        return fit_unusable(r, "on_features");
    if (s->pictures < 0 || s->pictures > s->batch * r->o.batch)
        return fit_unusable(r, "pictures");
    if (s->counted < 0 || s->counted > s->pictures)
        return fit_unusable(r, "counted");
    if (s->plateau.waited < 0 || s->plateau.waited > s->epoch)
        return fit_unusable(r, "plateau_waited");
    if (s->told < 0 || s->told >= (int64_t)1 << WARNING_KINDS)
        return fit_unusable(r, "told");
    if (!(s->plateau.scale > 0 && s->plateau.scale <= 1) || isnan(s->plateau.best))
        return fit_unusable(r, "plateau_scale");
    if (isnan(s->best) || s->best == INFINITY)
        return fit_unusable(r, "best");
    const double sums[] = {s->loss_sum, s->correct_sum, s->weight_sum, s->seconds,
                           s->waited,   s->rate,        s->best_loss,  s->wait_share};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (!(sums[i] >= 0 && isfinite(sums[i])))
            return fit_unusable(r, "sums");
    return FV_OK;
}

static fv_status unpack_best(fit_run *r, const checkpoint_extra *x)
{
    float *to = r->best;
    for (int32_t i = 0; r->state.best_epoch > 0 && i < r->model->tensor_count; i++) {
        const network_tensor *t = &r->model->tensors[i];
        text name = {0};
        text_add(&name, "%s%s", best_prefix, t->name);
        fv_status status = text_status(&name);
        const checkpoint_tensor *saved = checkpoint_find_tensor(x, text_string(&name));
        text_release(&name);
        if (status != FV_OK)
            return status;
        if (!saved || saved->count != t->count)
            return fit_unusable(r, t->name);
        memcpy(to, saved->data, (size_t)t->count * sizeof *to);
        to += t->count;
    }
    return FV_OK;
}

fv_status fit_resume(fit_run *r, checkpoint_extra *x)
{
    const char *made_with = checkpoint_find_value(x, "options"),
               *results = checkpoint_find_value(x, "results");
    if (!made_with || !results)
        return fit_unusable(r, made_with ? "results" : "options");
    if (strcmp(made_with, text_string(&r->signature)) != 0)
        return status_set(
            FV_ERROR_INVALID,
            "%s: was made with other options, and can only be resumed with the same ones; then: %s; "
            "now: %s",
            r->o.resume, made_with, text_string(&r->signature));
    STATUS_TRY(read_fields(r, x));
    STATUS_TRY(check_fields(r));
    STATUS_TRY(fit_unpack_kept(r, x));
    text_add(&r->state.results, "%s", results);
    STATUS_TRY(text_status(&r->state.results));
    return unpack_best(r, x);
}
