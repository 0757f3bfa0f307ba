/* SPDX-License-Identifier: Apache-2.0 */
/* One demo picture: paper, specks and strokes at the edges, the digit in ink, then the camera's blur and
 * noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/demo.h"
#include "data/demo_digits.h"

enum {
    SPAN_STEPS = 8, /* straight pieces from one knot to the next */
    MAX_POINTS = DEMO_MAX_KNOTS * SPAN_STEPS + 1,
    MAX_BLUR = 64 /* radius in pixels */
};

/* How a picture is written: lengths in pixels. */
typedef struct style {
    float pen;              /* width */
    float pressure, phase;  /* how the width varies along a stroke */
    float opacity;          /* of the ink */
    float paper[3], ink[3]; /* 0..255 */
    float contrast;         /* |luma(paper) - luma(ink)| */
} style;

fv_status demo_painter_init(demo_painter *p, int64_t size)
{
    *p = (demo_painter){.size = size};
    fv_status status = canvas_create(size, size, &p->board);
    if (status == FV_OK) {
        p->light = mem_array((size_t)(size * size * 3), sizeof *p->light);
        p->spare = mem_array((size_t)(size * size * 3), sizeof *p->spare);
        if (!p->light || !p->spare)
            status = status_last();
    }
    if (status != FV_OK)
        demo_painter_release(p);
    return status;
}

void demo_painter_release(demo_painter *p)
{
    canvas_destroy(p->board);
    image_release(&p->mask);
    free(p->light);
    free(p->spare);
    *p = (demo_painter){0};
}

/* A colour of the given luma (ITU-R 601-2) with a random tint. */
static void color_of_luma(float luma, float tint, rng *r, float rgb[3])
{
    float red = rng_range(r, -tint, tint), blue = rng_range(r, -tint, tint);
    float green = -(0.299f * red + 0.114f * blue) / 0.587f;
    rgb[0] = fminf(255, fmaxf(0, luma + red));
    rgb[1] = fminf(255, fmaxf(0, luma + green));
    rgb[2] = fminf(255, fmaxf(0, luma + blue));
}

static style style_any(rng *r, float unit)
{
    style s = {.pen = unit * rng_range(r, 1.3f, 3.6f),
               .pressure = rng_range(r, 0, 0.25f),
               .phase = rng_range(r, 0, 6.2831853f),
               .opacity = rng_range(r, 0.8f, 1)};
    float paper = rng_range(r, 20, 235), room = fmaxf(paper, 255 - paper);
    s.contrast = fminf(room, rng_range(r, 70, 190));
    int darker = paper - s.contrast >= 0, brighter = paper + s.contrast <= 255;
    int down = darker && brighter ? (int)(rng_u32(r) & 1) : darker;
    color_of_luma(paper, 35, r, s.paper);
    color_of_luma(down ? paper - s.contrast : paper + s.contrast, 60, r, s.ink);
    return s;
}

/* ---- the digit's line ---- */

typedef struct line {
    int count;
    float x[MAX_POINTS], y[MAX_POINTS];
    int starts[MAX_POINTS]; /* nonzero where the pen is put down */
} line;

/* The direction of the curve at knot i, towards (side +1) or from (-1) its neighbour there: Catmull-Rom's in
 * a curve, straight to the neighbour at corners and ends. */
static float tangent(const float *v, const demo_knot *k, int count, int i, int side)
{
    int last = i + 1 == count || k[i + 1].turn == DEMO_LIFT;
    if (k[i].turn != DEMO_SMOOTH || last)
        return (v[i + side] - v[i]) * (float)side;
    return (v[i + 1] - v[i - 1]) / 2;
}

static float hermite(float a, float ta, float b, float tb, float t)
{
    float u = 1 - t;
    return a * (1 + 2 * t) * u * u + ta * t * u * u + b * (3 - 2 * t) * t * t - tb * t * t * u;
}

