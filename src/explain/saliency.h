/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saliency methods: each is one file and one row of saliency_table, and turns pictures at the network's size into maps of
 * what the chosen class rests on.
 *
 *     void *session;
 *     saliency_map map = {0};
 *     STATUS_TRY(saliency_gradcam.open(m, NULL, &session));
 *     fv_status status = saliency_gradcam.compute(session, pixels, class_index, &map);
 *     ...
 *     saliency_map_release(&map);
 *     saliency_gradcam.close(session);
 */
#ifndef EXPLAIN_SALIENCY_H
#define EXPLAIN_SALIENCY_H

#include "image/image.h"
#include "nn/network.h"

typedef struct saliency_map {
    int64_t height, width; /* covers the network's input evenly, whatever its resolution */
    float *data;           /* 0..1, owned; all 0 when nothing speaks for the class */
} saliency_map;

void saliency_map_release(saliency_map *map);

typedef struct saliency_method {
    const char *name;
    /* Compiles what the maps of a model need. `layer` NULL: the method's own choice. */
    fv_status (*open)(fv_model *m, const char *layer, void **session);
    /* pixels (height, width, channels) of the network's input. */
    fv_status (*compute)(void *session, const uint8_t *pixels, int64_t class_index, saliency_map *map);
    void (*close)(void *session); /* NULL is fine */
} saliency_method;

extern const saliency_method saliency_gradcam;
extern const saliency_method *const saliency_table[]; /* NULL-ended */

/* explain/explain.c: what the network sees of a picture, made as fv_predict makes it. */
fv_status saliency_fit(const image *picture, const fv_preprocess *p, image *out);
/* The picture as RGB, enlarged when it is too tiny to be looked at: what the map is drawn over. */
fv_status saliency_canvas(const image *picture, image *out);

/* explain/overlay.c: the map in colour over the picture, in place. What the network does not see is darkened. */
void overlay_draw(image *picture, const fv_preprocess *p, const saliency_map *map);

#endif
