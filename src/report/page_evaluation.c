/* SPDX-License-Identifier: Apache-2.0 */
/* The page's sections about an evaluation: headline, confusions, classes, worst mistakes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/page.h"

const char *report_class_name(const fv_evaluation *e, int64_t index, char *buffer, size_t size)
{
    if (index >= 0 && index < e->class_count && e->classes[index].name)
        return e->classes[index].name;
    snprintf(buffer, size, "class %lld", (long long)index);
    return buffer;
}

static void add_class(text *out, const fv_evaluation *e, int64_t index)
{
    char buffer[64];
    text_add_html(out, report_class_name(e, index, buffer, sizeof buffer));
}

static void add_multi_label_accuracy(text *out, const fv_evaluation *e)
{
    text note = {0};
    text_add(&note, "of %lld answers, one for each class of ", (long long)(e->images * e->class_count));
    html_count(&note, e->images);
    text_add(&note, " pictures");
    html_percent_card(out, "Accuracy", e->accuracy, text_string(&note));
    text_release(&note);
    html_percent_card(out, "Exact match", e->exact_match, "pictures with every class right");
}

static void add_accuracy(text *out, const fv_evaluation *e)
{
    text note = {0};
    text_add(&note, "95&nbsp;%% interval %.2f to %.2f&nbsp;%%, ", 100 * e->accuracy_low,
             100 * e->accuracy_high);
    html_count(&note, e->images);
    text_add(&note, " pictures");
    html_percent_card(out, "Accuracy", e->accuracy, text_string(&note));
    text_release(&note);
    if (e->class_count > 5)
        html_percent_card(out, "Top-5 accuracy", e->top5, "the right class is among the first five");
}

enum {
    MANY_SHOWN = 20,    /* classes of many */
    LISTED = 10,        /* confusions beside a matrix that shows them all */
    MATRIX_NARROW = 520 /* CSS pixels */
};

void page_add_headline(text *out, const fv_evaluation *e)
{
    if (e->multi_label)
        add_multi_label_accuracy(out, e);
    else
        add_accuracy(out, e);
    if (e->multi_label)
        html_percent_card(out, "mAP", e->macro.average_precision, "mean average precision of the classes");
    else if (isfinite(e->kappa))
        html_percent_card(out, "Balanced accuracy", e->balanced_accuracy, "all classes count the same");
    html_percent_card(out, "Macro F1", e->macro.f1, "all classes count the same");
    text value = {0};
    html_number(&value, e->loss);
    html_card(out, "Loss", text_string(&value), "mean cross-entropy");
    text_release(&value);
    if (!e->multi_label)
        html_percent_card(out, "Calibration error", e->ece, "confidence against accuracy, 15 bins");
}

void page_add_left_out(text *out, const fv_evaluation *e)
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

static void add_matrix(text *out, const report_content *c)
{
    text_add(out, "<div class=\"matrix\"><img width=\"%lld\" height=\"%lld\" alt=\"confusion matrix\" src=\"",
             (long long)c->plots.confusion_width, (long long)c->plots.confusion_height);
    html_picture(out, c->in->run, "confusion.png");
    text_add(out, "\"></div>\n");
}

static void add_matrix_note(text *out, const report_content *c)
{
    const fv_evaluation *e = c->in->evaluation;
    text_add(out, "<p class=\"soft\">Rows are the true classes, columns the predicted ones. The colour "
                  "is the share of the row: blue where right, red where wrong.");
    if (c->plots.confusion_classes < e->class_count)
        text_add(out,
                 " Shown are the %lld of %lld classes with the most frequent confusions, and what they are "
                 "taken for among themselves.",
                 (long long)c->plots.confusion_classes, (long long)e->class_count);
    text_add(out, "</p>\n");
}

