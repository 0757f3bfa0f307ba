/* SPDX-License-Identifier: Apache-2.0 */
/* What fovea tune prints: a line a trial while it works, and the best trials at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tune.h"
#include "core/memory.h"

enum {
    SHOWN = 10
};

/* The table's first columns; then comes one a dimension. */
enum {
    NUMBER,
    VALUE,
    EPOCHS,
    SECONDS,
    STATE,
    FIXED
};

static void print_measure(const tune_run *r, double value, text *out)
{
    if (!isfinite(value))
        text_add(out, "-");
    else if (strcmp(r->column, "val/accuracy") == 0)
        text_add(out, "%.2f %%", 100 * value);
    else
        text_add(out, "%.4f", value);
}

void tune_say_ended(const tune_run *r, const fv_trial *t)
{
    text line = {0};
    if (t->state == FV_TRIAL_RUNNING) /* given back */
        return;
    text_add(&line, "trial %lld: %s", (long long)t->number, fv_trial_state_name(t->state));
    if (t->state == FV_TRIAL_FAILED) {
        text_add(&line, ": %s", t->message);
    } else {
        text_add(&line, ", %s ", r->column);
        print_measure(r, t->value, &line);
        text_add(&line, ", %lld epoch%s, %.1f s", (long long)t->step, t->step == 1 ? "" : "s", t->seconds);
    }
    for (int64_t i = 0; i < t->count; i++) {
        if (!isfinite(t->values[i]))
            continue;
        text_add(&line, ", %s ", fv_space_dimension(t->space, i)->name);
        tune_value_print(t, i, &line);
    }
    cli_say("%s", text_string(&line));
    text_release(&line);
}

/* ---- the table ---- */

