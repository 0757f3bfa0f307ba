/* SPDX-License-Identifier: Apache-2.0 */
/* fovea cv: each fold is a run of fovea train, with a part of the training pictures held out. */
#include "cli/cv.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/config.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    FOLDS = 5
};

train_arguments cv_fold_arguments(const cv_run *r, int64_t i)
{
    train_arguments a = r->s.a;
    a.fold = i % r->folds + 1;
    a.seed += (uint64_t)(i / r->folds);
    a.repeats = 0;
    a.out = a.resume = a.config = NULL;
    return a;
}

char *cv_fold_folder(const cv_run *r, int64_t i)
{
    text path = {0};
    text_add(&path, "%s/", r->s.a.out);
    if (r->count > r->folds)
        text_add(&path, "repeat-%lld/", (long long)(i / r->folds + 1));
    text_add(&path, "fold-%lld", (long long)(i % r->folds + 1));
    if (text_status(&path) == FV_OK)
        return path.data;
    text_release(&path);
    return NULL;
}

/* ---- what is asked for ---- */

static int read_arguments(cv_run *r, const invocation *call, int64_t *only)
{
    train_arguments *a = &r->s.a;
    int status = train_read_arguments(&r->s, call);
    if (status != EXIT_DONE)
        return status;
    bool divided = a->folds || a->leave_one_group_out > 0;
    if (a->resume && (a->fold || !divided))
        return cli_fail_with("%s: is no cross-validation; go on with: fovea train --resume %s", a->resume,
                             a->resume);
    if (!a->out)
        return cli_usage("cv needs --out DIR, a folder for the folds");
    a->leave_one_group_out = a->leave_one_group_out > 0;
    if (a->leave_one_group_out && a->folds)
        return cli_usage("--leave-one-group-out makes a fold of each group; leave out --folds");
    if (!divided)
        a->folds = FOLDS;
    *only = a->fold;
    a->fold = 0;
    a->repeats = a->repeats ? a->repeats : 1;
    if (a->leave_one_group_out && a->repeats > 1)
        return cli_usage("--repeats: leaving each group out once gives the same division every time");
    return EXIT_DONE;
}

/* How many folds there are; an error where the data cannot be divided so. */
static fv_status count_folds(cv_run *r)
{
    train_arguments first = r->s.a;
    first.fold = 1;
    fv_dataset *d = train_open(&first);
    if (!d)
        return status_last();
    r->folds = fv_dataset_fold_count(d);
    r->count = r->folds * r->s.a.repeats;
    fv_dataset_destroy(d);
    return FV_OK;
}

/* Before anything is written. */
static fv_status open_data(cv_run *r)
{
    train_settle_all_paths(&r->s); /* files have the same names wherever --resume is called */
    train_arguments whole = r->s.a;
    whole.val_split = FV_OFF;
    STATUS_TRY(count_folds(r));
    if (!(r->whole = train_open(&whole)))
        return status_last();
    r->test = fv_dataset_part(r->whole, FV_TEST);
    return FV_OK;
}

/* The arguments as they were given: what data decide, each fold decides by its own training pictures. */
static fv_status begin(cv_run *r)
{
    train_arguments *a = &r->s.a;
    if (a->resume)
        return FV_OK;
    STATUS_TRY(file_make_folders(a->out));
    train_arguments written = *a;
    written.config = NULL;
    written.watch = 0;
    char comment[64], *path = file_join(a->out, "args.yaml");
    snprintf(comment, sizeof comment, "fovea %s cv", fv_version());
    fv_status status = path ? config_write(path, cv_table, &written, comment) : status_last();
    free(path);
    return status;
}

/* ---- the folds ---- */

static int train_fold(cv_run *r, int64_t i, const char *folder, bool quiet)
{
    text resume_from = {0};
    text_add(&resume_from, "cv --resume %s", r->s.a.out);
    train_setup f = {.a = cv_fold_arguments(r, i), .quiet = quiet, .resume_from = text_string(&resume_from)};
    int status = EXIT_DONE;
    f.a.out = folder;
    if (run_folder_has(folder, "args.yaml")) {
        f.a = (train_arguments){0};
        status = train_read_run(&f, folder) == FV_OK ? EXIT_DONE : cli_fail();
        f.a.watch = r->s.a.watch;
    }
    if (status == EXIT_DONE) {
        printf("%sfold %lld of %lld", i > 0 ? "\n" : "", (long long)(i % r->folds + 1), (long long)r->folds);
        if (r->count > r->folds)
            printf(", repeat %lld of %lld", (long long)(i / r->folds + 1), (long long)(r->count / r->folds));
        printf("\n");
        fflush(stdout);
        status = train_run(&f);
    }
    train_setup_release(&f);
    text_release(&resume_from);
    return status;
}

