/* SPDX-License-Identifier: Apache-2.0 */
/* RegNetY (Radosavovic et al. 2020) as torchvision has it: bottlenecks of one width with groups of 8 channels and gates. */
#include "model/zoo.h"

typedef struct variant {
    int64_t widths[4];
    int blocks[4];
    int64_t group_width;
} variant;

static fv_node *conv_norm(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups,
                          fv_activation_kind activation, const char *name)
{
    return zoo_conv_norm(x, filters, kernel, stride, groups, activation, 1e-5f, name);
}

static fv_node *block(fv_node *x, int64_t in, int64_t width, int64_t stride, int64_t group_width,
                      const char *name)
{
    fv_node *y = conv_norm(x, width, 1, 1, 1, FV_RELU, zoo_name("%s.f.a", name).text);
    y = conv_norm(y, width, 3, stride, width / group_width, FV_RELU, zoo_name("%s.f.b", name).text);
    y = fv_squeeze_excitation(y, .units = (in + 2) / 4, .name = zoo_name("%s.f.se", name).text);
    y = conv_norm(y, width, 1, 1, 1, FV_LINEAR, zoo_name("%s.f.c", name).text);
    if (stride != 1 || in != width)
        x = conv_norm(x, width, 1, stride, 1, FV_LINEAR, zoo_name("%s.proj", name).text);
    return fv_relu(fv_add(x, y));
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    const variant *v = n->variant;
    int64_t channels = 32;
    fv_node *x = conv_norm(fv_input(m), channels, 3, 2, 1, FV_RELU, "stem");
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < v->blocks[stage]; i++) {
            x = block(x, channels, v->widths[stage], i == 0 ? 2 : 1, v->group_width,
                      zoo_name("trunk_output.block%d.block%d-%d", stage + 1, stage + 1, i).text);
            channels = v->widths[stage];
        }
    x = zoo_dropout(fv_global_average_pool2d(x), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc"));
}

const zoo_network zoo_regnet[] = {
    {.entry = {"regnet_y_400mf", "regular gated bottlenecks for photos, 400 million multiply-additions", 224,
               224, 3, 1000, 4344144, 401842848, ZOO_IMAGENET, .crop_fraction = 0.875f,
               .paper = "Radosavovic et al. 2020, arXiv:2003.13678"},
     .build = build,
     .variant = &(const variant){{48, 104, 208, 440}, {1, 3, 6, 6}, 8}},
    {.build = NULL},
};
