/* SPDX-License-Identifier: Apache-2.0 */
/* The calls, one function a kind of operation. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "convert/csource/csource.h"
#include "core/memory.h"

/* ---- activations ---- */

const char *csource_bounds(const op *o)
{
    return o->a.activation == FV_RELU    ? "0, FLT_MAX"
           : o->a.activation == FV_RELU6 ? "0, 6"
                                         : "-FLT_MAX, FLT_MAX";
}

static const char *const curves[] = {
    [FV_LEAKY_RELU] = "leaky_relu",
    [FV_GELU] = "gelu",
    [FV_SILU] = "silu",
    [FV_HARD_SWISH] = "hard_swish",
    [FV_SIGMOID] = "sigmoid",
    [FV_TANH] = "hyperbolic_tangent",
    [FV_SOFTMAX] = NULL,
    [FV_HARD_SIGMOID] = "hard_sigmoid",
    [FV_GELU_TANH] = "gelu_tanh",
};

static const char *curve_of(const op *o)
{
    size_t kind = (size_t)o->a.activation;
    return kind < sizeof curves / sizeof *curves ? curves[kind] : NULL;
}

static void apply_curve(csource *s, const op *o, const char *x, const char *y)
{
    int64_t count = shape_count(&s->graph->values[o->outputs[0]].shape);
    csource_use(s, curve_of(o));
    text_add(&s->calls, "    %s(%" PRId64 ", ", curve_of(o), count);
    if (o->a.activation == FV_LEAKY_RELU)
        csource_number_add(&s->calls, o->a.alpha);
    text_add(&s->calls, "%s%s, %s);\n", o->a.activation == FV_LEAKY_RELU ? ", " : "", x, y);
}

fv_status csource_activation(csource *s, const op *o)
{
    char y[CSOURCE_NAME_MAX];
    csource_value(s, o->outputs[0], y);
    if (o->a.activation == FV_SOFTMAX)
        return export_unsupported(o, "C source", "a softmax is an operation of its own");
    if (curve_of(o))
        apply_curve(s, o, y, y);
    return FV_OK;
}

static fv_status activation(csource *s, const op *o)
{
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    csource_value(s, o->inputs[0], x);
    csource_value(s, o->outputs[0], y);
    if (curve_of(o)) {
        apply_curve(s, o, x, y);
        return FV_OK;
    }
    csource_use(s, "bound");
    text_add(&s->calls, "    bound(%" PRId64 ", %s, %s, %s);\n",
             shape_count(&s->graph->values[o->outputs[0]].shape), csource_bounds(o), x, y);
    return FV_OK;
}

/* ---- places and channels ---- */

static int64_t channels_of(const shape *s)
{
    return s->d[s->rank - 1];
}

static int64_t places_of(const shape *s)
{
    return shape_count(s) / channels_of(s);
}

/* A call of what takes places, channels, x and y. */
static fv_status of_places(csource *s, const op *o, const char *part)
{
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    const shape *sides = &s->graph->values[o->inputs[0]].shape;
    csource_use(s, part);
    text_add(&s->calls, "    %s(%" PRId64 ", %" PRId64 ", %s, %s);\n", part, places_of(sides),
             channels_of(sides), csource_value(s, o->inputs[0], x), csource_value(s, o->outputs[0], y));
    return FV_OK;
}

static fv_status softmax(csource *s, const op *o)
{
    return of_places(s, o, "softmax");
}

static fv_status global_average_pool2d(csource *s, const op *o)
{
    return of_places(s, o, "global_average_pool2d");
}

static fv_status normalize(csource *s, const op *o)
{
    char y[CSOURCE_NAME_MAX];
    const shape *sides = &s->graph->values[o->outputs[0]].shape;
    int n = (int)++s->array_count;
    csource_array(s, "mean", o->a.mean, channels_of(sides));
    csource_array(s, "std", o->a.std, channels_of(sides));
    csource_use(s, "normalize");
    text_add(&s->calls, "    normalize(%" PRId64 ", %" PRId64 ", %d, pixels, mean_%d, std_%d, %s);\n",
             places_of(sides), channels_of(sides), o->a.reverse != 0, n, n,
             csource_value(s, o->outputs[0], y));
    return FV_OK;
}

