/* SPDX-License-Identifier: Apache-2.0 */
/* The page's section about the folds of a cross-validation. */
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/page.h"

/* What is shown of every fold; the table below has all. */
static const char *const shown[] = {"fold",
                                    "repeat",
                                    "images",
                                    "accuracy",
                                    "balanced_accuracy",
                                    "macro_f1",
                                    "macro_auc",
                                    "exact_match",
                                    "macro_average_precision",
                                    "loss"};

enum {
    SHOWN = sizeof shown / sizeof *shown
};

static bool is_known(const report_table *t, int64_t column)
{
    for (int64_t i = 0; i < t->row_count; i++)
        if (isfinite(report_table_get(t, i, column)))
            return true;
    return false;
}

static void add_rows(text *out, const report_table *t)
{
    text_add(out, "<div class=\"scroll\"><table><thead><tr>");
    for (int k = 0; k < SHOWN; k++)
        if (is_known(t, report_table_find(t, shown[k])))
            text_add(out, "<th>%s</th>", shown[k]);
    text_add(out, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < t->row_count; i++) {
        text_add(out, "<tr>");
        for (int k = 0; k < SHOWN; k++) {
            int64_t column = report_table_find(t, shown[k]);
            if (!is_known(t, column))
                continue;
            text_add(out, "<td>");
            html_number(out, report_table_get(t, i, column));
            text_add(out, "</td>");
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

static void add_cell(text *out, double value)
{
    text_add(out, "<td>");
    html_number(out, value);
    text_add(out, "</td>");
}

/* `values` has a place a row. */
static void add_score(text *out, const report_content *c, const char *name, double pooled, double ensemble,
                      double *values)
{
    const report_table *t = c->results;
    int64_t column = report_table_find(t, name);
    if (!is_known(t, column))
        return;
    for (int64_t i = 0; i < t->row_count; i++)
        values[i] = report_table_get(t, i, column);
    fv_fold_spread s = fv_fold_spread_of(values, t->row_count, c->in->folds);
    text_add(out, "<tr><td>%s</td>", name);
    add_cell(out, s.mean);
    add_cell(out, s.deviation);
    add_cell(out, s.interval.low);
    add_cell(out, s.interval.high);
    add_cell(out, pooled);
    if (c->in->ensemble)
        add_cell(out, ensemble);
    text_add(out, "</tr>\n");
}

static void add_scores(text *out, const report_content *c)
{
    const fv_evaluation *e = c->in->evaluation, *together = c->in->ensemble;
    double *values = mem_array((size_t)c->results->row_count, sizeof *values);
    text_add(out,
             "<div class=\"scroll\"><table><thead><tr><th>Score</th><th>Mean</th><th>Deviation</th>"
             "<th>From</th><th>To</th><th>Out of fold</th>%s</tr></thead><tbody>\n",
             together ? "<th>Ensemble, test part</th>" : "");
    if (values)
        add_score(out, c, "loss", e->loss, together ? together->loss : NAN, values);
    for (int s = 0; values && s < FV_SCORE_COUNT; s++)
        add_score(out, c, fv_score_name((fv_score)s), fv_evaluation_score(e, (fv_score)s),
                  together ? fv_evaluation_score(together, (fv_score)s) : NAN, values);
    text_add(out, "</tbody></table></div>\n");
    free(values);
}

void page_add_folds(text *out, const report_content *c)
{
    html_heading(out, "Folds");
    text_add(out, "<p class=\"soft\">Each fold's pictures were judged by a model that was trained with the "
                  "others.</p>\n");
    add_rows(out, c->results);
    text_add(out,
             "<p class=\"soft\">Over the folds: mean, standard deviation, and the 95&nbsp;%% interval of "
             "the mean (Student's t). It takes the folds for independent, but any two share most of "
             "their training pictures, so it is rather too narrow; and it says nothing of pictures of "
             "another origin. <i>Out of fold</i>: all held-out predictions as one evaluation, which the "
             "sections below are about.</p>\n");
    add_scores(out, c);
    if (c->plots.missing[0]) {
        text_add(out, "<p class=\"wrong\">There are no plots: ");
        text_add_html(out, c->plots.missing);
        text_add(out, "</p>\n");
    }
}
