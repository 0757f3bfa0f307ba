/* SPDX-License-Identifier: Apache-2.0 */
#include "image/warp.h"

#include <math.h>
#include <string.h>

/* Places are worked out for so many pixels of a row, then looked up. */
enum {
    RUN = 64
};

typedef struct places {
    double x[RUN], y[RUN];
} places;

/* Of bilinear weights; two of them and 8 bits of the sample fit into 32 bits. */
enum {
    WEIGHT_BITS = 11,
    ONE = 1 << WEIGHT_BITS
};

static inline bool inside(const image *in, double x, double y)
{
    return x >= 0 && y >= 0 && x < (double)in->width && y < (double)in->height;
}

static inline void set_pixel(uint8_t *to, const uint8_t *from, int64_t channels)
{
    for (int64_t k = 0; k < channels; k++)
        to[k] = from[k];
}

static inline void nearest(const image *in, const places *p, int count, const uint8_t *fill, int64_t channels,
                           uint8_t *to)
{
    for (int i = 0; i < count; i++, to += channels) {
        bool found = inside(in, p->x[i], p->y[i]);
        set_pixel(to, found ? in->data + ((int64_t)p->y[i] * in->width + (int64_t)p->x[i]) * channels : fill,
                  channels);
    }
}

/* The two neighbours of place `at` (0 <= at < n) on an axis of n pixels, and the second one's weight. */
static inline int between(double at, int64_t n, int64_t *first, int64_t *second)
{
    int64_t next = (int64_t)(at + 0.5); /* the pixel whose centre is the next after `at` */
    int weight = (int)((at + 0.5 - (double)next) * ONE + 0.5);
    *first = next > 0 ? next - 1 : 0;
    *second = next < n ? next : n - 1;
    return weight;
}

static inline void bilinear(const image *in, const places *p, int count, const uint8_t *fill,
                            int64_t channels, uint8_t *to)
{
    int64_t row = in->width * channels;
    for (int i = 0; i < count; i++, to += channels) {
        if (!inside(in, p->x[i], p->y[i])) {
            set_pixel(to, fill, channels);
            continue;
        }
        int64_t left, right, top, bottom;
        int wx = between(p->x[i], in->width, &left, &right), wy = between(p->y[i], in->height, &top, &bottom);
        const uint8_t *a = in->data + top * row, *b = in->data + bottom * row;
        left *= channels;
        right *= channels;
        for (int64_t k = 0; k < channels; k++) {
            int upper = a[left + k] * (ONE - wx) + a[right + k] * wx,
                lower = b[left + k] * (ONE - wx) + b[right + k] * wx;
            to[k] = (uint8_t)((upper * (ONE - wy) + lower * wy + ONE * ONE / 2) >> (2 * WEIGHT_BITS));
        }
    }
}

static void look_up(const image *in, const places *p, int count, const warp_style *s, uint8_t *to)
{
    /* The constant lets the compiler unroll the channels. */
    if (s->filter == WARP_NEAREST)
        in->channels == 3 ? nearest(in, p, count, s->fill, 3, to) : nearest(in, p, count, s->fill, 1, to);
    else
        in->channels == 3 ? bilinear(in, p, count, s->fill, 3, to) : bilinear(in, p, count, s->fill, 1, to);
}

/* What a map knows: where the results (x..., y) come from. */
typedef void (*find)(const void *map, const image *in, int64_t x, int64_t y, int count, places *p);

static const warp_style plain = {WARP_NEAREST, {0}};

/* The picture as it was, in space->spare[0]. */
static fv_status keep(const image *im, image_space *space)
{
    STATUS_TRY(image_reshape(&space->spare[0], im->height, im->width, im->channels));
    memcpy(space->spare[0].data, im->data, (size_t)(im->height * im->width * im->channels));
    return FV_OK;
}

static fv_status warp(image *im, find where, const void *map, const warp_style *style, image_space *space)
{
    STATUS_TRY(keep(im, space));
    uint8_t *to = im->data;
    for (int64_t y = 0; y < im->height; y++)
        for (int64_t x = 0; x < im->width; x += RUN) {
            places p;
            int count = (int)(im->width - x < RUN ? im->width - x : RUN);
            where(map, &space->spare[0], x, y, count, &p);
            look_up(&space->spare[0], &p, count, style ? style : &plain, to);
            to += count * im->channels;
        }
    return FV_OK;
}

static void find_affine(const void *map, const image *in, int64_t x, int64_t y, int count, places *p)
{
    (void)in;
    const double *m = map;
    double v = (double)y + 0.5;
    for (int i = 0; i < count; i++) {
        double u = (double)(x + i) + 0.5;
        p->x[i] = m[0] * u + m[1] * v + m[2];
        p->y[i] = m[3] * u + m[4] * v + m[5];
    }
}

/* Pillow works out the places for nearest in steps of 1/65536 of a pixel; so do we, to get the same pixels. Beyond 2^24 pixels
 * everything lies outside. */
static int64_t fixed(double v)
{
    return (int64_t)floor(fmin(fmax(v, -0x1p24), 0x1p24) * 65536 + 0.5);
}

static void find_fixed(const void *map, const image *in, int64_t x, int64_t y, int count, places *p)
{
    (void)in;
    const double *m = map;
    int64_t dx = fixed(m[0]), dy = fixed(m[3]);
    int64_t u = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5) + y * fixed(m[1]) + x * dx,
            v = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5) + y * fixed(m[4]) + x * dy;
    for (int i = 0; i < count; i++, u += dx, v += dy) {
        p->x[i] = (double)u * 0x1p-16;
        p->y[i] = (double)v * 0x1p-16;
    }
}

