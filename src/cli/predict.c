/* SPDX-License-Identifier: Apache-2.0 */
/* fovea predict: FILE<tab>CLASS<tab>PROBABILITY, or one JSON object a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/limits.h"
#include "cli/verbs.h"
#include "core/memory.h"

typedef struct predict_options {
    int64_t top, max_pixels, max_bytes;
    int json;
    const char *tta;
} predict_options;

static const option table[] = {{.name = "top",
                                .type = OPTION_INT,
                                .offset = offsetof(predict_options, top),
                                .low = 1,
                                .high = 100000,
                                .shown = "1",
                                .value = "K",
                                .help = "the K likeliest classes, as further pairs on the line"},
                               {.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(predict_options, json),
                                .help = "a JSON object a line"},
                               {.name = "tta",
                                .type = OPTION_STRING,
                                .offset = offsetof(predict_options, tta),
                                .value = "VIEWS",
                                .shown = "none",
                                .help = CLI_TTA_HELP},
                               LIMIT_OPTIONS(predict_options),
                               {0}};

/* Reads one picture from standard input; the caller frees *bytes. */
static fv_status read_input(size_t limit, uint8_t **bytes, size_t *count)
{
    size_t capacity = 1 << 16, length = 0, got;
    uint8_t *block = mem_array(capacity, 1);
    if (!block)
        return status_last();
    while ((got = fread(block + length, 1, capacity - length, stdin)) > 0) {
        length += got;
        if (length < capacity)
            continue;
        uint8_t *grown = length <= limit ? mem_resize(block, capacity * 2, 1) : NULL;
        if (!grown)
            break;
        block = grown;
        capacity *= 2;
    }
    fv_status status = FV_OK;
    if (ferror(stdin))
        status = status_set(FV_ERROR_IO, "-: cannot be read: %s", strerror(errno));
    else if (length > limit)
        status = status_set(FV_ERROR_FORMAT,
                            "-: more than %zu bytes on standard input; --max-bytes raises the limit", limit);
    else if (length == capacity)
        status = status_last(); /* there was no memory for more */
    else if (length == 0)
        status = status_set(FV_ERROR_FORMAT, "-: nothing on standard input");
    if (status != FV_OK) {
        free(block);
        return status;
    }
    *bytes = block;
    *count = length;
    return FV_OK;
}

static fv_status predict_one(fv_model *m, const char *file, const predict_options *o, fv_prediction *top,
                             int64_t count)
{
    if (strcmp(file, "-") != 0)
        return fv_predict(m, file, .top = top, .top_count = count, .tta = o->tta, .max_pixels = o->max_pixels,
                          .max_bytes = o->max_bytes);
    uint8_t *bytes = NULL;
    size_t size = 0;
    STATUS_TRY(read_input(o->max_bytes ? (size_t)o->max_bytes : DEFAULT_MAX_BYTES, &bytes, &size));
    fv_status status = fv_predict(m, NULL, .bytes = bytes, .byte_count = size, .top = top, .top_count = count,
                                  .tta = o->tta, .max_pixels = o->max_pixels);
    free(bytes);
    return status;
}

/* A model without class names has its outputs' numbers instead. */
static const char *class_name(const fv_prediction *p, char buffer[24])
{
    if (p->name && *p->name)
        return p->name;
    snprintf(buffer, 24, "%lld", (long long)p->class_index);
    return buffer;
}

static void print_text(const char *file, const fv_prediction *top, int64_t count)
{
    char number[24];
    fputs(file, stdout);
    for (int64_t i = 0; i < count; i++)
        printf("\t%s\t%.4f", class_name(&top[i], number), (double)top[i].probability);
    putchar('\n');
}

/* All classes that a picture of several labels has. */
static json_t *labels_json(const fv_prediction *all, int64_t count)
{
    char number[24];
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++)
        if (all[i].predicted)
            json_array_append_new(list, json_string(class_name(&all[i], number)));
    return list;
}

/* The first `count` predictions; of `all` (0: no) those that count, where thresholds of several labels decide. */
static int print_json(const char *file, const fv_prediction *top, int64_t count, int64_t all)
{
    char number[24];
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "class", class_name(&top[i], number),
                                              "probability", cli_number((double)top[i].probability)));
    json_t *line = json_pack("{s:s, s:s, s:o, s:o}", "file", file, "class", class_name(&top[0], number),
                             "probability", cli_number((double)top[0].probability), "top", list);
    if (line && all > 0)
        json_object_set_new(line, "predicted", labels_json(top, all));
    return cli_print_json(line, false);
}

static int predict_all(fv_model *m, const string_pool *files, const predict_options *o, int64_t count)
{
    const float *thresholds;
    bool several = fv_model_thresholds(m, &thresholds) > 1;
    int64_t asked = several ? fv_model_class_count(m) : count;
    int status = EXIT_DONE;
    fv_prediction *top = mem_array((size_t)asked, sizeof *top);
    if (!top)
        return cli_fail();
    for (size_t i = 0; i < files->count; i++) {
        const char *file = files->list[i];
        if (predict_one(m, file, o, top, asked) != FV_OK)
            status = cli_fail();
        else if (o->json <= 0)
            print_text(file, top, count);
        else if (print_json(file, top, count, several ? asked : 0) != EXIT_DONE)
            status = EXIT_FAILED;
    }
    free(top);
    return status;
}

static int run(const invocation *call)
{
    const predict_options *o = call->options;
    string_pool files = {0};
    fv_model *m = fv_model_load(call->arguments[0]);
    if (!m)
        return cli_fail();
    int64_t count = o->top ? o->top : 1;
    if (count > fv_model_class_count(m))
        count = fv_model_class_count(m);
    int status = pictures_find(&files, call->arguments + 1, call->count - 1);
    if (predict_all(m, &files, o, count) != EXIT_DONE)
        status = EXIT_FAILED;
    pool_release(&files);
    fv_model_destroy(m);
    return status;
}

const verb verb_predict = {
    .name = "predict",
    .computes = true,
    .arguments = "MODEL PICTURE...",
    .summary = "Tells the class of pictures",
    .description = "Prints FILE, CLASS and PROBABILITY with tabs between them, a picture a line. A folder "
                   "means every picture "
                   "in it; - reads one picture from standard input.\n\nA picture that cannot be read is one "
                   "line on standard "
                   "error; the others go on, and the exit status is 1.",
    .example = "fovea predict runs/photos-1/best.safetensors cat.jpg --top 3",
    .options = table,
    .size = sizeof(predict_options),
    .least = 2,
    .most = -1,
    .run = run,
};
