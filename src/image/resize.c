/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Separable resampling with antialiasing, in the arithmetic of Pillow's 8-bit Image.resize: the filter is
 * widened by the factor of reduction, its weights are normalised and rounded to fixed point, and the first
 * pass is rounded to 8 bits before the second.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/resample.h"
#include "image/resize.h"

/* Whole numbers up to here are exact in single precision, in which the box is kept. */
enum {
    MAX_SIDE = 1 << 24
};

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.5: Catmull-Rom. */
static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

/* Lanczos, "Evaluation of noisy data" (1964): a sinc windowed by the middle lobe of a wider one. */
static double lanczos(double x)
{
    if (x == 0)
        return 1;
    if (x < -3 || x >= 3)
        return 0;
    double y = x * M_PI;
    return sin(y) / y * (sin(y / 3) / (y / 3));
}

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static const struct filter {
    double (*weight)(double x);
    double support;
} filters[] = {[FV_BILINEAR] = {triangle, 1},
               [FV_BICUBIC] = {cubic, 2},
               [FV_LANCZOS] = {lanczos, 3},
               [FV_BOX] = {box, 0.5}};

/* Kept for the next picture, which often has the same geometry. */
typedef struct axis {
    resample_axis of;
    const struct filter *filter; /* NULL: not valid */
    double from, to;
    double *exact;   /* (taps) */
    size_t capacity; /* bytes of the block that begins with `exact` and holds all of them */
} axis;

struct resize_memory {
    const resample_kernels *kernels;
    axis horizontal, vertical;
    image middle; /* between the passes */
};

void resize_memory_destroy(resize_memory *m)
{
    if (!m)
        return;
    free(m->horizontal.exact);
    free(m->vertical.exact);
    image_release(&m->middle);
    free(m);
}

/* The weights of the output at `center`. */
static void axis_fill(axis *a, int64_t i, double center, double widening)
{
    const struct filter *f = a->filter;
    resample_axis *of = &a->of;
    double *k = a->exact;
    double support = f->support * widening, scale = 1 / widening, sum = 0;
    int64_t first = (int64_t)(center - support + 0.5), end = (int64_t)(center + support + 0.5);
    first = first < 0 ? 0 : first;
    end = end > of->inputs ? of->inputs : end;
    int64_t count = end - first;
    for (int64_t t = 0; t < count; t++)
        sum += k[t] = f->weight(((double)(t + first) - center + 0.5) * scale);
    for (int64_t t = 0; t < count; t++) {
        double w = (sum != 0 ? k[t] / sum : k[t]) * (1 << RESAMPLE_PRECISION);
        of->weights[i * of->taps + t] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
    }
    of->first[i] = (int32_t)first;
    of->count[i] = (int32_t)count;
}

/* Places the arrays of an axis of `outputs` and `taps` in its block, which grows when it is too small. */
static fv_status axis_reserve(axis *a, int64_t outputs, int64_t taps)
{
    int64_t places;
    if (__builtin_mul_overflow(outputs, taps, &places) || places > INT32_MAX)
        return status_set(FV_ERROR_INVALID, "a picture cannot be resized to %lld pixels", (long long)outputs);
    size_t bytes = (size_t)taps * sizeof *a->exact + (size_t)(2 * outputs + places) * sizeof *a->of.first;
    if (bytes > a->capacity) {
        double *block = mem_array(bytes, 1);
        if (!block)
            return status_last();
        free(a->exact);
        a->exact = block;
        a->capacity = bytes;
    }
    a->of.outputs = outputs;
    a->of.taps = taps;
    a->of.first = (int32_t *)(a->exact + taps);
    a->of.count = a->of.first + outputs;
    a->of.weights = a->of.count + outputs;
    return FV_OK;
}

static fv_status axis_set(axis *a, const struct filter *f, int64_t inputs, double from, double to,
                          int64_t outputs)
{
    if (a->filter == f && a->of.inputs == inputs && a->of.outputs == outputs && a->from == from &&
        a->to == to)
        return FV_OK;
    double step = (to - from) / (double)outputs, widening = step < 1 ? 1 : step;
    a->filter = NULL; /* not valid should there be too little memory */
    STATUS_TRY(axis_reserve(a, outputs, (int64_t)ceil(f->support * widening) * 2 + 1));
    a->filter = f;
    a->of.inputs = inputs;
    a->from = from;
    a->to = to;
    for (int64_t i = 0; i < outputs; i++)
        axis_fill(a, i, from + ((double)i + 0.5) * step, widening);
    return FV_OK;
}

/* How many inputs lie between the first and the last that any output reads, both included. */
static int64_t axis_reach(const axis *a)
{
    return a->of.first[a->of.outputs - 1] + a->of.count[a->of.outputs - 1] - a->of.first[0];
}

/* Rows [first, first + out->height) of `in`. */
static void resize_rows(const resize_memory *m, const image *in, int64_t first, image *out)
{
    m->kernels->rows(&m->horizontal.of, in->data + first * in->width * in->channels, out->height,
                     in->channels, out->data);
}

/* `in` begins at row `offset` of the picture that the axis was made for. */
static void resize_columns(const resize_memory *m, const image *in, int64_t offset, image *out)
{
    m->kernels->columns(&m->vertical.of, offset, in->data, in->width * in->channels, out->data);
}

