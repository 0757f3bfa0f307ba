/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fovea: train, evaluate, explain and ship image classifiers.
 *
 *     fv_dataset *data = fv_dataset_open("photos/");
 *     fv_model *m = fv_zoo_create("small_cnn", .classes = fv_dataset_class_count(data), .height = 64, .width = 64);
 *     fv_compile(m, .optimizer = FV_ADAM, .learning_rate = 1e-3f);
 *     fv_fit(m, fv_dataset_part(data, FV_TRAIN), .validation = fv_dataset_part(data, FV_VALIDATION), .epochs = 10);
 *     fv_model_save(m, "photos.safetensors");
 *
 * Calls that take options are macros over a function NAME_with(const NAME_options *): the macro's arguments
 * initialise the structure, required ones first and by position, the others by name. A field left zero has the
 * default that its comment gives; where zero is a meaning of its own that is not the default, FV_OFF says it.
 *
 * Functions return FV_OK or a status, or NULL on failure; fv_error_message() says what went wrong, where, and what to
 * do. Handles are not shared between threads without a lock; different handles may be used at the same time.
 */
#ifndef FOVEA_H
#define FOVEA_H

#include "fovea/status.h"
#include "fovea/model.h"
#include "fovea/layers.h"
#include "fovea/pretrained.h"
#include "fovea/export.h"
#include "fovea/data.h"
#include "fovea/train.h"
#include "fovea/find.h"
#include "fovea/evaluation.h"
#include "fovea/watch.h"
#include "fovea/runs.h"
#include "fovea/tune.h"
#include "fovea/use.h"
#include "fovea/classifier.h"
#include "fovea/serve.h"

#endif
