/* SPDX-License-Identifier: Apache-2.0 */
/*
 * airbench94 (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds on a single GPU"), for quick training on pictures of 32 pixels: a 2x2
 * convolution to twice as many channels as a patch has numbers, then 3 groups of two 3x3 convolutions, GELU everywhere. There the first
 * kernel is a fixed whitening of the training pictures' patches and the others begin as identities; here they begin orthonormal.
 */
#include "model/zoo.h"

/* The logits are a ninth of what the last layer makes: the mean of them and 8 zero places. */
enum {
    SCALE_SIDE = 3
};

static fv_node *conv(fv_node *x, int64_t filters, const char *name)
{
    return fv_conv2d(x, .filters = filters, .kernel = 3, .padding = FV_SAME, .use_bias = FV_OFF,
                     .initializer = FV_ORTHOGONAL, .name = name);
}

static fv_node *norm(fv_node *x, const char *name)
{
    return fv_batch_norm(x, .epsilon = 1e-12f, .momentum = 0.4f, .activation = FV_GELU, .name = name);
}

static fv_node *group(fv_node *x, int64_t filters, const char *name)
{
    x = fv_max_pool2d(conv(x, filters, zoo_name("%s.conv1", name).text), .size = 2);
    x = norm(x, zoo_name("%s.norm1", name).text);
    return norm(conv(x, filters, zoo_name("%s.conv2", name).text), zoo_name("%s.norm2", name).text);
}

/* Modules are numbered as in the original's nn.Sequential. */
static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    (void)n;
    fv_node *x = fv_conv2d(fv_input(m), .filters = 2 * 4 * o->channels, .kernel = 2, .activation = FV_GELU,
                           .initializer = FV_ORTHOGONAL, .name = "0");
    x = group(group(group(x, 64, "2"), 256, "3"), 256, "4");
    /* 3 x 3 places of 32 pixels; all of them in any case. */
    x = fv_max_pool2d(x, .size_h = (o->height - 1) / 8, .size_w = (o->width - 1) / 8);
    x = zoo_dropout(x, o, 0);
    x = fv_dense(x, .units = o->classes, .each_place = 1, .use_bias = FV_OFF, .name = "7");
    x = fv_zero_pad2d(x, .pad = {0, SCALE_SIDE - 1, 0, SCALE_SIDE - 1});
    fv_output(fv_global_average_pool2d(x));
}

const zoo_network zoo_airbench[] = {
    {.entry = {"airbench94", "plain convolutions with GELU, quick to train", 32, 32, 3, 10, 1972792,
               118147360, .paper = "Jordan 2024, arXiv:2404.00498"},
     .build = build},
    {.build = NULL},
};