static fv_status batch_norm(csource *s, const op *o)
{
    char x[CSOURCE_NAME_MAX], residual[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    const shape *sides = &s->graph->values[o->inputs[0]].shape;
    int64_t channels = channels_of(sides);
    float *scale = mem_array((size_t)channels, sizeof *scale),
          *shift = mem_array((size_t)channels, sizeof *shift);
    int n = (int)++s->array_count;
    fv_status status = scale && shift ? FV_OK : status_last();
    if (status == FV_OK) {
        export_scale_shift(s->network, o, scale, shift);
        csource_array(s, "scale", scale, channels);
        csource_array(s, "shift", shift, channels);
        csource_use(s, "scale_shift");
        text_add(&s->calls,
                 "    scale_shift(%" PRId64 ", %" PRId64 ", %s, scale_%d, shift_%d, %s, %s, %s);\n",
                 places_of(sides), channels, csource_value(s, o->inputs[0], x), n, n,
                 csource_value(s, op_input(o, 5), residual), csource_bounds(o),
                 csource_value(s, o->outputs[0], y));
        status = csource_activation(s, o);
    }
    free(scale);
    free(shift);
    return status;
}

/* ---- two pictures ---- */

/* Height, width and channels; the batch is one picture. */
static void picture_sides(const shape *s, int64_t sides[3])
{
    for (int i = 0; i < 3; i++) {
        int k = s->rank - 3 + i;
        sides[i] = k >= (s->rank == 4) && k < s->rank ? s->d[k] : 1;
    }
}

/* How far apart neighbours are in an operand of these sides: 0 where it is repeated. */
static void steps_of(const int64_t own[3], int64_t steps[3])
{
    int64_t step = 1;
    for (int i = 2; i >= 0; i--) {
        steps[i] = own[i] == 1 ? 0 : step;
        step *= own[i];
    }
}

static fv_status two(csource *s, const op *o)
{
    bool adds = o->kind == OP_ADD;
    char a[CSOURCE_NAME_MAX], b[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    int64_t sides[3], own[3], steps[2][3];
    picture_sides(&s->graph->values[o->outputs[0]].shape, sides);
    for (int i = 0; i < 2; i++) {
        picture_sides(&s->graph->values[o->inputs[i]].shape, own);
        steps_of(own, steps[i]);
    }
    csource_value(s, o->inputs[0], a);
    csource_value(s, o->inputs[1], b);
    csource_value(s, o->outputs[0], y);
    int n = (int)++s->array_count;
    text_add(&s->constants,
             "static const pairs pairs_%d = {.sides = {%" PRId64 ", %" PRId64 ", %" PRId64 "}, .a = {%" PRId64
             ", %" PRId64 ", %" PRId64 "}, .b = {%" PRId64 ", %" PRId64 ", %" PRId64 "}};\n",
             n, sides[0], sides[1], sides[2], steps[0][0], steps[0][1], steps[0][2], steps[1][0], steps[1][1],
             steps[1][2]);
    csource_use(s, adds ? "add" : "multiply");
    text_add(&s->calls, "    %s(&pairs_%d, %s, %s, %s%s%s);\n", adds ? "add" : "multiply", n, a, b,
             adds ? csource_bounds(o) : "", adds ? ", " : "", y);
    return adds ? csource_activation(s, o) : FV_OK;
}

/* ---- what only moves numbers ---- */

static void copy_columns(csource *s, const char *x, const char *y, int64_t rows, int64_t columns, int64_t to)
{
    csource_use(s, "copy_columns");
    text_add(&s->calls, "    copy_columns(%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %s, %s);\n",
             rows, columns, columns, to, x, y);
}

static fv_status concat(csource *s, const op *o)
{
    const shape *all = &s->graph->values[o->outputs[0]].shape;
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX], part[CSOURCE_NAME_MAX + 32];
    int64_t first = 0;
    csource_value(s, o->outputs[0], y);
    for (int k = 0; k < o->input_count; k++) {
        int64_t columns = channels_of(&s->graph->values[o->inputs[k]].shape);
        snprintf(part, sizeof part, "%s + %" PRId64, y, first);
        copy_columns(s, csource_value(s, o->inputs[k], x), part, places_of(all), columns, channels_of(all));
        first += columns;
    }
    return FV_OK;
}

static void copy_block(csource *s, const int64_t sides[3], const int64_t from[3], const int64_t to[3],
                       const char *x, const char *y)
{
    int n = (int)++s->array_count;
    csource_use(s, "copy_block");
    text_add(&s->constants,
             "static const int sides_%d[] = {%" PRId64 ", %" PRId64 ", %" PRId64 "}, from_%d[] = {%" PRId64
             ", %" PRId64 "}, to_%d[] = {%" PRId64 ", %" PRId64 "};\n",
             n, sides[0], sides[1], sides[2], n, from[1] * from[2], from[2], n, to[1] * to[2], to[2]);
    text_add(&s->calls, "    copy_block(sides_%d, from_%d, to_%d, %s, %s);\n", n, n, n, x, y);
}

/* Of a picture of `sides`, what lies behind the first `before` of each. */
static int64_t offset_of(const op *o, int rank, const int64_t sides[3])
{
    int64_t before[3] = {0};
    for (int i = 0; i < 3; i++) {
        int k = rank - 3 + i;
        before[i] = k >= 1 ? o->a.before[k] : 0;
    }
    return (before[0] * sides[1] + before[1]) * sides[2] + before[2];
}

static fv_status pad_or_crop(csource *s, const op *o)
{
    const shape *in = &s->graph->values[o->inputs[0]].shape, *out = &s->graph->values[o->outputs[0]].shape;
    bool pads = o->kind == OP_PAD;
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX], from[CSOURCE_NAME_MAX + 32], to[CSOURCE_NAME_MAX + 32];
    int64_t small[3], large[3];
    if (o->a.before[0] || o->a.after[0])
        return export_unsupported(o, "C source", "it changes the number of pictures");
    picture_sides(pads ? in : out, small);
    picture_sides(pads ? out : in, large);
    int64_t offset = offset_of(o, in->rank, large);
    csource_value(s, o->inputs[0], x);
    csource_value(s, o->outputs[0], y);
    snprintf(from, sizeof from, "%s + %" PRId64, x, pads ? 0 : offset);
    snprintf(to, sizeof to, "%s + %" PRId64, y, pads ? offset : 0);
    if (pads) {
        csource_use(s, "fill_zeros");
        text_add(&s->calls, "    fill_zeros(%" PRId64 ", %s);\n", shape_count(out), y);
    }
    copy_block(s, small, pads ? small : large, pads ? large : small, from, to);
    return FV_OK;
}

