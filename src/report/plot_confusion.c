/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confusion matrix as a heat map: a cell's colour is its share of the row. Right predictions (the
 * diagonal) are blue, wrong ones red, on a square-root scale, so that one mistake in a hundred is still seen.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "report/plot_name.h"
#include "report/report.h"

enum {
    TEXT_COLOR = 0x24292f,
    SOFT_COLOR = 0x57606a,
    NAME_MAX_WIDTH = 150, /* CSS pixels */
    MAX_CELLS = 1800      /* a side; more classes share a cell */
};

/* Lengths in CSS pixels. */
typedef struct layout {
    int64_t n, group, cells; /* classes, classes a cell, cells a side */
    double cell;
    bool named;   /* every row has its class's name; else numbers at some */
    bool counted; /* the counts stand in the cells */
    bool upright; /* the names below the columns are too wide to lie there */
    double name_size, left, top, side, width, height;
} layout;

typedef struct matrix {
    const int64_t *counts;
    const char *const *names;
    layout l;
} matrix;

static int64_t cell_count(const matrix *m, int64_t row, int64_t column)
{
    int64_t sum = 0, group = m->l.group, n = m->l.n;
    for (int64_t i = row * group; i < (row + 1) * group && i < n; i++)
        for (int64_t j = column * group; j < (column + 1) * group && j < n; j++)
            sum += m->counts[i * n + j];
    return sum;
}

static double cell_size(int64_t cells)
{
    if (cells <= 28)
        return fmin(72, 580.0 / (double)cells);
    if (cells <= 120)
        return fmax(8, 900.0 / (double)cells);
    /* Whole pixels of the PNG, so that all cells are equally wide. */
    return fmax(1, floor(900.0 * REPORT_DENSITY / (double)cells)) / REPORT_DENSITY;
}

static void show_name(canvas *c, const matrix *m, int64_t i, text *out)
{
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)i);
    plot_fit_name(c, m->names && m->names[i] ? m->names[i] : number, m->l.name_size, NAME_MAX_WIDTH, out);
}

/* The width of the widest name, no less than *widest. */
static fv_status measure_names(const matrix *m, double *widest)
{
    canvas *c; /* only to measure */
    STATUS_TRY(canvas_create(1, 1, &c));
    for (int64_t i = 0; i < m->l.n; i++) {
        text name = {0};
        show_name(c, m, i, &name);
        *widest = fmax(*widest, canvas_text_width(c, text_string(&name), m->l.name_size));
        text_release(&name);
    }
    canvas_destroy(c);
    return FV_OK;
}

static fv_status lay_out(matrix *m, int64_t n)
{
    layout *l = &m->l;
    *l = (layout){.n = n, .group = (n + MAX_CELLS - 1) / MAX_CELLS};
    l->cells = (n + l->group - 1) / l->group;
    l->cell = cell_size(l->cells);
    l->named = l->cells <= 120 && l->group == 1;
    l->counted = l->cell >= 20;
    l->name_size = fmin(12, l->cell * 0.9);
    double widest = 40;
    if (l->named) {
        widest = 12;
        STATUS_TRY(measure_names(m, &widest));
        l->upright = widest > l->cell - 4;
    }
    l->side = l->cell * (double)l->cells;
    l->left = 34 + widest + 8;
    l->top = 16;
    l->width = fmax(l->left + l->side + 20, 240);
    l->height = l->top + l->side + (l->upright ? widest : 12) + 42;
    return FV_OK;
}

/* White to blue or red with share 0..1, at least `least` of the way. */
static uint32_t heat(double share, double least, bool right)
{
    static const double blue[3] = {9, 80, 160}, red[3] = {200, 40, 30};
    const double *full = right ? blue : red;
    double t = fmax(least, sqrt(share));
    uint32_t rgb = 0;
    for (int k = 0; k < 3; k++)
        rgb = rgb << 8 | (uint32_t)lrint(255 + (full[k] - 255) * t);
    return rgb;
}

static void print_count(char *buffer, size_t size, int64_t count)
{
    if (count < 10000)
        snprintf(buffer, size, "%lld", (long long)count);
    else if (count < 10000000)
        snprintf(buffer, size, "%lldk", (long long)(count / 1000));
    else
        snprintf(buffer, size, "%lldM", (long long)(count / 1000000));
}

static void draw_count(canvas *c, const layout *l, double x, double y, int64_t count, double share)
{
    char label[32];
    print_count(label, sizeof label, count);
    double size = fmin(13, l->cell * 0.42), width = canvas_text_width(c, label, size);
    if (width > l->cell - 4)
        size *= (l->cell - 4) / width;
    canvas_color(c, sqrt(share) > 0.55 ? 0xffffff : TEXT_COLOR, 1);
    canvas_text(c, label, x + l->cell / 2, y + l->cell / 2 + size * 0.36, size, 0.5, 0);
}

