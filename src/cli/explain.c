/* SPDX-License-Identifier: Apache-2.0 */
/* fovea explain: an overlay for each picture that shows what the decision rests on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/limits.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/memory.h"

typedef struct explain_options {
    const char *out, *class_name, *layer;
    int64_t max_pixels, max_bytes;
    int method;
} explain_options;

static const char *const methods[] = {"gradcam", NULL};

static const option table[] = {{.name = "out",
                                .letter = 'o',
                                .type = OPTION_STRING,
                                .offset = offsetof(explain_options, out),
                                .value = "DIR",
                                .help = "the folder for NAME-METHOD.png; required"},
                               {.name = "method",
                                .type = OPTION_CHOICE,
                                .offset = offsetof(explain_options, method),
                                .choices = methods,
                                .value = "METHOD",
                                .shown = "gradcam",
                                .help = "the saliency method"},
                               {.name = "class",
                                .type = OPTION_STRING,
                                .offset = offsetof(explain_options, class_name),
                                .value = "CLASS",
                                .shown = "the predicted one",
                                .help = "the class to explain, by name or number"},
                               {.name = "layer",
                                .type = OPTION_STRING,
                                .offset = offsetof(explain_options, layer),
                                .value = "LAYER",
                                .shown = "the last with height and width that is no pool",
                                .help = "the layer whose output is weighed; 'fovea info' lists them"},
                               LIMIT_OPTIONS(explain_options),
                               {0}};

/* The output that --class names; -1, with the error set, when the model has no such class. */
static int64_t find_class(const fv_model *m, const char *asked)
{
    int64_t count = fv_model_class_count(m);
    const char **names = mem_array((size_t)count, sizeof *names);
    if (!names)
        return -1;
    int64_t found = -1, named = 0;
    for (int64_t i = 0; i < count && found < 0; i++) {
        const char *name = fv_model_class_name(m, i);
        if (name && strcmp(name, asked) == 0)
            found = i;
        if (name)
            names[named++] = name;
    }
    char *end;
    errno = 0;
    long long number = strtoll(asked, &end, 10);
    if (found < 0 && *asked && !*end && !errno && number >= 0 && number < count)
        found = number;
    if (found < 0) {
        const char *near = strlen(asked) < 64 ? text_nearest(asked, names, (size_t)named) : NULL;
        status_set(FV_ERROR_INVALID, "--class: the model has no class '%.200s'%s%s%s", asked,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    free(names);
    return found;
}

/* DIR/NAME-METHOD.png; NAME-2 and so on where pictures of the same name come from several folders. */
static char *output_path(const char *folder, const char *picture, const char *method, string_pool *taken)
{
    const char *base = file_base_name(picture), *dot = strrchr(base, '.');
    int length = (int)(dot && dot > base ? dot - base : (long)strlen(base));
    for (int copy = 1;; copy++) {
        text name = {0};
        text_add(&name, "%.*s", length, base);
        if (copy > 1)
            text_add(&name, "-%d", copy);
        text_add(&name, "-%s.png", method);
        char *path = text_status(&name) == FV_OK ? file_join(folder, text_string(&name)) : NULL;
        text_release(&name);
        bool used = false;
        for (size_t i = 0; path && i < taken->count; i++)
            used = used || strcmp(taken->list[i], path) == 0;
        if (!used)
            return path && pool_keep(taken, mem_string(path)) ? path : NULL;
        free(path);
    }
}

static fv_status explain_one(fv_model *m, const char *picture, const explain_options *o, int64_t class_index,
                             string_pool *taken)
{
    char *path = output_path(o->out, picture, methods[o->method], taken);
    if (!path)
        return status_last();
    fv_prediction p = {0};
    fv_status status = fv_explain(m, picture, .out = path, .method = methods[o->method], .layer = o->layer,
                                  .class_index = class_index, .use_class = o->class_name != NULL,
                                  .explained = &p, .max_pixels = o->max_pixels, .max_bytes = o->max_bytes);
    if (status == FV_OK)
        printf("%s\t%s\t%.4f\t%s\n", picture, p.name ? p.name : "", (double)p.probability, path);
    free(path);
    return status;
}

static int explain_all(fv_model *m, const invocation *call, const explain_options *o)
{
    int64_t class_index = o->class_name ? find_class(m, o->class_name) : 0;
    if (class_index < 0)
        return cli_fail();
    if (file_make_folders(o->out) != FV_OK)
        return cli_fail();
    string_pool files = {0}, taken = {0};
    int status = pictures_find(&files, call->arguments + 1, call->count - 1);
    for (size_t i = 0; i < files.count; i++)
        if (explain_one(m, files.list[i], o, class_index, &taken) != FV_OK)
            status = cli_fail();
    pool_release(&taken);
    pool_release(&files);
    return status;
}

static int run(const invocation *call)
{
    const explain_options *o = call->options;
    if (!o->out)
        return cli_usage("explain needs -o DIR, the folder for the pictures; see 'fovea explain --help'");
    fv_model *m = fv_model_load(call->arguments[0]);
    if (!m)
        return cli_fail();
    int status = explain_all(m, call, o);
    fv_model_destroy(m);
    return status;
}

const verb verb_explain = {
    .name = "explain",
    .computes = true,
    .arguments = "MODEL PICTURE...",
    .summary = "Shows which parts of a picture the decision rests on",
    .description = "Writes NAME-METHOD.png for each picture, the picture with the map over it, and prints "
                   "the file, the class, "
                   "its probability and where the overlay is, with tabs between them. A folder means every "
                   "picture in it.",
    .example = "fovea explain runs/photos-1/best.safetensors cat.jpg -o why/",
    .options = table,
    .size = sizeof(explain_options),
    .least = 2,
    .most = -1,
    .run = run,
};
