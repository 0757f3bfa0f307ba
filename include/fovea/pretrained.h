/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights of the zoo's networks that others publish: a table of their addresses, and fetching.
 *
 *     char path[4096];
 *     if (fv_pretrained_fetch(path, sizeof path, "mobilenet_v2") == FV_OK)
 *         fv_model *m = fv_model_load(path);                  // ImageNet's 1000 classes
 *     m = fv_model_new_head(m, 5, 0);                         // and to train on other classes
 */
#ifndef FOVEA_PRETRAINED_H
#define FOVEA_PRETRAINED_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_pretrained {
    const char *name;    /* "resnet50.tv2_in1k": the network, then how it was trained, as timm calls it */
    const char *network; /* of the zoo */
    const char *data;    /* what it was trained on: "imagenet1k" or "cifar10" */
    const char *source;  /* who publishes it */
    const char *licence; /* as SPDX has it */
    const char *url;     /* of the file */
    const char *sha256;  /* of the file: 64 hexadecimal digits, or the first 8; "" where none are published */
    float top1;          /* accuracy on the data's validation pictures in percent, as published */
    int64_t size;        /* side of the input in pixels */
    float mean[3], std[3]; /* of values 0..255, RGB */
    float crop_fraction;   /* the part of the picture's shorter side that is kept */
    fv_interpolation interpolation;
} fv_pretrained;
FV_API int64_t fv_pretrained_count(void);
FV_API const fv_pretrained *
fv_pretrained_get(int64_t index); /* NULL past the end; a network's first is its default */
/* By its name, or by its network's: the default. NULL: there is none. */
FV_API const fv_pretrained *fv_pretrained_find(const char *name);

typedef struct fv_pretrained_options {
    size_t struct_size;
    const char *name;   /* required: as for fv_pretrained_find */
    const char *folder; /* default: models in $FOVEA_CACHE, $XDG_CACHE_HOME/fovea or ~/.cache/fovea */
    const char *
        mirror; /* an address under which the files lie as NAME/FILE, in place of their own; default: $FOVEA_WEIGHTS_MIRROR, else none */
    /* As fv_download's: nonzero stops with FV_INTERRUPTED, and the next time goes on from there. May be NULL. */
    int (*on_progress)(int64_t done, int64_t total, void *user);
    void *user;
} fv_pretrained_options;
/* Downloads the weights unless they are here already, and makes a model file of them, with their preprocessing and class names; writes
 * to `path` where it lies. A file with another checksum, or of another network, is deleted and is an error. */
#define fv_pretrained_fetch(path, size, ...)                                                                 \
    fv_pretrained_fetch_with(                                                                                \
        path, size,                                                                                          \
        &(fv_pretrained_options){.struct_size = sizeof(fv_pretrained_options), .name = __VA_ARGS__})
FV_API fv_status fv_pretrained_fetch_with(char *path, size_t size, const fv_pretrained_options *options);

#ifdef __cplusplus
}
#endif
#endif
