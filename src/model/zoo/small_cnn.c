/* SPDX-License-Identifier: Apache-2.0 */
/*
 * small_cnn: four convolutions with batch norm in three blocks, each with a pool, then a hidden layer. 279 thousand parameters
 * and 14.8 million multiply-additions for MNIST. Inputs of more than 40 pixels get a further block, and so on, so that the
 * hidden layer sees at most 5 x 5 places.
 */
#include "model/zoo.h"

static fv_node *convolution(fv_node *x, int64_t filters)
{
    x = fv_conv2d(x, .filters = filters, .kernel = 3, .padding = FV_SAME, .use_bias = FV_OFF);
    return fv_batch_norm(x, .activation = FV_RELU);
}

static fv_node *block(fv_node *x, int64_t filters)
{
    return fv_max_pool2d(convolution(x, filters), .size = 2);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    (void)n;
    int64_t side = (o->height > o->width ? o->height : o->width) / 8;
    fv_node *x = block(fv_input(m), 32);
    x = block(convolution(x, 64), 64);
    for (x = block(x, 128); side > 5; side /= 2)
        x = block(x, 128);
    x = fv_dense(fv_flatten(x), .units = 128, .activation = FV_RELU, .initializer = FV_HE_NORMAL);
    x = zoo_dropout(x, o, 0);
    /* From zero: the first predictions are even, and dropout makes no noise before there is something to learn from. */
    fv_output(fv_dense(x, .units = o->classes, .initializer = FV_ZEROS));
}

const zoo_network zoo_small_cnn[] = {
    {.entry = {"small_cnn", "four convolutions, for small pictures, quick", 28, 28, 1, 10, 278762, 14825216},
     .build = build},
    {.build = NULL},
};
