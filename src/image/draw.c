/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows cairo: its functions are called through a table that is filled on first use. */
#include "image/draw.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/plugin.h"

/* Every cairo function that is used, once: the table's fields and the list of symbols are made from it. */
#define CAIRO_FUNCTIONS(X)                                                                                   \
    X(arc)                                                                                                   \
    X(create)                                                                                                \
    X(destroy)                                                                                               \
    X(fill)                                                                                                  \
    X(get_source)                                                                                            \
    X(image_surface_create)                                                                                  \
    X(image_surface_get_data)                                                                                \
    X(image_surface_get_stride)                                                                              \
    X(line_to)                                                                                               \
    X(move_to)                                                                                               \
    X(paint)                                                                                                 \
    X(pattern_set_filter)                                                                                    \
    X(rectangle)                                                                                             \
    X(restore)                                                                                               \
    X(rotate)                                                                                                \
    X(save)                                                                                                  \
    X(scale)                                                                                                 \
    X(select_font_face)                                                                                      \
    X(set_font_size)                                                                                         \
    X(set_line_cap)                                                                                          \
    X(set_line_join)                                                                                         \
    X(set_line_width)                                                                                        \
    X(set_source_rgba)                                                                                       \
    X(set_source_surface)                                                                                    \
    X(show_text)                                                                                             \
    X(status)                                                                                                \
    X(status_to_string)                                                                                      \
    X(stroke)                                                                                                \
    X(surface_destroy)                                                                                       \
    X(surface_flush)                                                                                         \
    X(surface_mark_dirty)                                                                                    \
    X(surface_status)                                                                                        \
    X(text_extents)                                                                                          \
    X(translate)

#define FIELD(name) __typeof__(cairo_##name) *name;
static struct {
    CAIRO_FUNCTIONS(FIELD)
} api;

#define SYMBOL(name) {"cairo_" #name, (void **)&api.name},
static const plugin_symbol symbols[] = {CAIRO_FUNCTIONS(SYMBOL)};

/* Cairo's own limit is 32767; this one keeps a canvas under 1.6 GB. */
enum {
    CANVAS_MAX_SIDE = 20000
};

struct canvas {
    int64_t width, height;
    cairo_surface_t *surface; /* CAIRO_FORMAT_RGB24: 0x00RRGGBB in the machine's byte order */
    cairo_t *cairo;
    fv_status status; /* the first failure that cairo itself does not remember */
};

