/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saliency methods: each is one file and one row of saliency_table, and turns a picture at the network's size into a map of
 * what the chosen class rests on.
 *
 *     saliency_map map = {0};
 *     STATUS_TRY(saliency_gradcam.compute(&request, &map));
 *     ...
 *     saliency_map_release(&map);
 */
#ifndef EXPLAIN_SALIENCY_H
#define EXPLAIN_SALIENCY_H

#include "image/image.h"
#include "nn/network.h"

typedef struct saliency_request {
    fv_model *model;
    const uint8_t *pixels; /* (height, width, channels) of the network's input */
    int64_t class_index;
    const char *layer; /* NULL: the method's own choice */
} saliency_request;

typedef struct saliency_map {
    int64_t height, width; /* covers the network's input evenly, whatever its resolution */
    float *data;           /* 0..1, owned; all 0 when nothing speaks for the class */
} saliency_map;

void saliency_map_release(saliency_map *map);

typedef struct saliency_method {
    const char *name;
    fv_status (*compute)(const saliency_request *request, saliency_map *map);
} saliency_method;

extern const saliency_method saliency_gradcam;
extern const saliency_method *const saliency_table[]; /* NULL-ended */

/* explain/overlay.c: the map in colour over the picture, in place. What the network does not see is darkened. */
void overlay_draw(image *picture, const fv_preprocess *p, const saliency_map *map);

#endif
