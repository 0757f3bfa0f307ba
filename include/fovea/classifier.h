/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model file in use by a program, from any number of threads at once:
 *
 *     fv_prediction best;
 *     fv_classifier *c = fv_classifier_open("photos.safetensors");
 *     if (c && fv_classify_file(c, "cat.jpg", &best, 1) == FV_OK)
 *         printf("%s %.1f %%\n", best.name, 100 * best.probability);
 *     fv_classifier_close(c);
 *
 * The weights are in memory once, whatever the number of threads. Each call decodes its picture and runs the network on the calling
 * thread; when more threads call than `callers`, the others wait their turn, so that a program with hundreds of threads does not
 * overload the cores. The answers are those of fv_predict.
 */
#ifndef FOVEA_CLASSIFIER_H
#define FOVEA_CLASSIFIER_H

#include "use.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_classifier fv_classifier;

typedef struct fv_classifier_options {
    size_t struct_size;
    const char *path;   /* required: a model file */
    const char *engine; /* as in fv_compile_options; default "auto" */
    int64_t threads;    /* that compute, in all; default: a thread a core */
    int64_t
        callers; /* calls that run at the same time, 1..threads, each with its share of the threads; default:
                                      threads, which gives the most pictures a second; 1 gives the quickest single answer */
    int64_t max_pixels, max_bytes; /* of a picture and of its file, as in fv_dataset_options */
} fv_classifier_options;

/* The first with defaults. NULL on failure; the caller closes it. */
FV_API fv_classifier *fv_classifier_open(const char *path);
FV_API fv_classifier *fv_classifier_open_with(const fv_classifier_options *options);
/* NULL is fine. No call may be running. */
FV_API void fv_classifier_close(fv_classifier *c);

/* The likeliest classes into top[0 .. top_count - 1], the likeliest first; top_count is 1..fv_classifier_class_count. Names are the
 * classifier's, and valid until it is closed. May be called from several threads at once; fv_error_message is the calling thread's. */
FV_API fv_status fv_classify_file(fv_classifier *c, const char *path, fv_prediction *top, int64_t top_count);
/* An encoded picture (JPEG, PNG, …) in memory. */
FV_API fv_status fv_classify_bytes(fv_classifier *c, const void *bytes, size_t byte_count, fv_prediction *top,
                                   int64_t top_count);
/* Pixels (height, width, 3): red, green, blue of 8 bits, rows without padding. */
FV_API fv_status fv_classify_rgb(fv_classifier *c, const uint8_t *pixels, int64_t height, int64_t width,
                                 fv_prediction *top, int64_t top_count);

/* How many classes a picture can be of: two for a network with one output. */
FV_API int64_t fv_classifier_class_count(const fv_classifier *c);
/* Its model, for class names and facts; to read only, and without weights, which the classifier alone has. */
FV_API const fv_model *fv_classifier_model(const fv_classifier *c);

#ifdef __cplusplus
}
#endif
#endif
