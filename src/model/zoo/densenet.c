/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DenseNets (Huang et al. 2017) with bottlenecks, as torchvision has them: each layer sees the outputs of all before it in its
 * block, and transitions halve channels and size. The form for pictures of about 32 pixels begins with a 3x3 convolution.
 */
#include "model/zoo.h"

typedef struct variant {
    int growth, layers[4], blocks;
    bool photos;
} variant;

static fv_node *norm(fv_node *x, const char *name)
{
    return fv_batch_norm(x, .activation = FV_RELU, .name = name);
}

static fv_node *dense_layer(fv_node *x, int64_t growth, const char *name)
{
    fv_node *y = norm(x, zoo_name("%s.norm1", name).text);
    y = norm(zoo_conv(y, 4 * growth, 1, 1, 1, zoo_name("%s.conv1", name).text),
             zoo_name("%s.norm2", name).text);
    y = zoo_conv(y, growth, 3, 1, 1, zoo_name("%s.conv2", name).text);
    return fv_concat((fv_node *[]){x, y}, 2);
}

static fv_node *transition(fv_node *x, int64_t filters, int block)
{
    x = norm(x, zoo_name("features.transition%d.norm", block).text);
    x = zoo_conv(x, filters, 1, 1, 1, zoo_name("features.transition%d.conv", block).text);
    return fv_average_pool2d(x, .size = 2);
}

static fv_node *stem(fv_node *x, const variant *v)
{
    if (!v->photos)
        return zoo_conv(x, 2 * v->growth, 3, 1, 1, "features.conv0");
    x = norm(zoo_conv(x, 2 * v->growth, 7, 2, 1, "features.conv0"), "features.norm0");
    return fv_max_pool2d(x, .size = 3, .stride = 2, .padding = FV_EXPLICIT, .pad = {1, 1, 1, 1});
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    fv_node *x = stem(fv_input(m), v);
    int64_t channels = 2 * v->growth;
    for (int block = 1; block <= v->blocks; block++) {
        for (int i = 1; i <= v->layers[block - 1]; i++, channels += v->growth)
            x = dense_layer(x, v->growth, zoo_name("features.denseblock%d.denselayer%d", block, i).text);
        if (block < v->blocks)
            x = transition(x, channels /= 2, block);
    }
    x = zoo_dropout(fv_global_average_pool2d(norm(x, "features.norm5")), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "classifier"));
}

const zoo_network zoo_densenet[] = {
    {.entry = {"densenet121", "densely connected network of 121 layers for photos", 224, 224, 3, 1000,
               7978856, 2834161664, ZOO_IMAGENET, .crop_fraction = 0.875f,
               .paper = "Huang et al. 2017, arXiv:1608.06993"},
     .build = build,
     .variant = &(const variant){32, {6, 12, 24, 16}, 4, true}},
    {.entry = {"densenet_bc100_12", "densely connected network of 100 layers", 32, 32, 3, 10, 769162,
               287929692, .paper = "Huang et al. 2017, arXiv:1608.06993"},
     .build = build,
     .variant = &(const variant){12, {16, 16, 16}, 3, false}},
    {.build = NULL},
};
