/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ResNet-20 for CIFAR-10 (He et al. 2015, section 4.2): 3 stages of 3 blocks with 16, 32 and 64 filters. Shortcuts that change
 * shape are option A: every second pixel, and zeros for the new channels, half of them on each side.
 */
#include <stdio.h>

#include "model/zoo.h"

static fv_node *conv(fv_node *x, int64_t filters, int64_t stride, const char *name)
{
    return fv_conv2d(x, .filters = filters, .kernel = 3, .stride = stride, .padding = FV_SAME,
                     .use_bias = FV_OFF, .name = name);
}

static fv_node *block(fv_node *x, int64_t filters, int64_t stride, const char *name)
{
    char full[64];
    fv_node *shortcut = x;
    snprintf(full, sizeof full, "%s.conv1", name);
    x = conv(x, filters, stride, full);
    snprintf(full, sizeof full, "%s.bn1", name);
    x = fv_batch_norm(x, .activation = FV_RELU, .name = full);
    snprintf(full, sizeof full, "%s.conv2", name);
    x = conv(x, filters, 1, full);
    snprintf(full, sizeof full, "%s.bn2", name);
    x = fv_batch_norm(x, .name = full);
    if (stride != 1) {
        shortcut = fv_average_pool2d(shortcut, .size = 1, .stride = stride);
        shortcut = fv_zero_pad2d(shortcut, .channels = {filters / 4, filters / 4});
    }
    return fv_relu(fv_add(x, shortcut));
}

static void build(fv_model *m, const fv_network_options *o)
{
    char name[32];
    fv_node *x = conv(fv_input(m), 16, 1, "conv1");
    x = fv_batch_norm(x, .activation = FV_RELU, .name = "bn1");
    for (int stage = 1; stage <= 3; stage++)
        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof name, "layer%d.%d", stage, i);
            x = block(x, 8 << stage, stage > 1 && i == 0 ? 2 : 1, name);
        }
    x = fv_global_average_pool2d(x);
    if (o->dropout > 0)
        x = fv_dropout(x, .rate = o->dropout);
    fv_output(fv_dense(x, .units = o->classes, .name = "linear"));
}

const zoo_network zoo_resnet20 = {
    .entry = {"resnet20", "residual network of 20 layers for pictures of about 32 pixels", 32, 32, 3, 10},
    .build = build,
    .mean = {0.485f * 255, 0.456f * 255, 0.406f * 255},
    .std = {0.229f * 255, 0.224f * 255, 0.225f * 255},
};
