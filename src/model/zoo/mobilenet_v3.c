/* SPDX-License-Identifier: Apache-2.0 */
/* MobileNetV3 (Howard et al. 2019) as torchvision has it: inverted residuals, some with squeeze and excitation, and hard-swish. */
#include "model/zoo.h"

typedef struct bottleneck {
    int64_t kernel, expanded, out;
    bool gate, hard;
    int64_t stride;
} bottleneck;

typedef struct variant {
    const bottleneck *blocks;
    int count;
    int64_t hidden; /* units of the last hidden layer */
} variant;

static const float epsilon = 1e-3f;

static fv_node *block(fv_node *x, int64_t in, const bottleneck *b, const char *name)
{
    fv_activation_kind activation = b->hard ? FV_HARD_SWISH : FV_RELU;
    int module = 0;
    fv_node *y = x;
    if (b->expanded != in)
        y = zoo_conv_norm(y, b->expanded, 1, 1, 1, activation, epsilon,
                          zoo_name("%s.block.%d", name, module++).text);
    y = zoo_conv_norm(y, b->expanded, b->kernel, b->stride, b->expanded, activation, epsilon,
                      zoo_name("%s.block.%d", name, module++).text);
    if (b->gate)
        y = fv_squeeze_excitation(y, .units = zoo_channels((double)(b->expanded / 4)),
                                  .gate = FV_HARD_SIGMOID,
                                  .name = zoo_name("%s.block.%d", name, module++).text);
    y = zoo_conv_norm(y, b->out, 1, 1, 1, FV_LINEAR, epsilon, zoo_name("%s.block.%d", name, module).text);
    return b->stride == 1 && in == b->out ? fv_add(x, y) : y;
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    int64_t channels = 16;
    fv_node *x = zoo_conv_norm(fv_input(m), channels, 3, 2, 1, FV_HARD_SWISH, epsilon, "features.0");
    for (int i = 0; i < v->count; i++) {
        x = block(x, channels, &v->blocks[i], zoo_name("features.%d", i + 1).text);
        channels = v->blocks[i].out;
    }
    x = zoo_conv_norm(x, 6 * channels, 1, 1, 1, FV_HARD_SWISH, epsilon,
                      zoo_name("features.%d", v->count + 1).text);
    x = fv_dense(fv_global_average_pool2d(x), .units = v->hidden, .activation = FV_HARD_SWISH,
                 .name = "classifier.0");
    fv_output(fv_dense(zoo_dropout(x, o, 0.2f), .units = o->classes, .name = "classifier.3"));
}

/* Table 1 and table 2 of the paper. */
static const bottleneck large[] = {
    {3, 16, 16, false, false, 1}, {3, 64, 24, false, false, 2}, {3, 72, 24, false, false, 1},
    {5, 72, 40, true, false, 2},  {5, 120, 40, true, false, 1}, {5, 120, 40, true, false, 1},
    {3, 240, 80, false, true, 2}, {3, 200, 80, false, true, 1}, {3, 184, 80, false, true, 1},
    {3, 184, 80, false, true, 1}, {3, 480, 112, true, true, 1}, {3, 672, 112, true, true, 1},
    {5, 672, 160, true, true, 2}, {5, 960, 160, true, true, 1}, {5, 960, 160, true, true, 1},
};
static const bottleneck small[] = {
    {3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
    {5, 96, 40, true, true, 2},  {5, 240, 40, true, true, 1},  {5, 240, 40, true, true, 1},
    {5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},  {5, 288, 96, true, true, 2},
    {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1},
};

#define MOBILENET(SIZE, HIDDEN, PARAMETERS, MULTIPLY_ADDS)                                                   \
    {                                                                                                        \
        .entry = {"mobilenet_v3_" #SIZE,                                                                     \
                  "inverted residuals with hard-swish for photos, " #SIZE,                                   \
                  224,                                                                                       \
                  224,                                                                                       \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  ZOO_IMAGENET,                                                                              \
                  .crop_fraction = 0.875f,                                                                   \
                  .paper = "Howard et al. 2019, arXiv:1905.02244"},                                          \
        .build = build, .variant = &(const variant)                                                          \
        {                                                                                                    \
            SIZE, sizeof SIZE / sizeof *SIZE, HIDDEN                                                         \
        }                                                                                                    \
    }

const zoo_network zoo_mobilenet_v3[] = {
    MOBILENET(small, 1024, 2542856, 56510400),
    MOBILENET(large, 1280, 5483032, 216589760),
    {.build = NULL},
};
