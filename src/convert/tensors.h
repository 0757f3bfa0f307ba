/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of named tensors, whatever its format: names, types and shapes are there once it is open, values are read one
 * tensor at a time.
 *
 *     tensor_file *f;
 *     STATUS_TRY(tensor_file_open("resnet18.pth", &f));
 *     const named_tensor *t = tensor_file_find(f, "conv1.weight");
 *     status = t ? f->read(f, t, values) : ...;
 *     tensor_file_destroy(f);
 *
 * A format fills the struct from its own reader (a file a format) and stands in tensors.c's table.
 */
#ifndef CONVERT_TENSORS_H
#define CONVERT_TENSORS_H

#include <stdbool.h>

#include "core/numbers.h"
#include "core/status.h"

enum {
    TENSORS_MAX_RANK = 8
};

typedef struct named_tensor {
    char *name; /* owned; one line */
    number_type type;
    int rank;
    int64_t shape[TENSORS_MAX_RANK], count; /* elements: never more than the file has bytes */
    size_t place;                           /* the format's own */
} named_tensor;

typedef struct tensor_file tensor_file;
struct tensor_file {
    char *path;
    named_tensor *list; /* sorted by name, each once */
    size_t count, capacity;
    void *reader; /* the format's own */
    /* All of its values as f32. */
    fv_status (*read)(const tensor_file *f, const named_tensor *t, float *values);
    /* The normalisation that the weights were trained with, when the file has it; may be NULL. */
    fv_status (*read_normalisation)(const tensor_file *f, fv_model *m, bool *found);
    void (*close)(void *reader);
    const char *advice; /* for the error when tensors of the network are not there; may be NULL */
};

/* Recognised by content. The caller destroys it. */
fv_status tensor_file_open(const char *path, tensor_file **out);
void tensor_file_destroy(tensor_file *f);                                     /* NULL is fine */
const named_tensor *tensor_file_find(const tensor_file *f, const char *name); /* NULL: not there */

/* ---- for the formats ---- */

/* A further tensor, in any order; its name is copied. */
fv_status tensor_file_add(tensor_file *f, const char *name, size_t length, named_tensor t);

/* Each fills `f`, whose path is set. What fails is released by tensor_file_destroy. */
fv_status safetensors_tensors(tensor_file *f);
fv_status torch_zip_tensors(tensor_file *f);
fv_status torch_legacy_tensors(tensor_file *f);
fv_status onnx_tensors(tensor_file *f);

#endif
