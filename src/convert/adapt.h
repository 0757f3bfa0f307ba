/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing a tensor of a file to the shape that the network has. */
#ifndef CONVERT_ADAPT_H
#define CONVERT_ADAPT_H

#include "convert/tensors.h"
#include "nn/network.h"

typedef enum adaptation {
    ADAPT_NOTHING,   /* the shapes are equal */
    ADAPT_SHAPE,     /* the same numbers in another shape: a dense layer and a 1x1 convolution */
    ADAPT_TO_GREY,   /* the first convolution, from 3 channels to 1: their sum */
    ADAPT_FROM_GREY, /* from 1 to 3: a third for each, so that a grey picture gives the same */
    ADAPT_GRID,      /* position embeddings of another number of patches */
    ADAPT_IMPOSSIBLE
} adaptation;

/* What brings `from` to m->tensors[index]. */
adaptation adapt_find(const fv_model *m, int32_t index, const named_tensor *from);
const char *adapt_describe(adaptation how);
/* Reads `from` into t->data. */
fv_status adapt_read(adaptation how, const tensor_file *f, const named_tensor *from, network_tensor *t);

#endif
