/* SPDX-License-Identifier: Apache-2.0 */
/* fv_study_write_report: the page of a hyperparameter search. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/page.h"
#include "report/study.h"
#include "report/svg.h"

static void add_value(text *out, const fv_dimension *d, double value)
{
    if (!isfinite(value))
        text_add(out, "–");
    else if (d->type == FV_DIMENSION_CATEGORICAL)
        text_add_html(out, d->choices[(int64_t)value]);
    else
        html_number(out, value);
}

static void add_trial(text *out, const study_content *c, int64_t i)
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

static void add_trials(text *out, const study_content *c)
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

/* ---- the top ---- */

static void add_cards(text *out, const study_content *c)
{
    char value[64], note[128];
    int64_t counts[FV_TRIAL_FAILED + 1] = {0};
    for (int64_t i = 0; i < c->count; i++)
        counts[c->trials[i].state]++;
    text_add(out, "<div class=\"cards\">\n");
    if (c->best >= 0) {
        snprintf(value, sizeof value, "%.6g", c->trials[c->best].value);
        snprintf(note, sizeof note, "trial %lld; %s values are good", (long long)c->trials[c->best].number,
                 c->o->maximize ? "large" : "small");
        html_card(out, "Best value", value, note);
    }
    snprintf(value, sizeof value, "%lld", (long long)c->count);
    snprintf(note, sizeof note, "%lld complete, %lld pruned, %lld failed, %lld running",
             (long long)counts[FV_TRIAL_COMPLETE], (long long)counts[FV_TRIAL_PRUNED],
             (long long)counts[FV_TRIAL_FAILED], (long long)counts[FV_TRIAL_RUNNING]);
    html_card(out, "Trials", value, note);
    html_card(out, "Sampler", c->o->sampler == FV_SAMPLER_TPE ? "TPE" : "random",
              c->o->sampler == FV_SAMPLER_TPE ? "tree-structured Parzen estimator" : "independent draws");
    snprintf(note, sizeof note, "rungs at %lld times powers of %lld", (long long)c->o->min_steps,
             (long long)c->o->reduction);
    html_card(out, "Pruner", c->o->pruner == FV_PRUNER_ASHA ? "ASHA" : "none",
              c->o->pruner == FV_PRUNER_ASHA ? note : "all trials run to their end");
    text_add(out, "</div>\n");
}

static void add_best(text *out, const study_content *c)
{
    if (c->best < 0)
        return;
    html_heading(out, "Best values");
    text_add(out, "<div class=\"scroll\"><table class=\"words\"><tbody>\n");
    for (int64_t k = 0; k < fv_space_dimension_count(c->space); k++) {
        text_add(out, "<tr><td>");
        text_add_html(out, fv_space_dimension(c->space, k)->name);
        text_add(out, "</td><td>");
        add_value(out, fv_space_dimension(c->space, k), c->trials[c->best].values[k]);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

/* ---- plots ---- */

/* Each trial's value as a dot (a gap follows each), and the best complete one so far as a line. */
static void add_history(text *out, const study_content *c)
{
    double *x = mem_array((size_t)(6 * c->count), sizeof *x);
    if (!x)
        return;
    double *values = x + 2 * c->count, *at = values + 2 * c->count, *best = at + c->count, so_far = NAN;
    for (int64_t i = 0; i < c->count; i++) {
        const fv_trial *t = &c->trials[i];
        x[2 * i] = at[i] = (double)t->number;
        x[2 * i + 1] = values[2 * i + 1] = NAN;
        values[2 * i] = t->state == FV_TRIAL_RUNNING ? NAN : t->value;
        bool better = t->state == FV_TRIAL_COMPLETE && isfinite(t->value) &&
                      (isnan(so_far) || (c->o->maximize ? t->value > so_far : t->value < so_far));
        so_far = better ? t->value : so_far;
        best[i] = so_far;
    }
    svg_series series[] = {{.name = "trial", .color = 0, .x = x, .y = values, .count = 2 * c->count},
                           {.name = "best so far", .color = 1, .x = at, .y = best, .count = c->count}};
    svg_add_plot(out,
                 &(svg_plot){.title = "Value", .by = "trial", .marked = true, .series = series, .count = 2});
    free(x);
}

static void add_importance(text *out, const study_content *c)
{
    int64_t count = fv_space_dimension_count(c->space);
    if (count == 0 || !isfinite(c->importance[0]))
        return;
    html_heading(out, "Importance");
    text_add(out,
             "<p class=\"soft\">The part of the variance of %s that a dimension explains alone: functional "
             "analysis of "
             "variance over a forest of 64 regression trees (Hutter et al. 2014). What is missing to "
             "100&nbsp;%% are "
             "interactions. With few trials it says little.</p>\n<div class=\"scroll\"><table "
             "class=\"words\"><tbody>\n",
             c->o->pruner == FV_PRUNER_ASHA ? "the value at the first rung, to which all trials came,"
                                            : "the value");
    for (int64_t k = 0; k < count; k++) {
        text_add(out, "<tr><td>");
        text_add_html(out, fv_space_dimension(c->space, k)->name);
        text_add(out, "</td><td class=\"bar number\" style=\"--part:%.1f%%\">", 100 * c->importance[k]);
        html_percent(out, c->importance[k]);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

static void add_plots(text *out, const study_content *c)
{
    html_heading(out, "Search");
    text_add(out, "<p class=\"names\"><span><i style=\"background-color:var(--c0)\"></i>trials</span> "
                  "<span><i style=\"background-color:var(--c1)\"></i>best complete one so far</span></p>\n");
    text_add(out, "<div class=\"plots\" style=\"max-width:640px\">\n");
    add_history(out, c);
    text_add(out, "</div>\n");
    text_add(out, "<div class=\"scroll\" style=\"border:0\">");
    study_add_parallel(out, c);
    text_add(out, "</div>\n");
}

static void add_page(text *out, const study_content *c, const char *title)
{
    html_begin(out, title);
    text_add(out, "<h1>");
    text_add_html(out, title);
    text_add(out, "</h1>\n");
    add_cards(out, c);
    add_best(out, c);
    add_plots(out, c);
    add_importance(out, c);
    add_trials(out, c);
    html_end(out);
}

static fv_status write_page(const study_content *c, const char *folder, const char *title)
{
    text html = {0};
    add_page(&html, c, title ? title : "Study");
    fv_status status = text_status(&html);
    char *path = file_join(folder, "report.html");
    if (status == FV_OK)
        status = path ? file_write(path, html.data, html.length) : status_last();
    free(path);
    text_release(&html);
    return status;
}

fv_status fv_study_write_report(fv_study *study, const char *folder, const char *title)
{
    fv_trial *trials = NULL;
    study_content c = {.space = fv_study_space(study), .o = fv_study_settings(study)};
    double *importance = mem_array((size_t)fv_space_dimension_count(c.space), sizeof *importance);
    fv_status status = importance ? fv_study_importance(study, importance) : status_last();
    if (status == FV_OK)
        status = fv_study_trials(study, &trials, &c.count);
    if (status == FV_OK) {
        c.trials = trials;
        c.importance = importance;
        c.best = fv_trials_best(trials, c.count, c.o->maximize);
        status = write_page(&c, folder, title);
    }
    fv_trials_release(trials, c.count);
    free(importance);
    return status;
}
