/* SPDX-License-Identifier: Apache-2.0 */
/* The same network elsewhere may add another epsilon to the variances of its batch norms. */
#ifndef CONVERT_EPSILON_H
#define CONVERT_EPSILON_H

#include "convert/tensors.h"
#include "nn/network.h"

/* Where the names in the file say so (rewrites.c), changes the batch norms' weights, which were just taken from it, so that the network
 * computes with its own epsilon what the other one does with its. */
void epsilon_adapt(fv_model *m, const tensor_file *f);

#endif
