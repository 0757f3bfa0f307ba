/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models: what they take in, what they tell apart, and the file that holds them.
 *
 *     fv_model *m = fv_model_create(.height = 32, .width = 32, .channels = 3);
 *     ... layers, fv_compile, fv_fit ...
 *     fv_model_save(m, "model.safetensors");
 *     fv_model_destroy(m);
 */
#ifndef FOVEA_MODEL_H
#define FOVEA_MODEL_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_model fv_model;
typedef struct fv_node fv_node; /* the output of a layer; owned by its model */

enum {
    FV_MAX_CHANNELS = 4
};

/* How a picture becomes the network's input when the shapes differ. */
typedef enum fv_resize_mode {
    FV_RESIZE_CROP = 0, /* shorter side to size / crop_fraction, then the middle */
    FV_RESIZE_SQUASH,   /* both sides to the size, the aspect ratio is lost */
    FV_RESIZE_LETTERBOX /* longer side to the size, the rest filled with the mean colour */
} fv_resize_mode;

typedef enum fv_interpolation {
    FV_BILINEAR = 0,
    FV_BICUBIC,
    FV_LANCZOS, /* three lobes */
    FV_BOX      /* the mean of the area */
} fv_interpolation;

/* How samples of 16 bits or floating point become 8 bits. */
typedef enum fv_window {
    FV_WINDOW_FULL = 0, /* the type's whole range: 0..65535, or 0..1 for floating point */
    FV_WINDOW_AUTO,     /* each picture's own range, from its 0.1 to its 99.9 percentile */
    FV_WINDOW_RANGE     /* from window_low to window_high, in the file's values */
} fv_window;

/* Everything between a decoded picture and the first layer; kept in the model file. */
typedef struct fv_preprocess {
    int64_t height, width, channels; /* of the network's input; channels 1 or 3 */
    fv_resize_mode resize_mode;
    fv_interpolation interpolation; /* always antialiased */
    float crop_fraction;            /* FV_RESIZE_CROP: the part of the shorter side that is kept, in (0, 1] */
    float mean[FV_MAX_CHANNELS];    /* of values 0..255, in the network's channel order */
    float std[FV_MAX_CHANNELS];     /* of values 0..255; (x - mean) / std is the first operation */
    int reverse_channels;           /* nonzero: the network takes BGR */
    fv_window window;               /* of pictures with more than 8 bits */
    float window_low, window_high;  /* FV_WINDOW_RANGE */
    int ignore_profile;             /* nonzero: ICC profiles are not converted to sRGB */
} fv_preprocess;

typedef struct fv_model_options {
    size_t struct_size;
    int64_t height, width; /* of the input in pixels; required, 1..16384 */
    int64_t channels;      /* 1 or 3; default 3 */
    uint64_t seed;         /* of the initial weights; default 0 */
    const char *name;      /* kept in the file; default "model" */
} fv_model_options;

/* An empty network. The caller destroys it. NULL on failure. */
#define fv_model_create(...)                                                                                 \
    fv_model_create_with(&(fv_model_options){.struct_size = sizeof(fv_model_options), __VA_ARGS__})
FV_API fv_model *fv_model_create_with(const fv_model_options *options);
FV_API void fv_model_destroy(fv_model *m); /* NULL is fine */

/* The preprocessing; `mean` and `std` are set from the training data by fv_fit unless they were set before. */
FV_API const fv_preprocess *fv_model_preprocess(const fv_model *m);
/* Height, width and channels must be those of the model. `std` all zero: mean and std stay as they are, and unless they were
 * set before, fv_fit still sets them from the training data. */
FV_API fv_status fv_model_set_preprocess(fv_model *m, const fv_preprocess *p);

/* Class names in the order of the outputs; fv_fit sets them from its data when they are not set. Copied. */
FV_API fv_status fv_model_set_classes(fv_model *m, const char *const *names, int64_t count);
FV_API int64_t fv_model_class_count(const fv_model *m); /* the number of outputs, 0 before fv_output */
FV_API const char *fv_model_class_name(const fv_model *m, int64_t class_index); /* NULL when not set */

/* What fv_calibrate finds; kept in the model file, and forgotten by fv_fit. */
/* Logits are divided by it before they become probabilities, wherever that is; 1 unless set, 0.001..1000. */
FV_API float fv_model_temperature(const fv_model *m);
FV_API fv_status fv_model_set_temperature(fv_model *m, float temperature);
/* Of two classes (one output, or a softmax of two) one threshold: the second class is predicted where its probability is above it. With a
 * sigmoid for each of several classes one for each. Each in 0..1; a count of 0 takes them away. Copied. The first gives their
 * number and the model's own array. */
FV_API int64_t fv_model_thresholds(const fv_model *m, const float **thresholds);
FV_API fv_status fv_model_set_thresholds(fv_model *m, const float *thresholds, int64_t count);