/* A glyph as a fine line, every knot moved a little. */
static void trace(const demo_glyph *g, float jitter, rng *r, line *out)
{
    float x[DEMO_MAX_KNOTS], y[DEMO_MAX_KNOTS];
    for (int i = 0; i < g->count; i++) {
        x[i] = g->knots[i].x - 0.5f + jitter * rng_normal(r);
        y[i] = g->knots[i].y - 0.5f + jitter * rng_normal(r);
    }
    out->count = 0;
    for (int i = 0; i < g->count; i++) {
        if (g->knots[i].turn == DEMO_LIFT) {
            out->starts[out->count] = 1;
            out->x[out->count] = x[i];
            out->y[out->count++] = y[i];
        }
        if (i + 1 == g->count || g->knots[i + 1].turn == DEMO_LIFT)
            continue;
        float from[2] = {tangent(x, g->knots, g->count, i, 1), tangent(y, g->knots, g->count, i, 1)};
        float to[2] = {tangent(x, g->knots, g->count, i + 1, -1), tangent(y, g->knots, g->count, i + 1, -1)};
        for (int step = 1; step <= SPAN_STEPS; step++) {
            float t = (float)step / SPAN_STEPS;
            out->starts[out->count] = 0;
            out->x[out->count] = hermite(x[i], from[0], x[i + 1], to[0], t);
            out->y[out->count++] = hermite(y[i], from[1], y[i + 1], to[1], t);
        }
    }
}

static void extent(const float *v, int count, float *low, float *high)
{
    *low = *high = v[0];
    for (int i = 1; i < count; i++) {
        *low = fminf(*low, v[i]);
        *high = fmaxf(*high, v[i]);
    }
}

/* Moves one axis of the line into `margin` .. `size - margin`, to a random place, shrinking it when it is too
 * large. */
static void place_axis(float *v, int count, float size, float margin, rng *r)
{
    float low, high;
    extent(v, count, &low, &high);
    float room = size - 2 * margin, shrink = fminf(1, room / fmaxf(high - low, 1e-3f));
    float slack = (room - (high - low) * shrink) / 2;
    /* Not farther than an eighth of the side from the middle. */
    float shift = rng_range(r, -1, 1) * fminf(slack, size / 8);
    for (int i = 0; i < count; i++)
        v[i] = (v[i] - (low + high) / 2) * shrink + size / 2 + shift;
}

/* Size, proportions, slant, rotation by up to 15 degrees, place. */
static void place(line *l, float size, float pen, rng *r)
{
    float height = size * rng_range(r, 0.55f, 0.86f), width = height * rng_range(r, 0.75f, 1.2f);
    float slant = rng_range(r, -0.25f, 0.25f), angle = rng_range(r, -0.2618f, 0.2618f);
    float c = cosf(angle), s = sinf(angle);
    for (int i = 0; i < l->count; i++) {
        float x = width * (l->x[i] - slant * l->y[i]), y = height * l->y[i];
        l->x[i] = c * x - s * y;
        l->y[i] = s * x + c * y;
    }
    place_axis(l->x, l->count, size, pen / 2 + size / 32, r);
    place_axis(l->y, l->count, size, pen / 2 + size / 32, r);
}

static void ink_line(canvas *c, const line *l, const style *s)
{
    for (int i = 1; i < l->count; i++)
        if (!l->starts[i]) {
            float width = s->pen * (1 + s->pressure * sinf(s->phase + 0.12f * (float)i));
            canvas_line(c, l->x[i - 1], l->y[i - 1], l->x[i], l->y[i], width);
        }
}

/* ---- what lies around it ---- */

