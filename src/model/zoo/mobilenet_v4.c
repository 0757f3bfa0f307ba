/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MobileNetV4 (Qin et al. 2024), the small one of convolutions alone, tensors as timm names them: inverted residuals with a depthwise
 * convolution before the expansion, after it, or both.
 */
#include "model/zoo.h"

typedef struct bottleneck {
    int64_t start, middle; /* kernels of the depthwise convolutions; 0: none */
    int64_t expanded, out, stride;
} bottleneck;

static fv_node *norm(fv_node *x, fv_activation_kind activation, const char *name)
{
    return fv_batch_norm(x, .activation = activation, .name = name);
}

static fv_node *conv_norm(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                          fv_activation_kind activation, const char *name)
{
    x = zoo_conv(x, filters, kernel, stride, groups, zoo_name("%s.conv", name).text);
    return norm(x, activation, zoo_name("%s.bn", name).text);
}

static fv_node *inverted(fv_node *x, int64_t in, const bottleneck *b, const char *name)
{
    fv_node *y = x;
    if (b->start)
        y = conv_norm(y, in, b->start, b->middle ? 1 : b->stride, in, FV_LINEAR,
                      zoo_name("%s.dw_start", name).text);
    y = conv_norm(y, b->expanded, 1, 1, 1, FV_RELU, zoo_name("%s.pw_exp", name).text);
    if (b->middle)
        y = conv_norm(y, b->expanded, b->middle, b->stride, b->expanded, FV_RELU,
                      zoo_name("%s.dw_mid", name).text);
    y = conv_norm(y, b->out, 1, 1, 1, FV_LINEAR, zoo_name("%s.pw_proj", name).text);
    return b->stride == 1 && in == b->out ? fv_add(x, y) : y;
}

/* A plain convolution as a block. */
static fv_node *plain(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, const char *name)
{
    x = zoo_conv(x, filters, kernel, stride, 1, zoo_name("%s.conv", name).text);
    return norm(x, FV_RELU, zoo_name("%s.bn1", name).text);
}

static const bottleneck blocks[2][6] = {
    {{5, 5, 192, 96, 2},
     {0, 3, 192, 96, 1},
     {0, 3, 192, 96, 1},
     {0, 3, 192, 96, 1},
     {0, 3, 192, 96, 1},
     {3, 0, 384, 96, 1}},
    {{3, 3, 576, 128, 2},
     {5, 5, 512, 128, 1},
     {0, 5, 512, 128, 1},
     {0, 5, 384, 128, 1},
     {0, 3, 512, 128, 1},
     {0, 3, 512, 128, 1}},
};

/* A hidden layer with batch norm over the means, as a convolution of one pixel. */
static fv_node *head(fv_node *x, const fv_network_options *o)
{
    int64_t height = (o->height + 31) / 32, width = (o->width + 31) / 32;
    x = fv_average_pool2d(x, .size_h = height, .size_w = width);
    x = norm(zoo_conv(x, 1280, 1, 1, 1, "conv_head"), FV_RELU, "norm_head");
    x = zoo_dropout(fv_flatten(x), o, 0);
    return fv_dense(x, .units = o->classes, .name = "classifier");
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    (void)n;
    fv_node *x = norm(zoo_conv(fv_input(m), 32, 3, 2, 1, "conv_stem"), FV_RELU, "bn1");
    x = plain(plain(x, 32, 3, 2, "blocks.0.0"), 32, 1, 1, "blocks.0.1");
    x = plain(plain(x, 96, 3, 2, "blocks.1.0"), 64, 1, 1, "blocks.1.1");
    int64_t channels = 64;
    for (int stage = 0; stage < 2; stage++)
        for (int i = 0; i < 6; i++) {
            x = inverted(x, channels, &blocks[stage][i], zoo_name("blocks.%d.%d", stage + 2, i).text);
            channels = blocks[stage][i].out;
        }
    fv_output(head(plain(x, 960, 1, 1, "blocks.4.0"), o));
}

const zoo_network zoo_mobilenet_v4[] = {
    {.entry = {"mobilenetv4_conv_small", "inverted residuals with two depthwise convolutions for photos", 224,
               224, 3, 1000, 3774024, 186005568, ZOO_IMAGENET, .crop_fraction = 0.875f,
               .interpolation = FV_BICUBIC, .paper = "Qin et al. 2024, arXiv:2404.10518"},
     .build = build},
    {.build = NULL},
};