/* Parameters that are trained, and multiply-additions for one picture. */
FV_API int64_t fv_model_parameter_count(const fv_model *m);
FV_API int64_t fv_model_multiply_adds(const fv_model *m);

/* The layers in order, for listings. */
typedef struct fv_layer_info {
    const char *name, *type;         /* owned by the model */
    int64_t height, width, channels; /* of the output; height and width 0 for flat ones */
    int64_t parameters, multiply_adds;
} fv_layer_info;
FV_API int64_t fv_model_layer_count(const fv_model *m);
FV_API fv_status fv_model_layer(const fv_model *m, int64_t index, fv_layer_info *info);
FV_API const char *fv_model_name(const fv_model *m);

/* Named tensors (parameters and batch-norm statistics) in torchvision's names and OIHW order, for reading and writing.
 * `shape` has 4 places. The name and the data pointer stay the model's and are valid until it is trained or destroyed. */
typedef struct fv_tensor_view {
    const char *name;
    int rank;
    int64_t shape[4], count;
    float *data;
    int trainable;
} fv_tensor_view;
FV_API int64_t fv_model_tensor_count(const fv_model *m);
FV_API fv_status fv_model_tensor(fv_model *m, int64_t index, fv_tensor_view *view);
FV_API fv_status fv_model_find_tensor(fv_model *m, const char *name, fv_tensor_view *view);
/* Tells the model that tensors were changed through a view. */
FV_API void fv_model_tensors_changed(fv_model *m);

/* One safetensors file with network, preprocessing, classes and weights. Written to a temporary file first, so that an
 * older file stays whole when this fails. */
FV_API fv_status fv_model_save(fv_model *m, const char *path);
FV_API fv_model *fv_model_load(const char *path); /* NULL on failure; the caller destroys it */
/* Recomputes the logits that the file keeps of a few inputs; `*largest` gets the largest difference, as a part of the largest of
 * these logits where that is over 1. */
FV_API fv_status fv_model_verify(fv_model *m, float *largest);

/* What became of a tensor of a file of weights, or of one of the network that it does not have. */
typedef enum fv_weight_fate {
    FV_WEIGHT_TAKEN = 0, /* as it is */
    FV_WEIGHT_ADAPTED,   /* brought to the network's shape */
    FV_WEIGHT_KEPT,      /* of the last layer, absent or of another shape: the network keeps its own */
    FV_WEIGHT_MISSING,   /* the network has it and the file not: an error */
    FV_WEIGHT_MISFIT,    /* the shapes differ: an error */
    FV_WEIGHT_LEFT_OVER  /* the file has it and the network not */
} fv_weight_fate;

typedef struct fv_weight {
    fv_weight_fate fate;
    const char *name;      /* the network's; NULL when left over */
    const char *file_name; /* the file's; NULL when absent there */
    const char *note;      /* what was adapted or does not fit; "" */
} fv_weight;

typedef struct fv_weights_options {
    size_t struct_size;
    fv_model *model; /* required */
    const char *
        path; /* required: a safetensors file (also a model file), one that torch.save wrote (.pt, .pth, .th) of a
                         state dict or a checkpoint with one, or an ONNX file; recognised by content */
    /* Told of every tensor, the network's first, also when loading then fails; may be NULL. */
    void (*on_tensor)(const fv_weight *weight, void *user);
    void *user;
} fv_weights_options;
#define fv_weights_load(...)                                                                                 \
    fv_weights_load_with(                                                                                    \
        &(fv_weights_options){.struct_size = sizeof(fv_weights_options), .model = __VA_ARGS__})
/* Copies a file's tensors into the network's of the same name; prefixes such as "module." are passed over, and torchvision's and
 * timm's names both understood (docs/weights.md). All but those of the last layer must be there, and all are checked before the first is
 * copied. A first convolution for another number of channels is adapted, and position embeddings to another grid. The
 * normalisation becomes that of the file, else the zoo's for this network, unless one was set. */
FV_API fv_status fv_weights_load_with(const fv_weights_options *options);
/* The same; the counts are of the network's tensors, and may be NULL. */
FV_API fv_status fv_model_load_weights(fv_model *m, const char *path, int64_t *matched, int64_t *left);

/* A network written as YAML (see docs/networks.md). `classes` replaces the units of the last dense layer when > 0. */
typedef struct fv_network_options {
    size_t struct_size;
    const char *name;      /* required: a zoo name, or the path of a YAML file */
    int64_t classes;       /* outputs; default: the network's own */
    int64_t height, width; /* default: the network's own */
    int64_t channels;      /* default: the network's own */
    uint64_t seed;
    float dropout; /* before the last layer, where the network has such a place; default: the network's own */
    /* Nonzero: zoo networks pad as TensorFlow does, with the odd pixel at the bottom and right, where they would pad by half of the
     * window on each side: what weights that come from there expect. */
    int tensorflow_padding;
    int64_t default_height, default_width, default_channels; /* of a YAML file that does not say them */
} fv_network_options;
#define fv_zoo_create(...)                                                                                   \
    fv_zoo_create_with(&(fv_network_options){.struct_size = sizeof(fv_network_options), .name = __VA_ARGS__})
