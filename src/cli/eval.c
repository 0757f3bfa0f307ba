/* SPDX-License-Identifier: Apache-2.0 */
/* fovea eval: a model against data with known classes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ensemble.h"
#include "cli/evaluation.h"
#include "cli/groups.h"
#include "cli/limits.h"
#include "cli/parts.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/transfer.h"
#include "cli/verbs.h"
#include "core/file.h"

typedef struct eval_options {
    int split, on_error;
    const char *json, *csv, *tta, *against, *groups, *report;
    uint64_t seed;
    int64_t top, bootstrap, group_least, batch, threads, max_pixels, max_bytes;
} eval_options;

static const option table[] = {
    {.name = "split",
     .type = OPTION_CHOICE,
     .offset = offsetof(eval_options, split),
     .choices = part_choices,
     .value = "S",
     .shown = "test where there is one, else all",
     .help = "the part of the data"},
    {.name = "json",
     .type = OPTION_STRING,
     .offset = offsetof(eval_options, json),
     .value = "FILE",
     .help = "write all numbers as JSON; - for standard output, in place of the text"},
    {.name = "csv",
     .type = OPTION_STRING,
     .offset = offsetof(eval_options, csv),
     .value = "FILE",
     .help = "write file,label,predicted,probability, a row a picture"},
    {.name = "top",
     .type = OPTION_INT,
     .offset = offsetof(eval_options, top),
     .low = 1,
     .high = 100000,
     .shown = "5",
     .value = "K",
     .help = "a further accuracy: the true class is among the K likeliest"},
    {.name = "bootstrap",
     .type = OPTION_INT,
     .offset = offsetof(eval_options, bootstrap),
     .low = 1,
     .high = 1000000,
     .shown = "none",
     .help = "95 % intervals of all scores from so many resamples of the pictures; 2000 are usual"},
    {.name = "seed",
     .type = OPTION_SEED,
     .offset = offsetof(eval_options, seed),
     .shown = "0",
     .help = "of the resamples"},
    {.name = "against",
     .type = OPTION_STRING,
     .offset = offsetof(eval_options, against),
     .value = "MODEL2",
     .help = "compare with a second model on the same pictures: the difference in accuracy with its "
             "interval, and McNemar's test"},
    {.name = "groups",
     .type = OPTION_STRING,
     .offset = offsetof(eval_options, groups),
     .value = "FILE",
     .help =
         "the scores of groups: a .csv or .tsv of file,COLUMN... rows, as of sex, skin type, camera or site"},
    {.name = "group_least",
     .type = OPTION_INT,
     .offset = offsetof(eval_options, group_least),
     .low = 1,
     .high = 1e9,
     .shown = "30",
     .help = "groups and rates of fewer pictures are too small to judge"},
    {.name = "report",
     .type = OPTION_STRING,
     .offset = offsetof(eval_options, report),
     .value = "RUN",
     .help = "write the report of a run folder anew, about this evaluation with its intervals and groups"},
    {.name = "tta",
     .type = OPTION_STRING,
     .offset = offsetof(eval_options, tta),
     .value = "VIEWS",
     .shown = "none",
     .help = CLI_TTA_HELP},
    {.name = "batch",
     .type = OPTION_INT,
     .offset = offsetof(eval_options, batch),
     .low = 1,
     .high = 65536,
     .shown = "64; fewer with --tta",
     .help = "pictures at a time"},
    THREADS_OPTION(eval_options),
    ON_ERROR_OPTION(eval_options),
    LIMIT_OPTIONS(eval_options),
    {0}};

/* All that is measured. */
typedef struct eval_run {
    const invocation *call;
    const eval_options *o;
    fv_dataset *data;
    const fv_dataset *part;
    ensemble first, second; /* the second: --against */
    fv_interval intervals[FV_SCORE_COUNT];
    fv_comparison comparison;
    fv_groups groups;
} eval_run;

static fv_status measure_one(const eval_run *r, ensemble *models, bool tell)
{
    const eval_options *o = r->o;
    progress_bar bar;
    progress_init(&bar);
    fv_status status =
        ensemble_evaluate(models, &(fv_evaluate_options){.struct_size = sizeof(fv_evaluate_options),
                                                         .data = r->part,
                                                         .batch = o->batch,
                                                         .loader_threads = (int)o->threads,
                                                         .on_error = (fv_on_error)o->on_error,
                                                         .on_step = progress_step,
                                                         .on_log = tell ? progress_log : NULL,
                                                         .user = &bar,
                                                         .tta = o->tta,
                                                         .top_k = o->top});
    progress_end(&bar);
    return status;
}

