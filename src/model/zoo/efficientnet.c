/* SPDX-License-Identifier: Apache-2.0 */
/* EfficientNets (Tan & Le 2019) as torchvision has them: gated inverted residuals, scaled in width, depth and input together. */
#include <math.h>

#include "model/zoo.h"

typedef struct variant {
    double width, depth;
    float dropout;
} variant;

typedef struct stage {
    int64_t expand, kernel, stride, filters;
    int blocks;
} stage;

static fv_node *block(fv_node *x, int64_t in, int64_t out, int64_t stride, const stage *s, float drop,
                      const char *name)
{
    int64_t expanded = in * s->expand;
    int module = 0;
    fv_node *y = x;
    if (s->expand != 1)
        y = zoo_conv_norm(y, expanded, 1, 1, 1, FV_SILU, 1e-5f, zoo_name("%s.block.%d", name, module++).text);
    y = zoo_conv_norm(y, expanded, s->kernel, stride, expanded, FV_SILU, 1e-5f,
                      zoo_name("%s.block.%d", name, module++).text);
    y = fv_squeeze_excitation(y, .units = in / 4 < 1 ? 1 : in / 4, .activation = FV_SILU,
                              .name = zoo_name("%s.block.%d", name, module++).text);
    y = zoo_conv_norm(y, out, 1, 1, 1, FV_LINEAR, 1e-5f, zoo_name("%s.block.%d", name, module).text);
    if (stride != 1 || in != out)
        return y;
    return fv_add(x, drop > 0 ? fv_stochastic_depth(y, .rate = drop) : y);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    static const stage stages[] = {{1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2}, {6, 3, 2, 80, 3},
                                   {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1}};
    const variant *v = n->variant;
    int count = 0, done = 0, blocks[7];
    for (int s = 0; s < 7; s++)
        count += blocks[s] = (int)ceil(stages[s].blocks * v->depth);
    int64_t channels = zoo_channels(32 * v->width);
    fv_node *x = zoo_conv_norm(fv_input(m), channels, 3, 2, 1, FV_SILU, 1e-5f, "features.0");
    for (int s = 0; s < 7; s++) {
        int64_t out = zoo_channels((double)stages[s].filters * v->width);
        for (int i = 0; i < blocks[s]; i++, channels = out)
            x = block(x, channels, out, i == 0 ? stages[s].stride : 1, &stages[s],
                      0.2f * (float)done++ / (float)count, zoo_name("features.%d.%d", s + 1, i).text);
    }
    x = zoo_conv_norm(x, 4 * channels, 1, 1, 1, FV_SILU, 1e-5f, "features.8");
    x = zoo_dropout(fv_global_average_pool2d(x), o, v->dropout);
    fv_output(fv_dense(x, .units = o->classes, .name = "classifier.1"));
}

#define EFFICIENTNET(NUMBER, SIDE, WIDTH, DEPTH, DROPOUT, CROP, PARAMETERS, MULTIPLY_ADDS)                   \
    {                                                                                                        \
        .entry = {"efficientnet_b" #NUMBER,                                                                  \
                  "gated inverted residuals for photos, scale " #NUMBER,                                     \
                  SIDE,                                                                                      \
                  SIDE,                                                                                      \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  ZOO_IMAGENET,                                                                              \
                  .crop_fraction = CROP,                                                                     \
                  .interpolation = FV_BICUBIC,                                                               \
                  .paper = "Tan & Le 2019, arXiv:1905.11946"},                                               \
        .build = build, .variant = &(const variant)                                                          \
        {                                                                                                    \
            WIDTH, DEPTH, DROPOUT                                                                            \
        }                                                                                                    \
    }

const zoo_network zoo_efficientnet[] = {
    EFFICIENTNET(0, 224, 1.0, 1.0, 0.2f, 0.875f, 5288548, 385814752),
    EFFICIENTNET(1, 240, 1.0, 1.1, 0.2f, 0.9375f, 7794184, 686802832),
    EFFICIENTNET(2, 288, 1.1, 1.2, 0.3f, 1, 9109994, 1087529456),
    EFFICIENTNET(3, 300, 1.2, 1.4, 0.3f, 0.9375f, 12233232, 1827141392),
    {.build = NULL},
};