FV_API fv_model *fv_zoo_create_with(const fv_network_options *options);
#define fv_network_load(...)                                                                                 \
    fv_network_load_with(                                                                                    \
        &(fv_network_options){.struct_size = sizeof(fv_network_options), .name = __VA_ARGS__})
FV_API fv_model *fv_network_load_with(const fv_network_options *options);

/* A whole network out of a foreign file. */
typedef struct fv_import_options {
    size_t struct_size;
    const char *path; /* required: an ONNX or a TFLite file; recognised by content */
    int64_t classes;  /* outputs; default: the file's own. With another number the last layer begins anew */
    int64_t height, width;  /* of the input; default: the file's own, 224 where it leaves them open */
    uint64_t seed;          /* of a new last layer */
    fv_log_callback on_log; /* told what was changed or left out; may be NULL */
    void *user;
    /* Nonzero: the caller says how pictures are normalised (fv_model_set_preprocess), and is not told that the file does not. */
    int normalisation_given;
    /* Nonzero: of a quantised TFLite file only the weights are taken, as f32. Default: each layer's output is rounded too (fv_fake_quantize),
     * so that the model answers as TensorFlow Lite does. */
    int dequantize;
} fv_import_options;
#define fv_import(...)                                                                                       \
    fv_import_with(&(fv_import_options){.struct_size = sizeof(fv_import_options), .path = __VA_ARGS__})
/* A model of the file's network and weights, to evaluate, fine-tune and save. An operation that fovea does not have is an error
 * that names it. A softmax at the end is left out: a model's outputs are logits. NULL on failure; the caller destroys it. */
FV_API fv_model *fv_import_with(const fv_import_options *options);

/* A model like `m`, with its weights, preprocessing and name, of another number of classes: the last layer, the head, begins anew from
 * `seed`, and there are no class names. NULL on failure; the caller destroys it. */
FV_API fv_model *fv_model_new_head(const fv_model *m, int64_t classes, uint64_t seed);

/* Whether the logits of `m` are what one dense layer, or a vote of neighbours, makes of flat features (N, C), as FV_HEAD_LINEAR needs. */
FV_API int fv_model_ends_flat(const fv_model *m);
/* A model like `m` that ends so: with a dense head of `classes` units that begins anew from `seed`, on the features that the last layer with
 * weights takes. Where these are (N, H, W, C) they are averaged over their places first; where several layers make logits of several features,
 * which become one (a distilled DeiT), the features stand side by side. What came behind falls away. NULL on failure; the
 * caller destroys it. */
FV_API fv_model *fv_model_flat_head(const fv_model *m, int64_t classes, uint64_t seed);

/* A model like `m`, as fv_model_flat_head makes it where it does not end so, whose last layer is the vote of the nearest of `rows` neighbours (fv_knn),
 * which fv_fit finds with FV_HEAD_KNN: a row for each training picture and view. NULL on failure; the caller destroys it. */
FV_API fv_model *fv_model_knn_head(const fv_model *m, int64_t classes, int64_t rows);

/* Makes m's weights, and the running statistics of its batch norms, the mean of its own and those of `count` others (Izmailov et al. 2018,
 * Wortsman et al. 2022). Network, classes and preprocessing must be the same; else it is an error, and nothing is changed. Temperature and
 * thresholds are taken away. */
FV_API fv_status fv_model_average(fv_model *m, const fv_model *const *others, int64_t count);

/* The zoo's table. */
typedef struct fv_zoo_entry {
    const char *name, *description;
    int64_t height, width, channels, classes; /* what it was designed for */
    int64_t parameters, multiply_adds;        /* at that size */
    /* Preprocessing of the published weights: values 0..255, RGB, std[0] 0 where there are none; the part of the picture's shorter
     * side that is kept, 0: all. */
    float mean[3], std[3];
    float crop_fraction;
    fv_interpolation interpolation;
    const char *paper; /* "He et al. 2015, arXiv:1512.03385"; NULL: there is none */
} fv_zoo_entry;
FV_API int64_t fv_zoo_count(void);
FV_API const fv_zoo_entry *fv_zoo_get(int64_t index); /* NULL past the end */
/* The network that fv_zoo_create makes of the name; NULL: there is none. Names may say another width than those listed
 * ("mobilenet_v1_075", "wide_resnet22_2"): they have the entry of another one of the kind, whose counts are not theirs. */
FV_API const fv_zoo_entry *fv_zoo_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
