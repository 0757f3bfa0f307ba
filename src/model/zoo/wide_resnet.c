/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wide ResNets for pictures of about 32 pixels (Zagoruyko & Komodakis 2016): norm and ReLU before each convolution, 3 stages with
 * 16, 32 and 64 times the width. Where a block changes shape, its shortcut is a 1x1 convolution of the normalised input.
 */
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

typedef struct variant {
    int depth, width;
} variant;

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    fv_node *x = zoo_conv(fv_input(m), 16, 3, 1, 1, "conv1");
    for (int stage = 1; stage <= 3; stage++)
        for (int i = 0; i < (v->depth - 4) / 6; i++)
            x = block(x, (int64_t)(8 << stage) * v->width, stage > 1 && i == 0 ? 2 : 1, i == 0,
                      zoo_name("block%d.layer.%d", stage, i).text);
    x = zoo_dropout(fv_global_average_pool2d(norm(x, "bn1")), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc"));
}

#define WIDE_RESNET(DEPTH, WIDTH, PARAMETERS, MULTIPLY_ADDS)                                                 \
    {                                                                                                        \
        .entry = {"wide_resnet" #DEPTH "_" #WIDTH,                                                           \
                  "residual network of " #DEPTH " layers, " #WIDTH                                           \
                  " times as wide, for pictures of about 32 pixels",                                         \
                  32,                                                                                        \
                  32,                                                                                        \
                  3,                                                                                         \
                  10,                                                                                        \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS},                                                                            \
        .build = build, .variant = &(const variant)                                                          \
        {                                                                                                    \
            DEPTH, WIDTH                                                                                     \
        }                                                                                                    \
    }

const zoo_network zoo_wide_resnet[] = {
    WIDE_RESNET(16, 4, 2748890, 392612352),
    WIDE_RESNET(28, 10, 36479194, 5243328768),
    {.build = NULL},
};
