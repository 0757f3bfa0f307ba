/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers, the functional way: each call adds a layer and returns its output.
 *
 *     fv_node *x = fv_input(m);                                     // (N, 32, 32, 3), normalised
 *     x = fv_conv2d(x, .filters = 32, .kernel = 3, .padding = FV_SAME, .activation = FV_RELU);
 *     x = fv_max_pool2d(x, .size = 2);
 *     x = fv_dropout(fv_flatten(x), .rate = 0.5f);
 *     fv_output(fv_dense(x, .units = 10));                          // logits
 *
 * Shapes are (N, H, W, C) or (N, C). A call that fails returns NULL, later calls pass NULL on, and fv_compile reports
 * the first error. Names are made up ("conv2d_1") unless given; tensors are called NAME.weight and NAME.bias.
 */
#ifndef FOVEA_LAYERS_H
#define FOVEA_LAYERS_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fv_activation_kind {
    FV_LINEAR = 0,
    FV_RELU,
    FV_LEAKY_RELU, /* slope 0.01 unless `alpha` is given */
    FV_RELU6,
    FV_GELU, /* exact, with erf (Hendrycks & Gimpel 2016) */
    FV_SILU,
    FV_HARD_SWISH,
    FV_SIGMOID,
    FV_TANH,
    FV_SOFTMAX,      /* over the channels */
    FV_HARD_SIGMOID, /* x / 6 + 1 / 2 held in [0, 1], as PyTorch's (Howard et al. 2019) */
    FV_GELU_TANH     /* GELU by its approximation with tanh, as JAX and TensorFlow often have it */
} fv_activation_kind;

typedef enum fv_padding {
    FV_VALID = 0,
    FV_SAME, /* floor(dilation * (kernel - 1) / 2) before, the rest after: PyTorch's padding = k / 2 for odd kernels */
    FV_SAME_TF, /* TensorFlow's: output ceil(size / stride), the odd pixel at the bottom and right */
    FV_EXPLICIT /* the `pad` field */
} fv_padding;

typedef enum fv_initializer {
    FV_INIT_DEFAULT = 0,  /* He normal */
    FV_HE_NORMAL,         /* normal, std = sqrt(2 / fan_in) (He et al. 2015) */
    FV_HE_NORMAL_FAN_OUT, /* the same with fan_out, as ResNets are trained */
    FV_HE_UNIFORM,        /* uniform, limit = sqrt(6 / fan_in) */
    FV_GLOROT_NORMAL,     /* std = sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio 2010) */
    FV_GLOROT_UNIFORM,    /* limit = sqrt(6 / (fan_in + fan_out)) */
    FV_ORTHOGONAL,        /* rows or columns orthonormal (Saxe et al. 2014) */
    FV_ZEROS,
    FV_TRUNCATED_NORMAL /* std 0.02, drawn again beyond 2 std, as transformers are trained */
} fv_initializer;

/* The network's input after normalisation: (N, height, width, channels). Once per model. */
FV_API fv_node *fv_input(fv_model *m);
/* Names the logits: (N, classes). Returns the node. Once per model. */
FV_API fv_node *fv_output(fv_node *x);

typedef struct fv_conv2d_options {
    size_t struct_size;
    fv_node *input;
    int64_t filters;                    /* required unless `depthwise` */
    int64_t kernel, kernel_h, kernel_w; /* required: kernel, or both of the others */
    int64_t stride, stride_h, stride_w; /* default 1 */
    int64_t dilation;                   /* default 1 */
    int64_t groups;                     /* default 1; divides input channels and filters */
    int depthwise;                      /* nonzero: groups = input channels, filters default to as many */
    fv_padding padding;                 /* default FV_VALID */
    int64_t pad[4];                     /* FV_EXPLICIT: top, bottom, left, right */
    int use_bias;                       /* default on; FV_OFF */
    fv_activation_kind activation;      /* default FV_LINEAR */
    float alpha;                        /* of FV_LEAKY_RELU */
    fv_initializer initializer;         /* of the weights (filters, channels / groups, kernel_h, kernel_w) */
    const char *name;
} fv_conv2d_options;
#define fv_conv2d(...)                                                                                       \
    fv_conv2d_with(&(fv_conv2d_options){.struct_size = sizeof(fv_conv2d_options), .input = __VA_ARGS__})
