/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ONNX file: its protocol buffer, and the values of its tensors, which may lie in files beside it.
 *
 *     onnx_file f;
 *     STATUS_TRY(onnx_file_open(&f, "net.onnx"));
 *     onnx_tensor t;
 *     status = onnx_tensor_check(&f, f.model->graph->initializer[0], &t);
 *     ...
 *     onnx_file_close(&f);
 */
#ifndef CONVERT_ONNX_FILE_H
#define CONVERT_ONNX_FILE_H

#include <stdbool.h>

#include <onnx.pb-c.h>

#include "core/file.h"
#include "core/numbers.h"
#include "core/status.h"

enum {
    ONNX_MAX_RANK = 8
};

typedef struct onnx_file {
    const char *path; /* borrowed */
    size_t size;
    Onnx__ModelProto *model; /* with a graph */
    file_bytes values;       /* of the tensor that was read last */
} onnx_file;

/* Whether a file that begins so (8 bytes) is an ONNX model: the format has no magic number, but writers begin with the version of
 * its schema. */
bool onnx_begins(const uint8_t *head);

/* `f` needs no closing when this fails. */
fv_status onnx_file_open(onnx_file *f, const char *path);
void onnx_file_close(onnx_file *f);

/* What a tensor is, once it is known to be whole. */
typedef struct onnx_tensor {
    const Onnx__TensorProto *proto;
    number_type type;
    int rank;
    int64_t shape[ONNX_MAX_RANK], count;
} onnx_tensor;
/* Type, shape, and that there are as many values as the shape says. */
fv_status onnx_tensor_check(const onnx_file *f, const Onnx__TensorProto *proto, onnx_tensor *t);
bool onnx_tensor_is_whole(const onnx_tensor *t); /* of whole numbers or truth values */
/* The values, where they are floats in the file's own memory; else NULL. They are not to be changed. */
float *onnx_tensor_in_place(const onnx_tensor *t);
fv_status onnx_tensor_floats(onnx_file *f, const onnx_tensor *t, float *values);
fv_status onnx_tensor_wholes(onnx_file *f, const onnx_tensor *t, int64_t *values);

/* ---- external.c ---- */

/* The bytes of a tensor that lies in another file of the model's folder: where it says, if that is within the folder and the file. With
 * `values` NULL only that is checked. */
fv_status onnx_external_read(const onnx_file *f, const Onnx__TensorProto *proto, size_t size,
                             file_bytes *values);

#endif
