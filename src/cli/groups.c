/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/groups.h"

#include <math.h>
#include <stdio.h>

static const char *const gap_words[FV_GAP_COUNT] = {
    "accuracy", "recall (equal opportunity)", "false positive rate", "selection rate (demographic parity)"};

static bool of_two_classes(const fv_evaluation *e)
{
    return !e->multi_label && e->class_count == 2;
}

/* ---- text ---- */

static void add_rate(text *line, const fv_rate *r)
{
    char words[64];
    if (!isfinite(r->value))
        snprintf(words, sizeof words, "-");
    else
        snprintf(words, sizeof words, "%.3f %.3f..%.3f", r->value, r->low, r->high);
    text_add(line, "  %-18s", words);
}

static void print_group(const fv_group *g, const fv_evaluation *e, int width)
{
    const fv_class_rates *rates = of_two_classes(e) ? &g->classes[1] : &g->macro;
    text line = {0};
    add_rate(&line, &g->accuracy);
    add_rate(&line, &rates->precision);
    add_rate(&line, &rates->recall);
    add_rate(&line, &rates->false_positive_rate);
    if (of_two_classes(e))
        add_rate(&line, &rates->selection_rate);
    if (g->too_small)
        text_add(&line, "  too few to judge");
    size_t length = line.length;
    while (length > 0 && line.data[length - 1] == ' ')
        length--;
    cli_print_padded(g->name, width);
    printf("%8lld%.*s\n", (long long)g->images, (int)length, text_string(&line));
    text_release(&line);
}

static void print_gap(const fv_gap *gap, fv_gap_kind kind, const fv_grouping *c, const fv_evaluation *e)
{
    printf("%-36s", gap_words[kind]);
    if (isnan(gap->value)) {
        printf("no two groups with pictures enough\n");
        return;
    }
    printf("%.3f  from %s to %s", gap->value, c->groups[gap->lowest].name, c->groups[gap->highest].name);
    if (gap->class_index >= 0)
        printf(", class %s", e->classes[gap->class_index].name);
    putchar('\n');
}

static void print_column(const fv_grouping *c, const fv_evaluation *e)
{
    int width = cli_width(c->column);
    for (int64_t i = 0; i < c->group_count; i++)
        width = cli_width(c->groups[i].name) > width ? cli_width(c->groups[i].name) : width;
    printf("\n");
    cli_print_padded(c->column, width);
    printf("%8s  %-18s  %-18s  %-18s  %s\n", "images", "accuracy", "precision", "recall",
           of_two_classes(e) ? "fpr                 selection rate" : "fpr");
    for (int64_t i = 0; i < c->group_count; i++)
        print_group(&c->groups[i], e, width);
    if (c->without)
        printf("without a value: %lld pictures\n", (long long)c->without);
    printf("largest differences\n");
    for (int kind = 0; kind < FV_GAP_COUNT; kind++)
        print_gap(&c->gaps[kind], (fv_gap_kind)kind, c, e);
}

void groups_print(const fv_groups *g, const fv_evaluation *e)
{
    printf("\ngroups, with 95 %% intervals; those below %lld pictures are too small to judge\n",
           (long long)g->least);
    if (of_two_classes(e))
        printf("precision, recall, false positive and selection rate are those of class %s\n",
               e->classes[1].name);
    else
        printf("precision, recall and false positive rate are means over the classes\n");
    for (int64_t i = 0; i < g->column_count; i++)
        print_column(&g->columns[i], e);
}

/* ---- JSON ---- */

static json_t *rate_json(const fv_rate *r)
{
    return json_pack("{s:o, s:[o, o], s:I}", "value", cli_number(r->value), "interval", cli_number(r->low),
                     cli_number(r->high), "of", (json_int_t)r->of);
}

static json_t *rates_json(const fv_class_rates *r)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "precision", rate_json(&r->precision), "recall",
                     rate_json(&r->recall), "false_positive_rate", rate_json(&r->false_positive_rate),
                     "selection_rate", rate_json(&r->selection_rate));
}

static json_t *group_json(const fv_group *g, const fv_evaluation *e)
{
    json_t *classes = json_object();
    for (int64_t k = 0; k < e->class_count; k++)
        json_object_set_new(classes, e->classes[k].name, rates_json(&g->classes[k]));
    return json_pack("{s:s, s:I, s:b, s:o, s:o, s:o}", "name", g->name, "images", (json_int_t)g->images,
                     "too_small", g->too_small, "accuracy", rate_json(&g->accuracy), "macro",
                     rates_json(&g->macro), "classes", classes);
}

static json_t *gap_json(const fv_gap *gap, const fv_grouping *c, const fv_evaluation *e)
{
    if (isnan(gap->value))
        return json_null();
    return json_pack("{s:o, s:s?, s:s, s:s}", "value", cli_number(gap->value), "class",
                     gap->class_index < 0 ? NULL : e->classes[gap->class_index].name, "lowest",
                     c->groups[gap->lowest].name, "highest", c->groups[gap->highest].name);
}

static json_t *column_json(const fv_grouping *c, const fv_evaluation *e)
{
    json_t *groups = json_array(), *differences = json_object();
    for (int64_t i = 0; i < c->group_count; i++)
        json_array_append_new(groups, group_json(&c->groups[i], e));
    for (int kind = 0; kind < FV_GAP_COUNT; kind++)
        json_object_set_new(differences, fv_gap_name((fv_gap_kind)kind), gap_json(&c->gaps[kind], c, e));
    return json_pack("{s:I, s:o, s:o}", "without", (json_int_t)c->without, "groups", groups, "differences",
                     differences);
}

json_t *groups_json(const fv_groups *g, const fv_evaluation *e)
{
    json_t *all = json_object();
    for (int64_t i = 0; i < g->column_count; i++)
        json_object_set_new(all, g->columns[i].column, column_json(&g->columns[i], e));
    return all;
}
