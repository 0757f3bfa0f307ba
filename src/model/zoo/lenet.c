/* SPDX-License-Identifier: Apache-2.0 */
/* LeNet-5 (LeCun et al. 1998) as it is usual today: all maps connected, maximum pooling, ReLU. */
#include "model/zoo.h"

static void build(fv_model *m, const fv_network_options *o, const zoo_network *n)
{
    (void)n;
    fv_node *x = fv_conv2d(fv_input(m), .filters = 6, .kernel = 5, .padding = FV_SAME, .activation = FV_RELU,
                           .name = "conv1");
    x = fv_conv2d(fv_max_pool2d(x, .size = 2), .filters = 16, .kernel = 5, .activation = FV_RELU,
                  .name = "conv2");
    x = fv_dense(fv_flatten(fv_max_pool2d(x, .size = 2)), .units = 120, .activation = FV_RELU, .name = "fc1");
    x = zoo_dropout(fv_dense(x, .units = 84, .activation = FV_RELU, .name = "fc2"), o, 0);
    fv_output(fv_dense(x, .units = o->classes, .name = "fc3"));
}

const zoo_network zoo_lenet[] = {
    {.entry = {"lenet5", "LeCun's network of 1998 for digits", 28, 28, 1, 10, 61706, 416520,
               .paper = "LeCun et al. 1998, Gradient-based learning applied to document recognition"},
     .build = build},
    {.build = NULL},
};
