/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: a model file that also carries what a run needs to go on: optimizer state, counters, schedule.
 *
 *     checkpoint_extra x = {0};
 *     float *state = checkpoint_add_tensor(&x, "optimizer.conv1.weight.m", 864);   // filled by the caller
 *     checkpoint_add_value(&x, "epoch", "%lld", (long long)epoch);
 *     status = checkpoint_save(m, &x, "last.safetensors");
 *     checkpoint_release(&x);
 *
 * In the file the tensors' names and the values' keys get the prefix "training." (so they never meet the model's own), tensors
 * are flat f32, and values stand in the metadata as strings. fv_model_load passes over all of them: a checkpoint is a
 * model like any other. Order is kept. The same model and the same extra give the same bytes.
 */
#ifndef MODEL_CHECKPOINT_H
#define MODEL_CHECKPOINT_H

#include "nn/network.h"

#define CHECKPOINT_PREFIX "training."

typedef struct checkpoint_tensor {
    char *name; /* without the prefix */
    int64_t count;
    float *data;
} checkpoint_tensor;

typedef struct checkpoint_value {
    char *key; /* without the prefix */
    char *value;
} checkpoint_value;

/* Owns all it lists. All zero is empty. */
typedef struct checkpoint_extra {
    checkpoint_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    checkpoint_value *values;
    size_t value_count, value_capacity;
} checkpoint_extra;

/* A new tensor of zeros for the caller to fill; the memory stays x's. NULL with the error set. */
float *checkpoint_add_tensor(checkpoint_extra *x, const char *name, int64_t count);
fv_status checkpoint_add_value(checkpoint_extra *x, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* NULL when there is none. */
const checkpoint_tensor *checkpoint_find_tensor(const checkpoint_extra *x, const char *name);
const char *checkpoint_find_value(const checkpoint_extra *x, const char *key);
void checkpoint_release(checkpoint_extra *x);

/* fv_model_save with the extra besides (NULL: none): whole or not at all, an older file stays when it fails. With extra goes a checksum
 * of all that is in the file. */
fv_status checkpoint_save(fv_model *m, const checkpoint_extra *x, const char *path);

/* Reads a checkpoint into a model that has the same tensors (an error names the first that is missing or of another shape):
 * its tensors, class names and preprocessing become the file's, `x` (empty before) gets the rest. Nothing is changed on failure. The error of a
 * file without any "training." value says that it cannot be resumed from; a file whose checksum is not that of what it holds is
 * damaged. */
fv_status checkpoint_load(fv_model *m, const char *path, checkpoint_extra *x);

/* The values alone, whatever the model. */
fv_status checkpoint_load_values(const char *path, checkpoint_extra *x);

#endif
