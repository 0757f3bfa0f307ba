/* SPDX-License-Identifier: Apache-2.0 */
/* fovea calibrate: a temperature and thresholds for a model, from data that it was not trained with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/limits.h"
#include "cli/parts.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/transfer.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/memory.h"

typedef struct calibrate_options {
    const char *out;
    int split, thresholds, json, on_error;
    int64_t batch, threads, max_pixels, max_bytes;
} calibrate_options;

static const char *const kinds[] = {"f1", "none", NULL};

static const option table[] = {
    {.name = "out",
     .type = OPTION_STRING,
     .offset = offsetof(calibrate_options, out),
     .value = "MODEL",
     .letter = 'o',
     .shown = "the model's name with -calibrated behind it, unless that is there",
     .help = "the model file to write; one that is given is replaced when it is there"},
    {.name = "split",
     .type = OPTION_CHOICE,
     .offset = offsetof(calibrate_options, split),
     .choices = part_choices,
     .value = "S",
     .shown = "val where there is one, else all",
     .help = "the part of the data; the model must not have been trained with it, and not be tested with it "
             "afterwards"},
    {.name = "thresholds",
     .type = OPTION_CHOICE,
     .offset = offsetof(calibrate_options, thresholds),
     .choices = kinds,
     .value = "KIND",
     .shown = "f1",
     .help = "f1: for two classes, and for each class of several labels, the threshold with the best F1; "
             "none: the likelier class, "
             "and 0.5"},
    {.name = "json",
     .type = OPTION_BOOL,
     .offset = offsetof(calibrate_options, json),
     .help = "JSON instead of text"},
    {.name = "batch",
     .type = OPTION_INT,
     .offset = offsetof(calibrate_options, batch),
     .low = 1,
     .high = 65536,
     .shown = "64",
     .help = "pictures at a time"},
    THREADS_OPTION(calibrate_options),
    ON_ERROR_OPTION(calibrate_options),
    LIMIT_OPTIONS(calibrate_options),
    {0}};

/* "a/best.safetensors" becomes "a/best-calibrated.safetensors"; NULL when that is there already. The caller frees it. */
static char *default_out(const char *model)
{
    const char *dot = strrchr(model, '.'), *slash = strrchr(model, '/');
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - model) : strlen(model);
    text path = {0};
    text_add_bytes(&path, model, stem);
    text_add(&path, "-calibrated.safetensors");
    if (text_status(&path) == FV_OK && !file_exists(path.data))
        return path.data;
    if (text_status(&path) == FV_OK)
        status_set(FV_ERROR_INVALID, "%s: is there already; -o says where to write", path.data);
    text_release(&path);
    return NULL;
}

static json_t *scores_json(const fv_calibrated *s)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "loss", cli_number(s->loss), "ece", cli_number(s->ece),
                     "brier", cli_number(s->brier), "accuracy", cli_number(s->accuracy), "f1",
                     cli_number(s->f1));
}

static int print_json(const fv_model *m, const fv_calibration *c, const char *out)
{
    const float *thresholds;
    int64_t count = fv_model_thresholds(m, &thresholds);
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(list, cli_number((double)thresholds[i]));
    return cli_print_json(json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "model", out, "images",
                                    (json_int_t)c->images, "temperature", cli_number((double)c->temperature),
                                    "thresholds", list, "before", scores_json(&c->before), "after",
                                    scores_json(&c->after)),
                          true);
}

static void print_change(const char *what, double before, double after, const char *note)
{
    printf("%-12s%.4f -> %.4f%s\n", what, before, after, note);
}

static void print_text(const fv_model *m, const fv_calibration *c, const char *out)
{
    const float *thresholds;
    int64_t count = fv_model_thresholds(m, &thresholds);
    printf("images      %lld\ntemperature %.4f\n", (long long)c->images, (double)c->temperature);
    print_change("loss", c->before.loss, c->after.loss, "");
    print_change("calibration", c->before.ece, c->after.ece, "  (expected error of the probabilities)");
    print_change("Brier", c->before.brier, c->after.brier, "");
    for (int64_t i = 0; i < count; i++)
        printf("threshold   %.4f  of %s\n", (double)thresholds[i],
               fv_model_class_name(m, count == 1 ? 1 : i));
    if (count > 0) {
        print_change("F1", c->before.f1, c->after.f1, count > 1 ? "  (mean of the classes)" : "");
        print_change("accuracy", c->before.accuracy, c->after.accuracy, "");
    }
    printf("model       %s\n", out);
}

static int calibrate(fv_model *m, const fv_dataset *d, const invocation *call, const char *out)
{
    const calibrate_options *o = call->options;
    const fv_dataset *part = part_choose(d, call->arguments[1], o->split, FV_VALIDATION);
    fv_calibration c;
    progress_bar bar;
    if (!part)
        return cli_fail();
    progress_init(&bar);
    fv_status status = fv_calibrate(m, .data = part, .thresholds = o->thresholds == 1 ? FV_OFF : 0,
                                    .result = &c, .batch = o->batch, .loader_threads = (int)o->threads,
                                    .on_error = (fv_on_error)o->on_error, .on_step = progress_step,
                                    .on_log = progress_log, .user = &bar);
    progress_end(&bar);
    if (status == FV_INTERRUPTED && interrupt_signal())
        return 128 + interrupt_signal();
    if (status != FV_OK || fv_model_save(m, out) != FV_OK)
        return cli_fail();
    if (c.at_limit)
        cli_say(
            "warning: the best temperature lies beyond %g, as where every picture is right; more pictures "
            "would tell it",
            (double)c.temperature);
    if (o->json > 0)
        return print_json(m, &c, out);
    print_text(m, &c, out);
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const calibrate_options *o = call->options;
    int status = EXIT_FAILED;
    interrupt_catch();
    char *out = o->out ? mem_string(o->out) : default_out(call->arguments[0]);
    fv_model *m = out ? fv_model_load(call->arguments[0]) : NULL;
    fv_dataset *d = m ? transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                            .path = call->arguments[1],
                                                            .validation_split = FV_OFF,
                                                            .on_error = (fv_on_error)o->on_error,
                                                            .max_pixels = o->max_pixels,
                                                            .max_bytes = o->max_bytes})
                      : NULL;
    if (d) {
        cli_say_problems(d);
        status = calibrate(m, d, call, out);
    } else {
        cli_fail();
    }
    fv_dataset_destroy(d);
    fv_model_destroy(m);
    free(out);
    return status;
}

const verb verb_calibrate = {
    .name = "calibrate",
    .computes = true,
    .arguments = "MODEL DATA",
    .summary = "Makes a model's probabilities honest",
    .description =
        "Finds the temperature by which logits are divided so that the probabilities fit the data best "
        "(which changes no order of classes), and for two classes or several labels the thresholds with "
        "the best F1. Both are written into a model file, and used by every verb that takes it. Loss and "
        "calibration error before and after are those of the same pictures.",
    .example = "fovea calibrate run/best.safetensors photos/ --split val",
    .options = table,
    .size = sizeof(calibrate_options),
    .least = 2,
    .most = 2,
    .run = run,
};
