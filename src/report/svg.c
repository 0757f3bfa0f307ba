/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg.h"

#include <math.h>

#include "report/report.h"

enum {
    LEFT = 52,
    RIGHT = 12,
    TOP = 12,
    BOTTOM = 30,
    POINTS = 500 /* of a curve; of longer ones every n-th is drawn */
};

typedef struct frame {
    report_ticks x, y;
    double unit, x_unit;
} frame;

static bool is_shown(const svg_series *s, int64_t i)
{
    return fabs(s->x[i]) < 1e15 && fabs(s->y[i]) < 1e15;
}

static bool find_frame(const svg_plot *p, frame *f)
{
    double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (int64_t k = 0; k < p->count; k++)
        for (int64_t i = 0; i < p->series[k].count; i++)
            if (is_shown(&p->series[k], i)) {
                x0 = fmin(x0, p->series[k].x[i]);
                x1 = fmax(x1, p->series[k].x[i]);
                y0 = fmin(y0, p->series[k].y[i]);
                y1 = fmax(y1, p->series[k].y[i]);
            }
    if (x0 > x1)
        return false;
    f->unit = p->percent || p->square ? 100 : 1;
    f->x_unit = p->square ? 100 : 1;
    if (p->square) {
        f->x = f->y = (report_ticks){.step = 20, .count = 6};
        return true;
    }
    f->x = report_ticks_make(x0, x1, 7, 1);
    f->y = report_ticks_make(y0 * f->unit, y1 * f->unit, 5, 0);
    return true;
}

static double place_x(const frame *f, double x)
{
    return LEFT + (SVG_WIDTH - LEFT - RIGHT) * (x * f->x_unit - f->x.first) / (f->x.step * (f->x.count - 1));
}

static double place_y(const frame *f, double y)
{
    return SVG_HEIGHT - BOTTOM -
           (SVG_HEIGHT - TOP - BOTTOM) * (y - f->y.first) / (f->y.step * (f->y.count - 1));
}

static void add_axes(text *out, const svg_plot *p, const frame *f)
{
    char label[64];
    for (int i = 0; i < f->y.count; i++) {
        double y = place_y(f, report_tick(&f->y, i));
        report_tick_print(&f->y, i, label, sizeof label);
        text_add(
            out,
            "<path d=\"M%d %.1fH%d\" class=\"grid\"/><text x=\"%d\" y=\"%.1f\" class=\"end\">%s%s</text>\n",
            LEFT, y, SVG_WIDTH - RIGHT, LEFT - 6, y + 4, label, p->percent || p->square ? " %" : "");
    }
    for (int i = 0; i < f->x.count; i++) {
        report_tick_print(&f->x, i, label, sizeof label);
        text_add(out, "<text x=\"%.1f\" y=\"%d\" class=\"mid\">%s</text>\n",
                 place_x(f, report_tick(&f->x, i) / f->x_unit), SVG_HEIGHT - BOTTOM + 18, label);
    }
}

/* Every n-th point, and the last. */
static int64_t next_point(const svg_series *s, int64_t i)
{
    int64_t next = i + s->count / POINTS + 1;
    return i < s->count - 1 && next >= s->count ? s->count - 1 : next;
}

static void add_series(text *out, const svg_plot *p, const svg_series *s, const frame *f)
{
    int64_t drawn = 0;
    double x = 0, y = 0;
    bool pen = false;
    text_add(out, "<path class=\"curve\" style=\"stroke:var(--c%d)%s\" d=\"", s->color % SVG_COLORS,
             s->color >= SVG_COLORS ? ";stroke-dasharray:5 3" : "");
    for (int64_t i = 0; i < s->count; i = next_point(s, i)) {
        if (!is_shown(s, i)) {
            pen = false;
            continue;
        }
        x = place_x(f, s->x[i]);
        y = place_y(f, s->y[i] * f->unit);
        text_add(out, "%s%.1f %.1f", pen ? "L" : "M", x, y);
        pen = true;
        drawn++;
    }
    text_add(out, "\"><title>");
    text_add_html(out, s->name);
    text_add(out, "</title></path>\n");
    for (int64_t i = 0; p->marked && i < s->count; i++)
        if (is_shown(s, i))
            text_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" style=\"fill:var(--c%d)\"/>\n",
                     place_x(f, s->x[i]), place_y(f, s->y[i] * f->unit), s->color % SVG_COLORS);
    if (drawn == 1)
        text_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" style=\"fill:var(--c%d)\"/>\n", x, y,
                 s->color % SVG_COLORS);
}

void svg_add_plot(text *out, const svg_plot *p)
{
    frame f;
    if (!find_frame(p, &f))
        return;
    const char *by = p->by ? p->by : "epoch";
    text_add(out,
             "<figure class=\"plot\"><figcaption><b>%s</b> by %s</figcaption>\n<svg viewBox=\"0 0 %d %d\" "
             "role=\"img\" "
             "aria-label=\"%s by %s\">\n",
             p->title, by, SVG_WIDTH, SVG_HEIGHT, p->title, by);
    add_axes(out, p, &f);
    if (p->mark)
        text_add(out, "<path d=\"M%.1f %dV%d\" class=\"mark\"/>\n", place_x(&f, *p->mark), TOP,
                 SVG_HEIGHT - BOTTOM);
    if (p->square && p->diagonal)
        text_add(out, "<path d=\"M%d %dL%d %d\" class=\"mark\"/>\n", LEFT, SVG_HEIGHT - BOTTOM,
                 SVG_WIDTH - RIGHT, TOP);
    for (int64_t k = 0; k < p->count; k++)
        add_series(out, p, &p->series[k], &f);
    text_add(out, "</svg></figure>\n");
}
