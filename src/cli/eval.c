/* SPDX-License-Identifier: Apache-2.0 */
/* fovea eval: a model against data with known classes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/evaluation.h"
#include "cli/limits.h"
#include "cli/progress.h"
#include "cli/transfer.h"
#include "cli/verbs.h"

typedef struct eval_options {
    int split, on_error;
    const char *json, *csv, *tta;
    int64_t top, batch, threads, max_pixels, max_bytes;
} eval_options;

static const char *const splits[] = {"auto", "train", "val", "test", "all", NULL};
static const char *const on_errors[] = {"skip", "fail", NULL};

static const option table[] = {
    {.name = "split",
     .type = OPTION_CHOICE,
     .offset = offsetof(eval_options, split),
     .choices = splits,
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
    {.name = "threads",
     .type = OPTION_INT,
     .offset = offsetof(eval_options, threads),
     .low = 1,
     .high = 1024,
     .shown = "one a core",
     .help = "threads that read pictures"},
    {.name = "on_error",
     .type = OPTION_CHOICE,
     .offset = offsetof(eval_options, on_error),
     .choices = on_errors,
     .value = "WHAT",
     .shown = "skip",
     .help = "what to do about pictures that cannot be read"},
    LIMIT_OPTIONS(eval_options),
    {0}};

/* NULL, with the error set, when the data lacks the part that was asked for. */
static const fv_dataset *choose_part(const fv_dataset *d, const char *path, int split)
{
    static const fv_part parts[] = {FV_TEST, FV_TRAIN, FV_VALIDATION, FV_TEST, FV_ALL};
    const fv_dataset *part = fv_dataset_part(d, parts[split]);
    if (!part && split == 0)
        part = fv_dataset_part(d, FV_ALL);
    if (!part)
        status_set(FV_ERROR_INVALID, "%s: has no part '%s'; --split all takes everything", path,
                   splits[split]);
    return part;
}

static int write_results(const fv_evaluation *e, const fv_dataset *part, const invocation *call)
{
    const eval_options *o = call->options;
    const char *model = call->arguments[0], *data = call->arguments[1];
    bool print_json = o->json && strcmp(o->json, "-") == 0;
    int status = EXIT_DONE;
    /* What was measured is told first: a file that cannot be written must not lose it. */
    if (!print_json)
        evaluation_print(e);
    if (o->csv && evaluation_write_csv(e, part, o->csv) != FV_OK)
        status = cli_fail();
    if (o->json && evaluation_emit_json(evaluation_json(e, model, data), o->json) != FV_OK)
        status = cli_fail();
    return status;
}

static int evaluate(fv_model *m, const fv_dataset *d, const invocation *call)
{
    const eval_options *o = call->options;
    const fv_dataset *part = choose_part(d, call->arguments[1], o->split);
    if (!part)
        return cli_fail();
    fv_evaluation e = {0};
    progress_bar bar;
    progress_init(&bar);
    fv_status status =
        fv_evaluate(m, .data = part, .result = &e, .batch = o->batch, .loader_threads = (int)o->threads,
                    .on_error = (fv_on_error)o->on_error, .on_step = progress_step, .on_log = progress_log,
                    .user = &bar, .tta = o->tta, .top_k = o->top);
    progress_end(&bar);
    int result;
    if (status == FV_INTERRUPTED && interrupt_signal())
        result = 128 + interrupt_signal();
    else if (status != FV_OK)
        result = cli_fail();
    else
        result = write_results(&e, part, call);
    fv_evaluation_release(&e);
    return result;
}

static int run(const invocation *call)
{
    const eval_options *o = call->options;
    int status = EXIT_FAILED;
    interrupt_catch();
    fv_model *m = fv_model_load(call->arguments[0]);
    fv_dataset *d = m ? transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                            .path = call->arguments[1],
                                                            .validation_split = FV_OFF,
                                                            .on_error = (fv_on_error)o->on_error,
                                                            .max_pixels = o->max_pixels,
                                                            .max_bytes = o->max_bytes})
                      : NULL;
    if (d) {
        cli_say_problems(d);
        status = evaluate(m, d, call);
    } else {
        cli_fail();
    }
    fv_dataset_destroy(d);
    fv_model_destroy(m);
    return status;
}

const verb verb_eval = {
    .name = "eval",
    .computes = true,
    .arguments = "MODEL DATA",
    .summary = "Measures a model on pictures whose classes are known",
    .description = "Prints loss, accuracy with its 95 % interval, precision, recall and F1 per class, and "
                   "the confusion matrix. "
                   "Classes are matched by name; pictures of classes that the model does not know are "
                   "counted and left out.",
    .example = "fovea eval runs/photos-1/best.safetensors photos/ --json scores.json",
    .options = table,
    .size = sizeof(eval_options),
    .least = 2,
    .most = 2,
    .run = run,
};
