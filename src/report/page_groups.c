/* SPDX-License-Identifier: Apache-2.0 */
/* The page's section about groups. */
#include <math.h>

#include "report/page.h"

static void add_rate(text *out, const fv_rate *r)
{
    text_add(out, "<td>");
    html_percent(out, r->value);
    if (isfinite(r->value))
        text_add(out, "<br><small>%.1f to %.1f</small>", 100 * r->low, 100 * r->high);
    text_add(out, "</td>");
}

/* Of two classes the second one's rates, else the means over the classes. */
static void add_group(text *out, const fv_group *g, bool two)
{
    const fv_class_rates *rates = two ? &g->classes[1] : &g->macro;
    text_add(out, "<tr><td>");
    text_add_html(out, g->name);
    if (g->too_small)
        text_add(out, "<br><small class=\"wrong\">too few to judge</small>");
    text_add(out, "</td><td>%lld</td>", (long long)g->images);
    add_rate(out, &g->accuracy);
    add_rate(out, &rates->precision);
    add_rate(out, &rates->recall);
    add_rate(out, &rates->false_positive_rate);
    if (two)
        add_rate(out, &rates->selection_rate);
    text_add(out, "</tr>\n");
}

static void add_gap(text *out, const fv_gap *gap, const char *what, const fv_grouping *c,
                    const fv_evaluation *e)
{
    char buffer[64];
    text_add(out, "<li>%s: ", what);
    if (isnan(gap->value)) {
        text_add(out, "no two groups with pictures enough</li>\n");
        return;
    }
    text_add(out, "%.1f points, from ", 100 * gap->value);
    text_add_html(out, c->groups[gap->lowest].name);
    text_add(out, " to ");
    text_add_html(out, c->groups[gap->highest].name);
    if (gap->class_index >= 0) {
        text_add(out, ", class ");
        text_add_html(out, report_class_name(e, gap->class_index, buffer, sizeof buffer));
    }
    text_add(out, "</li>\n");
}

static void add_column(text *out, const fv_grouping *c, const fv_evaluation *e)
{
    static const char *const gaps[FV_GAP_COUNT] = {"accuracy", "recall (equal opportunity)",
                                                   "false positive rate",
                                                   "selection rate (demographic parity)"};
    bool two = !e->multi_label && e->class_count == 2;
    text_add(out, "<div class=\"scroll\"><table><thead><tr><th>");
    text_add_html(out, c->column);
    text_add(out,
             "</th><th>Pictures</th><th>Accuracy</th><th>Precision</th><th>Recall</th>"
             "<th>False positives</th>%s</tr></thead><tbody>\n",
             two ? "<th>Selected</th>" : "");
    for (int64_t i = 0; i < c->group_count; i++)
        add_group(out, &c->groups[i], two);
    text_add(out, "</tbody></table></div>\n<p class=\"soft\">Largest differences:</p>\n<ul>\n");
    for (int kind = 0; kind < FV_GAP_COUNT; kind++)
        add_gap(out, &c->gaps[kind], gaps[kind], c, e);
    text_add(out, "</ul>\n");
}

void page_add_groups(text *out, const report_content *c)
{
    const fv_groups *g = c->in->groups;
    const fv_evaluation *e = c->in->evaluation;
    if (!g)
        return;
    html_heading(out, "Groups");
    text_add(
        out,
        "<p class=\"soft\">With 95&nbsp;%% intervals. Groups and rates of fewer than %lld pictures are not "
        "compared. ",
        (long long)g->least);
    if (!e->multi_label && e->class_count == 2) {
        char buffer[64];
        text_add(out, "Precision, recall, false positives and selection are those of class ");
        text_add_html(out, report_class_name(e, 1, buffer, sizeof buffer));
        text_add(out, ".</p>\n");
    } else {
        text_add(out, "Precision, recall and false positives are means over the classes.</p>\n");
    }
    for (int64_t i = 0; i < g->column_count; i++)
        add_column(out, &g->columns[i], e);
}
