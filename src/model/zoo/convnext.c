/* SPDX-License-Identifier: Apache-2.0 */
/* ConvNeXt (Liu et al. 2022) as torchvision has it: depthwise 7x7, layer norm and two dense layers of each place in a block. */
#include "model/zoo.h"

typedef struct variant {
    int blocks[4];
    int64_t width;
    float drop;
} variant;

static fv_node *dense(fv_node *x, int64_t units, fv_activation_kind activation, const char *name)
{
    return fv_dense(x, .units = units, .each_place = 1, .activation = activation,
                    .initializer = FV_TRUNCATED_NORMAL, .name = name);
}

static fv_node *conv(fv_node *x, int64_t filters, int64_t size, const char *name)
{
    return fv_conv2d(x, .filters = filters, .kernel = size, .stride = size,
                     .initializer = FV_TRUNCATED_NORMAL, .name = name);
}

static fv_node *block(fv_node *x, int64_t channels, float drop, const char *name)
{
    fv_node *y = fv_conv2d(x, .kernel = 7, .depthwise = 1, .padding = FV_SAME,
                           .initializer = FV_TRUNCATED_NORMAL, .name = zoo_name("%s.block.0", name).text);
    y = fv_layer_norm(y, .name = zoo_name("%s.block.2", name).text);
    y = dense(y, 4 * channels, FV_GELU, zoo_name("%s.block.3", name).text);
    y = dense(y, channels, FV_LINEAR, zoo_name("%s.block.5", name).text);
    y = fv_layer_scale(y, .name = zoo_name("%s.layer_scale", name).text);
    return fv_add(x, drop > 0 ? fv_stochastic_depth(y, .rate = drop) : y);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    int last = v->blocks[0] + v->blocks[1] + v->blocks[2] + v->blocks[3] - 1, done = 0;
    fv_node *x = fv_layer_norm(conv(fv_input(m), v->width, 4, "features.0.0"), .name = "features.0.1");
    for (int stage = 0; stage < 4; stage++) {
        int64_t channels = v->width << stage;
        if (stage > 0) {
            x = fv_layer_norm(x, .name = zoo_name("features.%d.0", 2 * stage).text);
            x = conv(x, channels, 2, zoo_name("features.%d.1", 2 * stage).text);
        }
        for (int i = 0; i < v->blocks[stage]; i++)
            x = block(x, channels, v->drop * (float)done++ / (float)last,
                      zoo_name("features.%d.%d", 2 * stage + 1, i).text);
    }
    x = fv_layer_norm(fv_global_average_pool2d(x), .name = "classifier.0");
    x = zoo_dropout(x, o, 0);
    fv_output(fv_dense(x, .units = o->classes, .initializer = FV_TRUNCATED_NORMAL, .name = "classifier.2"));
}

const zoo_network zoo_convnext[] = {
    {.entry = {"convnext_tiny", "convolutions in the manner of a transformer for photos", 224, 224, 3, 1000,
               28589128, 4455531264, ZOO_IMAGENET, .crop_fraction = 224.0f / 236,
               .paper = "Liu et al. 2022, arXiv:2201.03545"},
     .build = build,
     .variant = &(const variant){{3, 3, 9, 3}, 96, 0.1f}},
    {.build = NULL},
};