static void add_confusion_list(text *out, const fv_evaluation *e, const report_confusion *list, int count)
{
    text_add(out,
             "<div class=\"scroll\"><table class=\"words\"><thead><tr><th>True class</th><th>taken for</th>"
             "<th class=\"number\">Pictures</th><th class=\"number\">Share</th>"
             "</tr></thead><tbody>\n");
    for (int i = 0; i < count; i++) {
        int64_t support = e->classes[list[i].label].support;
        text_add(out, "<tr><td>");
        add_class(out, e, list[i].label);
        text_add(out, "</td><td>");
        add_class(out, e, list[i].predicted);
        text_add(out, "</td><td class=\"number\">%lld</td><td class=\"number\">", (long long)list[i].count);
        html_percent(out, support > 0 ? (double)list[i].count / (double)support : NAN);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

/* A small matrix leaves room beside it. */
static void add_confusions(text *out, const report_content *c)
{
    const fv_evaluation *e = c->in->evaluation;
    report_confusion list[REPORT_MAX_CONFUSIONS];
    int count = report_confusions_find(e, list);
    if (e->class_count <= REPORT_MAX_MATRIX && count > LISTED)
        count = LISTED;
    bool beside = c->plots.confusion && count > 0 && c->plots.confusion_width <= MATRIX_NARROW;
    html_heading(out, "Confusion");
    if (c->plots.confusion)
        add_matrix_note(out, c);
    text_add(out, beside ? "<div class=\"plots\">\n" : "");
    if (c->plots.confusion)
        add_matrix(out, c);
    if (count > 0)
        add_confusion_list(out, e, list, count);
    else
        text_add(out, "<p class=\"soft\">No class was taken for another.</p>\n");
    text_add(out, beside ? "</div>\n" : "");
}

static void add_bar(text *out, double part)
{
    text_add(out, "<td class=\"bar\" style=\"--part:%.1f%%\">", isfinite(part) ? 100 * part : 0);
    html_percent(out, part);
    text_add(out, "</td>");
}

static void add_scores(text *out, const fv_class_score *s)
{
    add_bar(out, s->precision);
    add_bar(out, s->recall);
    add_bar(out, s->f1);
    text_add(out, "<td>");
    html_number(out, s->auc);
    text_add(out, "</td><td>");
    html_number(out, s->average_precision);
    text_add(out, "</td><td>%lld</td></tr>\n", (long long)s->support);
}

static void begin_classes(text *out)
{
    text_add(
        out,
        "<div class=\"scroll\"><table><thead><tr><th>Class</th><th>Precision</th><th>Recall</th><th>F1</th>"
        "<th>AUC</th><th>AP</th><th>Pictures</th></tr></thead><tbody>\n");
}

static void add_class_row(text *out, const fv_evaluation *e, int64_t i)
{
    text_add(out, "<tr><td>");
    add_class(out, e, i);
    text_add(out, "</td>");
    add_scores(out, &e->classes[i]);
}

/* Without a number, which a class without pictures and predictions has none of, it is not among the worst. */
static bool is_worse(const fv_evaluation *e, int64_t a, int64_t b)
{
    double x = e->classes[a].f1, y = e->classes[b].f1;
    return e->classes[a].support > 0 && isfinite(x) && (e->classes[b].support == 0 || !isfinite(y) || x < y);
}

/* Of many classes those that most is wrong with. */
static void add_worst_classes(text *out, const fv_evaluation *e)
{
    int64_t worst[MANY_SHOWN], count = 0;
    for (int64_t i = 0; i < e->class_count; i++) {
        int64_t at = count;
        while (at > 0 && is_worse(e, i, worst[at - 1]))
            at--;
        if (at == MANY_SHOWN)
            continue;
        if (count < MANY_SHOWN)
            count++;
        memmove(&worst[at + 1], &worst[at], (size_t)(count - 1 - at) * sizeof *worst);
        worst[at] = i;
    }
    text_add(out, "<p class=\"soft\">The %lld of %lld classes with the lowest F1:</p>\n", (long long)count,
             (long long)e->class_count);
    begin_classes(out);
    for (int64_t i = 0; i < count; i++)
        add_class_row(out, e, worst[i]);
    text_add(out, "</tbody></table></div>\n<details><summary>All classes</summary>\n");
}

static void add_classes(text *out, const fv_evaluation *e)
{
    bool many = e->class_count > REPORT_MAX_MATRIX;
    html_heading(out, "Classes");
    if (many)
        add_worst_classes(out, e);
    begin_classes(out);
    for (int64_t i = 0; i < e->class_count; i++)
        add_class_row(out, e, i);
    text_add(out, "</tbody><tfoot>\n<tr><td>Macro mean</td>");
    add_scores(out, &e->macro);
    text_add(out, "<tr><td>Weighted mean</td>");
    add_scores(out, &e->weighted);
    text_add(out, "</tfoot></table></div>\n%s", many ? "</details>\n" : "");
}

/* A picture of the folder mistakes/. */
static void add_thumbnail(text *out, const report_content *c, const char *file, bool small)
{
    text_add(out, "<img%s alt=\"\" src=\"", small ? " class=\"small\"" : "");
    html_picture(out, c->in->run, file);
    text_add(out, "\">");
}

static void add_mistake(text *out, const report_content *c, const report_mistake *m)
{
    const fv_evaluation *e = c->in->evaluation;
    text_add(out, "<figure>");
    text_add(out, m->heat[0] ? "<div class=\"pair\">" : "");
    if (m->file[0])
        add_thumbnail(out, c, m->file, m->small);
    else
        text_add(out, "<div class=\"none\">no picture</div>");
    if (m->heat[0])
        add_thumbnail(out, c, m->heat, false);
    text_add(out, m->heat[0] ? "</div>" : "");
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
    html_heading(out, "Worst mistakes");
    text_add(
        out,
        "<p class=\"soft\">Wrong predictions that the model was surest of. Some may be wrong labels.%s</p>\n"
        "<div class=\"grid%s\">\n",
        c->mistakes[0].heat[0]
            ? " Beside the first ones: where the prediction comes from (Grad-CAM; yellow speaks most for it)."
            : "",
        c->mistakes[0].heat[0] ? " pairs" : "");
    for (int64_t i = 0; i < c->mistake_count; i++)
        add_mistake(out, c, &c->mistakes[i]);
    text_add(out, "</div>\n");
}

void page_add_evaluation(text *out, const report_content *c)
{
    if (c->in->evaluation->confusion)
        add_confusions(out, c);
    add_classes(out, c->in->evaluation);
    page_add_curves(out, c);
    page_add_reliability(out, c);
    add_mistakes(out, c);
}
