/* SPDX-License-Identifier: Apache-2.0 */
/* fovea info: what a model file holds; for anything else, what `fovea data info` says. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "core/file.h"

typedef struct info_options {
    int verify, json;
} info_options;

static const option table[] = {
    {.name = "verify",
     .type = OPTION_BOOL,
     .offset = offsetof(info_options, verify),
     .help = "recompute the logits that the model file keeps of a few inputs, and compare"},
    {.name = "json",
     .type = OPTION_BOOL,
     .offset = offsetof(info_options, json),
     .help = "JSON instead of a table"},
    {0}};

/* Of a logit, absolute: engines and machines differ by about 1e-5. */
static const double tolerance = 1e-3;

static const char *const resize_modes[] = {"crop", "squash", "letterbox"};
static const char *const interpolations[] = {"bilinear", "bicubic", "lanczos", "box"};

static json_t *numbers(const float *values, int64_t count)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(list, cli_number((double)values[i]));
    return list;
}

static json_t *preprocess_json(const fv_preprocess *p)
{
    return json_pack("{s:I, s:I, s:I, s:s, s:s, s:o, s:o, s:o, s:s}", "height", (json_int_t)p->height,
                     "width", (json_int_t)p->width, "channels", (json_int_t)p->channels, "resize_mode",
                     resize_modes[p->resize_mode], "interpolation", interpolations[p->interpolation],
                     "crop_fraction", cli_number((double)p->crop_fraction), "mean",
                     numbers(p->mean, p->channels), "std", numbers(p->std, p->channels), "order",
                     p->channels == 1      ? "grey"
                     : p->reverse_channels ? "bgr"
                                           : "rgb");
}

static json_t *layers_json(const fv_model *m)
{
    json_t *list = json_array();
    fv_layer_info l;
    for (int64_t i = 0; i < fv_model_layer_count(m) && fv_model_layer(m, i, &l) == FV_OK; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name", l.name, "type",
                                              l.type, "height", (json_int_t)l.height, "width",
                                              (json_int_t)l.width, "channels", (json_int_t)l.channels,
                                              "parameters", (json_int_t)l.parameters, "multiply_adds",
                                              (json_int_t)l.multiply_adds));
    return list;
}

static void add_calibration(json_t *all, const fv_model *m)
{
    const float *thresholds;
    int64_t count = fv_model_thresholds(m, &thresholds);
    json_object_set_new(all, "temperature", cli_number((double)fv_model_temperature(m)));
    json_object_set_new(all, "thresholds", count > 0 ? numbers(thresholds, count) : json_null());
}

static int print_json(const fv_model *m, const char *path, const float *difference)
{
    json_t *classes = json_array();
    for (int64_t i = 0; i < fv_model_class_count(m); i++) {
        const char *name = fv_model_class_name(m, i);
        json_array_append_new(classes, name ? json_string(name) : json_null());
    }
    json_t *all = json_pack(
        "{s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "model", path, "name", fv_model_name(m), "parameters",
        (json_int_t)fv_model_parameter_count(m), "multiply_adds", (json_int_t)fv_model_multiply_adds(m),
        "preprocess", preprocess_json(fv_model_preprocess(m)), "classes", classes, "layers", layers_json(m));
    if (all)
        add_calibration(all, m);
    if (all && difference)
        json_object_set_new(all, "largest_difference", cli_number((double)*difference));
    return cli_print_json(all, true);
}

static void print_preprocess(const fv_preprocess *p)
{
    printf("input       %lldx%lld, %s\n", (long long)p->height, (long long)p->width,
           p->channels == 1      ? "grey"
           : p->reverse_channels ? "BGR"
                                 : "RGB");
    printf("resize      %s, %s", resize_modes[p->resize_mode], interpolations[p->interpolation]);
    if (p->resize_mode == FV_RESIZE_CROP)
        printf(", the middle %.4g of the shorter side", (double)p->crop_fraction);
    printf("\nmean       ");
    for (int64_t i = 0; i < p->channels; i++)
        printf(" %.6g", (double)p->mean[i]);
    printf("\nstd        ");
    for (int64_t i = 0; i < p->channels; i++)
        printf(" %.6g", (double)p->std[i]);
    printf("\n");
}

