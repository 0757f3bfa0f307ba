/* SPDX-License-Identifier: Apache-2.0 */
/* report.html from top to bottom. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/page.h"
#include "report/svg.h"

int64_t report_best_row(const report_table *results)
{
    static const char *const columns[] = {"val/accuracy", "train/accuracy"};
    int64_t best = -1;
    for (int k = 0; k < 2 && best < 0; k++) {
        int64_t column = report_table_find(results, columns[k]);
        for (int64_t i = 0; i < results->row_count; i++) {
            double value = report_table_get(results, i, column);
            if (value >= 0 && (best < 0 || value > report_table_get(results, best, column)))
                best = i;
        }
    }
    return best;
}

static void add_run_cards(text *out, const report_table *results)
{
    int64_t best = report_best_row(results);
    if (best < 0)
        return;
    int64_t column = report_table_find(results, "val/accuracy");
    double validation = report_table_get(results, best, column);
    text note = {0};
    text_add(&note, "best epoch: ");
    html_number(&note, report_table_get(results, best, report_table_find(results, "epoch")));
    if (isfinite(validation))
        html_percent_card(out, "Validation accuracy", validation, text_string(&note));
    html_percent_card(out, "Training accuracy",
                      report_table_get(results, best, report_table_find(results, "train/accuracy")),
                      text_string(&note));
    text_release(&note);
}

/* With --ema what was validated, and what the model is, are averaged weights. */
static void add_average(text *out, const report_pairs *arguments)
{
    for (size_t i = 0; i < arguments->count; i++)
        if (strcmp(arguments->list[i].key, "ema") == 0 && strtod(arguments->list[i].value, NULL) > 0) {
            text_add(out, "<p class=\"soft\">The model and its validation are those of a running average of "
                          "the weights, of decay ");
            text_add_html(out, arguments->list[i].value);
            text_add(out, ".</p>\n");
        }
}

static void add_top(text *out, const report_content *c)
{
    const report_input *in = c->in;
    text_add(out, "<h1>");
    text_add_html(out, in->title);
    text_add(out, "</h1>\n<p class=\"soft\">");
    if (in->model_name)
        text_add_html(out, in->model_name);
    if (in->parameters > 0) {
        text_add(out, " · ");
        html_count(out, in->parameters);
        text_add(out, " parameters");
    }
    if (in->multiply_adds > 0) {
        text_add(out, " · ");
        html_count(out, in->multiply_adds);
        text_add(out, " multiply-adds a picture");
    }
    text_add(out, " · %lld %s%s</p>\n", (long long)c->results->row_count, in->folds ? "fold" : "epoch",
             c->results->row_count == 1 ? "" : "s");
    text_add(out, "<div class=\"cards\">\n");
    if (in->evaluation)
        page_add_headline(out, in->evaluation);
    else
        add_run_cards(out, c->results);
    text_add(out, "</div>\n");
    if (in->evaluation)
        page_add_left_out(out, in->evaluation);
    add_average(out, c->arguments);
}

