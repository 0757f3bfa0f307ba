/* SPDX-License-Identifier: Apache-2.0 */
/* All layers, and the words of their options. */
#include <string.h>

#include "nn/layers/choices.h"

const char *const choices_activation[] = {"linear",       "relu",       "leaky_relu", "relu6", "gelu",
                                          "silu",         "hard_swish", "sigmoid",    "tanh",  "softmax",
                                          "hard_sigmoid", "gelu_tanh",  NULL};
const char *const choices_padding[] = {"valid", "same", "same_tf", "explicit", NULL};
const char *const choices_initializer[] = {
    "default",    "he_normal", "he_normal_fan_out", "he_uniform", "glorot_normal", "glorot_uniform",
    "orthogonal", "zeros",     "truncated_normal",  NULL};

extern const layer_type layer_conv2d, layer_dense, layer_max_pool2d, layer_average_pool2d,
    layer_global_average_pool2d, layer_batch_norm, layer_dropout, layer_activation_type, layer_flatten,
    layer_zero_pad2d, layer_sum, layer_multiply, layer_concat, layer_separable_conv2d,
    layer_squeeze_excitation, layer_global_max_pool2d, layer_layer_norm, layer_group_norm,
    layer_stochastic_depth, layer_crop2d, layer_multi_head_attention, layer_class_token,
    layer_position_embedding, layer_layer_scale, layer_spatial_dropout, layer_channel_shuffle, layer_knn,
    layer_fake_quantize;

const layer_type *const layer_table[] = {&layer_conv2d,
                                         &layer_dense,
                                         &layer_max_pool2d,
                                         &layer_average_pool2d,
                                         &layer_global_average_pool2d,
                                         &layer_batch_norm,
                                         &layer_dropout,
                                         &layer_activation_type,
                                         &layer_flatten,
                                         &layer_zero_pad2d,
                                         &layer_sum,
                                         &layer_multiply,
                                         &layer_concat,
                                         &layer_separable_conv2d,
                                         &layer_squeeze_excitation,
                                         &layer_global_max_pool2d,
                                         &layer_layer_norm,
                                         &layer_group_norm,
                                         &layer_stochastic_depth,
                                         &layer_crop2d,
                                         &layer_multi_head_attention,
                                         &layer_class_token,
                                         &layer_position_embedding,
                                         &layer_layer_scale,
                                         &layer_spatial_dropout,
                                         &layer_channel_shuffle,
                                         &layer_knn,
                                         &layer_fake_quantize,
                                         NULL};

const layer_type *layer_find(const char *name)
{
    for (int i = 0; layer_table[i]; i++)
        if (strcmp(layer_table[i]->name, name) == 0)
            return layer_table[i];
    return NULL;
}
