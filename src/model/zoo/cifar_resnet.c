/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ResNets for pictures of about 32 pixels: those of He et al. 2015, section 4.2, 3 stages with 16, 32 and 64 filters whose
 * shortcuts that change shape are option A (every second pixel, and zeros for the new channels, half of them on each side); and
 * MLPerf Tiny's ResNet-8 (Banbury et al. 2021), a block a stage, with biases and 1x1 convolutions as shortcuts.
 */
#include "model/zoo.h"

static fv_node *conv(fv_node *x, int64_t filters, int64_t stride, const char *name)
{
    return fv_conv2d(x, .filters = filters, .kernel = 3, .stride = stride, .padding = FV_SAME,
                     .use_bias = FV_OFF, .name = name);
}

static fv_node *block(fv_node *x, int64_t filters, int64_t stride, bool first, const char *name)
{
    (void)first;
    fv_node *y = conv(x, filters, stride, zoo_name("%s.conv1", name).text);
    y = fv_batch_norm(y, .activation = FV_RELU, .name = zoo_name("%s.bn1", name).text);
    y = conv(y, filters, 1, zoo_name("%s.conv2", name).text);
    y = fv_batch_norm(y, .name = zoo_name("%s.bn2", name).text);
    if (stride != 1) {
        x = fv_average_pool2d(x, .size = 1, .stride = stride);
        x = fv_zero_pad2d(x, .channels = {filters / 4, filters / 4});
    }
    return fv_relu(fv_add(y, x));
}

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    int blocks = *(const int *)n->variant;
    fv_node *x = conv(fv_input(m), 16, 1, "conv1");
    x = fv_batch_norm(x, .activation = FV_RELU, .name = "bn1");
    x = zoo_stages(x, (int[]){blocks, blocks, blocks}, 3, 16, block);
    x = zoo_dropout(fv_global_average_pool2d(x), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "linear"));
}

/* MLPerf Tiny's, whose strided windows are placed as TensorFlow does. */
static fv_node *tiny_conv(fv_node *x, int64_t filters, int64_t kernel, int64_t stride, const char *name)
{
    return fv_conv2d(x, .filters = filters, .kernel = kernel, .stride = stride, .padding = FV_SAME_TF,
                     .name = name);
}

static fv_node *tiny_block(fv_node *x, int64_t filters, int64_t stride, bool first, const char *name)
{
    (void)first;
    fv_node *y = tiny_conv(x, filters, 3, stride, zoo_name("%s.conv1", name).text);
    y = fv_batch_norm(y, .activation = FV_RELU, .epsilon = 1e-3f, .name = zoo_name("%s.bn1", name).text);
    y = tiny_conv(y, filters, 3, 1, zoo_name("%s.conv2", name).text);
    y = fv_batch_norm(y, .epsilon = 1e-3f, .name = zoo_name("%s.bn2", name).text);
    if (stride != 1)
        x = tiny_conv(x, filters, 1, stride, zoo_name("%s.downsample", name).text);
    return fv_relu(fv_add(x, y));
}

static void build_tiny(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    (void)n;
    fv_node *x = tiny_conv(fv_input(m), 16, 3, 1, "conv1");
    x = fv_batch_norm(x, .activation = FV_RELU, .epsilon = 1e-3f, .name = "bn1");
    x = zoo_stages(x, (int[]){1, 1, 1}, 3, 16, tiny_block);
    x = zoo_dropout(fv_global_average_pool2d(x), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc"));
}

#define RESNET(DEPTH, BLOCKS, PARAMETERS, MULTIPLY_ADDS)                                                     \
    {                                                                                                        \
        .entry = {"resnet" #DEPTH,                                                                           \
                  "residual network of " #DEPTH " layers for small pictures",                                \
                  32,                                                                                        \
                  32,                                                                                        \
                  3,                                                                                         \
                  10,                                                                                        \
                  PARAMETERS,                                                                                \
                  MULTIPLY_ADDS,                                                                             \
                  ZOO_IMAGENET,                                                                              \
                  .paper = "He et al. 2015, arXiv:1512.03385"},                                              \
        .build = build, .variant = &(const int)                                                              \
        {                                                                                                    \
            BLOCKS                                                                                           \
        }                                                                                                    \
    }

const zoo_network zoo_cifar_resnet[] = {
    {.entry = {"resnet8", "MLPerf Tiny's residual network", 32, 32, 3, 10, 78186, 12501632,
               .paper = "Banbury et al. 2021, arXiv:2106.07597"},
     .build = build_tiny},
    RESNET(20, 3, 269722, 40551040),
    RESNET(32, 5, 464154, 68862592),
    RESNET(44, 7, 658586, 97174144),
    RESNET(56, 9, 853018, 125485696),
    {.build = NULL},
};