FV_API fv_node *fv_conv2d_with(const fv_conv2d_options *options);

typedef struct fv_dense_options {
    size_t struct_size;
    fv_node *input; /* (N, C), or (N, H, W, C), which is flattened first */
    int64_t units;  /* required */
    int use_bias;   /* default on; FV_OFF */
    fv_activation_kind activation;
    float alpha;
    fv_initializer initializer; /* of the weights (units, inputs); default Glorot uniform */
    const char *name;
    int each_place; /* nonzero: over the channels of each place, (N, H, W, C) to (N, H, W, units); default off */
} fv_dense_options;
#define fv_dense(...)                                                                                        \
    fv_dense_with(&(fv_dense_options){.struct_size = sizeof(fv_dense_options), .input = __VA_ARGS__})
FV_API fv_node *fv_dense_with(const fv_dense_options *options);

/* A depthwise convolution, then one of 1x1, with nothing between (Keras's SeparableConv2D). Tensors: NAME.depthwise.weight
 * (channels * depth_multiplier, 1, kernel_h, kernel_w), NAME.pointwise.weight (filters, channels * depth_multiplier, 1, 1),
 * NAME.bias. */
typedef struct fv_separable_conv2d_options {
    size_t struct_size;
    fv_node *input;
    int64_t filters;                    /* required */
    int64_t kernel, kernel_h, kernel_w; /* required: kernel, or both of the others */
    int64_t stride, stride_h, stride_w; /* default 1 */
    int64_t dilation;                   /* default 1 */
    int64_t depth_multiplier;           /* depthwise filters a channel; default 1 */
    fv_padding padding;                 /* default FV_VALID */
    int64_t pad[4];
    int use_bias; /* default on; FV_OFF */
    fv_activation_kind activation;
    float alpha;
    fv_initializer initializer;
    const char *name;
} fv_separable_conv2d_options;
#define fv_separable_conv2d(...)                                                                             \
    fv_separable_conv2d_with(&(fv_separable_conv2d_options){                                                 \
        .struct_size = sizeof(fv_separable_conv2d_options), .input = __VA_ARGS__})
FV_API fv_node *fv_separable_conv2d_with(const fv_separable_conv2d_options *options);

/* Scales each channel by a gate that is made of the means of all (Hu et al. 2018): x * gate(fc2(activation(fc1(mean(x))))).
 * Tensors: NAME.fc1.weight (units, channels, 1, 1), NAME.fc1.bias, NAME.fc2.weight (channels, units, 1, 1), NAME.fc2.bias. */
typedef struct fv_squeeze_excitation_options {
    size_t struct_size;
    fv_node *input;
    int64_t units;                 /* of fc1; default: a sixteenth of the channels */
    fv_activation_kind activation; /* default ReLU */
    fv_activation_kind gate;       /* default FV_SIGMOID */
    const char *name;
} fv_squeeze_excitation_options;
#define fv_squeeze_excitation(...)                                                                           \
    fv_squeeze_excitation_with(&(fv_squeeze_excitation_options){                                             \
        .struct_size = sizeof(fv_squeeze_excitation_options), .input = __VA_ARGS__})
FV_API fv_node *fv_squeeze_excitation_with(const fv_squeeze_excitation_options *options);

typedef struct fv_pool2d_options {
    size_t struct_size;
    fv_node *input;
    int64_t size, size_h, size_w;       /* default 2 */
    int64_t stride, stride_h, stride_w; /* default: the size */
    fv_padding padding;                 /* default FV_VALID */
    int64_t pad[4];
    int count_padding; /* average pooling: nonzero counts padded places in the mean; default off */
    const char *name;
    int ceil_mode; /* nonzero: a last window that goes beyond the input is used too, as in PyTorch; default off */
} fv_pool2d_options;
#define fv_max_pool2d(...)                                                                                   \
    fv_max_pool2d_with(&(fv_pool2d_options){.struct_size = sizeof(fv_pool2d_options), .input = __VA_ARGS__})
