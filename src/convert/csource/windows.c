/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of what has weights or a window. */
#include <inttypes.h>
#include <stdlib.h>

#include "convert/csource/csource.h"
#include "core/memory.h"

enum {
    NARROW = 8 /* groups of fewer outputs would mostly be zeros in blocks of 16 */
};

/* A window's constants as window_N. */
static void add_window(csource *s, const shape *x, const shape *y, const window *w)
{
    text_add(&s->constants,
             "static const window window_%d = {.in = {%" PRId64 ", %" PRId64 ", %" PRId64
             "}, .out = {%" PRId64 ", %" PRId64 ", %" PRId64 "},\n",
             (int)s->array_count, x->d[1], x->d[2], x->d[3], y->d[1], y->d[2], y->d[3]);
    text_add(&s->constants,
             "    .kernel = {%" PRId64 ", %" PRId64 "}, .stride = {%" PRId64 ", %" PRId64
             "}, .dilation = {%" PRId64 ", %" PRId64 "}, .before = {%" PRId64 ", %" PRId64
             "}, .groups = %" PRId64 "};\n",
             w->kernel[0], w->kernel[1], w->stride[0], w->stride[1], w->dilation[0], w->dilation[1],
             w->pad[0], w->pad[2], w->groups > 0 ? w->groups : 1);
}

/* The sides of a convolution's weights (O, I, KH, KW) as they are packed. */
typedef struct filters {
    const float *from;
    int64_t groups, outputs, inputs, area; /* outputs of a group; area: KH * KW */
} filters;

static float filter(const filters *f, int64_t output, int64_t input, int64_t place)
{
    return f->from[(output * f->inputs + input) * f->area + place];
}

/* (group, block, place, input, 16) */
static void pack_blocks(const filters *f, float *to)
{
    for (int64_t g = 0; g < f->groups; g++)
        for (int64_t first = 0; first < f->outputs; first += CSOURCE_BLOCK)
            for (int64_t p = 0; p < f->area; p++)
                for (int64_t i = 0; i < f->inputs; i++)
                    for (int64_t o = first; o < first + CSOURCE_BLOCK; o++)
                        *to++ = o < f->outputs ? filter(f, g * f->outputs + o, i, p) : 0;
}

/* (output, place, input); with one input a group and `place_first` (place, output) */
static void pack_plain(const filters *f, bool place_first, float *to)
{
    int64_t all = f->groups * f->outputs;
    for (int64_t o = 0; o < all; o++)
        for (int64_t p = 0; p < f->area; p++)
            for (int64_t i = 0; i < f->inputs; i++)
                to[place_first ? p * all + o : (o * f->area + p) * f->inputs + i] = filter(f, o, i, p);
}

static int64_t in_blocks(int64_t outputs)
{
    return (outputs + CSOURCE_BLOCK - 1) / CSOURCE_BLOCK * CSOURCE_BLOCK;
}

/* The bias, zeros where there is none, with each group filled up to `width` places. */
static fv_status add_bias(csource *s, const float *bias, const filters *f, int64_t width)
{
    float *padded = mem_array((size_t)(f->groups * width), sizeof *padded);
    if (!padded)
        return status_last();
    for (int64_t g = 0; bias && g < f->groups; g++)
        for (int64_t o = 0; o < f->outputs; o++)
            padded[g * width + o] = bias[g * f->outputs + o];
    csource_array(s, "bias", padded, f->groups * width);
    free(padded);
    return FV_OK;
}

static fv_status add_filters(csource *s, const op *o, const filters *f, const char **part)
{
    bool depthwise = f->inputs == 1 && f->outputs == 1, narrow = f->outputs < NARROW;
    int64_t width = depthwise || narrow ? f->outputs : in_blocks(f->outputs);
    int64_t count = f->groups * width * f->inputs * f->area;
    float *packed = mem_array((size_t)count, sizeof *packed);
    if (!packed)
        return status_last();
    if (depthwise || narrow)
        pack_plain(f, depthwise, packed);
    else
        pack_blocks(f, packed);
    csource_array(s, "weights", packed, count);
    free(packed);
    *part = depthwise ? "depthwise_conv2d" : narrow ? "conv2d_narrow" : "conv2d";
    if (!depthwise && !narrow && f->inputs > s->largest_group)
        s->largest_group = f->inputs;
    return add_bias(s, csource_data(s, o, 2), f, width);
}

