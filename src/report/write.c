/* SPDX-License-Identifier: Apache-2.0 */
/* A run's report from beginning to end: read the tables, draw the plots, write the page last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/report.h"

enum {
    LOG_MAX_BYTES = 64 << 20
};
static const char warning[] = "warning: ";

static char *in_run(const report_input *in, const char *name)
{
    return file_join(in->run, name);
}

static fv_status save_plot(const report_input *in, const char *name, const image *plot)
{
    char *path = in_run(in, name);
    fv_status status = path ? image_save_png(plot, path) : status_last();
    free(path);
    return status;
}

typedef struct curve_source {
    const char *column, *name;
    uint32_t color;
} curve_source;

/* Plots the columns that there are; *drawn stays false where there is none. */
static fv_status plot_columns(const report_input *in, const report_table *t, const char *file,
                              report_curves *curves, const curve_source *sources, int count, bool *drawn)
{
    double *values[1 + REPORT_MAX_CURVES] = {report_column(t, report_table_find(t, "epoch"))};
    fv_status status = values[0] ? FV_OK : status_last();
    for (int i = 0; status == FV_OK && i < count; i++) {
        int64_t column = report_table_find(t, sources[i].column);
        if (column < 0)
            continue;
        double *y = values[1 + curves->count] = report_column(t, column);
        if (!y)
            status = status_last();
        curves->list[curves->count++] = (report_curve){.name = sources[i].name,
                                                       .color = sources[i].color,
                                                       .x = values[0],
                                                       .y = y,
                                                       .count = t->row_count};
    }
    image plot = {0};
    if (status == FV_OK && curves->count > 0) {
        status = report_plot_curves(curves, &plot, NULL);
        if (status == FV_OK)
            status = save_plot(in, file, &plot);
        *drawn = status == FV_OK;
    }
    image_release(&plot);
    for (int i = 0; i <= curves->count; i++)
        free(values[i]);
    return status;
}

static fv_status plot_training(const report_input *in, const report_table *t, report_plots *plots)
{
    static const curve_source accuracy[] = {{"train/accuracy", "training", 0x0969da},
                                            {"val/accuracy", "validation", 0xd1570a}};
    static const curve_source loss[] = {{"train/loss", "training", 0x0969da},
                                        {"val/loss", "validation", 0xd1570a}};
    static const curve_source rate[] = {{"lr", "learning rate", 0x1a7f37}};
    report_curves curves = {.title = "Accuracy", .x_label = "epoch", .percent = true};
    STATUS_TRY(plot_columns(in, t, "accuracy.png", &curves, accuracy, 2, &plots->accuracy));
    curves = (report_curves){.title = "Loss", .x_label = "epoch"};
    STATUS_TRY(plot_columns(in, t, "loss.png", &curves, loss, 2, &plots->loss));
    if (!report_has_rate(t))
        return FV_OK;
    curves = (report_curves){.title = "Learning rate", .x_label = "epoch"};
    return plot_columns(in, t, "learning_rate.png", &curves, rate, 1, &plots->rate);
}

static fv_status plot_matrix(const report_input *in, const int64_t *classes, int64_t n, int64_t *counts,
                             const char **names, report_plots *plots)
{
    const fv_evaluation *e = in->evaluation;
    image plot = {0};
    for (int64_t i = 0; i < n; i++) {
        names[i] = e->classes[classes[i]].name;
        for (int64_t j = 0; j < n; j++)
            counts[i * n + j] = e->confusion[classes[i] * e->class_count + classes[j]];
    }
    fv_status status = report_plot_confusion(counts, n, names, &plot, NULL);
    if (status == FV_OK)
        status = save_plot(in, "confusion.png", &plot);
    plots->confusion = status == FV_OK;
    plots->confusion_width = plot.width / REPORT_DENSITY;
    plots->confusion_height = plot.height / REPORT_DENSITY;
    plots->confusion_classes = n;
    image_release(&plot);
    return status;
}

static fv_status plot_evaluation(const report_input *in, report_plots *plots)
{
    const fv_evaluation *e = in->evaluation;
    int64_t classes[2 * REPORT_MAX_CONFUSIONS], n = e && e->confusion ? report_matrix_classes(e, classes) : 0;
    if (n == 0)
        return FV_OK;
    const char **names = mem_array((size_t)n, sizeof *names);
    int64_t *counts = mem_array((size_t)(n * n), sizeof *counts);
    fv_status status = names && counts ? plot_matrix(in, classes, n, counts, names, plots) : status_last();
    free(names);
    free(counts);
    return status;
}

static fv_status plot_square(const report_input *in, const char *file, const report_curves *curves,
                             bool *drawn)
{
    image plot = {0};
    fv_status status = curves->count > 0 ? report_plot_curves(curves, &plot, NULL) : FV_OK;
    if (status == FV_OK && curves->count > 0)
        status = save_plot(in, file, &plot);
    *drawn = status == FV_OK && curves->count > 0;
    image_release(&plot);
    return status;
}

