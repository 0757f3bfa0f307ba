/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data info: parts, classes, sizes and problems of a data set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/class_table.h"
#include "cli/count_bar.h"
#include "cli/limits.h"
#include "cli/picture_summary.h"
#include "cli/transfer.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/memory.h"

typedef struct data_info_options {
    int64_t max_pixels, max_bytes;
    int json;
    const char *sheet;
} data_info_options;

static const option table[] = {{.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(data_info_options, json),
                                .help = "JSON instead of a table"},
                               {.name = "sheet",
                                .letter = 'o',
                                .type = OPTION_STRING,
                                .offset = offsetof(data_info_options, sheet),
                                .value = "FILE.png",
                                .help = "also draw some pictures of each class"},
                               LIMIT_OPTIONS(data_info_options),
                               {0}};

enum {
    PROBLEMS_SHOWN = 20
};

/* All that is told. */
typedef struct description {
    const char *path;
    fv_dataset *data;
    class_table classes;
    int64_t shape[3];
    fv_survey *survey;
    picture_summary summary;
} description;

/* ---- JSON ---- */

static json_t *problems_json(const description *d)
{
    json_t *problems = json_array();
    for (int64_t i = 0; i < fv_dataset_problem_count(d->data); i++)
        json_array_append_new(problems, json_string(fv_dataset_problem(d->data, i)));
    for (int64_t i = 0; i < fv_survey_size(d->survey); i++)
        if (fv_survey_get(d->survey, i)->problem)
            json_array_append_new(problems, json_string(fv_survey_get(d->survey, i)->problem));
    return problems;
}

static int print_json(const description *d)
{
    return cli_print_json(json_pack("{s:s, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "data", d->path,
                                    "pictures", class_table_parts_json(d->data), "multi_label",
                                    fv_dataset_is_multi_label(d->data), "height", (json_int_t)d->shape[0],
                                    "width", (json_int_t)d->shape[1], "channels", (json_int_t)d->shape[2],
                                    "sample", summary_json(&d->summary), "classes",
                                    class_table_json(&d->classes), "problems", problems_json(d)),
                          true);
}

/* ---- text ---- */

static void print_problem(int64_t *said, const char *problem)
{
    if (*said < PROBLEMS_SHOWN)
        printf("%s%s\n", *said ? "" : "\nproblems:\n", problem);
    ++*said;
}

static void print_problems(const description *d)
{
    int64_t said = 0;
    for (int64_t i = 0; i < fv_dataset_problem_count(d->data); i++)
        print_problem(&said, fv_dataset_problem(d->data, i));
    for (int64_t i = 0; i < fv_survey_size(d->survey); i++)
        if (fv_survey_get(d->survey, i)->problem)
            print_problem(&said, fv_survey_get(d->survey, i)->problem);
    if (said > PROBLEMS_SHOWN)
        printf("and %lld more; --json lists all\n", (long long)(said - PROBLEMS_SHOWN));
}

static int print_text(const description *d)
{
    printf("%s: %lld pictures, %lld classes%s, typically %lldx%lld pixels, %s\n\n", d->path,
           (long long)fv_dataset_size(d->data), (long long)fv_dataset_class_count(d->data),
           fv_dataset_is_multi_label(d->data) ? ", any number a picture" : "", (long long)d->shape[0],
           (long long)d->shape[1], d->shape[2] == 1 ? "grey" : "colour");
    if (class_table_print(&d->classes) != FV_OK)
        return cli_fail();
    summary_print(&d->summary, fv_dataset_size(d->data));
    print_problems(d);
    return EXIT_DONE;
}

/* ---- the verb ---- */

static fv_status look(description *d)
{
    count_bar bar;
    count_bar_init(&bar);
    STATUS_TRY(fv_dataset_shape(d->data, &d->shape[0], &d->shape[1], &d->shape[2]));
    STATUS_TRY(class_table_count(&d->classes, d->data));
    d->survey = fv_survey_create(d->data, .on_progress = count_bar_step, .user = &bar);
    count_bar_end(&bar);
    return d->survey ? summary_make(&d->summary, d->survey) : status_last();
}

static int draw_sheet(const description *d, const char *file)
{
    text title = {0};
    int64_t pictures = fv_dataset_size(d->data), classes = fv_dataset_class_count(d->data);
    const char *name = file_base_name(d->path);
    text_add(&title, "%s: %lld picture%s, %lld class%s", *name ? name : d->path, (long long)pictures,
             pictures == 1 ? "" : "s", (long long)classes, classes == 1 ? "" : "es");
    fv_status status = text_status(&title);
    if (status == FV_OK)
        status = fv_sheet_write(d->data, .path = file, .title = text_string(&title));
    text_release(&title);
    return status == FV_OK ? EXIT_DONE : cli_fail();
}

int data_describe(const fv_dataset_options *options, bool json, const char *sheet)
{
    description d = {.path = options->path};
    interrupt_catch();
    d.data = transfer_open(options);
    int status = d.data && look(&d) == FV_OK ? (json ? print_json : print_text)(&d) : cli_fail();
    if (status == EXIT_DONE && sheet)
        status = draw_sheet(&d, sheet);
    class_table_release(&d.classes);
    fv_survey_destroy(d.survey);
    fv_dataset_destroy(d.data);
    return interrupt_signal() ? 128 + interrupt_signal() : status;
}

static int run(const invocation *call)
{
    const data_info_options *o = call->options;
    const char *ending = o->sheet ? strrchr(o->sheet, '.') : NULL;
    if (o->sheet && !(ending && strcasecmp(ending, ".png") == 0))
        return cli_usage("--sheet: %s: the sheet is a PNG file; give it a name that ends in .png", o->sheet);
    return data_describe(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                               .path = call->arguments[0],
                                               .validation_split = FV_OFF,
                                               .max_pixels = o->max_pixels,
                                               .max_bytes = o->max_bytes},
                         o->json > 0, o->sheet);
}

const verb verb_data_info = {
    .name = "data info",
    .arguments = "DATA",
    .summary = "Tells what is in a data set: parts, classes, sizes, formats, problems",
    .description = "The sizes, formats and colours are those of 1000 pictures, spread evenly, or of all "
                   "where there are fewer; "
                   "'fovea data check' reads every picture to its end. Of more than 40 classes the ten "
                   "largest and the ten "
                   "smallest are printed.\n\n"
                   "--sheet draws a contact sheet, in which wrong labels and odd pictures show at a glance: "
                   "some pictures of "
                   "each class, spread evenly.",
    .example = "fovea data info photos/ --sheet photos.png",
    .options = table,
    .size = sizeof(data_info_options),
    .least = 1,
    .most = 1,
    .run = run,
};
