/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MobileNet (Howard et al. 2017) of any width, tensors as timm names them: depthwise and 1x1 convolutions in turn. The width stands in the
 * name, in hundredths.
 */
#include "model/zoo.h"

static const char base[] = "mobilenet_v1";

static bool takes(const char *name)
{
    return zoo_percent(name, base) > 0;
}

static fv_node *norm(fv_node *x, const char *name)
{
    return fv_batch_norm(x, .activation = FV_RELU6, .name = name);
}

static fv_node *separable(fv_node *x, int64_t in, int64_t out, int64_t stride, const char *name)
{
    x = norm(zoo_conv(x, in, 3, stride, in, zoo_name("%s.conv_dw", name).text),
             zoo_name("%s.bn1", name).text);
    return norm(zoo_conv(x, out, 1, 1, 1, zoo_name("%s.conv_pw", name).text), zoo_name("%s.bn2", name).text);
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    static const int64_t filters[] = {64, 128, 256, 512, 1024};
    static const int blocks[] = {1, 2, 2, 6, 2};
    double width = zoo_percent(o->name, base) / 100.0;
    (void)n;
    int64_t channels = zoo_channels(32 * width);
    fv_node *x = norm(zoo_conv(fv_input(m), channels, 3, 2, 1, "conv_stem"), "bn1");
    for (int stage = 0; stage < 5; stage++)
        for (int i = 0; i < blocks[stage]; i++) {
            int64_t out = zoo_channels((double)filters[stage] * width);
            x = separable(x, channels, out, stage > 0 && i == 0 ? 2 : 1,
                          zoo_name("blocks.%d.%d", stage, i).text);
            channels = out;
        }
    x = zoo_dropout(fv_global_average_pool2d(x), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "classifier"));
}

#define MOBILENET(NAME, WIDTH, PARAMETERS, MULTIPLY_ADDS)                                                    \
    {                                                                                                        \
        .entry = {NAME,                                                                                      \
                  "depthwise and 1x1 convolutions, width " WIDTH,                                            \
                  224,                                                                                       \
                  224,                                                                                       \
                  3,                                                                                         \
                  1000,                                                                                      \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  .mean = {127.5f, 127.5f, 127.5f},                                                          \
                  .std = {127.5f, 127.5f, 127.5f},                                                           \
                  .crop_fraction = 0.875f,                                                                   \
                  .interpolation = FV_BICUBIC,                                                               \
                  .paper = "Howard et al. 2017, arXiv:1704.04861"},                                          \
        .build = build, .takes = takes                                                                       \
    }

const zoo_network zoo_mobilenet_v1[] = {
    MOBILENET("mobilenet_v1", "1", 4231976, 568740352),
    MOBILENET("mobilenet_v1_125", "1.25", 6270840, 879516800),
    MOBILENET("mobilenet_v1_075", "0.75", 2585560, 325400448),
    MOBILENET("mobilenet_v1_050", "0.5", 1331592, 149497088),
    MOBILENET("mobilenet_v1_025", "0.25", 470072, 41030272),
    {.build = NULL},
};
