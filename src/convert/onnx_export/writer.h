/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ONNX graph as it is written, operation by operation (the table in export.c names the function for each kind). Values of ours are pictures
 * (N, H, W, C); here each exists in one of two layouts or in both, and is transposed when an operation wants the other:
 *
 *     const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);     // (N, C, H, W), for convolutions and pools
 *     const char *y = onnx_node(w, "Relu", (const char *[]){x}, 1, NULL);
 *     return onnx_set_output(w, o, ONNX_FIRST, y);
 *
 * A function that cannot go on returns NULL with the error set, and one that is given NULL passes it on. All memory belongs to the writer.
 */
#ifndef CONVERT_ONNX_EXPORT_WRITER_H
#define CONVERT_ONNX_EXPORT_WRITER_H

#include <onnx.pb-c.h>

#include "convert/export.h"
#include "core/memory.h"

typedef enum onnx_layout {
    ONNX_FIRST, /* (N, C, H, W) */
    ONNX_LAST,  /* (N, H, W, C) */
    ONNX_LAYOUTS
} onnx_layout;

typedef struct onnx_names {
    const char *in[ONNX_LAYOUTS]; /* flat values have the same in both; NULL: not in this layout yet */
    const char *pooled;           /* (N, C) ones that are (N, C, 1, 1) too */
} onnx_names;

typedef struct onnx_writer {
    const export_network *network;
    const fv_export_options *options;
    Onnx__GraphProto graph;
    Onnx__StringStringEntryProto **properties;
    size_t property_count, property_capacity, node_capacity, tensor_capacity;
    onnx_names *values; /* by value */
    const op *op;       /* the one that is written */
    mem_pool pool;      /* all that is written */
} onnx_writer;

/* ---- writer.c ---- */

void onnx_writer_release(onnx_writer *w);

typedef struct onnx_attribute {
    const char *name; /* NULL ends a list */
    int count;        /* of `ints`; 0: it is `integer`; -1: `number` */
    int64_t integer;
    float number;
    const int64_t *ints;
} onnx_attribute;
#define ONNX_INT(NAME, VALUE)                                                                                \
    {                                                                                                        \
        .name = NAME, .integer = VALUE                                                                       \
    }
#define ONNX_FLOAT(NAME, VALUE)                                                                              \
    {                                                                                                        \
        .name = NAME, .count = -1, .number = VALUE                                                           \
    }
#define ONNX_INTS(NAME, COUNT, ...)                                                                          \
    {                                                                                                        \
        .name = NAME, .count = COUNT, .ints = (const int64_t[])                                              \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

/* A node of one output, whose name is returned. An absent optional input is "". `attributes` may be NULL. */
const char *onnx_node(onnx_writer *w, const char *type, const char *const *inputs, int count,
                      const onnx_attribute *attributes);
/* Constants. A name that is taken gets a number; the floats must live as long as the writer. Numbers and lists of whole numbers are named by
 * what they are, and are there once. */
const char *onnx_floats(onnx_writer *w, const char *name, int rank, const int64_t *shape, const float *data);
const char *onnx_number(onnx_writer *w, float number);
const char *onnx_wholes(onnx_writer *w, const int64_t *list, int count);
bool onnx_property(onnx_writer *w, const char *key, const char *value);

/* ---- values.c ---- */

/* The value in that layout; a persistent one becomes a constant. */
const char *onnx_value(onnx_writer *w, value_id v, onnx_layout layout);
/* The layout that costs no transposition for the operation's inputs. */
onnx_layout onnx_layout_for(const onnx_writer *w, const op *o);
/* A persistent value in its own order (OIHW, (O, I), (C)), called as export_parameter_name says. NULL without an error when the
 * operation has no such input. */
const char *onnx_parameter(onnx_writer *w, const op *o, int input, const char *part);
/* y, after the operation's activation, is its output. False when it is NULL. */
bool onnx_set_output(onnx_writer *w, const op *o, onnx_layout layout, const char *y);
/* y = x in another shape; a first side of 0 is x's own. */
const char *onnx_reshape(onnx_writer *w, const char *x, int rank, const int64_t *shape);
const char *onnx_transpose(onnx_writer *w, const char *x, int rank, const int64_t *order);
const shape *onnx_shape(const onnx_writer *w, value_id v);

/* ---- what writes an operation; false with the error set ---- */

/* input.c */
bool onnx_write_normalize(onnx_writer *w, const op *o);
/* A list of one input or output; the name is kept as it is. */
Onnx__ValueInfoProto **onnx_value_info(onnx_writer *w, char *name, int type, const shape *s);
/* windows.c */
bool onnx_write_convolution(onnx_writer *w, const op *o);
bool onnx_write_max_pool(onnx_writer *w, const op *o);
bool onnx_write_average_pool(onnx_writer *w, const op *o);
bool onnx_write_global_average(onnx_writer *w, const op *o);
/* dense.c */
bool onnx_write_dense(onnx_writer *w, const op *o);
bool onnx_write_attention(onnx_writer *w, const op *o);
/* norms.c */
bool onnx_write_batch_norm(onnx_writer *w, const op *o);
bool onnx_write_group_norm(onnx_writer *w, const op *o);
/* elementwise.c */
const char *onnx_activate(onnx_writer *w, const char *x, fv_activation_kind kind, float alpha);
bool onnx_write_activation(onnx_writer *w, const op *o);
bool onnx_write_softmax(onnx_writer *w, const op *o);
bool onnx_write_add(onnx_writer *w, const op *o);
bool onnx_write_multiply(onnx_writer *w, const op *o);
/* moves.c */
bool onnx_write_concat(onnx_writer *w, const op *o);
bool onnx_write_pad(onnx_writer *w, const op *o);
bool onnx_write_crop(onnx_writer *w, const op *o);
bool onnx_write_shuffle(onnx_writer *w, const op *o);
bool onnx_write_reshape(onnx_writer *w, const op *o);
bool onnx_write_flatten(onnx_writer *w, const op *o);
bool onnx_write_unflatten(onnx_writer *w, const op *o);

/* metadata.c: class names, preprocessing and the like as properties. */
bool onnx_write_properties(onnx_writer *w);

#endif
