/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data check: reads every picture, and finds those that stand twice. */
#include <stdio.h>
#include <string.h>

#include "cli/count_bar.h"
#include "cli/picture_summary.h"
#include "cli/transfer.h"
#include "cli/verbs.h"

typedef struct check_options {
    int json;
    int64_t min_size, threads;
} check_options;

static const option table[] = {{.name = "min_size",
                                .type = OPTION_INT,
                                .offset = offsetof(check_options, min_size),
                                .low = 1,
                                .high = 65535,
                                .shown = "an eighth of the median",
                                .help = "pictures whose shorter side is under N pixels are very small"},
                               {.name = "threads",
                                .type = OPTION_INT,
                                .offset = offsetof(check_options, threads),
                                .low = 1,
                                .high = 1024,
                                .shown = "all cores",
                                .help = "that read"},
                               {.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(check_options, json),
                                .help = "JSON, with every picture that was found"},
                               {0}};

enum {
    SHOWN = 10 /* of each kind */
};

typedef enum finding {
    UNREADABLE = 0,
    IN_TWO_PARTS,
    IN_TWO_CLASSES,
    REPEATED,
    VERY_SMALL,
    FINDINGS
} finding;

static const struct {
    const char *name, *title;
    bool wrong; /* the exit status tells it */
} kinds[FINDINGS] = {{"unreadable", "cannot be read", true},
                     {"in_two_parts", "in two parts", true},
                     {"in_two_classes", "in two classes", true},
                     {"repeated", "repeated", false},
                     {"very_small", "very small", false}};

typedef struct checked {
    const char *path;
    const fv_dataset *data;
    const fv_survey *survey;
    double min_size;
} checked;

static const char *part_name(fv_part part)
{
    return part == FV_TEST ? "test" : part == FV_VALIDATION ? "val" : "train";
}

static bool same_labels(const fv_dataset *d, int64_t a, int64_t b)
{
    int64_t n = fv_dataset_label_count(d, a);
    if (n != fv_dataset_label_count(d, b))
        return false;
    for (int64_t k = 0; k < n; k++)
        if (fv_dataset_label_at(d, a, k) != fv_dataset_label_at(d, b, k))
            return false;
    return true;
}

/* FINDINGS: nothing. All pictures were looked at, so that a picture's number is its place in the survey. */
static finding judge(const checked *c, const fv_picture_info *p)
{
    if (p->problem)
        return UNREADABLE;
    if (p->twin >= 0 && fv_survey_get(c->survey, p->twin)->part != p->part)
        return IN_TWO_PARTS;
    if (p->twin >= 0)
        return same_labels(c->data, p->index, p->twin) ? REPEATED : IN_TWO_CLASSES;
    int64_t shorter = p->height < p->width ? p->height : p->width;
    return (double)shorter < c->min_size ? VERY_SMALL : FINDINGS;
}

/* What two equal pictures differ in. */
static void add_difference(text *out, const checked *c, const fv_picture_info *p, finding kind)
{
    if (kind == IN_TWO_PARTS)
        text_add(out, " (%s)", part_name(p->part));
    if (kind != IN_TWO_CLASSES)
        return;
    int64_t n = fv_dataset_label_count(c->data, p->index);
    text_add(out, n ? " (" : " (no class");
    for (int64_t k = 0; k < n; k++)
        text_add(out, "%s%s", k ? "|" : "",
                 fv_dataset_class_name(c->data, fv_dataset_label_at(c->data, p->index, k)));
    text_add(out, ")");
}

static void print_finding(const checked *c, const fv_picture_info *p, finding kind)
{
    char file[4200];
    text line = {0};
    text_add(&line, "%s", p->problem ? p->problem : fv_dataset_file(c->data, p->index, file, sizeof file));
    add_difference(&line, c, p, kind);
    if (kind == VERY_SMALL)
        text_add(&line, ": %lldx%lld pixels", (long long)p->height, (long long)p->width);
    if (p->twin >= 0) {
        text_add(&line, " is the same as %s", fv_dataset_file(c->data, p->twin, file, sizeof file));
        add_difference(&line, c, fv_survey_get(c->survey, p->twin), kind);
    }
    printf("  %s\n", text_string(&line));
    text_release(&line);
}

static void count(const checked *c, int64_t counts[FINDINGS + 1])
{
    memset(counts, 0, (FINDINGS + 1) * sizeof *counts);
    for (int64_t i = 0; i < fv_survey_size(c->survey); i++)
        counts[judge(c, fv_survey_get(c->survey, i))]++;
}

