/* SPDX-License-Identifier: Apache-2.0 */
/* fovea import: a model file out of pretrained tensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/preprocess.h"
#include "cli/verbs.h"
#include "cli/weights_table.h"
#include "core/file.h"
#include "core/memory.h"

typedef struct import_options {
    const char *model, *classes, *preprocess, *out;
    int dequantize;
} import_options;

static const option table[] = {
    {.name = "model",
     .type = OPTION_STRING,
     .offset = offsetof(import_options, model),
     .value = "ZOO",
     .help = "the network that the tensors belong to: a name of the zoo ('fovea models') or a .yaml file; "
             "not needed for files that hold a whole network (ONNX, TFLite)"},
    {.name = "classes",
     .type = OPTION_STRING,
     .offset = offsetof(import_options, classes),
     .value = "FILE",
     .help = "the classes' names, a line each, in the order of the outputs"},
    {.name = "preprocess",
     .type = OPTION_STRING,
     .offset = offsetof(import_options, preprocess),
     .value = "P",
     .shown = "the zoo's own",
     .help = PREPROCESS_HELP},
    {.name = "dequantize",
     .type = OPTION_BOOL,
     .offset = offsetof(import_options, dequantize),
     .help =
         "of a quantised TFLite file take the weights alone, in floating point; otherwise outputs of layers "
         "are rounded as TensorFlow Lite does it"},
    {.name = "out",
     .letter = 'o',
     .type = OPTION_STRING,
     .offset = offsetof(import_options, out),
     .value = "MODEL",
     .help = "the model file to write"},
    {0},
};

enum {
    CLASSES_BYTES_MAX = 64 << 20
};

/* ---- class names ---- */

typedef struct class_names {
    char *words; /* the file, its lines ended by zeros */
    const char **list;
    size_t count, capacity;
} class_names;

static fv_status read_classes(class_names *c, const char *path)
{
    size_t size;
    STATUS_TRY(file_read(path, CLASSES_BYTES_MAX, (uint8_t **)&c->words, &size));
    char *rest = c->words;
    for (char *line; (line = strsep(&rest, "\n"));) {
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[--length] = 0;
        if (length == 0 && (!rest || !*rest))
            break; /* behind the last line */
        if (length == 0)
            return status_set(FV_ERROR_INVALID, "--classes: %s: line %zu is empty", path, c->count + 1);
        STATUS_TRY(MEM_GROW(c->list, c->count, c->capacity));
        c->list[c->count++] = line;
    }
    return c->count > 0 ? FV_OK : status_set(FV_ERROR_INVALID, "--classes: %s: there is no name in it", path);
}

/* ---- the model ---- */

static fv_model *make_network(const import_options *o, const preprocess_choice *p, const class_names *c)
{
    const char *dot = strrchr(o->model, '.');
    if (!dot || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
        return fv_zoo_create(o->model, .classes = (int64_t)c->count, .height = p->height, .width = p->width,
                             .tensorflow_padding = p->tensorflow_padding);
    if (preprocess_check_network(p, o->model) != FV_OK)
        return NULL;
    return fv_network_load(o->model, .classes = (int64_t)c->count, .height = p->height, .width = p->width);
}

static fv_status fill(fv_model *m, const char *path, const import_options *o, const preprocess_choice *c)
{
    STATUS_TRY(weights_table_load(m, path));
    return preprocess_settle(c, o->model, m);
}

static void log_line(const char *line, void *user)
{
    (void)user;
    cli_say("%s", line);
}

/* A network of the zoo with the file's tensors, or with no --model the file's own network. */
static fv_status make_model(const char *path, const import_options *o, preprocess_choice *c,
                            const class_names *classes, fv_model **m)
{
    if (o->model) {
        preprocess_settle_size(c, o->model);
        *m = make_network(o, c, classes);
        return *m ? fill(*m, path, o, c) : status_last();
    }
    *m = fv_import(path, .classes = (int64_t)classes->count, .height = c->height, .width = c->width,
                   .on_log = log_line, .normalisation_given = c->mean_set || c->std_set,
                   .dequantize = o->dequantize > 0);
    if (!*m)
        return status_last();
    fv_preprocess p = *fv_model_preprocess(*m);
    preprocess_apply(c, &p);
    return fv_model_set_preprocess(*m, &p);
}

static fv_status import(const char *path, const import_options *o)
{
    preprocess_choice choice;
    class_names classes = {0};
    fv_model *m = NULL;
    fv_status status = preprocess_parse(o->preprocess, &choice);
    if (status == FV_OK && o->classes)
        status = read_classes(&classes, o->classes);
    if (status == FV_OK)
        status = make_model(path, o, &choice, &classes, &m);
    if (status == FV_OK && classes.count > 0)
        status = fv_model_set_classes(m, classes.list, (int64_t)classes.count);
    if (status == FV_OK)
        status = fv_model_save(m, o->out);
    fv_model_destroy(m);
    free(classes.list);
    free(classes.words);
    return status;
}

static int run(const invocation *call)
{
    const import_options *o = call->options;
    if (!o->out)
        return cli_usage("import: -o must name the model file to write");
    if (import(call->arguments[0], o) != FV_OK)
        return cli_fail();
    cli_say("wrote %s", o->out);
    return EXIT_DONE;
}

const verb verb_import = {
    .name = "import",
    .arguments = "FILE",
    .summary = "Makes a model file out of pretrained tensors",
    .description =
        "With --model, FILE is a safetensors file, one that PyTorch's torch.save wrote of a state dict or a "
        "checkpoint (.pt, .pth, .th), or an ONNX file. torchvision's and timm's names are known. What "
        "matched, what was missing and what was left over is printed; anything missing but the last layer is "
        "an error. Without it, FILE is an ONNX or TFLite file, whose own network becomes the model.",
    .example = "fovea import net.pth --model resnet18 --classes names.txt -o net.safetensors",
    .options = table,
    .size = sizeof(import_options),
    .computes = true,
    .least = 1,
    .most = 1,
    .run = run,
};