static fv_status shuffle(csource *s, const op *o)
{
    const shape *sides = &s->graph->values[o->inputs[0]].shape;
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    csource_use(s, "shuffle");
    text_add(&s->calls, "    shuffle(%" PRId64 ", %" PRId64 ", %" PRId64 ", %s, %s);\n", places_of(sides),
             o->a.groups, channels_of(sides) / o->a.groups, csource_value(s, o->inputs[0], x),
             csource_value(s, o->outputs[0], y));
    return FV_OK;
}

static fv_status reshape(csource *s, const op *o)
{
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    int64_t count = shape_count(&s->graph->values[o->outputs[0]].shape);
    copy_columns(s, csource_value(s, o->inputs[0], x), csource_value(s, o->outputs[0], y), 1, count, count);
    return FV_OK;
}

/* Between (H, W, C) and (C, H, W). */
static fv_status flatten(csource *s, const op *o)
{
    bool flattens = o->kind == OP_FLATTEN;
    const shape *picture = &s->graph->values[flattens ? o->inputs[0] : o->outputs[0]].shape;
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    int64_t places = places_of(picture), channels = channels_of(picture);
    csource_use(s, "transpose");
    text_add(&s->calls, "    transpose(%" PRId64 ", %" PRId64 ", %s, %s);\n", flattens ? places : channels,
             flattens ? channels : places, csource_value(s, o->inputs[0], x),
             csource_value(s, o->outputs[0], y));
    return FV_OK;
}

/* ---- the table ---- */

static fv_status (*const writers[OP_KIND_COUNT])(csource *s, const op *o) = {
    [OP_NORMALIZE] = normalize,
    [OP_CONV2D] = csource_conv2d,
    [OP_DENSE] = csource_dense,
    [OP_MAX_POOL2D] = csource_max_pool2d,
    [OP_AVERAGE_POOL2D] = csource_average_pool2d,
    [OP_GLOBAL_AVERAGE_POOL2D] = global_average_pool2d,
    [OP_BATCH_NORM_INFERENCE] = batch_norm,
    [OP_ACTIVATION] = activation,
    [OP_SOFTMAX] = softmax,
    [OP_ADD] = two,
    [OP_MULTIPLY] = two,
    [OP_CONCAT] = concat,
    [OP_PAD] = pad_or_crop,
    [OP_CROP] = pad_or_crop,
    [OP_SHUFFLE] = shuffle,
    [OP_RESHAPE] = reshape,
    [OP_FLATTEN] = flatten,
    [OP_UNFLATTEN] = flatten,
};

fv_status csource_operation(csource *s, const op *o)
{
    char text[64];
    const shape *y = &s->graph->values[o->outputs[0]].shape;
    if (!writers[o->kind])
        return export_unsupported(o, "C source", NULL);
    if (csource_is_view(s, o))
        return FV_OK;
    text_add(&s->calls, "    /* ");
    csource_comment(&s->calls, o->name ? o->name : "?");
    text_add(&s->calls, ": %s to ", op_info_of(o->kind)->name);
    shape picture = {y->rank - 1, {0}};
    for (int i = 1; i < y->rank; i++)
        picture.d[i - 1] = y->d[i];
    text_add(&s->calls, "%s */\n", shape_text(&picture, text));
    return writers[o->kind](s, o);
}
