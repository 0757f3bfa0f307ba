/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Using a model: predict, explain, report; and what this machine can do.
 *
 *     fv_prediction p[3];
 *     if (fv_predict(m, "cat.jpg", .top = p, .top_count = 3) == FV_OK)
 *         printf("%s %.1f %%\n", p[0].name, 100 * p[0].probability);
 */
#ifndef FOVEA_USE_H
#define FOVEA_USE_H

#include "evaluation.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_prediction {
    int64_t class_index;
    const char *name; /* the model's; "" when it has no class names */
    float probability;
    /* Nonzero: the picture counts as of this class. It is the first one, which of two classes the model's threshold chooses; with a
     * sigmoid for each of several classes, those above their thresholds (0.5 where the model has none). */
    int predicted;
} fv_prediction;

typedef struct fv_predict_options {
    size_t struct_size;
    fv_model *model;   /* required */
    const char *path;  /* a picture file; or NULL with `bytes` or `pixels` */
    const void *bytes; /* an encoded picture in memory */
    size_t byte_count;
    const uint8_t *pixels; /* (height, width, channels), channels 1 or 3 */
    int64_t height, width, channels;
    fv_prediction *top;   /* receives the best classes, the likeliest first (of two, the predicted one) */
    int64_t top_count;    /* at most the number of classes; default 1 */
    float *probabilities; /* optional: all of them, class_count values */
    /* Test-time augmentation: the probabilities are the mean of those of several views of the picture. "flip" adds its
     * mirror image; "five-crop" takes the corners and the middle of the picture at the size over crop_fraction (0.875 where
     * that is 1 or pictures are not cropped), "ten-crop" these and their mirror images; a number N the picture, its mirror
     * image, and N - 2 parts of 1/2 to 9/10 of its area, every other one mirrored. A mirror image must be of the same class:
     * not so with digits and letters. Default "none". */
    const char *tta;
    int64_t max_pixels, max_bytes; /* of the picture and of its file, as in fv_dataset_options */
} fv_predict_options;
#define fv_predict(...)                                                                                      \
    fv_predict_with(&(fv_predict_options){.struct_size = sizeof(fv_predict_options), .model = __VA_ARGS__})
FV_API fv_status fv_predict_with(const fv_predict_options *options);

/* Nonzero when the name ends as picture files do (.jpg, .webp, …), for programs that list folders. What a file is, and whether
 * it can be read, is decided by its content when it is opened. */
FV_API int fv_is_picture_name(const char *path);

/* Logits, divided by the model's temperature, of a batch already at the network's size: pixels (count, height, width, channels) to logits (count, classes). */
FV_API fv_status fv_predict_batch(fv_model *m, const uint8_t *pixels, int64_t count, float *logits);

typedef struct fv_explain_options {
    size_t struct_size;
    fv_model *model;  /* required */
    const char *path; /* the picture; or NULL with `bytes` */
    const char *out; /* the PNG to write, the picture at full size with the map over it; or NULL with `png` */
    const char *method; /* "gradcam" (default; Selvaraju et al. 2017) */
    const char *layer;  /* whose output is weighed; default: the last with height and width that is no pool */
    int64_t class_index;           /* used when use_class is set */
    int use_class;                 /* nonzero: explain class_index instead of the predicted class */
    fv_prediction *explained;      /* optional: which class, with its probability */
    int64_t max_pixels, max_bytes; /* of the picture and of its file, as in fv_dataset_options */
    const void *bytes;             /* an encoded picture in memory */
    size_t byte_count;
    uint8_t **png; /* optional: receives the PNG; the caller frees it */
    size_t *png_size;
} fv_explain_options;
#define fv_explain(...)                                                                                      \
    fv_explain_with(&(fv_explain_options){.struct_size = sizeof(fv_explain_options), .model = __VA_ARGS__})
/* With use_class and without `explained` the model is only read, and several threads may explain with it at once. */
FV_API fv_status fv_explain_with(const fv_explain_options *options);

/* Writes report.html and its plots into a run folder that holds results.csv, from an evaluation (may be NULL). */
typedef struct fv_report_options {
    size_t struct_size;
    const char *run;                 /* required: the folder */
    fv_model *model;                 /* required */
    const fv_dataset *data;          /* what was evaluated; for the worst mistakes' pictures; may be NULL */
    const fv_evaluation *evaluation; /* may be NULL */
    const char *title;
    const fv_interval *intervals; /* of the evaluation, from fv_bootstrap; may be NULL */
    const fv_groups *groups;      /* of the evaluation, from fv_groups_compare; may be NULL */
    /* Above 0: the folder is that of a cross-validation with so many folds, of which results.csv has a row each (fold, images and
     * scores by name); the evaluation is of all held-out pictures, and required, and `ensemble` that of the folds' models together, may
     * be NULL. */
    int64_t folds;
    const fv_evaluation *ensemble;
    const fv_dataset *dataset; /* whose parts' pictures are counted by class; default `data`'s; may be NULL */
} fv_report_options;
#define fv_report_write(...)                                                                                 \
    fv_report_write_with(&(fv_report_options){.struct_size = sizeof(fv_report_options), .run = __VA_ARGS__})
FV_API fv_status fv_report_write_with(const fv_report_options *options);

/* What is available here, for `doctor`: engines, instruction sets, optional libraries. */
typedef struct fv_capability {
    const char *kind, *name; /* "engine", "library", "cpu" */
    int available;
    char detail[160]; /* version, or the reason why not */
} fv_capability;
/* Fills up to `capacity` entries and returns how many there are. */
FV_API int64_t fv_capabilities(fv_capability *list, int64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