static fv_status plot_set(const report_input *in, const char *file, const report_curve_set *s,
                          const char *title, const char *x_label, bool *drawn)
{
    report_curves curves = {.title = title, .x_label = x_label, .square = true, .count = s->count};
    for (int k = 0; k < s->count; k++)
        curves.list[k] = (report_curve){.name = s->names[k],
                                        .color = report_colors[k],
                                        .x = s->points[k].x,
                                        .y = s->points[k].y,
                                        .count = s->points[k].count};
    return plot_square(in, file, &curves, drawn);
}

static fv_status plot_curves_of(const report_content *c, report_plots *plots)
{
    STATUS_TRY(
        plot_set(c->in, "roc.png", &c->roc, "ROC: true positive rate", "false positive rate", &plots->roc));
    STATUS_TRY(plot_set(c->in, "precision_recall.png", &c->precision_recall, "Precision", "recall",
                        &plots->precision_recall));
    report_curves curves = {.title = "Reliability: accuracy",
                            .x_label = "confidence",
                            .square = true,
                            .count = c->bins.total > 0,
                            .list = {{.name = "accuracy",
                                      .color = report_colors[0],
                                      .x = c->bins.confidence,
                                      .y = c->bins.accuracy,
                                      .count = REPORT_BINS}}};
    return plot_square(c->in, "reliability.png", &curves, &plots->reliability);
}

static fv_status find_points(report_content *c)
{
    const fv_evaluation *e = c->in->evaluation;
    if (!e)
        return FV_OK;
    report_reliability(e, &c->bins);
    STATUS_TRY(report_curve_set_make(e, report_roc, &c->roc));
    return report_curve_set_make(e, report_precision_recall, &c->precision_recall);
}

static fv_status plot_all(report_content *c)
{
    const report_input *in = c->in;
    report_plots *plots = &c->plots;
    fv_status status = in->folds ? FV_OK : plot_training(in, c->results, plots);
    if (status == FV_OK)
        status = plot_evaluation(in, plots);
    if (status == FV_OK)
        status = plot_curves_of(c, plots);
    if (status != FV_ERROR_UNSUPPORTED)
        return status;
    snprintf(plots->missing, sizeof plots->missing, "%s", fv_error_message());
    return FV_OK;
}

/* A run without args.yaml (a program's own) has no table of options. */
static fv_status load_arguments(const report_input *in, report_pairs *arguments)
{
    char *path = in_run(in, "args.yaml");
    if (!path)
        return status_last();
    fv_status status = file_exists(path) ? report_pairs_load(arguments, path) : FV_OK;
    free(path);
    return status;
}

static bool has_line(const text *lines, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text_string(lines); *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, length) == 0 && at[length] == '\n')
            return true;
    return false;
}

static void add_warnings(char *log, text *warnings)
{
    const size_t length = strlen(warning);
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, warning, length) == 0 && !has_line(warnings, line + length))
            text_add(warnings, "%s\n", line + length);
}

/* Lines of the run's log, each once: a run that was resumed may tell one again. */
static fv_status load_warnings(const report_input *in, text *warnings)
{
    uint8_t *bytes = NULL;
    size_t size;
    char *path = in_run(in, "log.txt");
    if (!path)
        return status_last();
    fv_status status = file_exists(path) ? file_read(path, LOG_MAX_BYTES, &bytes, &size) : FV_OK;
    if (bytes)
        add_warnings((char *)bytes, warnings);
    free(bytes);
    free(path);
    return status == FV_OK ? text_status(warnings) : status;
}

static fv_status load_results(const report_input *in, report_table *results)
{
    char *path = in_run(in, "results.csv");
    fv_status status = path ? report_table_load(results, path, in->folds ? "fold" : "epoch") : status_last();
    free(path);
    return status;
}

static fv_status write_page(const report_content *c)
{
    text html = {0};
    report_page(c, &html);
    fv_status status = text_status(&html);
    char *path = in_run(c->in, "report.html");
    if (status == FV_OK)
        status = path ? file_write(path, text_string(&html), html.length) : status_last();
    free(path);
    text_release(&html);
    return status;
}

fv_status report_write(const report_input *in)
{
    report_table results;
    report_pairs arguments = {0};
    report_mistake mistakes[REPORT_MAX_MISTAKES];
    text warnings = {0};
    report_content c = {
        .in = in, .results = &results, .arguments = &arguments, .warnings = &warnings, .mistakes = mistakes};
    STATUS_TRY(load_results(in, &results));
    fv_status status = load_arguments(in, &arguments);
    if (status == FV_OK)
        status = load_warnings(in, &warnings);
    if (status == FV_OK)
        status = find_points(&c);
    if (status == FV_OK)
        status = plot_all(&c);
    if (status == FV_OK && in->evaluation) {
        c.mistake_count = report_mistakes_find(in->evaluation, mistakes);
        status = report_mistakes_write(in, mistakes, c.mistake_count);
    }
    if (status == FV_OK)
        status = write_page(&c);
    report_curve_set_release(&c.roc);
    report_curve_set_release(&c.precision_recall);
    text_release(&warnings);
    report_pairs_release(&arguments);
    report_table_release(&results);
    return status;
}
