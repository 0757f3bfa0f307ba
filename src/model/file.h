/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a model file, which a checkpoint shares: it is a model file with more in it. */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "model/safetensors.h"
#include "nn/network.h"

/* Adds everything that fv_model_save keeps. The sample logits are computed. `w` borrows the model's memory. */
fv_status model_file_add(fv_model *m, safetensors_writer *w);

typedef enum model_file_match {
    MATCH_ALL,         /* every tensor of the model must be there, with its shape */
    MATCH_ALL_BUT_HEAD /* those of the last dense layer may be missing or of another shape, and keep their values */
} model_file_match;

/* Copies the file's tensors into the model's of the same names; all are checked before the first is read. `matched`: how
 * many. */
fv_status model_file_read_tensors(fv_model *m, const safetensors *f, model_file_match match,
                                  int64_t *matched);
fv_status model_file_read_samples(fv_model *m, const safetensors *f);

/* ---- metadata.c ---- */

fv_status model_file_add_metadata(const fv_model *m, safetensors_writer *w);
/* The file's preprocessing (the input's size stays the model's), class names, and the kind of its output. What is not there
 * changes nothing. */
fv_status model_file_read_metadata(fv_model *m, const safetensors *f);
/* Of the preprocessing, the normalisation alone: what the weights were trained with. `*found`: whether there is any. */
fv_status model_file_read_normalisation(fv_model *m, const safetensors *f, bool *found);

#endif
