/* SPDX-License-Identifier: Apache-2.0 */
/* fovea export: the model as a file for other programs. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verbs.h"
#include "core/memory.h"

typedef struct export_options {
    const char *to, *out, *check, *prefix;
    int input;
} export_options;

static const char *const inputs[] = {"outside", "inside", NULL}; /* fv_export_input */

static const option table[] = {
    {.name = "to",
     .type = OPTION_STRING,
     .offset = offsetof(export_options, to),
     .value = "FORMAT",
     .shown = "by FILE's ending",
     .help = "onnx, tflite or c"},
    {.name = "out",
     .letter = 'o',
     .type = OPTION_STRING,
     .offset = offsetof(export_options, out),
     .value = "FILE",
     .help = "the file to write; one that is there is replaced"},
    {.name = "preprocess",
     .type = OPTION_CHOICE,
     .offset = offsetof(export_options, input),
     .choices = inputs,
     .shown = "outside",
     .help = "where pixels are normalised: outside, and the file takes (pixel - mean) / std in floating "
             "point; or inside, and it takes 8-bit pixels (N, H, W, C) in RGB, as C source always does"},
    {.name = "check",
     .type = OPTION_STRING,
     .offset = offsetof(export_options, check),
     .value = "PICTURES",
     .help = "a picture, or a folder of pictures, to run the file on beside the model, in place of the "
             "inputs that "
             "the model keeps for that"},
    {.name = "prefix",
     .type = OPTION_STRING,
     .offset = offsetof(export_options, prefix),
     .value = "NAME",
     .shown = "FILE's stem",
     .help = "of C source alone: what its names begin with"},
    {0},
};

static void print_costs(const fv_export_report *r)
{
    if (r->arena_bytes == 0)
        return;
    printf("weights %zu bytes, arena %zu bytes, ", r->weight_bytes, r->arena_bytes);
    if (r->code_bytes)
        printf("code %zu bytes on this machine, ", r->code_bytes);
    printf("%lld multiply-additions a picture\n", (long long)r->multiply_adds);
}

static void print_report(const export_options *o, const fv_export_report *r)
{
    if (r->pictures > 0)
        printf("%s: run with %s on %lld pictures, no probability differs by more than %.2g\n", o->out,
               r->runtime, (long long)r->pictures, (double)r->largest);
    else
        printf("%s: not run: %s\n", o->out, r->runtime);
}

static int export(fv_model *m, const export_options *o, const string_pool *pictures)
{
    fv_export_report report = {0};
    if (fv_export(m, o->out, .format = o->to, .input = (fv_export_input)o->input,
                  .pictures = (const char *const *)pictures->list, .picture_count = (int64_t)pictures->count,
                  .prefix = o->prefix, .report = &report) != FV_OK)
        return cli_fail();
    print_costs(&report);
    print_report(o, &report);
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const export_options *o = call->options;
    string_pool pictures = {0};
    if (!o->out)
        return cli_usage("export: -o must name the file to write");
    char *check[] = {(char *)(uintptr_t)o->check}; /* only read */
    int status = o->check ? pictures_find(&pictures, check, 1) : EXIT_DONE;
    fv_model *m = NULL;
    if (status == EXIT_DONE && !(m = fv_model_load(call->arguments[0])))
        status = cli_fail();
    if (status == EXIT_DONE)
        status = export(m, o, &pictures);
    fv_model_destroy(m);
    pool_release(&pictures);
    return status;
}

const verb verb_export = {
    .name = "export",
    .computes = true,
    .arguments = "MODEL",
    .summary = "Writes a model as a file for other programs",
    .description =
        "The file holds the network, its weights, its preprocessing and its class names; its outputs are "
        "probabilities. It is run beside the model before it is put in place, and the largest difference of "
        "a "
        "probability is printed; over 1e-4 it is an error, and nothing is written.",
    .example = "fovea export model.safetensors --to onnx -o model.onnx --check photos/",
    .options = table,
    .size = sizeof(export_options),
    .least = 1,
    .most = 1,
    .run = run,
};
