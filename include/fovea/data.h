/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data sets: pictures with a class each, in up to three parts.
 *
 *     fv_dataset *data = fv_dataset_open("photos/", .validation_split = 0.2f, .seed = 1);
 *     const fv_dataset *train = fv_dataset_part(data, FV_TRAIN), *val = fv_dataset_part(data, FV_VALIDATION);
 *     ...
 *     fv_dataset_destroy(data);
 *
 * `path` is a folder of class folders, a folder with train/, val/ (or valid/) and test/ inside, a folder with IDX files
 * (…-images-idx3-ubyte[.gz]), a cifar-10-batches-bin or cifar-100-binary folder, an address (http, https, file) of one, or a
 * known name (fv_known_dataset_get), which is downloaded on first use. Class names are sorted in byte order; those of IDX and CIFAR
 * stand in the order of their label bytes. Classes that only occur outside the training part stand behind its own.
 */
#ifndef FOVEA_DATA_H
#define FOVEA_DATA_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_dataset fv_dataset;

typedef enum fv_part {
    FV_ALL = 0,
    FV_TRAIN,
    FV_VALIDATION,
    FV_TEST
} fv_part;

typedef enum fv_on_error {
    FV_SKIP = 0, /* leave out what cannot be read, count and list it */
    FV_FAIL      /* stop at the first */
} fv_on_error;

typedef struct fv_dataset_options {
    size_t struct_size;
    const char *path;       /* required */
    float validation_split; /* part of the training pictures that become validation when the data names none,
                               stratified by class; default 0.2; FV_OFF: none */
    uint64_t seed;          /* of the split */
    fv_on_error on_error;
    const char *validation_path, *test_path; /* further data to take these parts from */
    int64_t
        max_pixels; /* the most pixels of a picture, checked before it is decoded; default 268435456 (2^28) */
    int64_t max_bytes; /* the most bytes of a picture's file; default 1073741824 (1 GiB) */
    /* While data that `path` names by address or known name are downloaded: see fv_download_options. */
    int (*on_download)(int64_t done, int64_t total, void *user);
    void *user;
} fv_dataset_options;

/* Lists the pictures (no pixels are decoded). The caller destroys it. NULL on failure. */
#define fv_dataset_open(...)                                                                                 \
    fv_dataset_open_with(                                                                                    \
        &(fv_dataset_options){.struct_size = sizeof(fv_dataset_options), .path = __VA_ARGS__})
FV_API fv_dataset *fv_dataset_open_with(const fv_dataset_options *options);
FV_API void fv_dataset_destroy(fv_dataset *d); /* NULL is fine; parts go with their data set */

/* A part, owned by `d`; NULL without an error message when the data has no such part. FV_ALL is everything. */
FV_API const fv_dataset *fv_dataset_part(const fv_dataset *d, fv_part part);

FV_API int64_t fv_dataset_size(const fv_dataset *d); /* pictures */
FV_API int64_t fv_dataset_class_count(const fv_dataset *d);
FV_API const char *fv_dataset_class_name(const fv_dataset *d, int64_t class_index); /* NULL out of range */
/* The picture's class index; -1 out of range. In multi-label data the first of its classes, -1 where it has none. */
FV_API int64_t fv_dataset_label(const fv_dataset *d, int64_t index);
/* Nonzero when pictures have any number of classes each, also none. */
FV_API int fv_dataset_is_multi_label(const fv_dataset *d);
/* How many classes a picture has (1 in single-label data), and its k-th, ascending; 0 and -1 out of range. */
FV_API int64_t fv_dataset_label_count(const fv_dataset *d, int64_t index);
FV_API int64_t fv_dataset_label_at(const fv_dataset *d, int64_t index, int64_t k);
/* The picture's path, or "file#record"; written to `buffer`, always terminated. Returns buffer. */
FV_API const char *fv_dataset_file(const fv_dataset *d, int64_t index, char *buffer, size_t size);
/* The size of the pictures when all are known to be equal (IDX, CIFAR), or that of a sample's median; channels 1 when all
 * sampled pictures are grey, else 3. */
FV_API fv_status fv_dataset_shape(const fv_dataset *d, int64_t *height, int64_t *width, int64_t *channels);

/* The window (fv_preprocess) that suits the pictures with more than 8 bits, from a sample of at most 64 pictures. Where none
 * of these uses more than an eighth of its type's range, or floating-point values lie outside 0..1, it is FV_WINDOW_RANGE from
 * the least 0.1 to the greatest 99.9 percentile of the pictures: one window for all, so that differences in brightness stay.
 * Else, and where there are no such pictures or their types have different ranges, it is FV_WINDOW_FULL. */