/* Finished ones are left as they are. `*left`: how many are still to be trained. */
static int train_folds(cv_run *r, int64_t only, int64_t *left)
{
    int status = EXIT_DONE;
    bool quiet = false;
    *left = 0;
    for (int64_t i = 0; status == EXIT_DONE && i < r->count; i++) {
        char *folder = cv_fold_folder(r, i);
        bool asked = only == 0 || only == i % r->folds + 1;
        if (!folder)
            status = cli_fail();
        else if (run_folder_has(folder, "report.html"))
            ; /* done */
        else if (!asked)
            ++*left;
        else
            status = train_fold(r, i, folder, quiet);
        quiet = quiet || asked;
        free(folder);
    }
    return status;
}

static int conclude(cv_run *r)
{
    fv_status status = cv_evaluate(r);
    if (status == FV_INTERRUPTED && interrupt_signal()) {
        cli_say("interrupted; go on with: fovea cv --resume %s", r->s.a.out);
        return 128 + interrupt_signal();
    }
    if (status == FV_OK)
        status = cv_write(r);
    if (status != FV_OK)
        return cli_fail();
    cv_print(r);
    return EXIT_DONE;
}

static int cross_validate(cv_run *r, int64_t only)
{
    int64_t left;
    if (r->s.a.resume && run_folder_has(r->s.a.resume, "report.html")) {
        cli_say("%s: this cross-validation is finished; nothing to do", r->s.a.resume);
        return EXIT_DONE;
    }
    if (open_data(r) != FV_OK)
        return cli_fail();
    if (only > r->folds)
        return cli_usage("--fold: there are %lld folds, not %lld", (long long)r->folds, (long long)only);
    if (begin(r) != FV_OK)
        return cli_fail();
    int status = train_folds(r, only, &left);
    if (status != EXIT_DONE)
        return status;
    if (left == 0)
        return conclude(r);
    printf("\n%lld folds are left; go on with: fovea cv --resume %s\n", (long long)left, r->s.a.out);
    return EXIT_DONE;
}

static void release(cv_run *r)
{
    for (int64_t i = 0; i < r->count; i++) {
        if (r->held)
            fv_evaluation_release(&r->held[i]);
        if (r->tested)
            fv_evaluation_release(&r->tested[i]);
    }
    free(r->held);
    free(r->tested);
    fv_evaluation_release(&r->pooled);
    fv_evaluation_release(&r->ensemble);
    fv_model_destroy(r->model);
    fv_dataset_destroy(r->whole);
    train_setup_release(&r->s);
}

static int run(const invocation *call)
{
    cv_run r = {0};
    int64_t only = 0;
    int status = read_arguments(&r, call, &only);
    interrupt_catch();
    if (status == EXIT_DONE)
        status = cross_validate(&r, only);
    release(&r);
    return status;
}

const verb verb_cv = {
    .name = "cv",
    .computes = true,
    .arguments = "DATA",
    .summary = "Cross-validates: trains on all but a part of the pictures, for each part in turn",
    .description =
        "The training pictures are divided into folds, each with the same share of every class; pictures of "
        "a "
        "group (--keep-together) are in one fold. Each fold is held out once, and measured with a model that "
        "was trained with the others, of which --val-split are set aside for choosing the epoch.\n\n"
        "DIR/fold-N are run folders as train makes them. DIR also gets predictions.csv (every picture as the "
        "model that had not seen it says), results.csv (a row a fold), summary.csv and report.html. Ctrl-C "
        "finishes the step, saves, and says how to go on.",
    .example = "fovea cv photos/ --folds 5 --out runs/photos-cv --epochs 10",
    .options = cv_table,
    .size = sizeof(train_arguments),
    .least = 0,
    .most = 1,
    .run = run,
};
