/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "image/draw.h"
#include "report/plot_name.h"
#include "report/report.h"

enum {
    TEXT_COLOR = 0x24292f,
    SOFT_COLOR = 0x57606a,
    GRID_COLOR = 0xe3e7eb,
    AXIS_COLOR = 0x8c959f
};

static const double text_size = 14, title_size = 17;

/* What can be drawn: a diverged run's numbers are left out, as are gaps. */
static bool is_shown(double y)
{
    return fabs(y) < 1e30;
}

/* The range of x over all points and of y over those that are shown; false when there is none. */
static bool find_range(const report_curves *c, double x[2], double y[2])
{
    bool any = false;
    x[0] = y[0] = INFINITY;
    x[1] = y[1] = -INFINITY;
    for (int k = 0; k < c->count; k++)
        for (int64_t i = 0; i < c->list[k].count; i++) {
            double at = c->list[k].x[i], value = c->list[k].y[i];
            if (!is_shown(at) || !is_shown(value))
                continue;
            any = true;
            x[0] = fmin(x[0], at);
            x[1] = fmax(x[1], at);
            y[0] = fmin(y[0], value);
            y[1] = fmax(y[1], value);
        }
    return any;
}

static report_frame make_frame(const report_curves *c, bool *any)
{
    double x[2], y[2];
    if (!(*any = find_range(c, x, y))) {
        x[0] = y[0] = 0;
        x[1] = y[1] = 1;
    }
    double unit = c->percent || c->square ? 100 : 1;
    report_frame f = {.left = 72,
                      .top = 44,
                      .width = REPORT_CURVES_WIDTH - 72 - 24,
                      .height = REPORT_CURVES_HEIGHT - 44 - 52};
    if (c->square) {
        f.width = f.height;
        f.x = f.y = (report_ticks){.step = 20, .count = 6};
        return f;
    }
    f.x = report_ticks_make(x[0], x[1], 10, 1);
    f.y = report_ticks_make(y[0] * unit, y[1] * unit, 6, 0);
    return f;
}

static double place(double value, const report_ticks *t)
{
    return (value - t->first) / (t->step * (t->count - 1));
}

static double place_x(const report_frame *f, double x)
{
    return f->left + f->width * place(x, &f->x);
}

static double place_y(const report_frame *f, double y)
{
    return f->top + f->height * (1 - place(y, &f->y));
}

static void draw_axes(canvas *c, const report_curves *curves, const report_frame *f)
{
    char label[64];
    double right = f->left + f->width, bottom = f->top + f->height;
    for (int i = 0; i < f->y.count; i++) {
        double y = place_y(f, report_tick(&f->y, i));
        canvas_color(c, GRID_COLOR, 1);
        canvas_line(c, f->left, y, right, y, 1);
        report_tick_print(&f->y, i, label, sizeof label - 2);
        canvas_color(c, SOFT_COLOR, 1);
        canvas_text(c, label, f->left - 8, y + text_size * 0.35, text_size, 1, 0);
    }
    for (int i = 0; i < f->x.count; i++) {
        double x = place_x(f, report_tick(&f->x, i));
        canvas_color(c, GRID_COLOR, 1);
        canvas_line(c, x, f->top, x, bottom, 1);
        report_tick_print(&f->x, i, label, sizeof label);
        canvas_color(c, SOFT_COLOR, 1);
        canvas_text(c, label, x, bottom + 20, text_size, 0.5, 0);
    }
    canvas_color(c, AXIS_COLOR, 1);
    canvas_line(c, f->left, f->top, f->left, bottom, 1);
    canvas_line(c, f->left, bottom, right, bottom, 1);
    canvas_color(c, TEXT_COLOR, 1);
    canvas_text(c, curves->title, f->left, 25, title_size, 0, 0);
    canvas_color(c, SOFT_COLOR, 1);
    canvas_text(c, curves->x_label, f->left + f->width / 2, REPORT_CURVES_HEIGHT - 12, text_size, 0.5, 0);
    if (curves->percent || curves->square)
        canvas_text(c, "%", 18, f->top + f->height / 2, text_size, 0.5, 0);
}

