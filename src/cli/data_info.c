/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data info: parts, classes, sizes and problems of a data set. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/limits.h"
#include "cli/transfer.h"
#include "cli/verbs.h"
#include "core/memory.h"

typedef struct data_info_options {
    int64_t max_pixels, max_bytes;
    int json;
} data_info_options;

static const option table[] = {{.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(data_info_options, json),
                                .help = "JSON instead of a table"},
                               LIMIT_OPTIONS(data_info_options),
                               {0}};

enum {
    PARTS = 4,
    PROBLEMS_SHOWN = 20
};
static const struct {
    fv_part part;
    const char *name;
} parts[PARTS] = {{FV_ALL, "all"}, {FV_TRAIN, "train"}, {FV_VALIDATION, "val"}, {FV_TEST, "test"}};

/* (PARTS, classes) counts; NULL on failure. */
static int64_t *count_classes(const fv_dataset *d)
{
    int64_t classes = fv_dataset_class_count(d);
    int64_t *counts = mem_array((size_t)(PARTS * classes), sizeof *counts);
    for (int p = 0; counts && p < PARTS; p++) {
        const fv_dataset *part = fv_dataset_part(d, parts[p].part);
        for (int64_t i = 0; part && i < fv_dataset_size(part); i++) {
            int64_t label = fv_dataset_label(part, i);
            if (label >= 0 && label < classes)
                counts[p * classes + label]++;
        }
    }
    return counts;
}

static int print_json(const fv_dataset *d, const char *path, const int64_t *counts, const int64_t shape[3])
{
    int64_t class_count = fv_dataset_class_count(d);
    json_t *sizes = json_object(), *classes = json_array(), *problems = json_array();
    for (int p = 0; p < PARTS; p++) {
        const fv_dataset *part = fv_dataset_part(d, parts[p].part);
        if (part)
            json_object_set_new(sizes, parts[p].name, json_integer(fv_dataset_size(part)));
    }
    for (int64_t c = 0; c < class_count; c++) {
        json_t *one = json_pack("{s:s}", "name", fv_dataset_class_name(d, c));
        for (int p = 0; p < PARTS; p++)
            if (fv_dataset_part(d, parts[p].part))
                json_object_set_new(one, parts[p].name, json_integer(counts[p * class_count + c]));
        json_array_append_new(classes, one);
    }
    for (int64_t i = 0; i < fv_dataset_problem_count(d); i++)
        json_array_append_new(problems, json_string(fv_dataset_problem(d, i)));
    return cli_print_json(json_pack("{s:s, s:o, s:I, s:I, s:I, s:o, s:o}", "data", path, "pictures", sizes,
                                    "height", (json_int_t)shape[0], "width", (json_int_t)shape[1], "channels",
                                    (json_int_t)shape[2], "classes", classes, "problems", problems),
                          true);
}

static void print_classes(const fv_dataset *d, const int64_t *counts)
{
    int64_t class_count = fv_dataset_class_count(d);
    int width = 5;
    for (int64_t c = 0; c < class_count; c++)
        width =
            cli_width(fv_dataset_class_name(d, c)) > width ? cli_width(fv_dataset_class_name(d, c)) : width;
    cli_print_padded("class", width);
    for (int p = 0; p < PARTS; p++)
        if (fv_dataset_part(d, parts[p].part))
            printf("%9s", parts[p].name);
    putchar('\n');
    for (int64_t c = 0; c < class_count; c++) {
        cli_print_padded(fv_dataset_class_name(d, c), width);
        for (int p = 0; p < PARTS; p++)
            if (fv_dataset_part(d, parts[p].part))
                printf("%9lld", (long long)counts[p * class_count + c]);
        putchar('\n');
    }
}

int data_print_classes(const fv_dataset *d)
{
    int64_t *counts = count_classes(d);
    if (!counts)
        return cli_fail();
    print_classes(d, counts);
    free(counts);
    return EXIT_DONE;
}

static void print_text(const fv_dataset *d, const char *path, const int64_t *counts, const int64_t shape[3])
{
    printf("%s: %lld pictures, %lld classes, typically %lldx%lld pixels, %s\n\n", path,
           (long long)fv_dataset_size(d), (long long)fv_dataset_class_count(d), (long long)shape[0],
           (long long)shape[1], shape[2] == 1 ? "grey" : "colour");
    print_classes(d, counts);
    int64_t problems = fv_dataset_problem_count(d);
    for (int64_t i = 0; i < problems && i < PROBLEMS_SHOWN; i++)
        printf("%s%s\n", i ? "" : "\nproblems:\n", fv_dataset_problem(d, i));
    if (problems > PROBLEMS_SHOWN)
        printf("and %lld more; --json lists all\n", (long long)(problems - PROBLEMS_SHOWN));
}

int data_describe(const char *path, int64_t max_pixels, int64_t max_bytes, bool json)
{
    fv_dataset *d = transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                        .path = path,
                                                        .validation_split = FV_OFF,
                                                        .max_pixels = max_pixels,
                                                        .max_bytes = max_bytes});
    if (!d)
        return cli_fail();
    int status = EXIT_DONE;
    int64_t shape[3] = {0};
    int64_t *counts = count_classes(d);
    if (!counts || fv_dataset_shape(d, &shape[0], &shape[1], &shape[2]) != FV_OK)
        status = cli_fail();
    else if (json)
        status = print_json(d, path, counts, shape);
    else
        print_text(d, path, counts, shape);
    free(counts);
    fv_dataset_destroy(d);
    return status;
}

static int run(const invocation *call)
{
    const data_info_options *o = call->options;
    return data_describe(call->arguments[0], o->max_pixels, o->max_bytes, o->json > 0);
}

const verb verb_data_info = {
    .name = "data info",
    .arguments = "DATA",
    .summary = "Tells what is in a data set: parts, classes, sizes, problems",
    .example = "fovea data info photos/",
    .options = table,
    .size = sizeof(data_info_options),
    .least = 1,
    .most = 1,
    .run = run,
};
