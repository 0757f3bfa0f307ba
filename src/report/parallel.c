/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/study.h"
#include "tune/space.h"

enum {
    AXIS = 130, /* from one to the next */
    SIDE = 60,
    TOP = 40,
    LENGTH = 240,
    BELOW = 26,        /* from an axis's end to where the dimension is not there */
    GOOD_PART = 10,    /* one trial in so many stands out */
    LINES_MOST = 1000, /* of the latest trials */
    NAME_LENGTH = 18   /* characters under which a name is written whole */
};

typedef struct ends {
    double low, high; /* of the value */
    double good;      /* what is as good as this stands out */
} ends;

static bool is_drawn(const fv_trial *t)
{
    return isfinite(t->value) && (t->state == FV_TRIAL_COMPLETE || t->state == FV_TRIAL_PRUNED);
}

static int by_number(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static bool find_ends(const study_content *c, ends *e)
{
    int64_t n = 0;
    double *values = mem_array((size_t)c->count, sizeof *values);
    for (int64_t i = 0; values && i < c->count; i++)
        if (is_drawn(&c->trials[i]))
            values[n++] = c->trials[i].value;
    if (n > 0) {
        int64_t good = (n + GOOD_PART - 1) / GOOD_PART;
        qsort(values, (size_t)n, sizeof *values, by_number);
        *e = (ends){values[0], values[n - 1], c->o->maximize ? values[n - good] : values[good - 1]};
    }
    free(values);
    return n > 0;
}

/* From 0 at the lower end to 1. */
static double place_of(const fv_dimension *d, double value)
{
    if (d->type == FV_DIMENSION_CATEGORICAL)
        return d->choice_count > 1 ? value / (double)(d->choice_count - 1) : 0.5;
    return d->high > d->low ? (space_scaled(d, value) - space_scaled(d, d->low)) /
                                  (space_scaled(d, d->high) - space_scaled(d, d->low))
                            : 0.5;
}

static double height_of(double part)
{
    return TOP + LENGTH * (1 - part);
}

static int64_t axis_x(int64_t axis)
{
    return SIDE + axis * AXIS;
}

static void add_label(text *out, int64_t axis, double y, const char *label)
{
    text_add(out,
             "<text x=\"%lld\" y=\"%.1f\" class=\"end\" "
             "style=\"paint-order:stroke;stroke:var(--back);stroke-width:4px\">",
             (long long)axis_x(axis) - 6, y + 4);
    text_add_html(out, label);
    text_add(out, "</text>\n");
}

static void add_number(text *out, int64_t axis, double y, double value)
{
    char label[32];
    snprintf(label, sizeof label, "%.4g", value);
    add_label(out, axis, y, label);
}

static void add_line(text *out, int64_t axis, const char *name)
{
    char shown[NAME_LENGTH + 8];
    bool whole = strlen(name) <= NAME_LENGTH;
    snprintf(shown, sizeof shown, "%s%s", whole ? "" : "…", whole ? name : name + strlen(name) - NAME_LENGTH);
    text_add(out, "<path d=\"M%lld %dV%d\" class=\"grid\"/><text x=\"%lld\" y=\"%d\" class=\"mid\">",
             (long long)axis_x(axis), TOP, TOP + LENGTH, (long long)axis_x(axis), TOP - 16);
    text_add_html(out, shown);
    text_add(out, "</text>\n");
}

static void add_axes(text *out, const study_content *c, const ends *e)
{
    int64_t count = fv_space_dimension_count(c->space);
    for (int64_t k = 0; k < count; k++) {
        const fv_dimension *d = fv_space_dimension(c->space, k);
        add_line(out, k, d->name);
        for (int64_t i = 0; i < d->choice_count; i++)
            add_label(out, k, height_of(place_of(d, (double)i)), d->choices[i]);
        if (d->choice_count == 0) {
            add_number(out, k, height_of(0), d->low);
            add_number(out, k, height_of(1), d->high);
        }
        if (d->condition_count > 0)
            add_label(out, k, height_of(0) + BELOW, "not there");
    }
    add_line(out, count, "value");
    add_number(out, count, height_of(0), e->low);
    add_number(out, count, height_of(1), e->high);
}

static void add_trial(text *out, const study_content *c, const ends *e, const fv_trial *t, bool good)
{
    int64_t count = fv_space_dimension_count(c->space);
    text_add(out, "<path class=\"curve\" style=\"stroke:var(--%s)%s\" d=\"", good ? "c1" : "soft",
             good ? "" : ";stroke-width:1;opacity:.35");
    for (int64_t k = 0; k < count; k++) {
        double v = t->values[k];
        double y =
            isfinite(v) ? height_of(place_of(fv_space_dimension(c->space, k), v)) : height_of(0) + BELOW;
        text_add(out, "%s%lld %.1f", k ? "L" : "M", (long long)axis_x(k), y);
    }
    text_add(out, "L%lld %.1f\"><title>trial %lld: %.6g</title></path>\n", (long long)axis_x(count),
             height_of(e->high > e->low ? (t->value - e->low) / (e->high - e->low) : 0.5),
             (long long)t->number, t->value);
}

void study_add_parallel(text *out, const study_content *c)
{
    ends e;
    if (!find_ends(c, &e))
        return;
    int64_t count = fv_space_dimension_count(c->space);
    text_add(
        out,
        "<figure class=\"plot\"><figcaption><b>Values</b> of all trials that have ended; the best tenth in "
        "colour</figcaption>\n<svg viewBox=\"0 0 %lld %d\" role=\"img\" aria-label=\"Parallel "
        "coordinates\">\n",
        (long long)axis_x(count) + SIDE / 2, TOP + LENGTH + 2 * BELOW);
    for (int pass = 0; pass < 2; pass++) /* the good ones over the others */
        for (int64_t i = c->count > LINES_MOST ? c->count - LINES_MOST : 0; i < c->count; i++) {
            const fv_trial *t = &c->trials[i];
            bool good = c->o->maximize ? t->value >= e.good : t->value <= e.good;
            if (is_drawn(t) && good == (pass == 1))
                add_trial(out, c, &e, t, good);
        }
    add_axes(out, c, &e);
    text_add(out, "</svg></figure>\n");
}
