/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tensor of the network a file's tensor is. The same network has different names in torchvision and timm, and training
 * scripts put prefixes in front of them:
 *
 *     int32_t i = tensor_names_find(m, "module.blocks.0.attn.qkv.weight");   // -1: none
 */
#ifndef CONVERT_TENSOR_NAMES_H
#define CONVERT_TENSOR_NAMES_H

#include "nn/network.h"

/* For many look-ups: the network's names, sorted. Zero-initialised. */
typedef struct tensor_names {
    const fv_model *model;
    const network_tensor **sorted;
} tensor_names;
fv_status tensor_names_init(tensor_names *n, const fv_model *m);
void tensor_names_release(tensor_names *n);

/* The network's tensor that a file calls `name`; NULL: none. `exact`: only when they have the same name. */
const network_tensor *tensor_names_find(const tensor_names *n, const char *name, bool exact);

#endif