static fv_status check(const image *in, const image_box *b, int64_t height, int64_t width,
                       fv_interpolation interpolation)
{
    if ((unsigned)interpolation >= sizeof filters / sizeof *filters)
        return status_set(FV_ERROR_INVALID, "resize: there is no interpolation %d", (int)interpolation);
    if (!(b->left >= 0 && b->top >= 0 && b->right <= (double)in->width && b->bottom <= (double)in->height &&
          b->left < b->right && b->top < b->bottom))
        return status_set(FV_ERROR_INVALID,
                          "resize: the box %g,%g-%g,%g is not within a picture of %lld x %lld", b->left,
                          b->top, b->right, b->bottom, (long long)in->width, (long long)in->height);
    if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE || in->height > MAX_SIDE ||
        in->width > MAX_SIDE)
        return status_set(FV_ERROR_INVALID, "resize: %lld x %lld to %lld x %lld: a side has 1 to %d pixels",
                          (long long)in->width, (long long)in->height, (long long)width, (long long)height,
                          MAX_SIDE);
    return FV_OK;
}

static bool is_plain(double from, double to, int64_t outputs)
{
    return from == floor(from) && to - from == (double)outputs;
}

/* The order matters for the last bit only, and for bicubic overshoots that the first pass clips. Pillow
 * before version 13 always begins with the rows; from 13 on the columns come first when the height shrinks
 * much more. */
static bool columns_first(const image *in, int64_t frame_height, int64_t frame_width)
{
    return frame_height < in->height && in->height - frame_height > 2 * (in->width - frame_width);
}

/* Both axes change; the first pass makes only the rows that the second reads. */
static fv_status resize_both(resize_memory *m, const image *in, bool vertical_first, image *out)
{
    const axis *vertical = &m->vertical;
    int64_t first = vertical->of.first[0], rows = axis_reach(vertical);
    if (vertical_first) {
        STATUS_TRY(image_reshape(&m->middle, out->height, in->width, in->channels));
        resize_columns(m, in, 0, &m->middle);
        resize_rows(m, &m->middle, 0, out);
    } else {
        STATUS_TRY(image_reshape(&m->middle, rows, out->width, in->channels));
        resize_rows(m, in, first, &m->middle);
        resize_columns(m, &m->middle, first, out);
    }
    return FV_OK;
}

/* Only the height changes: the columns are cut out of the rows that are read, then mixed. */
static fv_status resize_height(resize_memory *m, const image *in, int64_t left, image *out)
{
    const axis *vertical = &m->vertical;
    if (out->width == in->width) {
        resize_columns(m, in, 0, out);
        return FV_OK;
    }
    STATUS_TRY(image_copy_part(
        in,
        &(image_region){
            .top = vertical->of.first[0], .left = left, .height = axis_reach(vertical), .width = out->width},
        &m->middle));
    resize_columns(m, &m->middle, vertical->of.first[0], out);
    return FV_OK;
}

static fv_status resize_with(resize_memory *m, const image *in, const image_box *b, bool vertical_first,
                             const struct filter *f, image *out)
{
    bool keep_columns = is_plain(b->left, b->right, out->width),
         keep_rows = is_plain(b->top, b->bottom, out->height);
    if (!keep_rows)
        STATUS_TRY(axis_set(&m->vertical, f, in->height, b->top, b->bottom, out->height));
    if (!keep_columns)
        STATUS_TRY(axis_set(&m->horizontal, f, in->width, b->left, b->right, out->width));
    if (!keep_rows && !keep_columns)
        return resize_both(m, in, vertical_first, out);
    if (!keep_rows)
        return resize_height(m, in, (int64_t)b->left, out);
    if (keep_columns)
        return image_copy_part(
            in,
            &(image_region){
                .top = (int64_t)b->top, .left = (int64_t)b->left, .height = out->height, .width = out->width},
            out);
    resize_rows(m, in, (int64_t)b->top, out);
    return FV_OK;
}

fv_status resize_part(const image *in, const image_box *box, int64_t height, int64_t width,
                      int64_t frame_height, int64_t frame_width, fv_interpolation interpolation,
                      image_space *space, image *out)
{
    image_space own = {0}, *s = space ? space : &own;
    STATUS_TRY(check(in, box, height, width, interpolation));
    STATUS_TRY(image_reshape(out, height, width, in->channels));
    if (!s->resize && !(s->resize = mem_array(1, sizeof *s->resize)))
        return status_last();
    if (!s->resize->kernels)
        s->resize->kernels = resample_select();
    fv_status status = resize_with(s->resize, in, box, columns_first(in, frame_height, frame_width),
                                   &filters[interpolation], out);
    image_space_release(&own);
    return status;
}

fv_status image_resize(const image *in, const image_box *box, int64_t height, int64_t width,
                       fv_interpolation interpolation, image_space *space, image *out)
{
    image_box b = box ? *box : (image_box){0, 0, (double)in->width, (double)in->height};
    STATUS_TRY(check(in, &b, height, width, interpolation));
    /* Pillow keeps the box and its sides in single precision; so must who wants its results. */
    float left = (float)b.left, top = (float)b.top;
    float box_width = (float)b.right - left, box_height = (float)b.bottom - top;
    b = (image_box){left, top, fmin((double)left + box_width, (double)in->width),
                    fmin((double)top + box_height, (double)in->height)};
    return resize_part(in, &b, height, width, height, width, interpolation, space, out);
}
