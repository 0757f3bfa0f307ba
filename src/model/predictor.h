/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's inference plans, made on first use and kept with the model: what predict, evaluate and verify run.
 *
 *     STATUS_TRY(predictor_logits(m, pixels, count, logits));
 *
 * The engine and its threads are those given to fv_compile ("auto" and all cores before). Weights are written into the
 * plans again when the model says that they changed.
 */
#ifndef MODEL_PREDICTOR_H
#define MODEL_PREDICTOR_H

#include "image/views.h"
#include "nn/network.h"

/* pixels (count, height, width, channels) to the network's outputs (count, classes), for any count. */
fv_status predictor_outputs(fv_model *m, const uint8_t *pixels, int64_t count, float *outputs);
/* The same divided by the model's temperature: all probabilities are made from these. */
fv_status predictor_logits(fv_model *m, const uint8_t *pixels, int64_t count, float *logits);

/* Logits to probabilities, in place: a softmax over the classes, or a sigmoid for each of them when the loss is binary or
 * there is one output only. */
void predictor_activate(const fv_model *m, int64_t count, float *values);

/* Logits (count, views, classes) to (count, classes), in place: those whose probabilities are the mean of the views'
 * probabilities. views: 1..VIEWS_MOST. */
void predictor_average(const fv_model *m, int64_t count, int64_t views, float *logits);

/* The `count` likeliest classes of one picture, as fv_predict gives them. */
fv_status predictor_rank(const fv_model *m, const float *probabilities, fv_prediction *top, int64_t count);

/* The views of what fv_predict's options ask about, one behind the other; the caller frees *pixels. The model is read only. `space`: as for
 * image_resize. */
fv_status predictor_views(const fv_predict_options *o, const image_views *views, image_space *space,
                          uint8_t **pixels);

/* Whether the probabilities of two classes add up to one: the one threshold is of the second. */
bool predictor_is_two_class(const fv_model *m);

/* Whether predictor_activate takes the sigmoid. */
bool predictor_is_binary(const fv_model *m);

#endif