static void add_epochs(text *out, const report_table *t)
{
    int64_t best = report_best_row(t);
    text_add(out, "<div class=\"scroll\"><table><thead><tr>");
    for (int64_t j = 0; j < t->column_count; j++) {
        text_add(out, "<th>");
        text_add_html(out, t->columns[j]);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < t->row_count; i++) {
        text_add(out, i == best ? "<tr class=\"best\">" : "<tr>");
        for (int64_t j = 0; j < t->column_count; j++) {
            text_add(out, "<td>");
            html_number(out, report_table_get(t, i, j));
            text_add(out, "</td>");
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

/* Training and validation by epoch, with a line at the best. */
static void add_plot(text *out, const report_table *t, const char *title, const char *const columns[2],
                     bool percent)
{
    static const char *const names[] = {"training", "validation"};
    double *values[3] = {report_column(t, report_table_find(t, "epoch"))}, at;
    svg_series series[2];
    svg_plot plot = {.title = title, .percent = percent, .series = series};
    int64_t best = report_best_row(t);
    for (int k = 0; k < 2 && columns[k]; k++)
        if (report_table_find(t, columns[k]) >= 0 &&
            (values[1 + k] = report_column(t, report_table_find(t, columns[k]))))
            series[plot.count++] = (svg_series){.name = columns[1] ? names[k] : title,
                                                .color = k,
                                                .x = values[0],
                                                .y = values[1 + k],
                                                .count = t->row_count};
    if (best >= 0 && values[0]) {
        at = values[0][best];
        plot.mark = isfinite(at) ? &at : NULL;
    }
    if (values[0])
        svg_add_plot(out, &plot);
    for (int k = 0; k < 3; k++)
        free(values[k]);
}

static bool is_validated(const report_table *t)
{
    int64_t column = report_table_find(t, "val/loss");
    bool validated = false;
    for (int64_t i = 0; i < t->row_count; i++)
        validated = validated || isfinite(report_table_get(t, i, column));
    return validated;
}

static void add_training(text *out, const report_content *c)
{
    html_heading(out, "Training");
    if (c->plots.missing[0]) {
        text_add(out, "<p class=\"wrong\">There are no plots: ");
        text_add_html(out, c->plots.missing);
        text_add(out, "</p>\n");
    }
    static const char *const accuracy[] = {"train/accuracy", "val/accuracy"},
                             *const loss[] = {"train/loss", "val/loss"}, *const rate[] = {"lr", NULL};
    text_add(out, "<p class=\"names\"><span><i style=\"background-color:var(--c0)\"></i>training</span> ");
    if (is_validated(c->results))
        text_add(out, "<span><i style=\"background-color:var(--c1)\"></i>validation</span> ");
    text_add(out, "<span>dashed line: best epoch</span></p>\n<div class=\"plots\">\n");
    add_plot(out, c->results, "Accuracy", accuracy, true);
    add_plot(out, c->results, "Loss", loss, false);
    text_add(out,
             "</div>\n<details><summary>Learning rate and all epochs</summary>\n<div class=\"plots\">\n");
    if (report_has_rate(c->results))
        add_plot(out, c->results, "Learning rate", rate, false);
    add_epochs(out, c->results);
    text_add(out, "</div></details>\n");
}

static void add_warnings(text *out, const text *warnings)
{
    const char *line = text_string(warnings);
    if (!*line)
        return;
    html_heading(out, "Warnings");
    text_add(out, "<ul>\n");
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        char *one = mem_string_n(line, (size_t)(end - line));
        text_add(out, "<li>");
        text_add_html(out, one ? one : "");
        text_add(out, "</li>\n");
        free(one);
    }
    text_add(out, "</ul>\n");
}

static void add_arguments(text *out, const report_pairs *p)
{
    if (p->count == 0)
        return;
    html_heading(out, "Options");
    text_add(out, "<div class=\"scroll\"><table class=\"words\"><tbody>\n");
    for (size_t i = 0; i < p->count; i++) {
        text_add(out, "<tr><td>");
        text_add_html(out, p->list[i].key);
        text_add(out, "</td><td>");
        text_add_html(out, p->list[i].value);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

/* `fovea train` writes every option into args.yaml, which --config reads. */
static void add_command(text *out, const report_content *c)
{
    if (c->arguments->count == 0)
        return;
    html_heading(out, "Again");
    text_add(out,
             "<p class=\"soft\">The same training into another folder, from this run's folder:</p>\n"
             "<pre>fovea %s --config args.yaml --out again</pre>\n",
             c->in->folds ? "cv" : "train");
}

void report_page(const report_content *c, text *html)
{
    html_begin(html, c->in->title);
    add_top(html, c);
    add_warnings(html, c->warnings);
    (c->in->folds ? page_add_folds : add_training)(html, c);
    if (c->in->evaluation) {
        page_add_evaluation(html, c);
        page_add_scores(html, c);
        page_add_groups(html, c);
    }
    page_add_pictures(html, c);
    page_add_problems(html, c->in);
    add_arguments(html, c->arguments);
    add_command(html, c);
    html_end(html);
}
