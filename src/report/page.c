/* SPDX-License-Identifier: Apache-2.0 */
/* report.html: every name in it comes from folders and files, so all of them pass text_add_html. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/report.h"

const char *report_class_name(const fv_evaluation *e, int64_t index, char *buffer, size_t size)
{
    if (index >= 0 && index < e->class_count && e->classes[index].name)
        return e->classes[index].name;
    snprintf(buffer, size, "class %lld", (long long)index);
    return buffer;
}

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

/* ---- small pieces ---- */

static void add_percent(text *out, double part)
{
    if (isfinite(part))
        text_add(out, "%.2f %%", 100 * part);
    else
        text_add(out, "–");
}

static void add_number(text *out, double value)
{
    if (isfinite(value))
        text_add(out, "%.4g", value);
    else
        text_add(out, "–");
}

/* 1234567 as "1,234,567". */
static void add_count(text *out, int64_t value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    for (int i = 0; i < length; i++) {
        text_add_bytes(out, &digits[i], 1);
        if ((length - 1 - i) % 3 == 0 && i + 1 < length && digits[i] != '-')
            text_add(out, ",");
    }
}

static void add_card(text *out, const char *label, const char *value, const char *note)
{
    text_add(out, "<div class=\"card\"><span>%s</span><b>%s</b><small>%s</small></div>\n", label, value,
             note);
}

static void add_percent_card(text *out, const char *label, double part, const char *note)
{
    text value = {0};
    add_percent(&value, part);
    add_card(out, label, text_string(&value), note);
    text_release(&value);
}

static void add_heading(text *out, const char *heading)
{
    text_add(out, "<h2>%s</h2>\n", heading);
}

static void add_class(text *out, const fv_evaluation *e, int64_t index)
{
    char buffer[64];
    text_add_html(out, report_class_name(e, index, buffer, sizeof buffer));
}

/* ---- sections ---- */

static void add_evaluation_cards(text *out, const fv_evaluation *e)
{
    text note = {0};
    text_add(&note, "95&nbsp;%% interval %.2f to %.2f&nbsp;%%, ", 100 * e->accuracy_low,
             100 * e->accuracy_high);
    add_count(&note, e->images);
    text_add(&note, " pictures");
    add_percent_card(out, "Accuracy", e->accuracy, text_string(&note));
    text_release(&note);
    if (e->class_count > 5)
        add_percent_card(out, "Top-5 accuracy", e->top5, "the right class is among the first five");
    add_percent_card(out, "Macro F1", e->macro.f1, "all classes count the same");
    text value = {0};
    add_number(&value, e->loss);
    add_card(out, "Loss", text_string(&value), "mean cross-entropy");
    text_release(&value);
    add_percent_card(out, "Calibration error", e->ece, "confidence against accuracy, 15 bins");
}

static void add_run_cards(text *out, const report_table *results)
{
    int64_t best = report_best_row(results);
    if (best < 0)
        return;
    int64_t column = report_table_find(results, "val/accuracy");
    double validation = report_table_get(results, best, column);
    char note[64];
    snprintf(note, sizeof note, "best epoch: %.0f",
             report_table_get(results, best, report_table_find(results, "epoch")));
    if (isfinite(validation))
        add_percent_card(out, "Validation accuracy", validation, note);
    add_percent_card(out, "Training accuracy",
                     report_table_get(results, best, report_table_find(results, "train/accuracy")), note);
}

static void add_left_out(text *out, const fv_evaluation *e)
{
    if (e->unknown > 0)
        text_add(
            out,
            "<p class=\"wrong\">%lld pictures of classes that the model does not know were left out.</p>\n",
            (long long)e->unknown);
    if (e->skipped > 0)
        text_add(out, "<p class=\"wrong\">%lld pictures could not be read and were left out.</p>\n",
                 (long long)e->skipped);
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
        add_count(out, in->parameters);
        text_add(out, " parameters");
    }
    if (in->multiply_adds > 0) {
        text_add(out, " · ");
        add_count(out, in->multiply_adds);
        text_add(out, " multiply-adds a picture");
    }
    text_add(out, " · %lld epoch%s</p>\n", (long long)c->results->row_count,
             c->results->row_count == 1 ? "" : "s");
    text_add(out, "<div class=\"cards\">\n");
    if (in->evaluation)
        add_evaluation_cards(out, in->evaluation);
    else
        add_run_cards(out, c->results);
    text_add(out, "</div>\n");
    if (in->evaluation)
        add_left_out(out, in->evaluation);
}

