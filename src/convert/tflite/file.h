/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TFLite file, read and checked: its tensors, the operators in the order in which they run, and where constants lie.
 *
 *     tflite_file f;
 *     STATUS_TRY(tflite_file_open(&f, "net.tflite"));
 *     ... f.operators[i].inputs ...
 *     tflite_file_release(&f);
 *
 * Indices of tensors and operators are in range once it is open, shapes are not negative, and a constant has as many bytes as its shape says.
 */
#ifndef CONVERT_TFLITE_FILE_H
#define CONVERT_TFLITE_FILE_H

#include "convert/tflite/flatbuffer.h"
#include "core/status.h"

enum {
    TFLITE_MAX_RANK = 8,
    TFLITE_MAX_INPUTS = 64,
    TFLITE_MAX_OPERATORS = 10000,
    TFLITE_MAX_TENSORS = 100000
};

typedef struct tflite_tensor {
    const char *name; /* not ended by a zero */
    uint32_t name_length;
    int type, rank;
    int64_t shape[TFLITE_MAX_RANK], count; /* elements */
    bool open_size;                        /* a side but the first is whatever the input is */
    const uint8_t *data;                   /* NULL unless it is a constant */
    /* Quantised, when there are scales: value = scale * (number - zero_point), one of each, or one for each place of `dimension`. */
    flat_vector scale, zero_point;
    int64_t dimension;
} tflite_tensor;

typedef struct tflite_operator {
    int64_t code;
    const char *custom; /* the name of a custom one, not ended by a zero */
    uint32_t custom_length;
    flat_table options;
    int32_t inputs[TFLITE_MAX_INPUTS]; /* tensors; -1: left out */
    int input_count, output_count;
    int32_t output; /* the first */
} tflite_operator;

typedef struct tflite_file {
    const char *path; /* borrowed */
    uint8_t *bytes;
    flatbuffer flat;
    flat_table model;
    flat_vector buffers;
    tflite_tensor *tensors;
    tflite_operator *operators;
    int32_t tensor_count, operator_count;
    int32_t input, output; /* tensors */
} tflite_file;

/* `path` stays the caller's and is borrowed. Release it also when this fails. */
fv_status tflite_file_open(tflite_file *f, const char *path);
void tflite_file_release(tflite_file *f);

/* constant.c: a constant's elements as f32, dequantised; the caller frees *values. Errors name the tensor. */
fv_status tflite_constant(const tflite_file *f, int32_t tensor, float **values);

/* What a tensor of few bits can hold: scale * (q - zero_point), q in low..high. */
typedef struct tflite_grid {
    float scale; /* 0: it is none */
    int64_t zero_point, low, high;
} tflite_grid;
/* The grid of a tensor that is computed; errors name the tensor. */
fv_status tflite_grid_of(const tflite_file *f, int32_t tensor, tflite_grid *out);

/* The bytes of the buffer; empty when it has none or is not there. */
fv_status tflite_buffer(tflite_file *f, int64_t index, flat_vector *out);

#endif
