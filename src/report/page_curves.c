/* SPDX-License-Identifier: Apache-2.0 */
/* The page's curves of an evaluation: ROC, precision against recall, reliability. */
#include "report/page.h"
#include "report/svg.h"

static void add_names(text *out, const report_curve_set *s)
{
    text_add(out, "<p class=\"names\">");
    for (int k = 0; k < s->count; k++) {
        text_add(out, "<span><i style=\"background-color:var(--c%d)\"></i>", k);
        text_add_html(out, s->names[k]);
        text_add(out, "</span> ");
    }
    text_add(out, "</p>\n");
}

static void add_set(text *out, const report_curve_set *s, const char *title, const char *by, bool diagonal)
{
    svg_series series[REPORT_MAX_CURVES];
    for (int k = 0; k < s->count; k++)
        series[k] = (svg_series){.name = s->names[k],
                                 .color = k,
                                 .x = s->points[k].x,
                                 .y = s->points[k].y,
                                 .count = s->points[k].count};
    svg_add_plot(out, &(svg_plot){.title = title,
                                  .by = by,
                                  .square = true,
                                  .diagonal = diagonal,
                                  .series = series,
                                  .count = s->count});
}

void page_add_curves(text *out, const report_content *c)
{
    if (c->roc.count + c->precision_recall.count == 0)
        return;
    html_heading(out, "Curves");
    add_names(out, &c->precision_recall);
    text_add(out, "<div class=\"plots\">\n");
    add_set(out, &c->roc, "True positive rate", "false positive rate (ROC)", true);
    add_set(out, &c->precision_recall, "Precision", "recall", false);
    text_add(out, "</div>\n");
}

void page_add_reliability(text *out, const report_content *c)
{
    const report_bins *b = &c->bins;
    if (b->total == 0)
        return;
    html_heading(out, "Calibration");
    svg_series series = {.name = "accuracy", .x = b->confidence, .y = b->accuracy, .count = REPORT_BINS};
    text_add(out,
             "<p class=\"soft\">On the diagonal, probabilities are honest; below it, the model is too sure. "
             "Expected calibration error: ");
    html_percent(out, c->in->evaluation->ece);
    text_add(out, ".</p>\n<div class=\"plots\">\n");
    svg_add_plot(out, &(svg_plot){.title = "Accuracy",
                                  .by = "confidence, in 15 bins",
                                  .square = true,
                                  .diagonal = true,
                                  .marked = true,
                                  .series = &series,
                                  .count = 1});
    text_add(out, "<div class=\"scroll\"><table><thead><tr><th>Bin</th><th>Answers</th><th>Confidence</th>"
                  "<th>Accuracy</th></tr></thead><tbody>\n");
    for (int k = 0; k < REPORT_BINS; k++) {
        if (b->count[k] == 0)
            continue;
        text_add(out, "<tr><td class=\"whole\">%.1f to %.1f %%</td><td>%lld</td><td>",
                 100.0 * k / REPORT_BINS, 100.0 * (k + 1) / REPORT_BINS, (long long)b->count[k]);
        html_percent(out, b->confidence[k]);
        text_add(out, "</td><td>");
        html_percent(out, b->accuracy[k]);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n</div>\n");
}