static void print_text(const checked *c, const int64_t counts[FINDINGS + 1])
{
    printf("%s: %lld pictures checked\n", c->path, (long long)fv_survey_size(c->survey));
    for (int kind = 0; kind < FINDINGS; kind++) {
        int64_t shown = 0;
        printf("%-16s%lld\n", kinds[kind].title, (long long)counts[kind]);
        for (int64_t i = 0; i < fv_survey_size(c->survey) && shown < SHOWN && shown < counts[kind]; i++) {
            const fv_picture_info *p = fv_survey_get(c->survey, i);
            if (judge(c, p) == (finding)kind) {
                print_finding(c, p, (finding)kind);
                shown++;
            }
        }
        if (counts[kind] > shown)
            printf("  and %lld more; --json lists all\n", (long long)(counts[kind] - shown));
    }
}

static json_t *finding_json(const checked *c, const fv_picture_info *p)
{
    char file[4200];
    json_t *one = json_pack("{s:s, s:s}", "file", fv_dataset_file(c->data, p->index, file, sizeof file),
                            "part", part_name(p->part));
    if (p->problem)
        json_object_set_new(one, "problem", json_string(p->problem));
    else
        json_object_update_new(
            one, json_pack("{s:I, s:I}", "width", (json_int_t)p->width, "height", (json_int_t)p->height));
    if (p->twin >= 0)
        json_object_update_new(
            one, json_pack("{s:s, s:s}", "same_as", fv_dataset_file(c->data, p->twin, file, sizeof file),
                           "same_as_part", part_name(fv_survey_get(c->survey, p->twin)->part)));
    return one;
}

static int print_json(const checked *c)
{
    json_t *root =
        json_pack("{s:s, s:I}", "data", c->path, "pictures", (json_int_t)fv_survey_size(c->survey));
    for (int kind = 0; kind < FINDINGS; kind++)
        json_object_set_new(root, kinds[kind].name, json_array());
    for (int64_t i = 0; i < fv_survey_size(c->survey); i++) {
        const fv_picture_info *p = fv_survey_get(c->survey, i);
        finding kind = judge(c, p);
        if (kind < FINDINGS)
            json_array_append_new(json_object_get(root, kinds[kind].name), finding_json(c, p));
    }
    return cli_print_json(root, true);
}

static int report(const checked *c, bool json)
{
    int64_t counts[FINDINGS + 1];
    int status = EXIT_DONE;
    count(c, counts);
    if (json)
        status = print_json(c);
    else
        print_text(c, counts);
    for (int kind = 0; kind < FINDINGS; kind++)
        if (kinds[kind].wrong && counts[kind] > 0)
            status = EXIT_FAILED;
    return status;
}

static int check(const check_options *o, const char *path, const fv_dataset *data)
{
    count_bar bar;
    picture_summary summary;
    count_bar_init(&bar);
    fv_survey *survey = fv_survey_create(data, .pictures = INT64_MAX, .check = 1, .threads = (int)o->threads,
                                         .on_progress = count_bar_step, .user = &bar);
    count_bar_end(&bar);
    int status;
    if (!survey || summary_make(&summary, survey) != FV_OK)
        status = interrupt_signal() ? 128 + interrupt_signal() : EXIT_FAILED, cli_fail();
    else
        status =
            report(&(checked){.path = path,
                              .data = data,
                              .survey = survey,
                              .min_size = o->min_size ? (double)o->min_size : summary.shorter.median / 8},
                   o->json > 0);
    fv_survey_destroy(survey);
    return status;
}

static int run(const invocation *call)
{
    const check_options *o = call->options;
    interrupt_catch();
    fv_dataset *data = transfer_open(&(fv_dataset_options){
        .struct_size = sizeof(fv_dataset_options), .path = call->arguments[0], .validation_split = FV_OFF});
    if (!data)
        return cli_fail();
    cli_say_problems(data);
    int status = check(o, call->arguments[0], data);
    fv_dataset_destroy(data);
    return status;
}

const verb verb_data_check = {
    .name = "data check",
    .arguments = "DATA",
    .summary = "Reads every picture, and finds broken, repeated and very small ones",
    .description = "Found are pictures that cannot be read to their end, those whose very bytes stand in two "
                   "parts (a test with "
                   "pictures of the training tells nothing) or in two classes, repeated ones, and very small "
                   "ones. Pictures that "
                   "only look alike are not found.\n\n"
                   "The exit status is 1 when pictures cannot be read, or stand in two parts or two classes.",
    .example = "fovea data check photos/",
    .options = table,
    .size = sizeof(check_options),
    .least = 1,
    .most = 1,
    .run = run,
};
