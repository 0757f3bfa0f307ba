/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model that several threads run at once: the weights are there once, and each lane has an engine, an arena and inputs of its own.
 *
 *     lanes *l;
 *     STATUS_TRY(lanes_create(&l, m, 1, 4, 8));
 *     lane *e = lanes_take(l);                    // waits for a free one
 *     fv_status status = lane_logits(e, pixels, count, logits);
 *     lanes_give(l, e);
 *
 * Lanes other than the first are made when they are first needed. The model is read only, and must not change.
 */
#ifndef MODEL_LANES_H
#define MODEL_LANES_H

#include "image/image.h"
#include "model/safetensors.h"
#include "nn/network.h"

typedef struct lanes lanes;
typedef struct lane lane;

/* `count` lanes of `threads` threads each, which run `batch` pictures together or one. The model outlives them. */
fv_status lanes_create(lanes **out, const fv_model *m, int threads, int count, int64_t batch);
/* Lanes of one picture at a time, whose weights come from the file of model_file_open and are in the lanes alone: the model's tensors have
 * no memory afterwards. */
fv_status lanes_create_from_file(lanes **out, fv_model *m, const safetensors *f, int threads, int count);
void lanes_destroy(lanes *l); /* NULL is fine */

/* NULL only when a lane cannot be made for lack of memory, with the error set. */
lane *lanes_take(lanes *l);
void lanes_give(lanes *l, lane *e);

/* Memory for decoding that whoever holds the lane may use. */
image_space *lane_space(lane *e);

/* pixels (count, height, width, channels) to logits (count, classes), divided by the model's temperature, as predictor_logits. */
fv_status lane_logits(lane *e, const uint8_t *pixels, int64_t count, float *logits);

#endif
