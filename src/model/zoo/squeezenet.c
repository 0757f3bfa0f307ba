/* SPDX-License-Identifier: Apache-2.0 */
/* SqueezeNet 1.1 (Iandola et al. 2016): 1x1 convolutions that squeeze, 1x1 and 3x3 ones side by side that expand. */
#include "model/zoo.h"

static fv_node *conv(fv_node *x, int64_t filters, int64_t kernel, const char *name)
{
    return fv_conv2d(x, .filters = filters, .kernel = kernel, .padding = FV_SAME, .activation = FV_RELU,
                     .initializer = FV_HE_UNIFORM, .name = name);
}

static fv_node *fire(fv_node *x, int64_t squeeze, int64_t expand, int module)
{
    x = conv(x, squeeze, 1, zoo_name("features.%d.squeeze", module).text);
    fv_node *wide = conv(x, expand, 3, zoo_name("features.%d.expand3x3", module).text);
    x = conv(x, expand, 1, zoo_name("features.%d.expand1x1", module).text);
    return fv_concat((fv_node *[]){x, wide}, 2);
}

static fv_node *pool(fv_node *x)
{
    return fv_max_pool2d(x, .size = 3, .stride = 2, .ceil_mode = 1);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    (void)n;
    fv_node *x = fv_conv2d(fv_input(m), .filters = 64, .kernel = 3, .stride = 2, .activation = FV_RELU,
                           .initializer = FV_HE_UNIFORM, .name = "features.0");
    x = fire(fire(pool(x), 16, 64, 3), 16, 64, 4);
    x = fire(fire(pool(x), 32, 128, 6), 32, 128, 7);
    x = fire(fire(pool(x), 48, 192, 9), 48, 192, 10);
    x = fire(fire(x, 64, 256, 11), 64, 256, 12);
    x = fv_conv2d(zoo_dropout(x, o, 0.5f), .filters = o->classes, .kernel = 1, .activation = FV_RELU,
                  .name = "classifier.1");
    fv_output(fv_global_average_pool2d(x));
}

const zoo_network zoo_squeezenet[] = {
    {.entry = {"squeezenet1_1", "small network of 1x1 and 3x3 convolutions for photos", 224, 224, 3, 1000,
               1235496, 349151936, ZOO_IMAGENET, .crop_fraction = 0.875f,
               .paper = "Iandola et al. 2016, arXiv:1602.07360"},
     .build = build},
    {.build = NULL},
};
