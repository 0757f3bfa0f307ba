/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution: x (N, H, W, C) with weights (filters, C / groups, KH, KW). */
#include <inttypes.h>

#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_INT(fv_conv2d_options, filters, NULL, 1, 65536, "output channels"),
    LAYER_INT(fv_conv2d_options, kernel, NULL, 1, 65536, "side of the kernel"),
    LAYER_INT(fv_conv2d_options, kernel_h, NULL, 1, 65536, "height of the kernel"),
    LAYER_INT(fv_conv2d_options, kernel_w, NULL, 1, 65536, "width of the kernel"),
    LAYER_WINDOW_ROWS(fv_conv2d_options),
    LAYER_INT(fv_conv2d_options, dilation, "1", 1, 65536, "distance of the kernel's places"),
    LAYER_INT(fv_conv2d_options, groups, "1", 1, 65536, "independent groups of channels"),
    LAYER_BOOL(fv_conv2d_options, depthwise, "no", "one group for each input channel"),
    LAYER_BOOL(fv_conv2d_options, use_bias, "yes", "add a bias"),
    LAYER_ACTIVATION_ROWS(fv_conv2d_options),
    LAYER_CHOICE(fv_conv2d_options, initializer, choices_initializer, "he_normal", "initial weights"),
    {0}};

static value_id build(layer *l, const void *options)
{
    const fv_conv2d_options *o = options;
    op_attributes a = {0};
    window *w = &a.window;
    const int64_t kernel[2] = {o->kernel_h ? o->kernel_h : o->kernel, o->kernel_w ? o->kernel_w : o->kernel};
    const int64_t stride[2] = {o->stride_h ? o->stride_h : o->stride, o->stride_w ? o->stride_w : o->stride};
    if (layer_window(l, w, kernel, stride, o->dilation, o->padding, o->pad) != FV_OK)
        return NO_VALUE;
    int64_t channels = layer_input_shape(l, 0).d[3];
    bool depthwise = o->depthwise > 0;
    w->groups = depthwise ? channels : o->groups ? o->groups : 1;
    int64_t filters = o->filters ? o->filters : depthwise ? channels : 0;
    if (filters < 1 || channels % w->groups || filters % w->groups) {
        status_set(FV_ERROR_INVALID,
                   "layer %s: %" PRId64 " filters over %" PRId64
                   " input channels cannot be divided into %" PRId64 " groups",
                   l->name, filters, channels, w->groups);
        return NO_VALUE;
    }
    value_id weight =
        layer_parameter(l, "weight", shape_4(filters, channels / w->groups, w->kernel[0], w->kernel[1]),
                        o->initializer, true);
    value_id bias = NO_VALUE;
    if (weight == NO_VALUE ||
        (o->use_bias != FV_OFF && (bias = layer_constant(l, "bias", shape_1(filters), 0, true)) == NO_VALUE))
        return NO_VALUE;
    value_id y = layer_op(l, OP_CONV2D, (value_id[]){layer_input(l, 0), weight, bias}, 3, &a);
    return layer_activation(l, y, o->activation, o->alpha);
}

const layer_type layer_conv2d = {"conv2d", "convolution", table, sizeof(fv_conv2d_options), 1, 1, build};

fv_node *fv_conv2d_with(const fv_conv2d_options *o)
{
    return layer_add(&layer_conv2d, &o->input, 1, o, o->struct_size, o->name);
}