static void draw_cells(canvas *c, const matrix *m)
{
    const layout *l = &m->l;
    double least = l->cell < 6 ? 0.6 : 0; /* a pale dot would not be seen */
    for (int64_t i = 0; i < l->cells; i++) {
        int64_t total = 0;
        for (int64_t j = 0; j < l->cells; j++)
            total += cell_count(m, i, j);
        for (int64_t j = 0; j < l->cells; j++) {
            int64_t count = cell_count(m, i, j);
            if (count == 0)
                continue;
            double x = l->left + (double)j * l->cell, y = l->top + (double)i * l->cell;
            double share = (double)count / (double)total;
            canvas_color(c, heat(share, least, i == j), 1);
            canvas_rectangle(c, x, y, l->cell, l->cell);
            if (l->counted)
                draw_count(c, l, x, y, count, share);
        }
    }
}

static void draw_grid(canvas *c, const layout *l)
{
    double right = l->left + l->side, bottom = l->top + l->side;
    canvas_color(c, 0xd0d7de, 1);
    int64_t every = l->cell >= 6 ? 1 : l->cells;
    for (int64_t i = 0; i <= l->cells; i += every) {
        /* The frame lies outside: it would hide half of the outermost cells where they are a pixel wide. */
        double at = (double)i * l->cell + (i == 0 ? -0.25 : i == l->cells ? 0.25 : 0);
        canvas_line(c, l->left, l->top + at, right, l->top + at, 0.5);
        canvas_line(c, l->left + at, l->top, l->left + at, bottom, 0.5);
    }
}

/* Beside the row and below the column at `at`. */
static void draw_label(canvas *c, const layout *l, const char *label, double at)
{
    double size = l->named ? l->name_size : 11, bottom = l->top + l->side;
    canvas_text(c, label, l->left - 7, l->top + at + size * 0.36, size, 1, 0);
    if (l->upright)
        canvas_text(c, label, l->left + at + size * 0.36, bottom + 8, size, 1, -M_PI / 2);
    else
        canvas_text(c, label, l->left + at, bottom + 8 + size, size, 0.5, 0);
}

static fv_status draw_names(canvas *c, const matrix *m)
{
    for (int64_t i = 0; i < m->l.cells; i++) {
        text name = {0};
        show_name(c, m, i, &name);
        draw_label(c, &m->l, text_string(&name), ((double)i + 0.5) * m->l.cell);
        fv_status status = text_status(&name);
        text_release(&name);
        STATUS_TRY(status);
    }
    return FV_OK;
}

/* Class numbers at round places, where there are too many classes for names. */
static void draw_numbers(canvas *c, const layout *l)
{
    report_ticks t = report_ticks_make(0, (double)l->n, 10, 1);
    for (int i = 0; i < t.count; i++) {
        double number = report_tick(&t, i);
        char label[32];
        if (number >= (double)l->n)
            continue;
        snprintf(label, sizeof label, "%.0f", number);
        draw_label(c, l, label, (number / (double)l->group + 0.5) * l->cell);
    }
}

static fv_status draw_matrix(canvas *c, const matrix *m)
{
    const layout *l = &m->l;
    draw_cells(c, m);
    draw_grid(c, l);
    canvas_color(c, TEXT_COLOR, 1);
    if (l->named)
        STATUS_TRY(draw_names(c, m));
    else
        draw_numbers(c, l);
    canvas_color(c, SOFT_COLOR, 1);
    canvas_text(c, "predicted", l->left + l->side / 2, l->height - 10, 12, 0.5, 0);
    canvas_text(c, "true", 18, l->top + l->side / 2, 12, 0.5, -M_PI / 2);
    return FV_OK;
}

fv_status report_plot_confusion(const int64_t *counts, int64_t n, const char *const *names, image *out,
                                report_frame *frame)
{
    if (n < 1)
        return status_set(FV_ERROR_INVALID, "a confusion matrix needs at least one class");
    matrix m = {.counts = counts, .names = names};
    STATUS_TRY(lay_out(&m, n));
    canvas *c;
    STATUS_TRY(canvas_create((int64_t)ceil(m.l.width * REPORT_DENSITY),
                             (int64_t)ceil(m.l.height * REPORT_DENSITY), &c));
    canvas_scale(c, REPORT_DENSITY);
    fv_status status = draw_matrix(c, &m);
    if (status == FV_OK)
        status = canvas_image(c, out);
    canvas_destroy(c);
    if (frame)
        *frame = (report_frame){.left = m.l.left * REPORT_DENSITY,
                                .top = m.l.top * REPORT_DENSITY,
                                .width = m.l.side * REPORT_DENSITY,
                                .height = m.l.side * REPORT_DENSITY};
    return status;
}
