/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ResNet-18 (He et al. 2015) as torchvision has it: 4 stages of 2 blocks with 64 to 512 filters, 1x1 convolutions where a
 * shortcut changes shape. Inputs of up to 64 pixels get a first convolution of 3x3 without stride and no pool.
 */
#include <stdio.h>

#include "model/zoo.h"

static fv_node *conv(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, const char *name)
{
    int64_t pad = kernel / 2;
    return fv_conv2d(x, .filters = filters, .kernel = kernel, .stride = stride, .padding = FV_EXPLICIT,
                     .pad = {pad, pad, pad, pad}, .use_bias = FV_OFF, .initializer = FV_HE_NORMAL_FAN_OUT,
                     .name = name);
}

static fv_node *block(fv_node *x, int64_t filters, int64_t stride, const char *name)
{
    char full[64];
    fv_node *shortcut = x;
    snprintf(full, sizeof full, "%s.conv1", name);
    x = conv(x, filters, 3, stride, full);
    snprintf(full, sizeof full, "%s.bn1", name);
    x = fv_batch_norm(x, .activation = FV_RELU, .name = full);
    snprintf(full, sizeof full, "%s.conv2", name);
    x = conv(x, filters, 3, 1, full);
    snprintf(full, sizeof full, "%s.bn2", name);
    x = fv_batch_norm(x, .name = full);
    if (stride != 1) {
        snprintf(full, sizeof full, "%s.downsample.0", name);
        shortcut = conv(shortcut, filters, 1, stride, full);
        snprintf(full, sizeof full, "%s.downsample.1", name);
        shortcut = fv_batch_norm(shortcut, .name = full);
    }
    return fv_relu(fv_add(x, shortcut));
}

static fv_node *stem(fv_node *x, int small)
{
    x = conv(x, 64, small ? 3 : 7, small ? 1 : 2, "conv1");
    x = fv_batch_norm(x, .activation = FV_RELU, .name = "bn1");
    return small ? x : fv_max_pool2d(x, .size = 3, .stride = 2, .padding = FV_EXPLICIT, .pad = {1, 1, 1, 1});
}

static void build(fv_model *m, const fv_network_options *o)
{
    char name[32];
    fv_node *x = stem(fv_input(m), o->height <= 64 && o->width <= 64);
    for (int stage = 1; stage <= 4; stage++)
        for (int i = 0; i < 2; i++) {
            snprintf(name, sizeof name, "layer%d.%d", stage, i);
            x = block(x, 32 << stage, stage > 1 && i == 0 ? 2 : 1, name);
        }
    x = fv_global_average_pool2d(x);
    if (o->dropout > 0)
        x = fv_dropout(x, .rate = o->dropout);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc"));
}

const zoo_network zoo_resnet18 = {
    .entry = {"resnet18", "residual network of 18 layers for photos", 224, 224, 3, 1000},
    .build = build,
    .mean = {0.485f * 255, 0.456f * 255, 0.406f * 255},
    .std = {0.229f * 255, 0.224f * 255, 0.225f * 255},
};
