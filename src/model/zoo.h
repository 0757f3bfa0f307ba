/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zoo: networks by name. One file each in zoo/, written with the public API; a new one is that file, its line here and in
 * zoo.c's table.
 */
#ifndef MODEL_ZOO_H
#define MODEL_ZOO_H

#include "nn/network.h"

typedef struct zoo_network {
    fv_zoo_entry entry;
    /* Adds the layers to an empty model. `o` is complete: sizes and classes are set. */
    void (*build)(fv_model *m, const fv_network_options *o);
    /* Of the published weights' training, values 0..255, RGB; std[0] is 0 where there are none. */
    float mean[3], std[3];
} zoo_network;

extern const zoo_network zoo_small_cnn, zoo_resnet20, zoo_resnet18;

/* The normalisation that the published weights of the model's network (by its name) expect; nothing where there is none. */
fv_status zoo_set_normalisation(fv_model *m);

#endif