fv_status warp_affine(image *im, const double m[6], const warp_style *style, image_space *space)
{
    bool turned = m[1] != 0 || m[3] != 0, whole = !style || style->filter == WARP_NEAREST;
    return warp(im, turned && whole ? find_fixed : find_affine, m, style, space);
}

static void find_perspective(const void *map, const image *in, int64_t x, int64_t y, int count, places *p)
{
    (void)in;
    const double *c = map;
    double v = (double)y + 0.5;
    for (int i = 0; i < count; i++) {
        double u = (double)(x + i) + 0.5, d = c[6] * u + c[7] * v + 1;
        p->x[i] = (c[0] * u + c[1] * v + c[2]) / d;
        p->y[i] = (c[3] * u + c[4] * v + c[5]) / d;
    }
}

fv_status warp_perspective(image *im, const double c[8], const warp_style *style, image_space *space)
{
    return warp(im, find_perspective, c, style, space);
}

static void find_field(const void *map, const image *in, int64_t x, int64_t y, int count, places *p)
{
    const float *const *field = map;
    const float *dx = field[0] + y * in->width + x, *dy = field[1] + y * in->width + x;
    for (int i = 0; i < count; i++) {
        p->x[i] = (double)(x + i) + 0.5 + (double)dx[i];
        p->y[i] = (double)y + 0.5 + (double)dy[i];
    }
}

fv_status warp_field(image *im, const float *dx, const float *dy, const warp_style *style, image_space *space)
{
    return warp(im, find_field, (const float *const[]){dx, dy}, style, space);
}

/* A quarter turn is exact: cosines are rounded to 15 places, as Pillow does. */
static double places15(double v)
{
    return round(v * 1e15) / 1e15;
}

fv_status warp_rotate(image *im, double degrees, const warp_style *style, image_space *space)
{
    double angle = fmod(degrees, 360) * M_PI / 180, c = places15(cos(angle)), s = places15(sin(angle));
    double x = (double)im->width / 2, y = (double)im->height / 2;
    double m[6] = {c, -s, x - c * x + s * y, s, c, y - s * x - c * y};
    return warp_affine(im, m, style, space);
}

fv_status warp_shear_x(image *im, double slope, const warp_style *style, image_space *space)
{
    return warp_affine(im, (const double[6]){1, slope, 0, 0, 1, 0}, style, space);
}

fv_status warp_shear_y(image *im, double slope, const warp_style *style, image_space *space)
{
    return warp_affine(im, (const double[6]){1, 0, 0, slope, 1, 0}, style, space);
}

fv_status warp_translate_x(image *im, int64_t pixels, const warp_style *style, image_space *space)
{
    return warp_affine(im, (const double[6]){1, 0, -(double)pixels, 0, 1, 0}, style, space);
}

fv_status warp_translate_y(image *im, int64_t pixels, const warp_style *style, image_space *space)
{
    return warp_affine(im, (const double[6]){1, 0, 0, 0, 1, -(double)pixels}, style, space);
}

/*
 * The inverse of T C R C^-1, where T moves, C moves the middle to the origin, and R = rotation . scale . shear_y . shear_x, with
 * shear_x = [1, -tan x; 0, 1] and shear_y = [1, 0; -tan y, 1].
 */
void warp_matrix(int64_t height, int64_t width, const warp_move *move, double m[6])
{
    double rotation = move->degrees * M_PI / 180, sx = move->shear[0] * M_PI / 180,
           sy = move->shear[1] * M_PI / 180;
    double a = cos(rotation - sy) / cos(sy), b = -a * tan(sx) - sin(rotation);
    double c = sin(rotation - sy) / cos(sy), d = -c * tan(sx) + cos(rotation);
    double x = (double)width * 0.5, y = (double)height * 0.5;
    m[0] = d / move->scale;
    m[1] = -b / move->scale;
    m[3] = -c / move->scale;
    m[4] = a / move->scale;
    m[2] = m[0] * (-x - move->translate[0]) + m[1] * (-y - move->translate[1]) + x;
    m[5] = m[3] * (-x - move->translate[0]) + m[4] * (-y - move->translate[1]) + y;
}

/* Gauss-Jordan elimination with partial pivoting of 8 equations; the last column holds the right sides. */
static bool solve(double a[8][9])
{
    for (int i = 0; i < 8; i++) {
        int best = i;
        for (int r = i + 1; r < 8; r++)
            if (fabs(a[r][i]) > fabs(a[best][i]))
                best = r;
        if (fabs(a[best][i]) < 1e-9)
            return false;
        for (int k = 0; k < 9; k++) {
            double t = a[i][k];
            a[i][k] = a[best][k];
            a[best][k] = t;
        }
        for (int r = 0; r < 8; r++) {
            double factor = a[r][i] / a[i][i];
            for (int k = i; r != i && k < 9; k++)
                a[r][k] -= factor * a[i][k];
        }
    }
    return true;
}

bool warp_coefficients(const double from[4][2], const double to[4][2], double c[8])
{
    double a[8][9];
    for (int i = 0; i < 4; i++) {
        double x = to[i][0], y = to[i][1], u = from[i][0], v = from[i][1];
        memcpy(a[2 * i], (const double[9]){x, y, 1, 0, 0, 0, -u * x, -u * y, u}, sizeof a[0]);
        memcpy(a[2 * i + 1], (const double[9]){0, 0, 0, x, y, 1, -v * x, -v * y, v}, sizeof a[0]);
    }
    if (!solve(a))
        return false;
    for (int i = 0; i < 8; i++)
        c[i] = a[i][8] / a[i][i];
    return true;
}
