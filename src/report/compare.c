/* SPDX-License-Identifier: Apache-2.0 */
/* fv_runs_compare: several runs on one page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/page.h"
#include "report/run.h"
#include "report/svg.h"

static void add_name(text *out, const fv_run *run, int64_t index)
{
    text_add(out, "<i style=\"background-color:var(--c%d)\"%s></i>", (int)(index % SVG_COLORS),
             index >= SVG_COLORS ? " class=\"dashed\"" : "");
    text_add_html(out, file_base_name(run->folder));
}

static void add_number_cell(text *out, double value, bool percent)
{
    text_add(out, "<td>");
    if (percent)
        html_percent(out, value);
    else
        html_number(out, value);
    text_add(out, "</td>");
}

static void add_runs(text *out, const fv_run *runs, int64_t count)
{
    text_add(
        out,
        "<div class=\"scroll\"><table><thead><tr><th>Run</th><th>State</th><th>Epochs</th><th>Best epoch</th>"
        "<th>Validation accuracy</th><th>loss</th><th>Training accuracy</th><th>loss</th>"
        "<th>Seconds</th></tr></thead><tbody>\n");
    for (int64_t i = 0; i < count; i++) {
        const fv_run *r = &runs[i];
        text_add(out, "<tr><td>");
        add_name(out, r, i);
        text_add(out, "</td><td>%s</td><td>%lld</td>", fv_run_state_name(r->state), (long long)r->row_count);
        add_number_cell(out, fv_run_value(r, r->best_row, "epoch"), false);
        add_number_cell(out, fv_run_value(r, r->best_row, "val/accuracy"), true);
        add_number_cell(out, fv_run_value(r, r->best_row, "val/loss"), false);
        add_number_cell(out, fv_run_value(r, r->best_row, "train/accuracy"), true);
        add_number_cell(out, fv_run_value(r, r->best_row, "train/loss"), false);
        add_number_cell(out, fv_run_seconds(r), false);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
    for (int64_t i = 0; i < count; i++)
        if (runs[i].problem[0]) {
            text_add(out, "<p class=\"wrong\">");
            text_add_html(out, file_base_name(runs[i].folder));
            text_add(out, ": ");
            text_add_html(out, runs[i].problem);
            text_add(out, "</p>\n");
        }
}

/* ---- options ---- */

/* "" stands for an option that a run does not have. */
static const char *option_of(const fv_run *run, const char *name)
{
    const char *value = fv_run_option(run, name);
    return value ? value : "";
}

static bool differs(const fv_run *runs, int64_t count, const char *name)
{
    for (int64_t i = 1; i < count; i++)
        if (strcmp(option_of(&runs[i], name), option_of(&runs[0], name)) != 0)
            return true;
    return false;
}

static bool known_before(const fv_run *runs, int64_t run, const char *name)
{
    for (int64_t i = 0; i < run; i++)
        if (fv_run_option(&runs[i], name))
            return true;
    return false;
}

static void add_option(text *out, const fv_run *runs, int64_t count, const char *name)
{
    text_add(out, "<tr><td>");
    text_add_html(out, name);
    text_add(out, "</td>");
    for (int64_t i = 0; i < count; i++) {
        const char *value = option_of(&runs[i], name);
        text_add(out, "<td>");
        text_add_html(out, *value ? value : "–");
        text_add(out, "</td>");
    }
    text_add(out, "</tr>\n");
}

/* The run folder's own name differs always. */
static void add_options(text *out, const fv_run *runs, int64_t count)
{
    int64_t differing = 0;
    html_heading(out, "Options that differ");
    text_add(out, "<div class=\"scroll\"><table class=\"words\"><thead><tr><th>Option</th>");
    for (int64_t i = 0; i < count; i++) {
        text_add(out, "<th>");
        add_name(out, &runs[i], i);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < runs[i].option_count; k++) {
            const char *name = runs[i].option_names[k];
            if (strcmp(name, "out") == 0 || known_before(runs, i, name) || !differs(runs, count, name))
                continue;
            add_option(out, runs, count, name);
            differing++;
        }
    if (differing == 0)
        text_add(out, "<tr><td colspan=\"%lld\">none</td></tr>\n", (long long)count + 1);
    text_add(out, "</tbody></table></div>\n");
}

/* ---- curves ---- */

static fv_status column_values(const fv_run *run, const char *column, double **values)
{
    *values = mem_array((size_t)run->row_count, sizeof **values);
    for (int64_t i = 0; *values && i < run->row_count; i++)
        (*values)[i] = fv_run_value(run, i, column);
    return *values ? FV_OK : status_last();
}

static fv_status add_plot(text *out, const fv_run *runs, int64_t count, const char *title, const char *column,
                          bool percent)
{
    svg_series list[RUN_COMPARED] = {0};
    double *x[RUN_COMPARED] = {0}, *y[RUN_COMPARED] = {0};
    fv_status status = FV_OK;
    for (int64_t i = 0; status == FV_OK && i < count; i++) {
        status = column_values(&runs[i], "epoch", &x[i]);
        if (status == FV_OK)
            status = column_values(&runs[i], column, &y[i]);
        list[i] = (svg_series){.name = file_base_name(runs[i].folder),
                               .color = (int)i,
                               .x = x[i],
                               .y = y[i],
                               .count = runs[i].row_count};
    }
    if (status == FV_OK)
        svg_add_plot(out, &(svg_plot){.title = title, .percent = percent, .series = list, .count = count});
    for (int64_t i = 0; i < count; i++) {
        free(x[i]);
        free(y[i]);
    }
    return status;
}

static fv_status add_curves(text *out, const fv_run *runs, int64_t count)
{
    static const struct {
        const char *title, *column;
        bool percent;
    } plots[] = {{"Validation accuracy", "val/accuracy", true},
                 {"Validation loss", "val/loss", false},
                 {"Training accuracy", "train/accuracy", true},
                 {"Training loss", "train/loss", false},
                 {"Learning rate", "lr", false}};
    html_heading(out, "Curves");
    text_add(out, "<div class=\"plots\">\n");
    for (size_t i = 0; i < sizeof plots / sizeof *plots; i++)
        STATUS_TRY(add_plot(out, runs, count, plots[i].title, plots[i].column, plots[i].percent));
    text_add(out, "</div>\n");
    return FV_OK;
}

fv_status fv_runs_compare(const fv_run *runs, int64_t count, const char *path)
{
    if (!runs || count < 1 || count > RUN_COMPARED || !path)
        return status_set(FV_ERROR_INVALID, "runs: 1 to %d runs and a file to write are needed, not %lld",
                          RUN_COMPARED, (long long)count);
    text out = {0};
    html_begin(&out, "Runs");
    text_add(&out, "<h1>%lld run%s</h1>\n", (long long)count, count == 1 ? "" : "s");
    add_runs(&out, runs, count);
    fv_status status = add_curves(&out, runs, count);
    add_options(&out, runs, count);
    html_end(&out);
    if (status == FV_OK)
        status = text_status(&out);
    if (status == FV_OK)
        status = file_write(path, out.data, out.length);
    text_release(&out);
    return status;
}