static void add_epochs(text *out, const report_table *t)
{
    int64_t best = report_best_row(t);
    text_add(out,
             "<details><summary>All epochs as a table</summary><div class=\"scroll\"><table><thead><tr>");
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
            add_number(out, report_table_get(t, i, j));
            text_add(out, "</td>");
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div></details>\n");
}

static void add_plot(text *out, bool there, const char *file, const char *description)
{
    if (there)
        text_add(out, "<a href=\"%s\"><img src=\"%s\" width=\"%d\" height=\"%d\" alt=\"%s\"></a>\n", file,
                 file, REPORT_CURVES_WIDTH, REPORT_CURVES_HEIGHT, description);
}

static void add_training(text *out, const report_content *c)
{
    add_heading(out, "Training");
    text_add(out, "<div class=\"plots\">\n");
    add_plot(out, c->plots.accuracy, "accuracy.png", "accuracy by epoch");
    add_plot(out, c->plots.loss, "loss.png", "loss by epoch");
    add_plot(out, c->plots.rate, "learning_rate.png", "learning rate by epoch");
    text_add(out, "</div>\n");
    add_epochs(out, c->results);
}

typedef struct confusion {
    int64_t label, predicted, count;
} confusion;

enum {
    MAX_CONFUSIONS = 10
};

/* The largest numbers off the diagonal, largest first. */
static int find_confusions(const fv_evaluation *e, confusion list[MAX_CONFUSIONS])
{
    int found = 0;
    for (int64_t i = 0; i < e->class_count; i++)
        for (int64_t j = 0; j < e->class_count; j++) {
            int64_t count = e->confusion[i * e->class_count + j];
            int at = found;
            while (at > 0 && list[at - 1].count < count)
                at--;
            if (i == j || count == 0 || at == MAX_CONFUSIONS)
                continue;
            if (found < MAX_CONFUSIONS)
                found++;
            memmove(&list[at + 1], &list[at], (size_t)(found - 1 - at) * sizeof *list);
            list[at] = (confusion){i, j, count};
        }
    return found;
}

