/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the enums that several layers' option tables use. */
#ifndef NN_LAYERS_CHOICES_H
#define NN_LAYERS_CHOICES_H

#include <stddef.h>

#include "nn/network.h"

extern const char *const choices_activation[], *const choices_padding[], *const choices_initializer[];

/* Rows of an option table: the field's name is the option's. */
#define LAYER_INT(STRUCT, FIELD, SHOWN, LOW, HIGH, HELP)                                                     \
    {                                                                                                        \
        .name = #FIELD, .type = OPTION_INT, .offset = offsetof(STRUCT, FIELD), .shown = SHOWN, .low = LOW,   \
        .high = HIGH, .help = HELP                                                                           \
    }
#define LAYER_FLOAT(STRUCT, FIELD, SHOWN, LOW, HIGH, HELP)                                                   \
    {                                                                                                        \
        .name = #FIELD, .type = OPTION_FLOAT, .offset = offsetof(STRUCT, FIELD), .shown = SHOWN, .low = LOW, \
        .high = HIGH, .help = HELP                                                                           \
    }
#define LAYER_BOOL(STRUCT, FIELD, SHOWN, HELP)                                                               \
    {                                                                                                        \
        .name = #FIELD, .type = OPTION_BOOL, .offset = offsetof(STRUCT, FIELD), .shown = SHOWN, .help = HELP \
    }
#define LAYER_CHOICE(STRUCT, FIELD, CHOICES, SHOWN, HELP)                                                    \
    {                                                                                                        \
        .name = #FIELD, .type = OPTION_CHOICE, .offset = offsetof(STRUCT, FIELD), .shown = SHOWN,            \
        .choices = CHOICES, .help = HELP                                                                     \
    }
#define LAYER_INTS(STRUCT, FIELD, LENGTH, HELP)                                                              \
    {                                                                                                        \
        .name = #FIELD, .type = OPTION_INTS, .offset = offsetof(STRUCT, FIELD), .low = 0, .high = 65536,     \
        .length = LENGTH, .help = HELP                                                                       \
    }

#define LAYER_ACTIVATION_ROWS(STRUCT)                                                                        \
    LAYER_CHOICE(STRUCT, activation, choices_activation, "linear", "applied to the output"),                 \
        LAYER_FLOAT(STRUCT, alpha, "0.01", 0, 1, "slope of leaky_relu below zero")
#define LAYER_WINDOW_ROWS(STRUCT)                                                                            \
    LAYER_INT(STRUCT, stride, NULL, 1, 65536, "step of the window"),                                         \
        LAYER_INT(STRUCT, stride_h, NULL, 1, 65536, "vertical step"),                                        \
        LAYER_INT(STRUCT, stride_w, NULL, 1, 65536, "horizontal step"),                                      \
        LAYER_CHOICE(STRUCT, padding, choices_padding, "valid", "pixels around the input"),                  \
        LAYER_INTS(STRUCT, pad, 4, "top, bottom, left, right, with padding explicit")

#endif
