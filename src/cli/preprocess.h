/* SPDX-License-Identifier: Apache-2.0 */
/* The value of --preprocess: a mode, then `key=value` pairs that override it, with commas or spaces between them. */
#ifndef CLI_PREPROCESS_H
#define CLI_PREPROCESS_H

#include <stdbool.h>

#include "core/status.h"

typedef struct preprocess_choice {
    bool mean_set, std_set, order, size, crop, interpolation; /* what was said */
    float mean[3], std[3];
    int bgr;
    int64_t height, width;
    float crop_fraction;
    fv_interpolation kind;
    int tensorflow_padding;
    bool caffe; /* the mode */
} preprocess_choice;

/* Help for the option. */
#define PREPROCESS_HELP                                                                                      \
    "what the weights expect of a picture: torch, tf (which pads as TensorFlow too) or caffe, then pairs "   \
    "that override it, e.g. \"tf mean=128 std=128\": mean=, std= (one number or three, of values 0..255), "  \
    "order=rgb or bgr, padding=tf, size=, crop_pct=, interpolation="

/* NULL words: nothing is said. */
fv_status preprocess_parse(const char *words, preprocess_choice *out);
/* Caffe's definition of SqueezeNet takes other pictures than torchvision's: that size, unless one is said. */
void preprocess_settle_size(preprocess_choice *c, const char *model);
/* What was said, into `p`. */
void preprocess_apply(const preprocess_choice *c, fv_preprocess *p);
/* For a network with weights: how those of the zoo's `network` want pictures brought to their size (nothing where it is none), then
 * what was said. Mean and std stay as the weights brought them unless they were said. */
fv_status preprocess_settle(const preprocess_choice *c, const char *network, fv_model *m);
/* An error when padding=tf was said for a network that says itself how it pads. */
fv_status preprocess_check_network(const preprocess_choice *c, const char *path);

#endif