/* Beside a square plot, a name a line; names that are too long are cut. */
static void draw_list(canvas *c, const report_curves *curves, const report_frame *f)
{
    double x = f->left + f->width + 20;
    for (int k = 0; k < curves->count; k++) {
        double y = f->top + 14 + 22 * k;
        text name = {0};
        plot_fit_name(c, curves->list[k].name, text_size, REPORT_CURVES_WIDTH - x - 34, &name);
        canvas_color(c, curves->list[k].color, 1);
        canvas_line(c, x, y - 4, x + 18, y - 4, 3);
        canvas_color(c, TEXT_COLOR, 1);
        canvas_text(c, text_string(&name), x + 26, y, text_size, 0, 0);
        text_release(&name);
    }
}

/* One name after the other, right-aligned on the title's line. */
static void draw_legend(canvas *c, const report_curves *curves, const report_frame *f)
{
    double x = f->left + f->width;
    for (int k = curves->count - 1; k >= 0; k--) {
        const report_curve *curve = &curves->list[k];
        canvas_color(c, TEXT_COLOR, 1);
        canvas_text(c, curve->name, x, 25, text_size, 1, 0);
        x -= canvas_text_width(c, curve->name, text_size) + 8;
        canvas_color(c, curve->color, 1);
        canvas_line(c, x - 18, 21, x, 21, 3);
        x -= 18 + 16;
    }
}

/* The shown points as lines between gaps; a point alone, or few of them, as dots. `xy` has room for 2 *
 * count. */
static void draw_curve(canvas *c, const report_curves *curves, const report_curve *curve,
                       const report_frame *f, double *xy)
{
    int64_t run = 0, shown = 0;
    double unit = curves->percent || curves->square ? 100 : 1, x_unit = curves->square ? 100 : 1;
    canvas_color(c, curve->color, 1);
    for (int64_t i = 0; i <= curve->count; i++) {
        bool ends = i == curve->count || !is_shown(curve->x[i]) || !is_shown(curve->y[i]);
        if (!ends) {
            xy[2 * run] = place_x(f, curve->x[i] * x_unit);
            xy[2 * run + 1] = place_y(f, curve->y[i] * unit);
            run++;
            shown++;
        } else if (run > 0) {
            canvas_polyline(c, xy, run, run > 1 ? 2 : 6);
            run = 0;
        }
    }
    for (int64_t i = 0; shown <= 30 && i < curve->count; i++)
        if (is_shown(curve->x[i]) && is_shown(curve->y[i]))
            canvas_circle(c, place_x(f, curve->x[i] * x_unit), place_y(f, curve->y[i] * unit), 3);
}

static fv_status draw_curves(canvas *c, const report_curves *curves, const report_frame *f)
{
    for (int k = 0; k < curves->count; k++) {
        double *xy = mem_array((size_t)curves->list[k].count * 2, sizeof *xy);
        if (!xy)
            return status_last();
        draw_curve(c, curves, &curves->list[k], f, xy);
        free(xy);
    }
    return FV_OK;
}

fv_status report_plot_curves(const report_curves *curves, image *out, report_frame *frame)
{
    canvas *c;
    STATUS_TRY(
        canvas_create(REPORT_CURVES_WIDTH * REPORT_DENSITY, REPORT_CURVES_HEIGHT * REPORT_DENSITY, &c));
    canvas_scale(c, REPORT_DENSITY);
    bool any;
    report_frame f = make_frame(curves, &any);
    draw_axes(c, curves, &f);
    if (curves->square)
        draw_list(c, curves, &f);
    else
        draw_legend(c, curves, &f);
    fv_status status = draw_curves(c, curves, &f);
    if (!any) {
        canvas_color(c, SOFT_COLOR, 1);
        canvas_text(c, "no values", f.left + f.width / 2, f.top + f.height / 2, title_size, 0.5, 0);
    }
    if (status == FV_OK)
        status = canvas_image(c, out);
    canvas_destroy(c);
    if (frame) {
        f.left *= REPORT_DENSITY, f.top *= REPORT_DENSITY, f.width *= REPORT_DENSITY,
            f.height *= REPORT_DENSITY;
        *frame = f;
    }
    return status;
}
