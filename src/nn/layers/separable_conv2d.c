/* SPDX-License-Identifier: Apache-2.0 */
/* Separable convolution: depthwise, then 1x1 (Chollet 2017). */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_INT(fv_separable_conv2d_options, filters, NULL, 1, 65536, "output channels"),
    LAYER_INT(fv_separable_conv2d_options, kernel, NULL, 1, 65536, "side of the kernel"),
    LAYER_INT(fv_separable_conv2d_options, kernel_h, NULL, 1, 65536, "height of the kernel"),
    LAYER_INT(fv_separable_conv2d_options, kernel_w, NULL, 1, 65536, "width of the kernel"),
    LAYER_WINDOW_ROWS(fv_separable_conv2d_options),
    LAYER_INT(fv_separable_conv2d_options, dilation, "1", 1, 65536, "distance of the kernel's places"),
    LAYER_INT(fv_separable_conv2d_options, depth_multiplier, "1", 1, 65536, "depthwise filters a channel"),
    LAYER_BOOL(fv_separable_conv2d_options, use_bias, "yes", "add a bias"),
    LAYER_ACTIVATION_ROWS(fv_separable_conv2d_options),
    LAYER_CHOICE(fv_separable_conv2d_options, initializer, choices_initializer, "he_normal",
                 "initial weights"),
    {0}};

static value_id depthwise(layer *l, const fv_separable_conv2d_options *o, int64_t *filters)
{
    op_attributes a = {0};
    window *w = &a.window;
    const int64_t kernel[2] = {o->kernel_h ? o->kernel_h : o->kernel, o->kernel_w ? o->kernel_w : o->kernel};
    const int64_t stride[2] = {o->stride_h ? o->stride_h : o->stride, o->stride_w ? o->stride_w : o->stride};
    if (layer_window(l, w, kernel, stride, o->dilation, o->padding, o->pad) != FV_OK)
        return NO_VALUE;
    w->groups = layer_input_shape(l, 0).d[3];
    *filters = w->groups * (o->depth_multiplier ? o->depth_multiplier : 1);
    value_id weight = layer_parameter(l, "depthwise.weight", shape_4(*filters, 1, kernel[0], kernel[1]),
                                      o->initializer, true);
    return weight == NO_VALUE ? weight
                              : layer_op(l, OP_CONV2D, (value_id[]){layer_input(l, 0), weight}, 2, &a);
}

static value_id build(layer *l, const void *options)
{
    const fv_separable_conv2d_options *o = options;
    int64_t middle;
    if (o->filters < 1) {
        status_set(FV_ERROR_INVALID, "layer %s: give the number of filters", l->name);
        return NO_VALUE;
    }
    value_id x = depthwise(l, o, &middle), weight, bias = NO_VALUE;
    if (x == NO_VALUE || (weight = layer_parameter(l, "pointwise.weight", shape_4(o->filters, middle, 1, 1),
                                                   o->initializer, true)) == NO_VALUE)
        return NO_VALUE;
    if (o->use_bias != FV_OFF && (bias = layer_constant(l, "bias", shape_1(o->filters), 0, true)) == NO_VALUE)
        return NO_VALUE;
    op_attributes a = {.window = {{1, 1}, {1, 1}, {1, 1}, 1, {0}}};
    return layer_activation(l, layer_op(l, OP_CONV2D, (value_id[]){x, weight, bias}, 3, &a), o->activation,
                            o->alpha);
}

const layer_type layer_separable_conv2d = {"separable_conv2d",
                                           "depthwise and 1x1 convolution",
                                           table,
                                           sizeof(fv_separable_conv2d_options),
                                           1,
                                           1,
                                           build};

fv_node *fv_separable_conv2d_with(const fv_separable_conv2d_options *o)
{
    return layer_add(&layer_separable_conv2d, &o->input, 1, o, o->struct_size, o->name);
}