typedef struct fv_window_choice {
    fv_window window;
    float low, high;           /* of the sampled values; with FV_WINDOW_RANGE those of the window */
    float full_low, full_high; /* the range of the pictures' type */
    int64_t pictures;          /* with more than 8 bits among the sampled ones; 0: nothing was to be chosen */
} fv_window_choice;
FV_API fv_status fv_dataset_window(const fv_dataset *d, fv_window_choice *choice);

/* Whether `augment` is what fv_fit's option of that name understands: a preset, a .yaml file or a list (docs/augmentation.md). The
 * error says what is wrong with it. */
FV_API fv_status fv_augment_check(const char *augment);

/* What was found wrong while listing or reading, a line each: skipped files, empty classes, uneven classes. */
FV_API int64_t fv_dataset_problem_count(const fv_dataset *d);
FV_API const char *fv_dataset_problem(const fv_dataset *d, int64_t index); /* NULL out of range */

/* The data sets that are known by name. */
typedef struct fv_known_dataset {
    const char *name, *description;
    int64_t bytes;      /* to download; 0: drawn by the library */
    const char *source; /* the address of its files */
} fv_known_dataset;
FV_API int64_t fv_known_dataset_count(void);
FV_API const fv_known_dataset *fv_known_dataset_get(int64_t index); /* NULL past the end */

/* Brings a known data set, or a file from an http, https or file address, to this machine unless it is here already. */
typedef struct fv_download_options {
    size_t struct_size;
    const char *name; /* required: a known name or an address; behind an address may stand #sha256=HEX */
    const char
        *folder; /* default: a folder of its own in $FOVEA_CACHE, $XDG_CACHE_HOME/fovea or ~/.cache/fovea */
    const char *
        mirror; /* an address under which the known sets' files lie as NAME/FILE, in place of their own; default none */
    /* Bytes of the file so far and in all, 0 when that is not known; nonzero stops with FV_INTERRUPTED, and the next
     * download goes on from there. May be NULL. */
    int (*on_progress)(int64_t done, int64_t total, void *user);
    void *user;
} fv_download_options;
/* Writes to `path` where it lies, which fv_dataset_open understands. Files whose SHA-256 is not the known one are deleted
 * and are an error. */
#define fv_download(path, size, ...)                                                                         \
    fv_download_with(                                                                                        \
        path, size, &(fv_download_options){.struct_size = sizeof(fv_download_options), .name = __VA_ARGS__})
FV_API fv_status fv_download_with(char *path, size_t size, const fv_download_options *options);

/* Writes a folder-per-class data set of handwritten-looking digits drawn by the library: DIR/train/0..9, DIR/test/0..9. */
typedef struct fv_demo_options {
    size_t struct_size;
    const char *path;    /* required: a folder that is absent or empty */
    int64_t train, test; /* pictures per class; default 1000 and 200 */
    int64_t size;        /* side in pixels; default 32 */
    uint64_t seed;
    int (*on_progress)(int64_t done, int64_t total, void *user); /* nonzero stops; may be NULL */
    void *user;
} fv_demo_options;
#define fv_demo_write(...)                                                                                   \
    fv_demo_write_with(&(fv_demo_options){.struct_size = sizeof(fv_demo_options), .path = __VA_ARGS__})
FV_API fv_status fv_demo_write_with(const fv_demo_options *options);

/* Draws a sheet of pictures before and after augmentation: a row a picture, chosen evenly over the classes, first as it is fitted to
 * the network's input and then as fv_fit with the same options gets it in its first epochs. What mixes takes the row above for
 * the other picture, where fv_fit takes the one before in the batch. */
typedef struct fv_augment_sheet_options {
    size_t struct_size;
    const fv_dataset *data; /* required: the training part */
    const char *out;        /* required: the PNG to write */
    const char *augment;    /* these five as for fv_fit */
    float erase;
    float mixup, cutmix;
    uint64_t seed;
    const fv_preprocess *preprocess; /* of a model; default: the pictures' own size up to 64 pixels, else
                                        224 x 224, and the window that suits them */
    int64_t height, width;           /* of the input, in place of preprocess's */
    int64_t rows, columns;           /* pictures, 1..64, and epochs, 1..32; default 6 and 6 */
    int threads;                     /* that read pictures; default 1. They make no difference to the sheet */
    fv_log_callback on_log; /* what the augmentation is, and pictures that are left out; may be NULL */
    void *user;
} fv_augment_sheet_options;
#define fv_augment_sheet(...)                                                                                \
    fv_augment_sheet_with(                                                                                   \
        &(fv_augment_sheet_options){.struct_size = sizeof(fv_augment_sheet_options), .data = __VA_ARGS__})
FV_API fv_status fv_augment_sheet_with(const fv_augment_sheet_options *options);

#ifdef __cplusplus
}
#endif
#endif
