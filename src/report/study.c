/* SPDX-License-Identifier: Apache-2.0 */
/* fv_study_write_report: the page of a hyperparameter search. */
#include <math.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/page.h"

typedef struct content {
    const fv_space *space;
    const fv_study_options *o;
    const fv_trial *trials;
    int64_t count, best; /* best: its place; -1: none */
} content;

static void add_value(text *out, const fv_dimension *d, double value)
{
    if (!isfinite(value))
        text_add(out, "–");
    else if (d->type == FV_DIMENSION_CATEGORICAL)
        text_add_html(out, d->choices[(int64_t)value]);
    else
        html_number(out, value);
}

static void add_trial(text *out, const content *c, int64_t i)
{
    const fv_trial *t = &c->trials[i];
    text_add(out, "<tr%s><td>%lld</td><td>%s</td><td>", i == c->best ? " class=\"best\"" : "",
             (long long)t->number, fv_trial_state_name(t->state));
    html_number(out, t->value);
    text_add(out, "</td><td>%lld</td><td>%.1f</td>", (long long)t->step, t->seconds);
    for (int64_t k = 0; k < t->count; k++) {
        text_add(out, "<td>");
        add_value(out, fv_space_dimension(c->space, k), t->values[k]);
        text_add(out, "</td>");
    }
    text_add(out, "</tr>\n");
}

static void add_trials(text *out, const content *c)
{
    html_heading(out, "Trials");
    text_add(
        out,
        "<div class=\"scroll\"><table><thead><tr><th>Trial</th><th>State</th><th>Value</th><th>Steps</th>"
        "<th>Seconds</th>");
    for (int64_t k = 0; k < fv_space_dimension_count(c->space); k++) {
        text_add(out, "<th>");
        text_add_html(out, fv_space_dimension(c->space, k)->name);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < c->count; i++)
        add_trial(out, c, i);
    text_add(out, "</tbody></table></div>\n");
}

static void add_page(text *out, const content *c, const char *title)
{
    text_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    text_add_html(out, title);
    text_add(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", page_style);
    text_add_html(out, title);
    text_add(out, "</h1>\n");
    add_trials(out, c);
    text_add(out, "<footer>Written by fovea %s.</footer>\n</main>\n</body>\n</html>\n", fv_version());
}

fv_status fv_study_write_report(fv_study *study, const char *folder, const char *title)
{
    fv_trial *trials;
    content c = {.space = fv_study_space(study), .o = fv_study_settings(study)};
    STATUS_TRY(fv_study_trials(study, &trials, &c.count));
    c.trials = trials;
    c.best = fv_trials_best(trials, c.count, c.o->maximize);
    text html = {0};
    add_page(&html, &c, title ? title : "Study");
    fv_status status = text_status(&html);
    char *path = status == FV_OK ? file_join(folder, "report.html") : NULL;
    if (status == FV_OK)
        status = path ? file_write(path, html.data, html.length) : status_last();
    free(path);
    text_release(&html);
    fv_trials_release(trials, c.count);
    return status;
}
