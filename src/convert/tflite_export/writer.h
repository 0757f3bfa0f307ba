/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TensorFlow Lite graph as it is written, operation by operation (the table in export.c names the function for each kind): tensors, some with
 * numbers, and operators; file.c makes a FlatBuffer of them. Pictures are (N, H, W, C) there too.
 *
 *     int32_t x = lite_value(w, o->inputs[0]);
 *     lite_set(w, o, lite_operator(w, OPERATOR_RELU, (int32_t[]){x}, 1, lite_shape_of(w, o->outputs[0]), NULL));
 *
 * Tensors are numbers; LITE_FAILED stands for one that could not be made, with the error set, and is passed on. All memory is the writer's.
 */
#ifndef CONVERT_TFLITE_EXPORT_WRITER_H
#define CONVERT_TFLITE_EXPORT_WRITER_H

#include "convert/export.h"
#include "convert/tflite/schema.h"
#include "convert/tflite_export/flat_writer.h"
#include "core/memory.h"
#include "core/text.h"

enum {
    LITE_FAILED = -2,
    LITE_ABSENT = -1,
    LITE_RANK = 5,
    LITE_INPUTS = OP_MAX_INPUTS,
    LITE_OPTIONS = 7
};

typedef struct lite_shape {
    int rank;
    int64_t d[LITE_RANK]; /* the first may be BATCH */
} lite_shape;

typedef struct lite_tensor {
    const char *name;
    int type; /* TENSOR_FLOAT32, … */
    lite_shape shape;
    const void *data; /* NULL: computed */
    size_t bytes;
} lite_tensor;

/* An operator's options: the table's type, and its fields. */
typedef struct lite_options {
    int type, count, version; /* version of the operator; 0: 1 */
    flat_field fields[LITE_OPTIONS];
} lite_options;

/* A kind of operator, which the file has once. */
typedef struct lite_code {
    int code, version;
} lite_code;

typedef struct lite_operator_record {
    size_t code; /* its place among the writer's codes */
    int32_t inputs[LITE_INPUTS], output;
    int input_count;
    lite_options options;
} lite_operator_record;

typedef struct lite_value_state {
    int32_t tensor; /* LITE_ABSENT: not written yet */
    bool fused;     /* the activation behind it is in it already */
    bool
        last_fastest; /* a row of a picture's numbers in its own order, channels fastest, where ours are slowest */
} lite_value_state;

typedef struct lite_writer {
    const export_network *network;
    const fv_export_options *options;
    const op *op; /* the one that is written */
    lite_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    lite_code *codes;
    size_t code_count, code_capacity;
    lite_operator_record *operators;
    size_t operator_count, operator_capacity;
    lite_value_state *values;
    int32_t input, output;
    mem_pool pool; /* all that is written */
} lite_writer;

/* ---- writer.c ---- */

void lite_release(lite_writer *w);

int32_t lite_tensor_add(lite_writer *w, const char *name, int type, lite_shape s, const void *data,
                        size_t bytes);
/* Constants; the floats are borrowed, the whole numbers (32 bits) copied. */
int32_t lite_floats(lite_writer *w, const char *name, lite_shape s, const float *data);
int32_t lite_number(lite_writer *w, float number);
int32_t lite_wholes(lite_writer *w, const int64_t *list, int count);
/* The operator's output. `options` may be NULL. */
int32_t lite_operator(lite_writer *w, int code, const int32_t *inputs, int count, lite_shape out,
                      const lite_options *options);

lite_shape lite_shape_of(const lite_writer *w, value_id v);
const shape *lite_graph_shape(const lite_writer *w, value_id v);
/* The tensor of a value; a constant when it is persistent. */
int32_t lite_value(lite_writer *w, value_id v);
/* A list of numbers for each channel: of the operation's input, or `count` times `fill` where it has none. */
int32_t lite_channels(lite_writer *w, const op *o, int input, const char *part, int64_t count, float fill);
/* The activation that can be a part of the operator which writes the operation's output: ACTIVATION_NONE, or it is taken. */
int lite_fuse(lite_writer *w, const op *o);
/* x is the operation's output. False when it is LITE_FAILED. */
bool lite_set(lite_writer *w, const op *o, int32_t x);

/* Operators that many use. */
int32_t lite_reshape(lite_writer *w, int32_t x, lite_shape to);
int32_t lite_transpose(lite_writer *w, int32_t x, const int *order);
int32_t lite_add(lite_writer *w, int32_t a, int32_t b, int activation);
int32_t lite_multiply(lite_writer *w, int32_t a, int32_t b, int activation);
int32_t lite_mean(lite_writer *w, int32_t x, const int64_t *axes, int count, bool keep);

/* ---- what writes an operation; false with the error set ---- */

bool lite_write_normalize(lite_writer *w, const op *o); /* input.c */
/* windows.c */
bool lite_write_convolution(lite_writer *w, const op *o);
bool lite_write_max_pool(lite_writer *w, const op *o);
bool lite_write_average_pool(lite_writer *w, const op *o);
bool lite_write_global_average(lite_writer *w, const op *o);
/* dense.c */
bool lite_write_flatten(lite_writer *w, const op *o);
bool lite_write_dense(lite_writer *w, const op *o);
bool lite_write_attention(lite_writer *w, const op *o);
/* norms.c */
bool lite_write_batch_norm(lite_writer *w, const op *o);
bool lite_write_group_norm(lite_writer *w, const op *o);
/* elementwise.c */
bool lite_write_activation(lite_writer *w, const op *o);
bool lite_write_softmax(lite_writer *w, const op *o);
int32_t lite_softmax(lite_writer *w, int32_t x, float beta);
bool lite_write_add(lite_writer *w, const op *o);
bool lite_write_multiply(lite_writer *w, const op *o);
/* moves.c */
bool lite_write_concat(lite_writer *w, const op *o);
bool lite_write_pad(lite_writer *w, const op *o);
bool lite_write_crop(lite_writer *w, const op *o);
bool lite_write_shuffle(lite_writer *w, const op *o);
bool lite_write_reshape(lite_writer *w, const op *o);
int32_t lite_pad(lite_writer *w, int32_t x, const int64_t *before, const int64_t *after, bool lowest);

/* ---- file.c, metadata.c ---- */

fv_status lite_save(const lite_writer *w, const char *path);
/* TFLite's own metadata: a FlatBuffer that says how pixels are normalised and where the classes' names are. */
fv_status lite_metadata(const lite_writer *w, flat_writer *out);
/* The classes' names as a file in a zip archive, which stands behind `size` other bytes; empty where there are none. The caller releases it. */
fv_status lite_labels(const lite_writer *w, size_t size, text *archive);

#endif