static void print_classes(const fv_model *m)
{
    int64_t count = fv_model_class_count(m);
    printf("classes     %lld%s", (long long)count, fv_model_class_name(m, 0) ? ":" : ", unnamed");
    for (int64_t i = 0; i < count && i < 100; i++)
        if (fv_model_class_name(m, i))
            printf("%s %s", i ? "," : "", fv_model_class_name(m, i));
    printf("%s\n", count > 100 ? ", ... (--json lists all)" : "");
}

static void print_calibration(const fv_model *m)
{
    const float *thresholds;
    int64_t count = fv_model_thresholds(m, &thresholds);
    if (fv_model_temperature(m) != 1)
        printf("temperature %.4f\n", (double)fv_model_temperature(m));
    for (int64_t i = 0; i < count; i++) {
        const char *name = fv_model_class_name(m, count == 1 ? 1 : i);
        printf("threshold   %.4f%s%s\n", (double)thresholds[i], name ? " of " : "", name ? name : "");
    }
}

static void print_layers(const fv_model *m)
{
    fv_layer_info l;
    int width = 5;
    for (int64_t i = 0; i < fv_model_layer_count(m) && fv_model_layer(m, i, &l) == FV_OK; i++)
        width = cli_width(l.name) > width ? cli_width(l.name) : width;
    printf("\n");
    cli_print_padded("layer", width);
    printf("  %-22s%-16s%12s%14s\n", "type", "output", "parameters", "multiply-adds");
    for (int64_t i = 0; i < fv_model_layer_count(m) && fv_model_layer(m, i, &l) == FV_OK; i++) {
        char shape[64];
        if (l.height > 0)
            snprintf(shape, sizeof shape, "%lldx%lldx%lld", (long long)l.height, (long long)l.width,
                     (long long)l.channels);
        else
            snprintf(shape, sizeof shape, "%lld", (long long)l.channels);
        cli_print_padded(l.name, width);
        printf("  %-22s%-16s%12lld%14lld\n", l.type, shape, (long long)l.parameters,
               (long long)l.multiply_adds);
    }
}

static int print_text(const fv_model *m, const char *path, const float *difference)
{
    printf("model       %s (%s)\n", path, fv_model_name(m));
    printf("parameters  %lld\nmadds       %lld (multiply-adds a picture)\n",
           (long long)fv_model_parameter_count(m), (long long)fv_model_multiply_adds(m));
    print_preprocess(fv_model_preprocess(m));
    print_classes(m);
    print_calibration(m);
    print_layers(m);
    if (difference)
        printf("\nverify: the largest difference of a logit is %.3g\n", (double)*difference);
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const info_options *o = call->options;
    const char *path = call->arguments[0], *dot = strrchr(path, '.');
    if (file_is_folder(path) || (file_exists(path) && !(dot && strcmp(dot, ".safetensors") == 0)))
        return o->verify > 0 ? cli_usage("--verify: %s is not a model file", path)
                             : data_describe(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                                   .path = path,
                                                                   .validation_split = FV_OFF},
                                             o->json > 0, NULL);
    fv_model *m = fv_model_load(path);
    if (!m)
        return cli_fail();
    int status;
    float difference = 0;
    if (o->verify > 0 && fv_model_verify(m, &difference) != FV_OK)
        status = cli_fail();
    else
        status = (o->json > 0 ? print_json : print_text)(m, path, o->verify > 0 ? &difference : NULL);
    if (status == EXIT_DONE && !((double)difference <= tolerance))
        status = cli_fail_with(
            "%s: a logit differs by %.3g from what was saved, more than %g: the file was changed, or "
            "this machine computes something else",
            path, (double)difference, tolerance);
    fv_model_destroy(m);
    return status;
}

const verb verb_info = {
    .name = "info",
    .arguments = "MODEL|DATA",
    .summary = "Tells what a model file or a data set holds",
    .description = "For a model: the network's layers, its preprocessing and its classes. For a data set: "
                   "what 'fovea data "
                   "info' says.",
    .example = "fovea info runs/photos-1/best.safetensors --verify",
    .options = table,
    .size = sizeof(info_options),
    .least = 1,
    .most = 1,
    .run = run,
};
