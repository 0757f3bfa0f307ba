/* SPDX-License-Identifier: Apache-2.0 */
/* fovea train: what is found by trying before the first epoch. --batch auto, --lr find and --time become numbers, in this order: each
 * is found for what was found before it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/train.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"

static const double report_seconds = 1; /* its plots and page */
static const double report_maps =
    12; /* of the worst mistakes, forwards and backwards: three times a picture's cost each */
static const double trial_part = 0.03; /* of the time, to measure what a run costs */
static const double trial_least = 1, trial_most = 20;

#define RATE_RULE ", where the loss fell steepest,"

enum {
    EPOCHS_MOST = 1000000
};

/* ---- --time ---- */

/* "90s", "10m", "1.5h", or a number of seconds. */
fv_status train_time_read(const char *words, double *seconds)
{
    static const option table[] = {{.name = "time", .type = OPTION_FLOAT, .low = 1, .high = 1e7}, {0}};
    static const struct unit {
        char letter;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
    size_t length = strlen(words);
    double unit = 1;
    for (size_t i = 0; length > 0 && i < sizeof units / sizeof *units; i++)
        if (words[length - 1] == units[i].letter) {
            unit = units[i].seconds;
            length--;
            break;
        }
    char *number = mem_string_n(words, length);
    float value = 0;
    fv_status status = number ? options_set(table, &value, "time", number, "--") : status_last();
    free(number);
    *seconds = (double)value * unit;
    return status == FV_ERROR_INVALID
               ? status_set(FV_ERROR_INVALID,
                            "--time: must be a time of at least a second as 90s, 10m or 2h, not '%.200s'",
                            words)
               : status;
}

/* ---- before the defaults are settled ---- */

fv_status train_find_note(train_setup *s)
{
    train_arguments *a = &s->a;
    train_find *f = &s->find;
    f->rate = a->lr == OPTION_WORD;
    f->batch = a->batch == OPTION_WORD;
    f->head_rate_given = a->head_lr > 0;
    f->head_epochs_given = a->head_epochs != 0 || a->head == HEAD_LINEAR;
    f->epochs_most = a->epochs;
    if (f->rate)
        a->lr = 0;
    if (f->batch)
        a->batch = 0;
    if (a->time)
        STATUS_TRY(train_time_read(a->time, &f->seconds));
    a->time = NULL; /* args.yaml has the epochs */
    return FV_OK;
}

/* ---- after them ---- */

static fv_fit_options trial_options(const train_setup *s, progress_bar *bar)
{
    fv_fit_options o = train_fit_options(s);
    o.out = NULL;
    o.on_step = progress_step;
    o.on_log = progress_log;
    o.user = bar;
    return o;
}

static fv_status find_batch(train_setup *s, progress_bar *bar)
{
    fv_batch_choice c;
    fv_fit_options o = trial_options(s, bar);
    STATUS_TRY(fv_find_batch(&o, &c));
    s->a.batch = c.batch;
    cli_say(
        "--batch auto: %lld, whose step takes %.3g GB of the %.3g GB that are half of the free memory%s; the "
        "learning rate is not scaled",
        (long long)c.batch, (double)c.bytes / 1e9, (double)c.limit / 1e9,
        c.batch < c.most ? ""
        : c.batch == 256 ? ", and no larger one is tried"
                         : ", a tenth of the pictures");
    return FV_OK;
}

/* Where the whole run is the head's, the rate found is the head's. */
static fv_status find_rate(train_setup *s, progress_bar *bar)
{
    train_arguments *a = &s->a;
    /* Around the usual rate is looked, whatever few steps make of it. */
    a->lr = a->head_epochs == a->epochs ? a->head_lr : a->lr / train_transfer_share(s);
    double ratio = (double)a->head_lr / (double)a->lr;
    STATUS_TRY(train_compile(s));
    fv_fit_options o = trial_options(s, bar);
    fv_status status = fv_find_learning_rate(&o, &s->find.rates);
    progress_end(bar);
    STATUS_TRY(status);
    const fv_learning_rates *r = &s->find.rates;
    char head[96] = "";
    a->lr = r->suggestion;
    if (a->head_epochs == a->epochs)
        a->head_lr = a->lr;
    else if (!s->find.head_rate_given)
        a->head_lr = (float)fmin((double)a->lr * ratio, 1000);
    if (a->head_epochs == a->epochs)
        snprintf(head, sizeof head, "; the head alone is trained");
    else if (a->head_epochs > 0)
        snprintf(head, sizeof head, "; it is for all layers, after the head's epochs with --head-lr %.3g",
                 (double)a->head_lr);
    cli_say("--lr find: %.3g" RATE_RULE " of %lld updates at %.2g to %.2g (lr-find.png)%s", (double)a->lr,
            (long long)r->count, r->rates[0], r->rates[r->count - 1], head);
    return train_compile(s);
}

/* The folder that the run will have, to measure what its files cost. */
static fv_status make_folder(train_setup *s)
{
    if (s->a.out)
        return file_make_folders(s->a.out);
    s->a.out = pool_keep(&s->pool, run_folder_fresh(s->a.data));
    return s->a.out ? FV_OK : status_last();
}

static fv_status measure(train_setup *s, progress_bar *bar, fv_fit_cost *cost)
{
    fv_fit_options o = trial_options(s, bar);
    o.out = s->a.out;
    double limit = fmax(trial_least, fmin(trial_part * s->find.seconds, trial_most));
    fv_status status = fv_measure_fit(&o, limit, cost);
    progress_end(bar);
    if (status != FV_OK)
        rmdir(s->a.out);
    return status;
}

static fv_status find_epochs(train_setup *s, progress_bar *bar)
{
    train_arguments *a = &s->a;
    train_find *f = &s->find;
    fv_fit_cost cost;
    STATUS_TRY(make_folder(s));
    STATUS_TRY(measure(s, bar, &cost));
    const fv_dataset *scored = s->test ? s->test : s->validation;
    double pictures = scored ? (double)fv_dataset_size(scored) + 3 * report_maps : 0,
           report = report_seconds + pictures * cost.picture;
    double spent = clock_seconds() - f->start, left = f->seconds - spent - report;
    bool halves = !f->head_epochs_given && a->head_epochs > 0;
    int64_t head = halves ? FV_OFF : a->head_epochs > 0 ? a->head_epochs : 0;
    a->epochs = fv_fit_epochs(&cost, left, head, f->epochs_most > 0 ? f->epochs_most : EPOCHS_MOST);
    if (halves)
        a->head_epochs = a->epochs > 1 ? a->epochs / 2 : FV_OFF;
    else if (a->head_epochs > a->epochs)
        a->epochs = a->head_epochs;
    text line = {0};
    text_add(&line, "--time: %lld epoch%s of about %.2g s", (long long)a->epochs, a->epochs == 1 ? "" : "s",
             cost.epoch);
    if (a->head_epochs > 0)
        text_add(&line, ", the first %lld of %.2g s", (long long)a->head_epochs, cost.head_epoch);
    text_add(&line, ", after %.2g s so far and %.2g s once, before %.2g s for the report", spent, cost.once,
             report);
    if (a->epochs == f->epochs_most)
        text_add(&line, "; --epochs allows no more");
    else if (cost.once + cost.epoch > left)
        text_add(&line, "; one takes longer than the time that is left, but there is none less");
    cli_say("%s", text_string(&line));
    text_release(&line);
    return FV_OK;
}

fv_status train_find_settle(train_setup *s)
{
    train_find *f = &s->find;
    progress_bar bar;
    progress_init(&bar);
    if (f->batch)
        STATUS_TRY(find_batch(s, &bar));
    if (f->rate)
        STATUS_TRY(find_rate(s, &bar));
    return f->seconds > 0 ? find_epochs(s, &bar) : FV_OK;
}

fv_status train_find_write(const train_setup *s)
{
    return s->find.rates.count > 0 ? fv_learning_rates_write(&s->find.rates, s->a.out) : FV_OK;
}
