/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zoo: networks by name. A file for each family in zoo/, written with the public API; it has a list of its networks, which
 * zoo.c's table names.
 */
#ifndef MODEL_ZOO_H
#define MODEL_ZOO_H

#include "nn/network.h"

typedef struct zoo_network zoo_network;
struct zoo_network {
    fv_zoo_entry entry;
    /* Adds the layers to an empty model. `o` is complete: sizes and classes are set. */
    void (*build)(fv_model *m, const fv_network_options *o, const zoo_network *n);
    const void *variant; /* what tells the networks of a family apart; the family's own */
    /* Further names that mean a network of this kind, such as those with another width, which `build` reads in o->name; NULL: none. */
    bool (*takes)(const char *name);
};

/* Each list ends with an entry without a name. */
extern const zoo_network zoo_small_cnn[], zoo_lenet[], zoo_cifar_resnet[], zoo_wide_resnet[], zoo_resnet[],
    zoo_densenet[], zoo_vgg[], zoo_squeezenet[], zoo_mobilenet_v1[], zoo_mobilenet_v2[], zoo_mobilenet_v3[],
    zoo_mobilenet_v4[], zoo_efficientnet[], zoo_regnet[], zoo_convnext[], zoo_vit[], zoo_airbench[];

/* The network of that name, NULL: none. One that a row `takes` has that row's sizes and preprocessing, but not its counts. */
const zoo_network *zoo_find(const char *name);

/* The normalisation that the published weights of the model's network (by its name) expect; nothing where there is none. */
fv_status zoo_set_normalisation(fv_model *m);

/* ---- zoo/blocks.c: what several families are made of ---- */

/* A layer's name: `.name = zoo_name("%s.conv%d", block, 1).text`. */
typedef struct zoo_label {
    char text[96];
} zoo_label;
zoo_label zoo_name(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The mean and std of ImageNet's pictures, values 0..255, for an entry. */
#define ZOO_IMAGENET                                                                                         \
    .mean = {0.485f * 255, 0.456f * 255, 0.406f * 255}, .std = {0.229f * 255, 0.224f * 255, 0.225f * 255}

/* A convolution without bias that keeps the size but for its stride: `kernel / 2` pixels of padding on each side. */
fv_node *zoo_conv(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                  const char *name);
/* The same as NAME.0, then batch norm and an activation as NAME.1. */
fv_node *zoo_conv_norm(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                       fv_activation_kind activation, float epsilon, const char *name);
/* `wanted` channels rounded to a multiple of 8, at least 8 and not below 0.9 of it (Howard et al. 2017's code). */
int64_t zoo_channels(double wanted);
/* The width in the name, in hundredths: 75 of "BASE_075", 100 of BASE itself; 0: another name, or a width out of 10..400. */
int zoo_percent(const char *name, const char *base);
/* Stages of blocks, layer1.0, layer1.1, …: `filters` doubles from each stage to the next, whose first block has stride 2. */
typedef fv_node *zoo_block(fv_node *x, int64_t filters, int64_t stride, bool first, const char *name);
fv_node *zoo_stages(fv_node *x, const int *blocks, int stages, int64_t filters, zoo_block *block);
/* Dropout before the last layer: what the options say, else the network's own rate. */
fv_node *zoo_dropout(fv_node *x, const fv_network_options *o, float own);
/* Pictures of up to 64 pixels get networks for photos without the reductions at their beginning. */
bool zoo_is_small(const fv_network_options *o);

#endif