static fv_status measure(eval_run *r)
{
    const eval_options *o = r->o;
    const fv_evaluation *e = &r->first.evaluation;
    STATUS_TRY(measure_one(r, &r->first, true));
    if (o->bootstrap)
        STATUS_TRY(fv_bootstrap(e, .intervals = r->intervals, .resamples = o->bootstrap, .seed = o->seed));
    if (o->groups)
        STATUS_TRY(fv_groups_compare(e, .data = r->part, .path = o->groups, .result = &r->groups,
                                     .least = o->group_least, .resamples = o->bootstrap, .seed = o->seed));
    for (int64_t i = 0; i < r->groups.problem_count; i++)
        cli_say("warning: %s", r->groups.problems[i]);
    if (!o->against)
        return FV_OK;
    STATUS_TRY(measure_one(r, &r->second, false));
    return fv_compare(e, .second = &r->second.evaluation, .result = &r->comparison, .resamples = o->bootstrap,
                      .seed = o->seed);
}

static void print_results(const eval_run *r)
{
    const fv_evaluation *e = &r->first.evaluation;
    if (r->first.count > 1)
        printf("models      %zu, their probabilities averaged\n", r->first.count);
    evaluation_print(e);
    if (r->o->bootstrap)
        intervals_print(e, r->intervals, r->o->bootstrap);
    if (r->o->groups)
        groups_print(&r->groups, e);
    if (r->o->against)
        comparison_print(&r->comparison, r->call->arguments[0], r->o->against);
}

static json_t *results_json(const eval_run *r)
{
    json_t *all = evaluation_json(&r->first.evaluation, r->call->arguments[0], r->call->arguments[1]);
    if (all && r->o->bootstrap)
        json_object_set_new(all, "intervals", intervals_json(r->intervals, r->o->bootstrap, r->o->seed));
    if (all && r->o->groups)
        json_object_set_new(all, "groups", groups_json(&r->groups, &r->first.evaluation));
    if (all && r->o->against)
        json_object_set_new(all, "against", comparison_json(&r->comparison, r->o->against));
    return all;
}

static fv_status write_report(const eval_run *r)
{
    const eval_options *o = r->o;
    text title = {0};
    text_add(&title, "%s on %s", fv_model_name(r->first.models[0]), file_base_name(r->call->arguments[1]));
    fv_status status =
        fv_report_write(o->report, .model = r->first.models[0], .data = r->part,
                        .evaluation = &r->first.evaluation, .intervals = o->bootstrap ? r->intervals : NULL,
                        .groups = o->groups ? &r->groups : NULL, .title = text_string(&title));
    text_release(&title);
    return status;
}

/* What was measured is told first: a file that cannot be written must not lose it. */
static int write_results(const eval_run *r)
{
    const eval_options *o = r->o;
    int status = EXIT_DONE;
    if (!o->json || strcmp(o->json, "-") != 0)
        print_results(r);
    if (o->csv && evaluation_write_csv(&r->first.evaluation, r->part, o->csv) != FV_OK)
        status = cli_fail();
    if (o->report && write_report(r) != FV_OK)
        status = cli_fail();
    if (o->json && evaluation_emit_json(results_json(r), o->json) != FV_OK)
        status = cli_fail();
    return status;
}

static fv_status open_all(eval_run *r)
{
    const eval_options *o = r->o;
    const char *path = r->call->arguments[1];
    STATUS_TRY(ensemble_load(&r->first, r->call->arguments[0]));
    if (o->against)
        STATUS_TRY(ensemble_load(&r->second, o->against));
    r->data = transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                  .path = path,
                                                  .validation_split = FV_OFF,
                                                  .on_error = (fv_on_error)o->on_error,
                                                  .max_pixels = o->max_pixels,
                                                  .max_bytes = o->max_bytes});
    if (!r->data)
        return status_last();
    cli_say_problems(r->data);
    r->part = part_choose(r->data, path, o->split, FV_TEST);
    return r->part ? FV_OK : status_last();
}

static int run(const invocation *call)
{
    eval_run r = {.call = call, .o = call->options};
    int result;
    interrupt_catch();
    fv_status status = open_all(&r);
    if (status == FV_OK)
        status = measure(&r);
    if (status == FV_INTERRUPTED && interrupt_signal())
        result = 128 + interrupt_signal();
    else
        result = status == FV_OK ? write_results(&r) : cli_fail();
    fv_groups_release(&r.groups);
    ensemble_release(&r.first);
    ensemble_release(&r.second);
    fv_dataset_destroy(r.data);
    return result;
}

const verb verb_eval = {
    .name = "eval",
    .computes = true,
    .arguments = "MODEL DATA",
    .summary = "Measures a model on pictures whose classes are known",
    .description =
        "Prints loss, accuracy with its 95 % interval, precision, recall and F1 per class, and "
        "the confusion matrix. "
        "Classes are matched by name; pictures of classes that the model does not know are "
        "counted and left out.\n\nSeveral models with commas between them are one: the mean of their "
        "probabilities counts.",
    .example = "fovea eval runs/photos-1/best.safetensors photos/ --json scores.json",
    .options = table,
    .size = sizeof(eval_options),
    .least = 2,
    .most = 2,
    .run = run,
};
