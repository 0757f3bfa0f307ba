/* SPDX-License-Identifier: Apache-2.0 */
/* The page's table of all scores, with their intervals where they were made. */
#include <math.h>

#include "report/page.h"

void page_add_scores(text *out, const report_content *c)
{
    const fv_interval *intervals = c->in->intervals;
    html_heading(out, "Scores");
    if (intervals)
        text_add(out, "<p class=\"soft\">95&nbsp;%% intervals by the bootstrap over the pictures.</p>\n");
    text_add(out,
             "<div class=\"scroll\"><table><thead><tr><th>Score</th><th>Value</th>%s</tr></thead><tbody>\n",
             intervals ? "<th>From</th><th>To</th>" : "");
    for (int s = 0; s < FV_SCORE_COUNT; s++) {
        double value = fv_evaluation_score(c->in->evaluation, (fv_score)s);
        if (!isfinite(value) && !(intervals && isfinite(intervals[s].low)))
            continue;
        text_add(out, "<tr><td>%s</td><td>", fv_score_name((fv_score)s));
        html_number(out, value);
        if (intervals) {
            text_add(out, "</td><td>");
            html_number(out, intervals[s].low);
            text_add(out, "</td><td>");
            html_number(out, intervals[s].high);
        }
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}