/* A convolution, or a dense layer on each place of a picture. */
static fv_status convolve(csource *s, const op *o, const window *w, const filters *f)
{
    const graph *g = s->graph;
    char x[CSOURCE_NAME_MAX], residual[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    const char *part = NULL;
    csource_value(s, o->inputs[0], x);
    csource_value(s, op_input(o, 3), residual);
    csource_value(s, o->outputs[0], y);
    int n = (int)++s->array_count;
    add_window(s, &g->values[o->inputs[0]].shape, &g->values[o->outputs[0]].shape, w);
    STATUS_TRY(add_filters(s, o, f, &part));
    csource_use(s, part);
    text_add(&s->calls, "    %s(&window_%d, %s, weights_%d, bias_%d, %s, %s, %s);\n", part, n, x, n, n,
             residual, csource_bounds(o), y);
    return csource_activation(s, o);
}

fv_status csource_conv2d(csource *s, const op *o)
{
    shape w = s->graph->values[o->inputs[1]].shape;
    filters f = {csource_data(s, o, 1), o->a.window.groups, w.d[0] / o->a.window.groups, w.d[1],
                 w.d[2] * w.d[3]};
    window sides = o->a.window;
    sides.kernel[0] = w.d[2];
    sides.kernel[1] = w.d[3];
    return convolve(s, o, &sides, &f);
}

/* Weights (O, C*H*W) as (H, W, C, O): the order in which a picture's numbers lie. */
static fv_status add_dense_weights(csource *s, const op *o, const shape *picture)
{
    shape w = s->graph->values[o->inputs[1]].shape;
    const float *from = csource_data(s, o, 1);
    int64_t channels = picture->d[3], area = picture->d[1] * picture->d[2];
    float *packed = mem_array((size_t)shape_count(&w), sizeof *packed);
    if (!packed)
        return status_last();
    for (int64_t p = 0; p < area; p++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t k = 0; k < w.d[0]; k++)
                packed[(p * channels + c) * w.d[0] + k] = from[k * w.d[1] + c * area + p];
    csource_array(s, "weights", packed, shape_count(&w));
    free(packed);
    filters f = {.groups = 1, .outputs = w.d[0]};
    return add_bias(s, csource_data(s, o, 2), &f, w.d[0]);
}

/* The picture whose numbers a dense layer reads, through a flatten that moves none. */
static shape picture_of(const csource *s, value_id x)
{
    shape own = s->graph->values[x].shape;
    const op *before = graph_producer(s->graph, x);
    if (own.rank == 2 && before && before->kind == OP_FLATTEN && csource_is_view(s, before))
        return s->graph->values[before->inputs[0]].shape;
    return own.rank == 4 ? own : shape_4(1, 1, 1, shape_count(&own));
}

fv_status csource_dense(csource *s, const op *o)
{
    shape x = s->graph->values[o->inputs[0]].shape, w = s->graph->values[o->inputs[1]].shape;
    if (o->a.each_place && x.rank == 4) {
        window one = {{1, 1}, {1, 1}, {1, 1}, 1, {0}};
        filters f = {csource_data(s, o, 1), 1, w.d[0], w.d[1], 1};
        return convolve(s, o, &one, &f);
    }
    char from[CSOURCE_NAME_MAX], residual[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    shape picture = picture_of(s, o->inputs[0]);
    csource_value(s, o->inputs[0], from);
    csource_value(s, op_input(o, 3), residual);
    csource_value(s, o->outputs[0], y);
    int n = (int)++s->array_count;
    STATUS_TRY(add_dense_weights(s, o, &picture));
    csource_use(s, "dense");
    text_add(&s->calls, "    dense(%" PRId64 ", %" PRId64 ", %s, weights_%d, bias_%d, %s, %s, %s);\n", w.d[1],
             w.d[0], from, n, n, residual, csource_bounds(o), y);
    return csource_activation(s, o);
}

static void pool(csource *s, const op *o, const char *part, const char *more)
{
    char x[CSOURCE_NAME_MAX], y[CSOURCE_NAME_MAX];
    csource_value(s, o->inputs[0], x);
    csource_value(s, o->outputs[0], y);
    s->array_count++;
    add_window(s, &s->graph->values[o->inputs[0]].shape, &s->graph->values[o->outputs[0]].shape,
               &o->a.window);
    csource_use(s, part);
    text_add(&s->calls, "    %s(&window_%d, %s%s, %s);\n", part, (int)s->array_count, more, x, y);
}

fv_status csource_max_pool2d(csource *s, const op *o)
{
    pool(s, o, "max_pool2d", "");
    return FV_OK;
}

fv_status csource_average_pool2d(csource *s, const op *o)
{
    pool(s, o, "average_pool2d", o->a.count_padding ? "1, " : "0, ");
    return FV_OK;
}
