/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Augmentations: one file each in augment/, and a row in augment/table.c. A new one that turns pictures round:
 *
 *     typedef struct parameters { float degrees; } parameters;
 *     static const option options[] = {{.name = "degrees", .type = OPTION_FLOAT, .offset = offsetof(parameters, degrees),
 *                                       .low = 0, .high = 180, .shown = "15", .help = "the most, to either side"}, {0}};
 *     static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space) { ... }
 *     const augmentation augment_random_rotation = {.name = "random_rotation", .keras = "RandomRotation", .options = options,
 *                                                   .size = sizeof(parameters), .apply = apply, .help = "turn the picture"};
 */
#ifndef IMAGE_AUGMENT_H
#define IMAGE_AUGMENT_H

#include <stdbool.h>

#include "core/options.h"
#include "core/random.h"
#include "image/image.h"

/*
 * `parameters` is a struct that `options` describes, with torchvision's names and meanings; a field left zero has the default
 * that the row shows. `strength` (0 or more, 1 is as given) multiplies how far the change goes. Chances are taken from `r` only;
 * whether the augmentation is applied at all (its probability) is decided by the caller. One of the three functions is set.
 */
typedef struct augmentation {
    const char *name;  /* torchvision's, in snake case */
    const char *keras; /* Keras's name, which is understood as well; NULL: none */
    const char *help;
    const option *options; /* NULL: no parameters */
    size_t size;           /* of the parameters' struct */
    float probability;     /* the default; 0: 1 */
    bool colour_only;      /* does nothing to grey pictures, which are left alone */

    /* In place; the picture's shape stays. */
    fv_status (*apply)(const void *parameters, float strength, image *im, rng *r, image_space *space);
    /* The part of a picture (height, width) that is decoded and then resized to the network's input. */
    void (*choose)(const void *parameters, float strength, int64_t height, int64_t width, rng *r,
                   image_region *region);
    /* Mixes `other`, of the same shape, into `im`; *share is the part of `im` that remains, for the labels. */
    fv_status (*mix)(const void *parameters, float strength, image *im, const image *other, rng *r,
                     float *share);
    /* Refuses parameters that no range can; NULL: there are none. */
    fv_status (*check)(const void *parameters);
} augmentation;

/* All of them, NULL-ended. */
extern const augmentation *const augmentation_table[];
/* By torchvision's or Keras's name; an unknown one is an error that names the nearest. */
fv_status augmentation_find(const char *name, const augmentation **out);

extern const augmentation augment_random_resized_crop, augment_random_crop, augment_random_shift,
    augment_random_horizontal_flip, augment_random_vertical_flip, augment_random_rotation,
    augment_random_affine, augment_random_translation, augment_random_zoom, augment_random_perspective,
    augment_elastic_transform;
extern const augmentation augment_color_jitter, augment_random_brightness, augment_random_contrast,
    augment_random_grayscale, augment_random_autocontrast, augment_random_equalize, augment_random_posterize,
    augment_random_solarize, augment_random_invert, augment_random_adjust_sharpness;
extern const augmentation augment_gaussian_blur, augment_gaussian_noise, augment_jpeg, augment_random_erasing;
extern const augmentation augment_rand_augment, augment_trivial_augment_wide, augment_aug_mix;
extern const augmentation augment_mixup, augment_cutmix;

#endif
