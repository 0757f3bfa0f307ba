/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TFLite graph on its way to layers. Each of its tensors has a value: the constant that it is, or the output of a layer with what is
 * still to be done to it. That is kept back because the operator that follows often belongs to it: padding to a convolution, a
 * factor for each channel to the normalisation of pixels, a sigmoid to the product that makes it SiLU.
 */
#ifndef CONVERT_TFLITE_BUILDER_H
#define CONVERT_TFLITE_BUILDER_H

#include "convert/tflite/file.h"
#include "nn/network.h"

typedef enum value_state {
    VALUE_ABSENT = 0, /* not computed yet */
    VALUE_CONSTANT,   /* the file's tensor `constant` */
    VALUE_SIZES,      /* whole numbers made of shapes: nothing depends on them here */
    VALUE_LAYER
} value_state;

typedef struct tflite_value {
    value_state state;
    int32_t constant;
    fv_node *node;       /* (N, H, W, C) or (N, C) */
    bool channels_first; /* the file's tensor has the channels before the places */
    bool flat; /* the file's tensor is one row of all numbers, in its order; the node has several places */
    bool sole; /* nothing else uses the node */
    /* At most one of these is still to be done to the node, and then the rounding. */
    bool padded;
    int64_t pad[4]; /* zeros: top, bottom, left, right */
    fv_activation_kind activation;
    float *scale, *offset; /* one for each channel; NULL: none. Owned */
    tflite_grid grid; /* that its numbers lie on, or with `rounds` still have to be rounded to, last of all */
    bool rounds;
} tflite_value;

typedef struct tflite_builder {
    tflite_file file;
    const fv_import_options *options;
    fv_model *model;
    tflite_value *values; /* a tensor each */
    int32_t *uses;        /* how many operators take the tensor */
    int32_t at;           /* the operator */
    int32_t head_begins;  /* from here on only the last convolution or dense layer has weights */
    bool normalised;      /* the network normalises its pixels itself */
    float temperature;    /* of the softmax at the end; 0: there is none */
    int32_t rounded;      /* layers that round */
} tflite_builder;

/* ---- values ---- */

const tflite_tensor *tflite_input_tensor(const tflite_builder *b, const tflite_operator *o, int i);
/* An input that is the output of a layer. An error when it is none, or left out. */
fv_status tflite_input(tflite_builder *b, const tflite_operator *o, int i, tflite_value **out);
/* The tensor that input `i` is a constant of; -1 when it is none. */
int32_t tflite_input_constant(const tflite_builder *b, const tflite_operator *o, int i);
/* Whole numbers that a constant input has: at most `limit` of them. */
fv_status tflite_input_numbers(const tflite_builder *b, const tflite_operator *o, int i, int64_t *numbers,
                               int limit, int *count);
/* The input's node with nothing left to do; an error unless its numbers are in the node's order. */
fv_status tflite_input_node(tflite_builder *b, const tflite_operator *o, int i, fv_node **out);
/* Does what was kept back. */
fv_status tflite_settle(tflite_builder *b, tflite_value *v);

/* The operator's output is the node, with a fused activation of the file's. NULL: the layer's error. */
fv_status tflite_output(tflite_builder *b, const tflite_operator *o, fv_node *node, int64_t activation);
/* The output is input `i`, with what was kept back of it; `*out` (may be NULL) is the new value, to be changed. */
fv_status tflite_pass(tflite_builder *b, const tflite_operator *o, int i, tflite_value **out);
/* The output is input `i` times `scale` plus `offset`, one number for each of the channels. */
fv_status tflite_affine(tflite_builder *b, const tflite_operator *o, int i, const float *scale,
                        const float *offset, int64_t activation);

/* A number for each channel; the caller frees it. A doctored file must not make more of them than it has bytes for. */
fv_status tflite_channel_numbers(tflite_builder *b, int64_t channels, float fill, float **out);

/* The layer's activation for a fused one. */
fv_status tflite_activation(int64_t fused, fv_activation_kind *out);

shape tflite_node_shape(const fv_node *node);
int64_t tflite_node_channels(const fv_node *node);
int64_t tflite_node_places(const fv_node *node); /* height * width */

/* A layer's name from its weights': "MobilenetV2/Conv/Conv2D_Fold;…" becomes "MobilenetV2.Conv". NULL: none that could be used. */
typedef struct tflite_label {
    char words[128];
} tflite_label;
const char *tflite_layer_name(const tflite_builder *b, const tflite_tensor *weights, tflite_label *label);
/* Copies into the last layer's tensor NAME.suffix. */
fv_status tflite_fill(const tflite_builder *b, const char *suffix, const float *values);

/* ---- rounding.c ---- */

/* What the operator gives still has to be rounded to its tensor's grid, where that has one. */
fv_status tflite_round_output(tflite_builder *b, const tflite_operator *o);
/* Does it, behind all else. */
fv_status tflite_settle_rounding(tflite_builder *b, tflite_value *v);

/* ---- operators: weights.c, pictures.c, elementwise.c ---- */

typedef fv_status tflite_build(tflite_builder *b, const tflite_operator *o);
tflite_build tflite_conv_2d, tflite_depthwise_conv_2d, tflite_fully_connected;
tflite_build tflite_max_pool, tflite_average_pool, tflite_mean, tflite_pad, tflite_reshape, tflite_transpose,
    tflite_concatenation, tflite_sizes;
tflite_build tflite_add, tflite_sub, tflite_mul, tflite_div, tflite_relu, tflite_relu6, tflite_tanh,
    tflite_gelu, tflite_hard_swish, tflite_leaky_relu, tflite_logistic, tflite_softmax, tflite_same;

/* ---- metadata.c ---- */

/* What fovea's own export wrote of preprocessing, classes and calibration; `*found`: whether it did. */
fv_status tflite_set_own(tflite_builder *b, bool *found);

/* The preprocessing that the file says or suggests; tells the log what it is. */
fv_status tflite_set_preprocess(tflite_builder *b);
/* Class names that lie in the file, where there are some. */
fv_status tflite_set_classes(tflite_builder *b);

__attribute__((format(printf, 2, 3))) void tflite_log(const tflite_builder *b, const char *format, ...);

#endif
