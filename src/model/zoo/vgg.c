/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VGG (Simonyan & Zisserman 2015) as torchvision has it, with batch norm and without: 3x3 convolutions with a pool after each of 5
 * stages, then two hidden layers of 4096. Inputs of up to 64 pixels have one dense layer after the mean over places instead.
 */
#include "model/zoo.h"

typedef struct variant {
    int convolutions[5];
    bool norm;
} variant;

/* The tensors count torchvision's modules, of which ReLUs and pools are some. */
static fv_node *features(fv_node *x, const variant *v)
{
    static const int64_t filters[5] = {64, 128, 256, 512, 512};
    int module = 0;
    for (int stage = 0; stage < 5; stage++) {
        for (int i = 0; i < v->convolutions[stage]; i++) {
            x = fv_conv2d(x, .filters = filters[stage], .kernel = 3, .padding = FV_SAME,
                          .initializer = FV_HE_NORMAL_FAN_OUT,
                          .name = zoo_name("features.%d", module++).text);
            x = v->norm
                    ? fv_batch_norm(x, .activation = FV_RELU, .name = zoo_name("features.%d", module++).text)
                    : fv_relu(x);
            module++;
        }
        x = fv_max_pool2d(x, .size = 2);
        module++;
    }
    return x;
}

static fv_node *hidden(fv_node *x, const fv_network_options *o, const char *name)
{
    x = fv_dense(x, .units = 4096, .activation = FV_RELU, .initializer = FV_HE_NORMAL, .name = name);
    return zoo_dropout(x, o, 0.5f);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    fv_node *x = features(fv_input(m), n->variant);
    if (zoo_is_small(o))
        x = zoo_dropout(fv_global_average_pool2d(x), o, 0.5f);
    else
        x = hidden(hidden(fv_flatten(x), o, "classifier.0"), o, "classifier.3");
    fv_output(fv_dense(x, .units = o->classes, .name = "classifier.6"));
}

#define VGG(NAME, NORM, TEXT, PARAMETERS, MULTIPLY_ADDS, ...)                                                \
    {                                                                                                        \
        .entry = {NAME,                                                                                      \
                  "convolutions of 3x3 " TEXT,                                                               \
                  224,                                                                                       \
                  224,                                                                                       \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  ZOO_IMAGENET,                                                                              \
                  .crop_fraction = 0.875f,                                                                   \
                  .paper = "Simonyan & Zisserman 2015, arXiv:1409.1556"},                                    \
        .build = build, .variant = &(const variant)                                                          \
        {                                                                                                    \
            __VA_ARGS__, NORM                                                                                \
        }                                                                                                    \
    }

const zoo_network zoo_vgg[] = {
    VGG("vgg11", false, "in 11 layers", 132863336, 7609090048, {1, 1, 2, 2, 2}),
    VGG("vgg11_bn", true, "in 11 layers, with batch norm", 132868840, 7609090048, {1, 1, 2, 2, 2}),
    VGG("vgg16", false, "in 16 layers", 138357544, 15470264320, {2, 2, 3, 3, 3}),
    VGG("vgg16_bn", true, "in 16 layers, with batch norm", 138365992, 15470264320, {2, 2, 3, 3, 3}),
    {.build = NULL},
};
