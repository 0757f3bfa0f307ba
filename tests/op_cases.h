/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row or more for every operation that a network or a training step is made of. The gradients' test and the engines' test both
 * run all of it, so adding an operation is adding its rows here. The gradient operations are reached through autodiff.
 *
 * Tolerances: f32 carries 6e-8 a rounding. EXACT is for what only moves numbers or works on each alone in one or two
 * roundings; POINTWISE for functions like exp and erf, whose vector forms are good to a few units in the last place; SUMMED
 * for sums of up to some thousand terms, whose rounding errors grow with the square root of their number, and for the quotients by
 * a deviation that batch normalisation makes of them.
 */
#ifndef OP_CASES_H
#define OP_CASES_H

#include "op_run.h"

#define EXACT     2e-7
#define POINTWISE 2e-6
#define SUMMED    1e-5

#define IN(fill_, ...)                                                                                                 \
    {                                                                                                                  \
        .fill = FILL_##fill_, .shape = {sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}}             \
    }
#define STATE(fill_, ...)                                                                                              \
    {                                                                                                                  \
        .fill = FILL_##fill_, .shape = {sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}},            \
        .state = true                                                                                                  \
    }
#define ABSENT                                                                                                         \
    {                                                                                                                  \
        .fill = FILL_ABSENT                                                                                            \
    }
/* No attributes. */
#define PLAIN                                                                                                          \
    {                                                                                                                  \
        .alpha = 0                                                                                                     \
    }
/* kernel, stride and dilation alike in both directions; the rest is pad: top, bottom, left, right. */
#define WINDOW(kernel_, stride_, dilation_, groups_, ...)                                                              \
    {                                                                                                                  \
        .kernel = {kernel_, kernel_}, .stride = {stride_, stride_}, .dilation = {dilation_, dilation_},                \
        .groups = groups_, .pad = {__VA_ARGS__}                                                                        \
    }

