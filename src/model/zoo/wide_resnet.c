/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wide ResNets for pictures of about 32 pixels (Zagoruyko & Komodakis 2016): norm and ReLU before each convolution, 3 stages with
 * 16, 32 and 64 times the width. Where a block changes shape, its shortcut is a 1x1 convolution of the normalised input.
 */
#include <stdio.h>
#include <string.h>

#include "model/zoo.h"

static fv_node *norm(fv_node *x, const char *name)
{
    return fv_batch_norm(x, .activation = FV_RELU, .name = name);
}

static fv_node *block(fv_node *x, int64_t filters, int64_t stride, bool changes, const char *name)
{
    fv_node *y = norm(x, zoo_name("%s.bn1", name).text);
    if (changes)
        x = zoo_conv(y, filters, 1, stride, 1, zoo_name("%s.convShortcut", name).text);
    y = zoo_conv(y, filters, 3, stride, 1, zoo_name("%s.conv1", name).text);
    y = norm(y, zoo_name("%s.bn2", name).text);
    return fv_add(x, zoo_conv(y, filters, 3, 1, 1, zoo_name("%s.conv2", name).text));
}

/* wide_resnetDEPTH_WIDTH: 6 n + 4 layers, 1 to 40 times as wide. */
static bool read_name(const char *name, int *depth, int *width)
{
    int end = 0;
    if (sscanf(name, "wide_resnet%4d_%2d%n", depth, width, &end) != 2 || name[end])
        return false;
    return strcmp(name, zoo_name("wide_resnet%d_%d", *depth, *width).text) == 0 && *depth >= 10 &&
           *depth % 6 == 4 && *width >= 1 && *width <= 40;
}

static bool takes(const char *name)
{
    int depth, width;
    return read_name(name, &depth, &width);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    int depth = 0, width = 0;
    (void)n;
    read_name(o->name, &depth, &width);
    fv_node *x = zoo_conv(fv_input(m), 16, 3, 1, 1, "conv1");
    for (int stage = 1; stage <= 3; stage++)
        for (int i = 0; i < (depth - 4) / 6; i++)
            x = block(x, (int64_t)(8 << stage) * width, stage > 1 && i == 0 ? 2 : 1,
                      i == 0 && (stage > 1 || width > 1), zoo_name("block%d.layer.%d", stage, i).text);
    x = zoo_dropout(fv_global_average_pool2d(norm(x, "bn1")), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc"));
}

#define WIDE_RESNET(DEPTH, WIDTH, PARAMETERS, MULTIPLY_ADDS)                                                 \
    {                                                                                                        \
        .entry = {"wide_resnet" #DEPTH "_" #WIDTH,                                                           \
                  "residual network, " #DEPTH " layers, " #WIDTH " times as wide",                           \
                  32,                                                                                        \
                  32,                                                                                        \
                  3,                                                                                         \
                  10,                                                                                        \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  .paper = "Zagoruyko & Komodakis 2016, arXiv:1605.07146"},                                  \
        .build = build, .takes = takes                                                                       \
    }

const zoo_network zoo_wide_resnet[] = {
    WIDE_RESNET(16, 4, 2748890, 392612352),
    WIDE_RESNET(28, 10, 36479194, 5243328768),
    {.build = NULL},
};