#define fv_average_pool2d(...)                                                                               \
    fv_average_pool2d_with(                                                                                  \
        &(fv_pool2d_options){.struct_size = sizeof(fv_pool2d_options), .input = __VA_ARGS__})
FV_API fv_node *fv_max_pool2d_with(const fv_pool2d_options *options);
FV_API fv_node *fv_average_pool2d_with(const fv_pool2d_options *options);
/* (N, H, W, C) to (N, C). */
FV_API fv_node *fv_global_average_pool2d(fv_node *x);
FV_API fv_node *fv_global_max_pool2d(fv_node *x);

typedef struct fv_batch_norm_options {
    size_t struct_size;
    fv_node *input;
    float epsilon; /* default 1e-5 */
    float
        momentum; /* of the running statistics: new = (1 - momentum) * old + momentum * batch; default 0.1, as PyTorch's */
    fv_activation_kind activation;
    float alpha;
    const char *name;
} fv_batch_norm_options;
#define fv_batch_norm(...)                                                                                   \
    fv_batch_norm_with(                                                                                      \
        &(fv_batch_norm_options){.struct_size = sizeof(fv_batch_norm_options), .input = __VA_ARGS__})
FV_API fv_node *fv_batch_norm_with(const fv_batch_norm_options *options);

/* Normalises the channels of each place (Ba et al. 2016). Tensors: NAME.weight and NAME.bias, (C). */
typedef struct fv_layer_norm_options {
    size_t struct_size;
    fv_node *input;
    float epsilon; /* default 1e-6 */
    const char *name;
} fv_layer_norm_options;
#define fv_layer_norm(...)                                                                                   \
    fv_layer_norm_with(                                                                                      \
        &(fv_layer_norm_options){.struct_size = sizeof(fv_layer_norm_options), .input = __VA_ARGS__})
FV_API fv_node *fv_layer_norm_with(const fv_layer_norm_options *options);

/* Normalises each group of neighbouring channels of a picture (Wu & He 2018). Tensors: NAME.weight and NAME.bias, (C). */
typedef struct fv_group_norm_options {
    size_t struct_size;
    fv_node *input;
    int64_t groups; /* divides the channels; default 32 */
    float epsilon;  /* default 1e-5 */
    fv_activation_kind activation;
    float alpha;
    const char *name;
} fv_group_norm_options;
#define fv_group_norm(...)                                                                                   \
    fv_group_norm_with(                                                                                      \
        &(fv_group_norm_options){.struct_size = sizeof(fv_group_norm_options), .input = __VA_ARGS__})
FV_API fv_node *fv_group_norm_with(const fv_group_norm_options *options);

typedef struct fv_dropout_options {
    size_t struct_size;
    fv_node *input;
    float
        rate; /* part that is set to zero while training, [0, 1); the rest is scaled by 1 / (1 - rate); default 0.5 */
    const char *name;
} fv_dropout_options;
#define fv_dropout(...)                                                                                      \
    fv_dropout_with(&(fv_dropout_options){.struct_size = sizeof(fv_dropout_options), .input = __VA_ARGS__})
FV_API fv_node *fv_dropout_with(const fv_dropout_options *options);

/* Drops whole pictures of the batch, in the branch of a residual block (Huang et al. 2016). */
#define fv_stochastic_depth(...)                                                                             \
    fv_stochastic_depth_with(                                                                                \
        &(fv_dropout_options){.struct_size = sizeof(fv_dropout_options), .input = __VA_ARGS__})
FV_API fv_node *fv_stochastic_depth_with(const fv_dropout_options *options);

/* Drops whole channels, of each picture its own (Tompson et al. 2015): what SpatialDropout2D is in Keras and Dropout2d in PyTorch. The
 * input must be (N, H, W, C). */