/* clang-format off: a row is easier to read where its parts stand on few lines */
static const op_case op_cases[] = {
    /* x, w, [b], [residual] */
    {"conv2d 3x3 same", OP_CONV2D, {IN(NORMAL, 2, 5, 6, 3), IN(NORMAL, 4, 3, 3, 3)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1)}, SUMMED},
    {"conv2d 3x3 valid, bias", OP_CONV2D, {IN(NORMAL, 1, 5, 7, 2), IN(NORMAL, 3, 2, 3, 3), IN(NORMAL, 3)},
     {.window = WINDOW(3, 1, 1, 1)}, SUMMED},
    {"conv2d 3x3 stride 2, uneven padding", OP_CONV2D, {IN(NORMAL, 2, 8, 7, 3), IN(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4)},
     {.window = WINDOW(3, 2, 1, 1, 0, 1, 1, 2)}, SUMMED},
    {"conv2d 2x2 stride 3", OP_CONV2D, {IN(NORMAL, 2, 9, 8, 2), IN(NORMAL, 3, 2, 2, 2)},
     {.window = WINDOW(2, 3, 1, 1)}, SUMMED},
    {"conv2d 1x1 stride 2", OP_CONV2D, {IN(NORMAL, 2, 5, 5, 4), IN(NORMAL, 3, 4, 1, 1), IN(NORMAL, 3)},
     {.window = WINDOW(1, 2, 1, 1)}, SUMMED},
    {"conv2d 5x5 on a smaller picture", OP_CONV2D, {IN(NORMAL, 1, 3, 4, 2), IN(NORMAL, 2, 2, 5, 5)},
     {.window = WINDOW(5, 1, 1, 1, 2, 2, 2, 2)}, SUMMED},
    {"conv2d 3x3 dilation 2", OP_CONV2D, {IN(NORMAL, 1, 7, 8, 2), IN(NORMAL, 3, 2, 3, 3), IN(NORMAL, 3)},
     {.window = WINDOW(3, 1, 2, 1, 2, 2, 1, 2)}, SUMMED},
    {"conv2d 1x3 oblong", OP_CONV2D, {IN(NORMAL, 2, 4, 6, 2), IN(NORMAL, 3, 2, 1, 3)},
     {.window = {{1, 3}, {2, 1}, {1, 2}, 1, {0, 0, 2, 1}}}, SUMMED},
    {"conv2d 2 groups", OP_CONV2D, {IN(NORMAL, 2, 5, 4, 4), IN(NORMAL, 6, 2, 3, 3), IN(NORMAL, 6)},
     {.window = WINDOW(3, 1, 1, 2, 1, 1, 1, 1)}, SUMMED},
    {"conv2d depthwise stride 2", OP_CONV2D, {IN(NORMAL, 2, 7, 6, 5), IN(NORMAL, 5, 1, 3, 3), IN(NORMAL, 5)},
     {.window = WINDOW(3, 2, 1, 5, 1, 1, 1, 1)}, SUMMED},
    {"conv2d depthwise, 2 filters a channel", OP_CONV2D, {IN(NORMAL, 2, 5, 5, 3), IN(NORMAL, 6, 1, 3, 3)},
     {.window = WINDOW(3, 1, 1, 3, 1, 1, 1, 1)}, SUMMED},
    {"conv2d + bias + ReLU", OP_CONV2D, {IN(NORMAL, 2, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_RELU}, SUMMED},
    {"conv2d + residual", OP_CONV2D,
     {IN(NORMAL, 2, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3), ABSENT, IN(NORMAL, 2, 5, 5, 4)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1)}, SUMMED},
    {"conv2d + bias + residual + ReLU", OP_CONV2D,
     {IN(NORMAL, 2, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4), IN(NORMAL, 2, 5, 5, 4)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_RELU}, SUMMED},
    {"conv2d + leaky ReLU", OP_CONV2D, {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_LEAKY_RELU, .alpha = 0.125f}, SUMMED},
    {"conv2d + ReLU6", OP_CONV2D, {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_RELU6}, SUMMED},
    {"conv2d + sigmoid", OP_CONV2D, {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_SIGMOID}, SUMMED},
    {"conv2d + tanh", OP_CONV2D, {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_TANH}, SUMMED},
    {"conv2d + GELU", OP_CONV2D, {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_GELU}, SUMMED},
    {"conv2d + residual + SiLU", OP_CONV2D,
     {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4), IN(NORMAL, 1, 5, 5, 4)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_SILU}, SUMMED},
    {"conv2d + hard-swish", OP_CONV2D, {IN(NORMAL, 1, 5, 5, 3), IN(NORMAL, 4, 3, 3, 3)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_HARD_SWISH}, SUMMED},

    /* x, w, [b], [residual] */
    {"dense", OP_DENSE, {IN(NORMAL, 3, 7), IN(NORMAL, 5, 7)}, PLAIN, SUMMED},
    {"dense + bias, batch 1", OP_DENSE, {IN(NORMAL, 1, 17), IN(NORMAL, 10, 17), IN(NORMAL, 10)}, PLAIN, SUMMED},
    {"dense of a picture + bias", OP_DENSE, {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 6, 60), IN(NORMAL, 6)}, PLAIN, SUMMED},
    {"dense of a picture of one pixel", OP_DENSE, {IN(NORMAL, 2, 1, 1, 9), IN(NORMAL, 3, 9)}, PLAIN, SUMMED},
    {"dense + bias + ReLU", OP_DENSE, {IN(NORMAL, 4, 6), IN(NORMAL, 5, 6), IN(NORMAL, 5)},
     {.activation = FV_RELU}, SUMMED},
    {"dense + bias + residual + ReLU", OP_DENSE,
     {IN(NORMAL, 4, 6), IN(NORMAL, 5, 6), IN(NORMAL, 5), IN(NORMAL, 4, 5)}, {.activation = FV_RELU}, SUMMED},
    {"dense of a picture + residual + tanh", OP_DENSE,
     {IN(NORMAL, 2, 2, 3, 4), IN(NORMAL, 5, 24), ABSENT, IN(NORMAL, 2, 5)}, {.activation = FV_TANH}, SUMMED},
    {"dense + sigmoid", OP_DENSE, {IN(NORMAL, 4, 6), IN(NORMAL, 5, 6), IN(NORMAL, 5)},
     {.activation = FV_SIGMOID}, SUMMED},
    {"dense + GELU", OP_DENSE, {IN(NORMAL, 4, 6), IN(NORMAL, 5, 6), IN(NORMAL, 5)},
     {.activation = FV_GELU}, SUMMED},

    {"max pool 2x2", OP_MAX_POOL2D, {IN(DISTINCT, 2, 6, 4, 3)}, {.window = WINDOW(2, 2, 1, 1)}, EXACT},
    {"max pool 3x3 stride 2, padded, overlapping", OP_MAX_POOL2D, {IN(DISTINCT, 2, 7, 6, 5)},
     {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1)}, EXACT},
    {"max pool 3x3 stride 1, uneven padding", OP_MAX_POOL2D, {IN(DISTINCT, 1, 5, 4, 17)},
     {.window = WINDOW(3, 1, 1, 1, 0, 1, 2, 0)}, EXACT},
    {"max pool 1x3", OP_MAX_POOL2D, {IN(DISTINCT, 2, 4, 7, 2)}, {.window = {{1, 3}, {1, 2}, {1, 1}, 1, {0}}}, EXACT},
    {"max pool 5x5 with rest left over", OP_MAX_POOL2D, {IN(DISTINCT, 1, 9, 8, 1)},
     {.window = WINDOW(5, 3, 1, 1)}, EXACT},
    {"max pool of equal values", OP_MAX_POOL2D, {IN(ZERO, 2, 4, 4, 16)}, {.window = WINDOW(2, 2, 1, 1)}, EXACT},
    {"average pool 2x2", OP_AVERAGE_POOL2D, {IN(NORMAL, 2, 6, 4, 3)}, {.window = WINDOW(2, 2, 1, 1)}, POINTWISE},
    {"average pool 3x3 stride 2 without padding's zeros", OP_AVERAGE_POOL2D, {IN(NORMAL, 2, 7, 6, 5)},
     {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1)}, POINTWISE},
    {"average pool 3x3 stride 2 with padding's zeros", OP_AVERAGE_POOL2D, {IN(NORMAL, 2, 7, 6, 5)},
     {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1), .count_padding = 1}, POINTWISE},
    {"average pool 3x2, uneven padding", OP_AVERAGE_POOL2D, {IN(NORMAL, 1, 5, 7, 17)},
     {.window = {{3, 2}, {1, 3}, {1, 1}, 1, {0, 1, 0, 1}}}, POINTWISE},
    {"global average pool", OP_GLOBAL_AVERAGE_POOL2D, {IN(NORMAL, 3, 5, 3, 7)}, PLAIN, POINTWISE},
    {"global average pool of one pixel", OP_GLOBAL_AVERAGE_POOL2D, {IN(NORMAL, 1, 1, 1, 17)}, PLAIN, POINTWISE},

    /* x, gamma, beta, running mean, running variance, [residual] */
    {"batch norm", OP_BATCH_NORM,
     {IN(NORMAL, 3, 4, 5, 6), IN(NORMAL, 6), IN(NORMAL, 6), STATE(NORMAL, 6), STATE(POSITIVE, 6)},
     {.epsilon = 1e-5f, .momentum = 0.1f}, SUMMED},
    {"batch norm, batch 1, 17 channels", OP_BATCH_NORM,
     {IN(NORMAL, 1, 3, 5, 17), IN(NORMAL, 17), IN(NORMAL, 17), STATE(NORMAL, 17), STATE(POSITIVE, 17)},
     {.epsilon = 1e-3f, .momentum = 0.01f}, SUMMED},
    {"batch norm of features", OP_BATCH_NORM,
     {IN(NORMAL, 6, 5), IN(NORMAL, 5), IN(NORMAL, 5), STATE(NORMAL, 5), STATE(POSITIVE, 5)},
     {.epsilon = 1e-5f, .momentum = 0.1f}, SUMMED},
    {"batch norm of numbers far from zero", OP_BATCH_NORM,
     {IN(FAR, 3, 4, 5, 6), IN(NORMAL, 6), IN(NORMAL, 6), STATE(NORMAL, 6), STATE(POSITIVE, 6)},
     {.epsilon = 1e-5f, .momentum = 0.1f}, SUMMED},
    {"batch norm + ReLU", OP_BATCH_NORM,
     {IN(NORMAL, 2, 4, 5, 16), IN(NORMAL, 16), IN(NORMAL, 16), STATE(NORMAL, 16), STATE(POSITIVE, 16)},
     {.epsilon = 1e-5f, .momentum = 0.1f, .activation = FV_RELU}, SUMMED},
    {"batch norm + residual", OP_BATCH_NORM,
     {IN(NORMAL, 2, 4, 5, 3), IN(NORMAL, 3), IN(NORMAL, 3), STATE(NORMAL, 3), STATE(POSITIVE, 3), IN(NORMAL, 2, 4, 5, 3)},
     {.epsilon = 1e-5f, .momentum = 0.1f}, SUMMED},
    {"batch norm + residual + ReLU", OP_BATCH_NORM,
     {IN(NORMAL, 2, 4, 5, 3), IN(NORMAL, 3), IN(NORMAL, 3), STATE(NORMAL, 3), STATE(POSITIVE, 3), IN(NORMAL, 2, 4, 5, 3)},
     {.epsilon = 1e-5f, .momentum = 0.1f, .activation = FV_RELU}, SUMMED},
    {"batch norm of features + ReLU", OP_BATCH_NORM,
     {IN(NORMAL, 9, 33), IN(NORMAL, 33), IN(NORMAL, 33), STATE(NORMAL, 33), STATE(POSITIVE, 33)},
     {.epsilon = 1e-5f, .momentum = 0.1f, .activation = FV_RELU}, SUMMED},
    {"inference batch norm", OP_BATCH_NORM_INFERENCE,
     {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 5), IN(NORMAL, 5), STATE(NORMAL, 5), STATE(POSITIVE, 5)},
     {.epsilon = 1e-5f}, SUMMED},
    {"inference batch norm of features + residual + ReLU", OP_BATCH_NORM_INFERENCE,
     {IN(NORMAL, 4, 5), IN(NORMAL, 5), IN(NORMAL, 5), STATE(NORMAL, 5), STATE(POSITIVE, 5), IN(NORMAL, 4, 5)},
     {.epsilon = 1e-5f, .activation = FV_RELU}, SUMMED},
    {"inference batch norm + sigmoid", OP_BATCH_NORM_INFERENCE,
     {IN(NORMAL, 2, 3, 4, 17), IN(NORMAL, 17), IN(NORMAL, 17), STATE(NORMAL, 17), STATE(POSITIVE, 17)},
     {.epsilon = 1e-5f, .activation = FV_SIGMOID}, SUMMED},
    {"inference batch norm + SiLU", OP_BATCH_NORM_INFERENCE,
     {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 5), IN(NORMAL, 5), STATE(NORMAL, 5), STATE(POSITIVE, 5)},
     {.epsilon = 1e-5f, .activation = FV_SILU}, SUMMED},
    /* w, [b], gamma, beta, running mean, running variance */
    {"fold batch norm", OP_FOLD_BATCH_NORM,
     {IN(NORMAL, 5, 3, 3, 3), IN(NORMAL, 5), IN(NORMAL, 5), IN(NORMAL, 5), IN(NORMAL, 5), IN(POSITIVE, 5)},
     {.epsilon = 1e-5f}, POINTWISE},
    {"fold batch norm into a dense layer without bias", OP_FOLD_BATCH_NORM,
     {IN(NORMAL, 5, 7), ABSENT, IN(NORMAL, 5), IN(NORMAL, 5), IN(NORMAL, 5), IN(POSITIVE, 5)},
     {.epsilon = 1e-3f}, POINTWISE},

    {"ReLU", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_RELU}, EXACT},
    {"leaky ReLU", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_LEAKY_RELU, .alpha = 0.01f}, EXACT},
    {"ReLU6", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_RELU6}, EXACT},
    {"GELU", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_GELU}, POINTWISE},
    {"SiLU", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_SILU}, POINTWISE},
    {"hard-swish", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_HARD_SWISH}, POINTWISE},
    {"sigmoid", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_SIGMOID}, POINTWISE},
    {"tanh", OP_ACTIVATION, {IN(KINKLESS, 2, 3, 5, 7)}, {.activation = FV_TANH}, POINTWISE},
    {"ReLU of features, batch 1", OP_ACTIVATION, {IN(KINKLESS, 1, 13)}, {.activation = FV_RELU}, EXACT},
    {"softmax", OP_SOFTMAX, {IN(NORMAL, 4, 7)}, PLAIN, POINTWISE},
    {"softmax of a picture's channels", OP_SOFTMAX, {IN(NORMAL, 2, 3, 2, 5)}, PLAIN, POINTWISE},
    {"softmax of one class", OP_SOFTMAX, {IN(NORMAL, 3, 1)}, PLAIN, POINTWISE},
    {"softmax of large numbers", OP_SOFTMAX, {IN(LARGE, 3, 9)}, PLAIN, POINTWISE},

    {"dropout", OP_DROPOUT, {IN(NORMAL, 3, 5, 5, 3), IN(STEP, 2)}, {.rate = 0.3f, .stream = 7}, EXACT},
    {"dropout of features", OP_DROPOUT, {IN(NORMAL, 5, 7), IN(STEP, 2)}, {.rate = 0.5f, .stream = 0xffffffffu}, EXACT},
    {"dropout of nothing", OP_DROPOUT, {IN(NORMAL, 5, 7), IN(STEP, 2)}, {.rate = 0}, EXACT},

    {"add", OP_ADD, {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 2, 3, 4, 5)}, PLAIN, EXACT},
    {"add + ReLU", OP_ADD, {IN(NORMAL, 2, 3, 4, 17), IN(NORMAL, 2, 3, 4, 17)}, {.activation = FV_RELU}, EXACT},
    {"add + tanh", OP_ADD, {IN(NORMAL, 4, 5), IN(NORMAL, 4, 5)}, {.activation = FV_TANH}, POINTWISE},
    {"add + GELU", OP_ADD, {IN(NORMAL, 4, 5), IN(NORMAL, 4, 5)}, {.activation = FV_GELU}, POINTWISE},
    {"add a channel's number", OP_ADD, {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 1, 1, 1, 5)}, PLAIN, SUMMED},
    {"add to a smaller first + ReLU", OP_ADD, {IN(NORMAL, 2, 1, 1, 5), IN(NORMAL, 2, 3, 4, 5)},
     {.activation = FV_RELU}, SUMMED},
    {"add both broadcast", OP_ADD, {IN(NORMAL, 2, 1, 4, 1), IN(NORMAL, 1, 3, 1, 5)}, PLAIN, SUMMED},
    {"add a row to features", OP_ADD, {IN(NORMAL, 4, 5), IN(NORMAL, 1, 5)}, PLAIN, SUMMED},
    {"multiply", OP_MULTIPLY, {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 2, 3, 4, 5)}, PLAIN, EXACT},
    {"multiply by a gate a channel", OP_MULTIPLY, {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 2, 1, 1, 5)}, PLAIN, SUMMED},
    {"multiply by a gate a pixel", OP_MULTIPLY, {IN(NORMAL, 2, 3, 4, 1), IN(NORMAL, 2, 3, 4, 17)}, PLAIN, SUMMED},
    {"multiply both broadcast", OP_MULTIPLY, {IN(NORMAL, 4, 1), IN(NORMAL, 1, 6)}, PLAIN, SUMMED},
    {"sum over the batch", OP_REDUCE_SUM, {IN(NORMAL, 5, 7)}, {.shape = {2, {1, 7}}}, SUMMED},
    {"sum over places", OP_REDUCE_SUM, {IN(NORMAL, 2, 3, 4, 5)}, {.shape = {4, {2, 1, 1, 5}}}, SUMMED},
    {"sum over channels", OP_REDUCE_SUM, {IN(NORMAL, 2, 3, 4, 17)}, {.shape = {4, {2, 3, 4, 1}}}, SUMMED},
    {"sum over everything", OP_REDUCE_SUM, {IN(NORMAL, 2, 3, 4, 5)}, {.shape = {4, {1, 1, 1, 1}}}, SUMMED},

    {"concat of pictures", OP_CONCAT, {IN(NORMAL, 2, 3, 4, 5), IN(NORMAL, 2, 3, 4, 1), IN(NORMAL, 2, 3, 4, 16)}, PLAIN, EXACT},
    {"concat of features", OP_CONCAT, {IN(NORMAL, 3, 4), IN(NORMAL, 3, 7)}, PLAIN, EXACT},
    {"concat of one", OP_CONCAT, {IN(NORMAL, 3, 4)}, PLAIN, EXACT},
    {"pad", OP_PAD, {IN(NORMAL, 2, 3, 4, 5)}, {.before = {0, 1, 2, 0}, .after = {0, 2, 0, 0}}, EXACT},
    {"pad channels", OP_PAD, {IN(NORMAL, 2, 3, 4, 5)}, {.before = {0, 0, 0, 3}, .after = {0, 0, 0, 8}}, EXACT},
    {"pad features", OP_PAD, {IN(NORMAL, 2, 3)}, {.before = {0, 1}, .after = {0, 2}}, EXACT},
    {"crop", OP_CROP, {IN(NORMAL, 2, 6, 5, 7)}, {.before = {0, 1, 2, 3}, .after = {0, 2, 0, 1}}, EXACT},
    {"crop features", OP_CROP, {IN(NORMAL, 2, 6)}, {.before = {0, 1}, .after = {0, 2}}, EXACT},
    {"flatten", OP_FLATTEN, {IN(NORMAL, 2, 3, 4, 5)}, PLAIN, EXACT},
    {"unflatten", OP_UNFLATTEN, {IN(NORMAL, 2, 60)}, {.shape = {4, {2, 3, 4, 5}}}, EXACT},
    {"unflatten to one pixel", OP_UNFLATTEN, {IN(NORMAL, 3, 17)}, {.shape = {4, {3, 1, 1, 17}}}, EXACT},

    {"normalize grey", OP_NORMALIZE, {IN(PIXELS, 2, 5, 7, 1)}, {.mean = {127.5f}, .std = {127.5f}}, POINTWISE},
    {"normalize colour", OP_NORMALIZE, {IN(PIXELS, 2, 5, 7, 3)},
     {.mean = {123.7f, 116.3f, 103.5f}, .std = {58.4f, 57.1f, 57.4f}}, POINTWISE},
    {"normalize reversed colour", OP_NORMALIZE, {IN(PIXELS, 1, 3, 5, 3)},
     {.mean = {103.9f, 116.8f, 123.7f}, .std = {1, 2, 4}, .reverse = 1}, POINTWISE},

    /* logits, target, weight */
    {"softmax cross-entropy of classes", OP_SOFTMAX_CROSS_ENTROPY, {IN(NORMAL, 5, 4), IN(CLASS, 5), IN(WEIGHT, 5)}, PLAIN, POINTWISE},
    {"softmax cross-entropy of classes, smoothed", OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 6, 10), IN(CLASS, 6), IN(WEIGHT, 6)}, {.smoothing = 0.1f}, POINTWISE},
    {"softmax cross-entropy of probabilities", OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 5, 4), IN(SOFT, 5, 4), IN(WEIGHT, 5)}, {.smoothing = 0.2f}, POINTWISE},
    {"softmax cross-entropy of targets that do not sum to 1", OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 3, 4), IN(UNIT, 3, 4), IN(WEIGHT, 3)}, PLAIN, POINTWISE},
    {"softmax cross-entropy, batch 1", OP_SOFTMAX_CROSS_ENTROPY, {IN(NORMAL, 1, 1000), IN(CLASS, 1), IN(WEIGHT, 1)}, PLAIN, POINTWISE},
    {"softmax cross-entropy of large logits", OP_SOFTMAX_CROSS_ENTROPY,
     {IN(LARGE, 5, 4), IN(CLASS, 5), IN(WEIGHT, 5)}, PLAIN, SUMMED},
    {"softmax cross-entropy without weights", OP_SOFTMAX_CROSS_ENTROPY, {IN(NORMAL, 3, 4), IN(CLASS, 3), IN(ZERO, 3)}, PLAIN, POINTWISE},
    {"sigmoid cross-entropy of one class", OP_SIGMOID_CROSS_ENTROPY, {IN(NORMAL, 5, 1), IN(BINARY, 5), IN(WEIGHT, 5)}, PLAIN, POINTWISE},
    {"sigmoid cross-entropy of classes, smoothed", OP_SIGMOID_CROSS_ENTROPY,
     {IN(NORMAL, 5, 4), IN(CLASS, 5), IN(WEIGHT, 5)}, {.smoothing = 0.1f}, POINTWISE},
    {"sigmoid cross-entropy of several labels", OP_SIGMOID_CROSS_ENTROPY,
     {IN(KINKLESS, 5, 4), IN(UNIT, 5, 4), IN(WEIGHT, 5)}, {.smoothing = 0.2f}, POINTWISE},
    {"correct", OP_CORRECT, {IN(NORMAL, 40, 3), IN(CLASS, 40), IN(WEIGHT, 40)}, PLAIN, EXACT},
    {"correct of one class", OP_CORRECT, {IN(NORMAL, 40, 1), IN(BINARY, 40), IN(WEIGHT, 40)}, PLAIN, EXACT},
    {"correct of equal logits", OP_CORRECT, {IN(ZERO, 40, 3), IN(CLASS, 40), IN(WEIGHT, 40)}, PLAIN, EXACT},

    /* p, g, [buffer], lr */
    {"SGD", OP_UPDATE_SGD, {STATE(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4, 3, 3, 3), ABSENT, IN(RATE, 1)},
     {.weight_decay = 0.01f, .lr_scale = 1}, EXACT},
    {"SGD with momentum", OP_UPDATE_SGD, {STATE(NORMAL, 17), IN(NORMAL, 17), STATE(NORMAL, 17), IN(RATE, 1)},
     {.momentum = 0.9f, .weight_decay = 0.01f, .lr_scale = 0.5f}, EXACT},
    {"SGD with Nesterov momentum", OP_UPDATE_SGD,
     {STATE(NORMAL, 5, 33), IN(NORMAL, 5, 33), STATE(NORMAL, 5, 33), IN(RATE, 1)},
     {.momentum = 0.9f, .nesterov = 1, .lr_scale = 1}, EXACT},
    /* p, g, m, v, lr, t */
    {"Adam", OP_UPDATE_ADAM,
     {STATE(NORMAL, 5, 7), IN(NORMAL, 5, 7), STATE(NORMAL, 5, 7), STATE(POSITIVE, 5, 7), IN(RATE, 1), IN(TIME, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0.01f, .lr_scale = 1}, POINTWISE},
    {"AdamW", OP_UPDATE_ADAM,
     {STATE(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4, 3, 3, 3), STATE(NORMAL, 4, 3, 3, 3), STATE(POSITIVE, 4, 3, 3, 3), IN(RATE, 1), IN(TIME, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0.01f, .decoupled = 1, .lr_scale = 2}, POINTWISE},
    /* p, g, s, [buffer], lr */
    {"RMSprop", OP_UPDATE_RMSPROP, {STATE(NORMAL, 5, 7), IN(NORMAL, 5, 7), STATE(POSITIVE, 5, 7), ABSENT, IN(RATE, 1)},
     {.beta_1 = 0.9f, .epsilon = 1e-7f, .lr_scale = 1}, POINTWISE},
    {"RMSprop with momentum", OP_UPDATE_RMSPROP,
     {STATE(NORMAL, 17), IN(NORMAL, 17), STATE(POSITIVE, 17), STATE(NORMAL, 17), IN(RATE, 1)},
     {.beta_1 = 0.99f, .momentum = 0.9f, .epsilon = 1e-7f, .weight_decay = 0.01f, .lr_scale = 1}, POINTWISE},
};
/* clang-format on */
enum { OP_CASE_COUNT = sizeof op_cases / sizeof *op_cases };

#endif