static void add_confusions(text *out, const report_content *c)
{
    const fv_evaluation *e = c->in->evaluation;
    add_heading(out, "Confusion");
    if (c->plots.confusion)
        text_add(out,
                 "<a href=\"confusion.png\"><img src=\"confusion.png\" width=\"%lld\" height=\"%lld\" "
                 "alt=\"confusion matrix\"></a>\n"
                 "<p class=\"soft\">Rows are the true classes, columns the predicted ones. The colour is the "
                 "share of the "
                 "row: blue where right, red where wrong.</p>\n",
                 (long long)c->plots.confusion_width, (long long)c->plots.confusion_height);
    confusion list[MAX_CONFUSIONS];
    int count = find_confusions(e, list);
    if (count == 0)
        return;
    text_add(out,
             "<div class=\"scroll\"><table class=\"words\"><thead><tr><th>True class</th><th>taken for</th>"
             "<th class=\"number\">Pictures</th><th class=\"number\">Share of the "
             "class</th></tr></thead><tbody>\n");
    for (int i = 0; i < count; i++) {
        int64_t support = e->classes[list[i].label].support;
        text_add(out, "<tr><td>");
        add_class(out, e, list[i].label);
        text_add(out, "</td><td>");
        add_class(out, e, list[i].predicted);
        text_add(out, "</td><td class=\"number\">%lld</td><td class=\"number\">", (long long)list[i].count);
        add_percent(out, support > 0 ? (double)list[i].count / (double)support : NAN);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

static void add_bar(text *out, double part)
{
    text_add(out, "<td class=\"bar\" style=\"--part:%.1f%%\">", isfinite(part) ? 100 * part : 0);
    add_percent(out, part);
    text_add(out, "</td>");
}

static void add_scores(text *out, const fv_class_score *s)
{
    add_bar(out, s->precision);
    add_bar(out, s->recall);
    add_bar(out, s->f1);
    text_add(out, "<td>");
    add_number(out, s->auc);
    text_add(out, "</td><td>%lld</td></tr>\n", (long long)s->support);
}

static void add_classes(text *out, const fv_evaluation *e)
{
    add_heading(out, "Classes");
    text_add(
        out,
        "<div class=\"scroll\"><table><thead><tr><th>Class</th><th>Precision</th><th>Recall</th><th>F1</th>"
        "<th>AUC</th><th>Pictures</th></tr></thead><tbody>\n");
    for (int64_t i = 0; i < e->class_count; i++) {
        text_add(out, "<tr><td>");
        add_class(out, e, i);
        text_add(out, "</td>");
        add_scores(out, &e->classes[i]);
    }
    text_add(out, "</tbody><tfoot>\n<tr><td>Macro mean</td>");
    add_scores(out, &e->macro);
    text_add(out, "<tr><td>Weighted mean</td>");
    add_scores(out, &e->weighted);
    text_add(out, "</tfoot></table></div>\n");
}

static void add_mistake(text *out, const fv_evaluation *e, const report_mistake *m)
{
    text_add(out, "<figure>");
    if (m->file[0])
        text_add(out, "<a href=\"%s\"><img%s src=\"%s\" loading=\"lazy\" alt=\"\"></a>", m->file,
                 m->small ? " class=\"small\"" : "", m->file);
    else
        text_add(out, "<div class=\"none\">no picture</div>");
    text_add(out, "<figcaption>is <b>");
    add_class(out, e, e->label[m->at]);
    text_add(out, "</b><br>taken for <span class=\"wrong\">");
    add_class(out, e, e->predicted[m->at]);
    text_add(out, "</span><br>%.1f %% sure", 100 * (double)e->probability[m->at]);
    if (m->name[0]) {
        text_add(out, "<br><small>");
        text_add_html(out, m->name);
        text_add(out, "</small>");
    }
    text_add(out, "</figcaption></figure>\n");
}

static void add_mistakes(text *out, const report_content *c)
{
    if (c->mistake_count == 0)
        return;
    add_heading(out, "Worst mistakes");
    text_add(
        out,
        "<p class=\"soft\">Wrong predictions that the model was surest of. Some may be wrong labels.</p>\n"
        "<div class=\"grid\">\n");
    for (int64_t i = 0; i < c->mistake_count; i++)
        add_mistake(out, c->in->evaluation, &c->mistakes[i]);
    text_add(out, "</div>\n");
}

static void add_problems(text *out, const report_input *in)
{
    if (in->problem_count == 0)
        return;
    add_heading(out, "Problems in the data");
    text_add(out, "<div class=\"scroll\"><ul>\n");
    for (int64_t i = 0; i < in->problem_count; i++) {
        text_add(out, "<li>");
        text_add_html(out, in->problems[i]);
        text_add(out, "</li>\n");
    }
    text_add(out, "</ul></div>\n");
}

static void add_arguments(text *out, const report_pairs *p)
{
    if (p->count == 0)
        return;
    add_heading(out, "Options");
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

void report_page(const report_content *c, text *html)
{
    text_add(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    text_add_html(html, c->in->title);
    text_add(html, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", report_style);
    add_top(html, c);
    add_training(html, c);
    if (c->in->evaluation) {
        add_confusions(html, c);
        add_classes(html, c->in->evaluation);
        add_mistakes(html, c);
    }
    add_problems(html, c->in);
    add_arguments(html, c->arguments);
    text_add(html, "<footer>Written by fovea %s.</footer>\n</main>\n</body>\n</html>\n", fv_version());
}
