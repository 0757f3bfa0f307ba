/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models for other programs: files that hold network, weights, preprocessing and class names.
 *
 *     fv_export_report report;
 *     if (fv_export(m, "net.onnx", .report = &report) == FV_OK)
 *         printf("at most %g from the model on %d pictures\n", report.largest, (int)report.pictures);
 */
#ifndef FOVEA_EXPORT_H
#define FOVEA_EXPORT_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the written file takes. */
typedef enum fv_export_input {
    FV_EXPORT_NORMALISED = 0, /* floating point: (pixel - mean) / std, channels in the network's order */
    FV_EXPORT_PIXELS          /* the 8-bit pixels (N, H, W, C) in RGB; the file normalises them itself */
} fv_export_input;

/* What came of running the written file beside the model. */
typedef struct fv_export_report {
    int64_t pictures;    /* on how many; 0: nothing here could run it */
    float largest;       /* difference of a probability */
    const char *runtime; /* what ran it, or why nothing could; static */
    /* Of C source, else 0: bytes of its constants, of its arena, and of its code as this machine's compiler makes it (0 where there is
     * none); multiply-additions of a picture. */
    size_t weight_bytes, arena_bytes, code_bytes;
    int64_t multiply_adds;
} fv_export_report;

typedef struct fv_export_options {
    size_t struct_size;
    fv_model *model;       /* required */
    const char *path;      /* required: the file to write; one that is there is replaced */
    const char *format;    /* a name of fv_export_format_get; default: by the path's ending */
    fv_export_input input; /* default: FV_EXPORT_NORMALISED */
    /* Picture files that the result is checked on; default: the inputs that the model keeps to verify itself, or noise where it has none. */
    const char *const *pictures;
    int64_t picture_count;
    fv_export_report *report; /* optional */
    /* Of the names in C source, an error with any other format; default: the file's stem, made an identifier. */
    const char *prefix;
} fv_export_options;
#define fv_export(...)                                                                                       \
    fv_export_with(&(fv_export_options){.struct_size = sizeof(fv_export_options), .model = __VA_ARGS__})
/*
 * Writes the model as a file of another format. Its outputs are probabilities (N, classes), the model's temperature applied; what is
 * between a picture and its input is written into it as far as the format has a place for it. The file is run beside the model
 * before it is put in place: a probability that differs by more than 1e-4 is an error, and nothing is written then. An operation
 * that the format has no counterpart of is an error that names the layer. C source is two files, PATH's stem with .c and .h; it takes
 * 8-bit pixels whatever `input` is.
 */
FV_API fv_status fv_export_with(const fv_export_options *options);

typedef struct fv_export_format {
    const char *name;        /* "onnx" */
    const char *ending;      /* ".onnx" */
    const char *description; /* a line */
} fv_export_format;
FV_API const fv_export_format *fv_export_format_get(int64_t index); /* NULL past the end */

#ifdef __cplusplus
}
#endif
#endif
