/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a model file, which a checkpoint shares: it is a model file with more in it. */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "model/safetensors.h"
#include "nn/network.h"

/* Adds everything that fv_model_save keeps. The sample logits are computed. `w` borrows the model's memory. */
fv_status model_file_add(fv_model *m, safetensors_writer *w);

/* The model of a file but for its tensors, which are read from `f` while that is open, and its samples. On failure there is nothing to
 * release. */
fv_status model_file_open(const char *path, safetensors *f, fv_model **out);
/* Copies the file's tensors into the model's of the same names; all must be there, and are checked before the first is read. */
fv_status model_file_read_tensors(fv_model *m, const safetensors *f);
fv_status model_file_read_tensor(fv_model *m, int32_t index, const safetensors *f);
/* A weight that is not finite would be hidden by the next relu, or poison everything. `path`: where it comes from. */
fv_status model_file_check_finite(const char *path, const network_tensor *t);
/* Whether the tensor is one of the layer that makes the logits: the last dense layer, or the last convolution after all dense
 * ones. */
bool model_file_is_head(const fv_model *m, const network_tensor *t);
fv_status model_file_read_samples(fv_model *m, const safetensors *f);

/* ---- metadata.c ---- */

/* The names in files, by fv_resize_mode and fv_interpolation; they end with NULL. */
extern const char *const model_resize_modes[], *const model_interpolations[];

/* Preprocessing, classes, the kind of output and calibration as texts of a JSON object, for other formats too. */
fv_status model_metadata_add(const fv_model *m, json_t *to);
/* And back; `path` names the file in errors. */
fv_status model_metadata_take(fv_model *m, const char *path, const json_t *values);

/* Whether no class has a line end or another control character in its name. */
bool model_names_are_lines(const fv_model *m);

fv_status model_file_add_metadata(const fv_model *m, safetensors_writer *w);
/* The file's preprocessing (the input's size stays the model's), class names, and the kind of its output. What is not there
 * changes nothing. */
fv_status model_file_read_metadata(fv_model *m, const safetensors *f);
/* Of the preprocessing, the normalisation alone: what the weights were trained with. `*found`: whether there is any. */
fv_status model_file_read_normalisation(fv_model *m, const safetensors *f, bool *found);

#endif