static int compare(const fv_trial *a, const fv_trial *b, bool maximize)
{
    if (a->state != b->state)
        return a->state < b->state ? -1 : 1;
    if (a->state == FV_TRIAL_PRUNED && a->step != b->step)
        return a->step > b->step ? -1 : 1;
    if (isfinite(a->value) != isfinite(b->value))
        return isfinite(a->value) ? -1 : 1;
    if (isfinite(a->value) && a->value != b->value)
        return (a->value > b->value) == maximize ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static int by_value(const void *left, const void *right)
{
    return compare(*(const fv_trial *const *)left, *(const fv_trial *const *)right, true);
}

static int by_loss(const void *left, const void *right)
{
    return compare(*(const fv_trial *const *)left, *(const fv_trial *const *)right, false);
}

/* Those that ended, the best first; the caller frees the list. */
static const fv_trial **order(const tune_run *r, const fv_trial *trials, int64_t count, int64_t *ended)
{
    const fv_trial **list = mem_array((size_t)count, sizeof *list);
    *ended = 0;
    for (int64_t i = 0; list && i < count; i++)
        if (trials[i].state != FV_TRIAL_RUNNING)
            list[(*ended)++] = &trials[i];
    if (list)
        qsort(list, (size_t)*ended, sizeof *list, fv_study_settings(r->study)->maximize ? by_value : by_loss);
    return list;
}

/* t is NULL for the head. */
static void print_cell(const tune_run *r, const fv_trial *t, int64_t column, text *out)
{
    const char *const heads[] = {"trial", r->column, "epochs", "seconds", "state"};
    if (!t)
        text_add(out, "%s",
                 column < FIXED ? heads[column]
                                : fv_space_dimension(fv_study_space(r->study), column - FIXED)->name);
    else if (column == NUMBER)
        text_add(out, "%lld", (long long)t->number);
    else if (column == VALUE)
        print_measure(r, t->value, out);
    else if (column == EPOCHS)
        text_add(out, "%lld", (long long)t->step);
    else if (column == SECONDS)
        text_add(out, "%.1f", t->seconds);
    else if (column == STATE)
        text_add(out, "%s", fv_trial_state_name(t->state));
    else
        tune_value_print(t, column - FIXED, out);
}

/* The head, for list[-1], and the trials: what a column needs. */
static int column_width(const tune_run *r, const fv_trial **list, int64_t count, int64_t column)
{
    int most = 0;
    for (int64_t i = -1; i < count; i++) {
        text cell = {0};
        print_cell(r, i < 0 ? NULL : list[i], column, &cell);
        int width = cli_width(text_string(&cell));
        most = width > most ? width : most;
        text_release(&cell);
    }
    return most;
}

static void print_table(const tune_run *r, const fv_trial **list, int64_t count)
{
    int widths[FIXED + 64];
    int64_t columns = FIXED + fv_space_dimension_count(fv_study_space(r->study));
    for (int64_t k = 0; k < columns; k++)
        widths[k] = column_width(r, list, count, k);
    for (int64_t i = -1; i < count; i++) {
        for (int64_t k = 0; k < columns; k++) {
            text cell = {0};
            print_cell(r, i < 0 ? NULL : list[i], k, &cell);
            cli_print_padded(text_string(&cell), k == columns - 1 ? 0 : widths[k] + 2);
            text_release(&cell);
        }
        printf("\n");
    }
}

static void print_text(const tune_run *r, const fv_trial **list, int64_t ended, const fv_trial *best)
{
    text measure = {0};
    print_table(r, list, ended < SHOWN ? ended : SHOWN);
    print_measure(r, best->value, &measure);
    printf("\nbest trial  %lld of %lld: %s %s\n", (long long)best->number, (long long)ended, r->column,
           text_string(&measure));
    if (run_folder_has(r->s.a.out, "best/best.safetensors"))
        printf("model       %s/best/best.safetensors\n", r->s.a.out);
    printf("report      %s/report.html\nagain       fovea train --config %s/best.yaml --out again\n",
           r->s.a.out, r->s.a.out);
    text_release(&measure);
}

/* ---- JSON ---- */

static json_t *describe_values(const fv_trial *t)
{
    json_t *values = json_object();
    for (int64_t i = 0; i < t->count; i++) {
        const fv_dimension *d = fv_space_dimension(t->space, i);
        if (!isfinite(t->values[i]))
            continue;
        if (d->type == FV_DIMENSION_CATEGORICAL)
            json_object_set_new(values, d->name, json_string(d->choices[(int64_t)t->values[i]]));
        else
            json_object_set_new(values, d->name,
                                d->type == FV_DIMENSION_INT ? json_integer((json_int_t)t->values[i])
                                                            : json_real(t->values[i]));
    }
    return values;
}

static json_t *describe(const fv_trial *t)
{
    return json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:s}", "trial", (json_int_t)t->number, "state",
                     fv_trial_state_name(t->state), "value", cli_number(t->value), "epochs",
                     (json_int_t)t->step, "seconds", cli_number(t->seconds), "values", describe_values(t),
                     "message", t->message);
}

static json_t *describe_importance(const tune_run *r)
{
    const fv_space *s = fv_study_space(r->study);
    int64_t count = fv_space_dimension_count(s);
    double *importance = mem_array((size_t)count, sizeof *importance);
    json_t *object = json_object();
    if (importance && fv_study_importance(r->study, importance) == FV_OK)
        for (int64_t i = 0; i < count; i++)
            json_object_set_new(object, fv_space_dimension(s, i)->name, cli_number(importance[i]));
    free(importance);
    return object;
}

static int print_json(const tune_run *r, const fv_trial *trials, int64_t count, const fv_trial *best)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(list, describe(&trials[i]));
    return cli_print_json(json_pack("{s:s, s:s, s:o, s:o, s:o}", "study", r->s.a.out, "monitor", r->column,
                                    "best", describe(best), "trials", list, "importance",
                                    describe_importance(r)),
                          true);
}

int tune_print(const tune_run *r, const fv_trial *trials, int64_t count, int64_t best)
{
    if (r->a.json > 0)
        return print_json(r, trials, count, &trials[best]);
    int64_t ended;
    const fv_trial **list = order(r, trials, count, &ended);
    if (!list)
        return cli_fail();
    print_text(r, list, ended, &trials[best]);
    free(list);
    return EXIT_DONE;
}