#define fv_spatial_dropout(...)                                                                              \
    fv_spatial_dropout_with(                                                                                 \
        &(fv_dropout_options){.struct_size = sizeof(fv_dropout_options), .input = __VA_ARGS__})
FV_API fv_node *fv_spatial_dropout_with(const fv_dropout_options *options);

typedef struct fv_activation_options {
    size_t struct_size;
    fv_node *input;
    fv_activation_kind kind; /* required */
    float alpha;             /* of FV_LEAKY_RELU; default 0.01 */
    const char *name;
} fv_activation_options;
#define fv_activation(...)                                                                                   \
    fv_activation_with(                                                                                      \
        &(fv_activation_options){.struct_size = sizeof(fv_activation_options), .input = __VA_ARGS__})
FV_API fv_node *fv_activation_with(const fv_activation_options *options);
#define fv_relu(...) fv_activation(__VA_ARGS__, .kind = FV_RELU)

/* Holds values as whole numbers of few bits would hold them (Jacob et al. 2018): y = scale * (q - zero_point) with q = round(x / scale) +
 * zero_point held in [quant_min, quant_max]. Gradients pass where q was in that range, as in PyTorch's fake_quantize_per_tensor_affine, so that
 * a network can be trained with it. Tensors: NAME.scale (1) and NAME.zero_point (1), which training leaves as they are. */
typedef struct fv_fake_quantize_options {
    size_t struct_size;
    fv_node *input;
    float scale;                  /* of the grid at first, above 0; default 1 */
    int64_t zero_point;           /* q of the value 0 at first, within the range; default 0 */
    int64_t quant_min, quant_max; /* at most 16 bits, -32768 to 65535; default 0 to 255 where both are 0 */
    const char *name;
} fv_fake_quantize_options;
#define fv_fake_quantize(...)                                                                                \
    fv_fake_quantize_with(                                                                                   \
        &(fv_fake_quantize_options){.struct_size = sizeof(fv_fake_quantize_options), .input = __VA_ARGS__})
FV_API fv_node *fv_fake_quantize_with(const fv_fake_quantize_options *options);

typedef struct fv_zero_pad2d_options {
    size_t struct_size;
    fv_node *input;
    int64_t pad[4];      /* top, bottom, left, right */
    int64_t channels[2]; /* zero channels before and after; default none */
    const char *name;
} fv_zero_pad2d_options;
#define fv_zero_pad2d(...)                                                                                   \
    fv_zero_pad2d_with(                                                                                      \
        &(fv_zero_pad2d_options){.struct_size = sizeof(fv_zero_pad2d_options), .input = __VA_ARGS__})
FV_API fv_node *fv_zero_pad2d_with(const fv_zero_pad2d_options *options);

typedef struct fv_crop2d_options {
    size_t struct_size;
    fv_node *input;
    int64_t crop[4]; /* pixels to take away: top, bottom, left, right */
    const char *name;
    int64_t channels[2]; /* channels to take away, before and after; default none */
} fv_crop2d_options;
#define fv_crop2d(...)                                                                                       \
    fv_crop2d_with(&(fv_crop2d_options){.struct_size = sizeof(fv_crop2d_options), .input = __VA_ARGS__})
FV_API fv_node *fv_crop2d_with(const fv_crop2d_options *options);

/* Exchanges channels between groups (Zhang et al. 2018): with C channels, group g's channel i becomes channel i * groups + g. */
typedef struct fv_channel_shuffle_options {
    size_t struct_size;
    fv_node *input;
    int64_t groups; /* required; divides the channels */
    const char *name;
} fv_channel_shuffle_options;
#define fv_channel_shuffle(...)                                                                              \
    fv_channel_shuffle_with(&(fv_channel_shuffle_options){.struct_size = sizeof(fv_channel_shuffle_options), \
                                                          .input = __VA_ARGS__})
FV_API fv_node *fv_channel_shuffle_with(const fv_channel_shuffle_options *options);