fv_status canvas_create(int64_t width, int64_t height, canvas **out)
{
    *out = NULL;
    if (width < 1 || height < 1 || width > CANVAS_MAX_SIDE || height > CANVAS_MAX_SIDE)
        return status_set(FV_ERROR_INVALID, "a canvas of %lld x %lld pixels: sides must be 1 to %d",
                          (long long)width, (long long)height, CANVAS_MAX_SIDE);
    STATUS_TRY(plugin_open(&plugin_cairo, symbols, sizeof symbols / sizeof *symbols));
    canvas *c = mem_array(1, sizeof *c);
    if (!c)
        return status_last();
    c->width = width;
    c->height = height;
    c->surface = api.image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    c->cairo = api.create(c->surface);
    cairo_status_t status = api.status(c->cairo);
    if (status != CAIRO_STATUS_SUCCESS) {
        canvas_destroy(c);
        return status_set(FV_ERROR_MEMORY, "a canvas of %lld x %lld pixels cannot be made: %s",
                          (long long)width, (long long)height, api.status_to_string(status));
    }
    api.set_line_join(c->cairo, CAIRO_LINE_JOIN_ROUND);
    api.set_line_cap(c->cairo, CAIRO_LINE_CAP_ROUND);
    api.select_font_face(c->cairo, "sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    canvas_color(c, 0xffffff, 1);
    canvas_fill(c);
    canvas_color(c, 0x000000, 1);
    *out = c;
    return FV_OK;
}

void canvas_destroy(canvas *c)
{
    if (!c)
        return;
    api.destroy(c->cairo);
    api.surface_destroy(c->surface);
    free(c);
}

fv_status canvas_image(canvas *c, image *out)
{
    if (c->status != FV_OK)
        return status_set(c->status, "a picture cannot be drawn: not enough memory");
    cairo_status_t status = api.status(c->cairo);
    if (status != CAIRO_STATUS_SUCCESS)
        return status_set(FV_ERROR_INTERNAL, "cairo: %s", api.status_to_string(status));
    STATUS_TRY(image_reshape(out, c->height, c->width, 3));
    api.surface_flush(c->surface);
    const unsigned char *rows = api.image_surface_get_data(c->surface);
    int stride = api.image_surface_get_stride(c->surface);
    for (int64_t y = 0; y < c->height; y++) {
        uint8_t *to = out->data + y * c->width * 3;
        for (int64_t x = 0; x < c->width; x++) {
            uint32_t pixel;
            memcpy(&pixel, rows + y * stride + x * 4, 4);
            to[x * 3] = (uint8_t)(pixel >> 16);
            to[x * 3 + 1] = (uint8_t)(pixel >> 8);
            to[x * 3 + 2] = (uint8_t)pixel;
        }
    }
    return FV_OK;
}

void canvas_scale(canvas *c, double factor)
{
    api.scale(c->cairo, factor, factor);
}

void canvas_color(canvas *c, uint32_t rgb, double alpha)
{
    api.set_source_rgba(c->cairo, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0,
                        alpha);
}

void canvas_fill(canvas *c)
{
    api.paint(c->cairo);
}

void canvas_rectangle(canvas *c, double x, double y, double width, double height)
{
    api.rectangle(c->cairo, x, y, width, height);
    api.fill(c->cairo);
}

void canvas_circle(canvas *c, double x, double y, double radius)
{
    api.arc(c->cairo, x, y, radius, 0, 2 * M_PI);
    api.fill(c->cairo);
}

void canvas_line(canvas *c, double x0, double y0, double x1, double y1, double width)
{
    canvas_polyline(c, (const double[]){x0, y0, x1, y1}, 2, width);
}

void canvas_polyline(canvas *c, const double *xy, int64_t points, double width)
{
    if (points < 1)
        return;
    api.set_line_width(c->cairo, width);
    api.move_to(c->cairo, xy[0], xy[1]);
    for (int64_t i = points > 1; i < points; i++) /* a single point becomes a dot */
        api.line_to(c->cairo, xy[2 * i], xy[2 * i + 1]);
    api.stroke(c->cairo);
}

/* The length of the valid UTF-8 sequence at `s`, 0 where there is none (overlong forms and surrogates are
 * none). */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                    : (s[0] & 0xf0) == 0xe0        ? 3
                    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                   : 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

/* A copy that cairo can show: it would refuse all further drawing after one invalid string. The caller frees
 * it. */
static char *printable(canvas *c, const char *text)
{
    char *copy = mem_string(text);
    if (!copy) {
        c->status = FV_ERROR_MEMORY;
        return NULL;
    }
    for (unsigned char *p = (unsigned char *)copy; *p;) {
        size_t length = utf8_length(p);
        if (length == 0 || *p < 0x20 || *p == 0x7f)
            *p = '?';
        p += length > 0 ? length : 1;
    }
    return copy;
}

static double shown_width(canvas *c, const char *text, double size)
{
    cairo_text_extents_t extents;
    api.set_font_size(c->cairo, size);
    api.text_extents(c->cairo, text, &extents);
    return extents.x_advance;
}

void canvas_text(canvas *c, const char *utf8, double x, double y, double size, double anchor, double angle)
{
    char *shown = printable(c, utf8);
    if (!shown)
        return;
    double width = shown_width(c, shown, size);
    api.save(c->cairo);
    api.translate(c->cairo, x, y);
    api.rotate(c->cairo, angle);
    api.move_to(c->cairo, -anchor * width, 0);
    api.show_text(c->cairo, shown);
    api.restore(c->cairo);
    free(shown);
}

double canvas_text_width(canvas *c, const char *utf8, double size)
{
    char *shown = printable(c, utf8);
    double width = shown ? shown_width(c, shown, size) : 0;
    free(shown);
    return width;
}

void canvas_picture(canvas *c, const image *im, double x, double y, double width, double height)
{
    if (im->width < 1 || im->height < 1 || im->width > CANVAS_MAX_SIDE || im->height > CANVAS_MAX_SIDE)
        return;
    cairo_surface_t *picture = api.image_surface_create(CAIRO_FORMAT_RGB24, (int)im->width, (int)im->height);
    if (api.surface_status(picture) != CAIRO_STATUS_SUCCESS) {
        c->status = FV_ERROR_MEMORY;
        api.surface_destroy(picture);
        return;
    }
    unsigned char *rows = api.image_surface_get_data(picture);
    int stride = api.image_surface_get_stride(picture);
    int64_t green = im->channels >= 3 ? 1 : 0, blue = 2 * green;
    for (int64_t i = 0; i < im->height; i++)
        for (int64_t j = 0; j < im->width; j++) {
            const uint8_t *p = im->data + (i * im->width + j) * im->channels;
            uint32_t pixel = (uint32_t)p[0] << 16 | (uint32_t)p[green] << 8 | p[blue];
            memcpy(rows + i * stride + j * 4, &pixel, 4);
        }
    api.surface_mark_dirty(picture);
    api.save(c->cairo);
    api.translate(c->cairo, x, y);
    api.scale(c->cairo, width / (double)im->width, height / (double)im->height);
    api.set_source_surface(c->cairo, picture, 0, 0);
    api.pattern_set_filter(api.get_source(c->cairo), CAIRO_FILTER_NEAREST);
    api.rectangle(c->cairo, 0, 0, (double)im->width, (double)im->height);
    api.fill(c->cairo);
    api.restore(c->cairo);
    api.surface_destroy(picture);
}
