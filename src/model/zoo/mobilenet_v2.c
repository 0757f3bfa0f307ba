/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MobileNetV2 (Sandler et al. 2018) as torchvision has it, of any width: inverted residuals with linear bottlenecks. The width stands in
 * the name, in hundredths.
 */
#include "model/zoo.h"

static const char base[] = "mobilenet_v2";

static bool takes(const char *name)
{
    return zoo_percent(name, base) > 0;
}

static fv_node *conv_norm(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                          const char *name)
{
    return zoo_conv_norm(x, filters, kernel, stride, groups, FV_RELU6, 1e-5f, name);
}

/* `in` channels are expanded `expand` times, filtered one by one, and brought to `out`. */
static fv_node *inverted_residual(fv_node *x, int64_t in, int64_t out, int64_t expand, int64_t stride,
                                  const char *name)
{
    int module = 0;
    fv_node *y = x;
    if (expand != 1)
        y = conv_norm(y, in * expand, 1, 1, 1, zoo_name("%s.conv.%d", name, module++).text);
    y = conv_norm(y, in * expand, 3, stride, in * expand, zoo_name("%s.conv.%d", name, module++).text);
    y = zoo_conv(y, out, 1, 1, 1, zoo_name("%s.conv.%d", name, module++).text);
    y = fv_batch_norm(y, .name = zoo_name("%s.conv.%d", name, module).text);
    return stride == 1 && in == out ? fv_add(x, y) : y;
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    static const struct {
        int64_t expand, filters;
        int blocks;
        int64_t stride;
    } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    double width = zoo_percent(o->name, base) / 100.0;
    (void)n;
    int64_t channels = zoo_channels(32 * width);
    fv_node *x = conv_norm(fv_input(m), channels, 3, 2, 1, "features.0");
    int module = 1;
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
        int64_t out = zoo_channels((double)stages[s].filters * width);
        for (int i = 0; i < stages[s].blocks; i++, channels = out)
            x = inverted_residual(x, channels, out, stages[s].expand, i == 0 ? stages[s].stride : 1,
                                  zoo_name("features.%d", module++).text);
    }
    x = conv_norm(x, zoo_channels(1280 * (width > 1 ? width : 1)), 1, 1, 1,
                  zoo_name("features.%d", module).text);
    x = zoo_dropout(fv_global_average_pool2d(x), o, 0.2f);
    fv_output(fv_dense(x, .units = o->classes, .name = "classifier.1"));
}

#define MOBILENET(NAME, WIDTH, PARAMETERS, MULTIPLY_ADDS)                                                    \
    {                                                                                                        \
        .entry = {NAME,                                                                                      \
                  "small and quick network for photos, width " WIDTH,                                        \
                  224,                                                                                       \
                  224,                                                                                       \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  ZOO_IMAGENET,                                                                              \
                  .crop_fraction = 0.875f,                                                                   \
                  .paper = "Sandler et al. 2018, arXiv:1801.04381"},                                         \
        .build = build, .takes = takes                                                                       \
    }

const zoo_network zoo_mobilenet_v2[] = {
    MOBILENET("mobilenet_v2", "1", 3504872, 300774272),
    MOBILENET("mobilenet_v2_140", "1.4", 6108776, 582195824),
    MOBILENET("mobilenet_v2_050", "0.5", 1968680, 97131840),
    {.build = NULL},
};