/* The vote of the nearest of `rows` neighbours, by cosine similarity, at the end of a network: for each class log((v + 1 / classes) / (k + 1))
 * where v of the k nearest are of it, so that the softmax of the logits is its share of the vote, smoothed as if one voter more were of all
 * classes. Tensors: NAME.weight (rows, C), the neighbours' features divided by their lengths; NAME.labels (rows), their classes, -1: none;
 * NAME.neighbours (1), k, 1 to 256. They are found by fv_fit with FV_HEAD_KNN, not trained: there is no gradient. */
typedef struct fv_knn_options {
    size_t struct_size;
    fv_node *input;  /* (N, C) */
    int64_t classes; /* required: the outputs */
    int64_t rows;    /* required: places for neighbours */
    const char *name;
} fv_knn_options;
#define fv_knn(...)                                                                                          \
    fv_knn_with(&(fv_knn_options){.struct_size = sizeof(fv_knn_options), .input = __VA_ARGS__})
FV_API fv_node *fv_knn_with(const fv_knn_options *options);

/* Self-attention between the places of (N, H, W, C) with its projections (Vaswani et al. 2017). Tensors: NAME.qkv.weight (3 C, C),
 * NAME.qkv.bias, NAME.proj.weight (C, C), NAME.proj.bias. */
typedef struct fv_multi_head_attention_options {
    size_t struct_size;
    fv_node *input;
    int64_t heads;              /* required; divides the channels */
    int use_bias;               /* of the queries, keys and values; default on; FV_OFF */
    fv_initializer initializer; /* default FV_TRUNCATED_NORMAL */
    const char *name;
} fv_multi_head_attention_options;
#define fv_multi_head_attention(...)                                                                         \
    fv_multi_head_attention_with(&(fv_multi_head_attention_options){                                         \
        .struct_size = sizeof(fv_multi_head_attention_options), .input = __VA_ARGS__})
FV_API fv_node *fv_multi_head_attention_with(const fv_multi_head_attention_options *options);

/* The three below have one tensor, which has the layer's own name. */
typedef struct fv_token_options {
    size_t struct_size;
    fv_node *input;
    const char *name;
} fv_token_options;
/* (N, H, W, C) to (N, 1, 1 + H * W, C): a learned token (1, 1, C) before the places (Dosovitskiy et al. 2021). */
#define fv_class_token(...)                                                                                  \
    fv_class_token_with(&(fv_token_options){.struct_size = sizeof(fv_token_options), .input = __VA_ARGS__})
FV_API fv_node *fv_class_token_with(const fv_token_options *options);
/* Adds a learned vector (1, H * W, C) to each place. */
#define fv_position_embedding(...)                                                                           \
    fv_position_embedding_with(                                                                              \
        &(fv_token_options){.struct_size = sizeof(fv_token_options), .input = __VA_ARGS__})
FV_API fv_node *fv_position_embedding_with(const fv_token_options *options);

/* Scales each channel by a learned number, (C, 1, 1) (Touvron et al. 2021). */
typedef struct fv_layer_scale_options {
    size_t struct_size;
    fv_node *input;
    float initial; /* default 1e-6 */
    const char *name;
} fv_layer_scale_options;
#define fv_layer_scale(...)                                                                                  \
    fv_layer_scale_with(                                                                                     \
        &(fv_layer_scale_options){.struct_size = sizeof(fv_layer_scale_options), .input = __VA_ARGS__})
FV_API fv_node *fv_layer_scale_with(const fv_layer_scale_options *options);

/* (N, H, W, C) to (N, C * H * W), channels slowest, as PyTorch and ONNX flatten, so that dense weights are theirs. */
FV_API fv_node *fv_flatten(fv_node *x);
/* Element by element; every side of one of the shapes may be 1 (broadcast). */
FV_API fv_node *fv_add(fv_node *a, fv_node *b);
FV_API fv_node *fv_multiply(fv_node *a, fv_node *b);
/* Along the channels; 1..16 inputs of equal height and width. */
FV_API fv_node *fv_concat(fv_node *const *inputs, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