/* Specks anywhere, and strokes that come in from outside: what a crop of a written page has at its edges. */
static void draw_litter(canvas *c, float size, float pen, rng *r)
{
    float unit = size / 32;
    for (uint64_t n = rng_below(r, 5); n > 0; n--)
        canvas_circle(c, rng_range(r, 0, size), rng_range(r, 0, size), unit * rng_range(r, 0.3f, 0.8f));
    for (uint64_t n = rng_below(r, 4); n > 0; n--) {
        float xy[3][2];
        uint64_t side = rng_below(r, 4);
        float along = rng_range(r, 0, size), length = unit * rng_range(r, 3, 10);
        for (int i = 0; i < 3; i++) {
            float t = along + length * (float)(i - 1) / 2,
                  depth = unit * rng_range(r, -2, i == 1 ? 3.5f : 1.5f);
            xy[i][0] = side < 2 ? t : side == 2 ? depth : size - depth;
            xy[i][1] = side >= 2 ? t : side == 0 ? depth : size - depth;
        }
        float width = pen * rng_range(r, 0.5f, 1);
        canvas_line(c, xy[0][0], xy[0][1], xy[1][0], xy[1][1], width);
        canvas_line(c, xy[1][0], xy[1][1], xy[2][0], xy[2][1], width);
    }
}

/* Blends `rgb` over the picture where the board is white, and wipes the board. */
static fv_status blend_board(demo_painter *p, const float rgb[3], float opacity)
{
    STATUS_TRY(canvas_image(p->board, &p->mask));
    for (int64_t i = 0; i < p->size * p->size * 3; i++) {
        float a = opacity * (float)p->mask.data[i] / 255;
        p->light[i] += a * (rgb[i % 3] - p->light[i]);
    }
    canvas_color(p->board, 0x000000, 1);
    canvas_fill(p->board);
    canvas_color(p->board, 0xffffff, 1);
    return FV_OK;
}

/* ---- the camera ---- */

/* One pass of a Gaussian blur: `lines` lines of `size` pixels, `next` floats apart, of pixels `step` floats
 * apart. Edges are repeated. */
static void blur_pass(const float *in, float *out, int64_t size, int64_t step, int64_t next, float sigma)
{
    float weights[2 * MAX_BLUR + 1], sum = 0;
    int radius = (int)fminf(MAX_BLUR, ceilf(2.5f * sigma));
    for (int i = -radius; i <= radius; i++)
        sum += weights[i + radius] = expf(-(float)(i * i) / (2 * sigma * sigma));
    for (int64_t y = 0; y < size; y++)
        for (int64_t x = 0; x < size; x++)
            for (int k = 0; k < 3; k++) {
                float value = 0;
                for (int i = -radius; i <= radius; i++) {
                    int64_t at = x + i < 0 ? 0 : x + i >= size ? size - 1 : x + i;
                    value += weights[i + radius] * in[y * next + at * step + k];
                }
                out[y * next + x * step + k] = value / sum;
            }
}

static fv_status expose(demo_painter *p, rng *r, image *out)
{
    int64_t n = p->size, count = n * n * 3;
    float blur = rng_range(r, -0.5f, 0.8f) * (float)n / 32, noise = rng_range(r, 0, 14);
    if (blur > 0.2f) {
        blur_pass(p->light, p->spare, n, 3, 3 * n, blur);
        blur_pass(p->spare, p->light, n, 3 * n, 3, blur);
    }
    STATUS_TRY(image_reshape(out, n, n, 3));
    for (int64_t i = 0; i < count; i++)
        out->data[i] = (uint8_t)lrintf(fminf(255, fmaxf(0, p->light[i] + noise * rng_normal(r))));
    return FV_OK;
}

fv_status demo_paint(demo_painter *p, int digit, rng *r, image *out)
{
    float size = (float)p->size;
    style s = style_any(r, size / 32);
    demo_paper(p->light, p->size, s.paper, s.contrast * rng_range(r, 0.05f, 0.35f), r);

    canvas_color(p->board, 0x000000, 1);
    canvas_fill(p->board);
    canvas_color(p->board, 0xffffff, 1);
    draw_litter(p->board, size, s.pen, r);
    STATUS_TRY(blend_board(p, s.ink, rng_range(r, 0.3f, 0.9f)));

    line l;
    trace(&demo_glyphs[digit][rng_below(r, DEMO_VARIANTS)], 0.03f, r, &l);
    place(&l, size, s.pen, r);
    ink_line(p->board, &l, &s);
    STATUS_TRY(blend_board(p, s.ink, s.opacity));
    return expose(p, r, out);
}
