/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ResNets for photos (He et al. 2015) as torchvision has them: 4 stages of blocks with 64 to 512 filters, 1x1 convolutions where a
 * shortcut changes shape, and the stride of a bottleneck in its 3x3 convolution. Inputs of up to 64 pixels get a first
 * convolution of 3x3 without stride and no pool.
 */
#include "model/zoo.h"

static fv_node *norm(fv_node *x, fv_activation_kind activation, const char *name)
{
    return fv_batch_norm(x, .activation = activation, .name = name);
}

static fv_node *shortcut(fv_node *x, int64_t filters, int64_t stride, const char *name)
{
    x = zoo_conv(x, filters, 1, stride, 1, zoo_name("%s.downsample.0", name).text);
    return norm(x, FV_LINEAR, zoo_name("%s.downsample.1", name).text);
}

static fv_node *basic(fv_node *x, int64_t filters, int64_t stride, bool first, const char *name)
{
    (void)first;
    fv_node *y = zoo_conv(x, filters, 3, stride, 1, zoo_name("%s.conv1", name).text);
    y = norm(y, FV_RELU, zoo_name("%s.bn1", name).text);
    y = zoo_conv(y, filters, 3, 1, 1, zoo_name("%s.conv2", name).text);
    y = norm(y, FV_LINEAR, zoo_name("%s.bn2", name).text);
    return fv_relu(fv_add(y, stride != 1 ? shortcut(x, filters, stride, name) : x));
}

static fv_node *bottleneck(fv_node *x, int64_t filters, int64_t stride, bool first, const char *name)
{
    fv_node *y = zoo_conv(x, filters, 1, 1, 1, zoo_name("%s.conv1", name).text);
    y = norm(y, FV_RELU, zoo_name("%s.bn1", name).text);
    y = zoo_conv(y, filters, 3, stride, 1, zoo_name("%s.conv2", name).text);
    y = norm(y, FV_RELU, zoo_name("%s.bn2", name).text);
    y = zoo_conv(y, 4 * filters, 1, 1, 1, zoo_name("%s.conv3", name).text);
    y = norm(y, FV_LINEAR, zoo_name("%s.bn3", name).text);
    return fv_relu(fv_add(y, first ? shortcut(x, 4 * filters, stride, name) : x));
}

typedef struct variant {
    zoo_block *block;
    int blocks[4];
} variant;

static fv_node *stem(fv_node *x, bool small)
{
    x = norm(zoo_conv(x, 64, small ? 3 : 7, small ? 1 : 2, 1, "conv1"), FV_RELU, "bn1");
    return small ? x : fv_max_pool2d(x, .size = 3, .stride = 2, .padding = FV_EXPLICIT, .pad = {1, 1, 1, 1});
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    fv_node *x = zoo_stages(stem(fv_input(m), zoo_is_small(o)), v->blocks, 4, 64, v->block);
    x = zoo_dropout(fv_global_average_pool2d(x), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc"));
}

#define RESNET(DEPTH, BLOCK, PARAMETERS, MULTIPLY_ADDS, ...)                                                 \
    {                                                                                                        \
        .entry = {"resnet" #DEPTH,                                                                           \
                  "residual network of " #DEPTH " layers for photos",                                        \
                  224,                                                                                       \
                  224,                                                                                       \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  ZOO_IMAGENET,                                                                              \
                  .crop_fraction = 0.875f,                                                                   \
                  .paper = "He et al. 2015, arXiv:1512.03385"},                                              \
        .build = build, .variant = &(const variant)                                                          \
        {                                                                                                    \
            BLOCK, __VA_ARGS__                                                                               \
        }                                                                                                    \
    }

const zoo_network zoo_resnet[] = {
    RESNET(18, basic, 11689512, 1814073344, {2, 2, 2, 2}),
    RESNET(34, basic, 21797672, 3663761408, {3, 4, 6, 3}),
    RESNET(50, bottleneck, 25557032, 4089184256, {3, 4, 6, 3}),
    RESNET(101, bottleneck, 44549160, 7801405440, {3, 4, 23, 3}),
    {.build = NULL},
};
