/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data sets: pictures with a class each, in up to three parts.
 *
 *     fv_dataset *data = fv_dataset_open("photos/", .validation_split = 0.2f, .seed = 1);
 *     const fv_dataset *train = fv_dataset_part(data, FV_TRAIN), *val = fv_dataset_part(data, FV_VALIDATION);
 *     ...
 *     fv_dataset_destroy(data);
 *
 * `path` is a folder of class folders, a folder with train/, val/ (or valid/) and test/ inside, a table of files and labels (.csv,
 * .tsv), a zip or tar archive, tar shards, a folder with IDX files (…-images-idx3-ubyte[.gz]), a cifar-10-batches-bin or
 * cifar-100-binary folder, an address (http, https, file) of one (docs/data.md has the details), or a
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
    /* A .csv or .tsv of file,group rows: the pictures of a group are never split between parts. A row names a picture when one of
     * their paths ends in the other, the picture's being taken from the folder that all pictures have in common. Pictures
     * that no row names are groups of their own. It takes the place of a group column in the data. */
    const char *keep_together;
    float
        test_split; /* part of the training pictures that become the test part when the data names none; default none.
                         validation_split is then, too, a part of all pictures that were for training */
    int ignore_parts; /* nonzero: the parts that the data at `path` names are not kept apart; all is for training */
    /*
     * Cross-validation: the training pictures are divided into `folds` (2 or more; default 0: not at all), of which fold number `fold`
     * (1..folds; default 1) is held out as FV_TEST. From the others the validation part is drawn, unless the data names one, which then is that
     * of every fold. A test part that the data names belongs to FV_ALL only. The folds depend on the data and the seed: each picture is
     * held out in one of them. A class's pictures, and all pictures, are spread evenly to within one; pictures that are kept
     * together are in one fold, and with these, or several classes a picture, the classes are as even as a search finds. An
     * error where a class has fewer pictures, or there are fewer groups, than folds.
     */
    int64_t folds, fold;
    int leave_one_group_out; /* nonzero: a fold for each group, in the order of their first pictures, in place of
                                `folds`; every training picture must have a group */
} fv_dataset_options;

/* Lists the pictures (no pixels are decoded). The caller destroys it. NULL on failure. */
#define fv_dataset_open(...)                                                                                 \
    fv_dataset_open_with(                                                                                    \
        &(fv_dataset_options){.struct_size = sizeof(fv_dataset_options), .path = __VA_ARGS__})
FV_API fv_dataset *fv_dataset_open_with(const fv_dataset_options *options);
FV_API void fv_dataset_destroy(fv_dataset *d); /* NULL is fine; parts go with their data set */

/* How many folds the training pictures were divided into; 0: they were not. */
FV_API int64_t fv_dataset_fold_count(const fv_dataset *d);

/* Where in the whole data set (FV_ALL) the picture of a part is: the same in every fold of one data set. -1 out of range. */
FV_API int64_t fv_dataset_position(const fv_dataset *d, int64_t index);

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

/* How the parts of a data set are written down, so that fv_dataset_open gives them again. */
typedef enum fv_split_form {
    FV_SPLIT_DEFAULT = 0, /* a table where the path ends in .csv or .tsv, else copies */
    FV_SPLIT_TABLE, /* rows of file,label,split, and group where there are groups; pictures stay where they are. Files below
                             the table's folder are named relative to it, others by absolute paths */
    FV_SPLIT_COPY, /* PATH/train/CLASS/…, PATH/val/…, PATH/test/…: the files' bytes; raw pixels (IDX, CIFAR) as PNG */
    FV_SPLIT_LINK,   /* the same with hard links, */
    FV_SPLIT_SYMLINK /* or with symbolic links to absolute paths */
} fv_split_form;

typedef struct fv_split_options {
    size_t struct_size;
    const char *path; /* required: a table or folder that is absent (a folder may be there, empty) */
    fv_split_form form;
    int (*on_progress)(int64_t done, int64_t total, void *user); /* pictures; nonzero stops; may be NULL */
    void *user;
} fv_split_options;

/* Writes the parts of `d`, a whole data set. What is written is whole or not there at all: folders are filled as
 * PATH.NUMBER.partial and renamed at the end. Two files of a class and part with the same name get different ones.
 * FV_ERROR_UNSUPPORTED: a table of pictures that are no files, folders of pictures with several classes, a class whose
 * name cannot be a folder's. FV_INTERRUPTED: on_progress stopped it. */
#define fv_split_write(d, ...)                                                                               \
    fv_split_write_with(d, &(fv_split_options){.struct_size = sizeof(fv_split_options), .path = __VA_ARGS__})
FV_API fv_status fv_split_write_with(const fv_dataset *d, const fv_split_options *options);

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

/* What single pictures are: a look at some, or at all.
 *
 *     fv_survey *s = fv_survey_create(data, .pictures = INT64_MAX, .check = 1);
 *     for (int64_t i = 0; i < fv_survey_size(s); i++)
 *         if (fv_survey_get(s, i)->problem)
 *             ...
 *     fv_survey_destroy(s);
 */
typedef struct fv_picture_info {
    int64_t index;                   /* in the data set */
    fv_part part;                    /* that it belongs to */
    int64_t height, width, channels; /* upright; 1 grey, 3 colour; 0 when `problem` is set */
    int depth;                       /* bits of a sample */
    const char *format;              /* "JPEG", "PNG", ..., "raw" */
    const char *mode;                /* "grey", "RGB", "palette", "RGBA", "grey+alpha", "CMYK" */
    int64_t bytes;                   /* of its file, 0 when that cannot be read; of its pixels when raw */
    const char *problem;             /* why it cannot be read or is not whole; NULL: nothing is wrong */
    int64_t twin;                    /* with `check`: the first picture with the very same bytes, else -1 */
} fv_picture_info;

typedef struct fv_survey_options {
    size_t struct_size;
    const fv_dataset *data; /* required; outlives the call only */
    int64_t pictures;       /* at most so many are looked at, spread evenly; default 1000 */
    int check;              /* nonzero: each is decoded to its end and compared with the others */
    int threads;            /* default: all cores */
    int (*on_progress)(int64_t done, int64_t total,
                       void *user); /* nonzero stops with FV_INTERRUPTED; may be NULL */
    void *user;
} fv_survey_options;

typedef struct fv_survey fv_survey;
/* In ascending order of index. NULL on failure; pictures that cannot be read are none. */
#define fv_survey_create(...)                                                                                \
    fv_survey_create_with(&(fv_survey_options){.struct_size = sizeof(fv_survey_options), .data = __VA_ARGS__})
FV_API fv_survey *fv_survey_create_with(const fv_survey_options *options);
FV_API void fv_survey_destroy(fv_survey *s); /* NULL is fine */
FV_API int64_t fv_survey_size(const fv_survey *s);
/* Owned by `s`; NULL out of range. */
FV_API const fv_picture_info *fv_survey_get(const fv_survey *s, int64_t i);

/* Draws a contact sheet: some pictures of each class, whole, under its name and number of pictures. Of more than 200 classes
 * 200 are drawn, spread evenly. */
typedef struct fv_sheet_options {
    size_t struct_size;
    const fv_dataset *data; /* required */
    const char *path;       /* required: a PNG file, replaced when it is there */
    const char *title;      /* drawn above; may be NULL */
    int64_t per_class;      /* pictures a class, up to 24; default: by the number of classes, 24 to 4 */
    int threads;            /* that decode; default: all cores. The file does not depend on it */
} fv_sheet_options;
#define fv_sheet_write(...)                                                                                  \
    fv_sheet_write_with(&(fv_sheet_options){.struct_size = sizeof(fv_sheet_options), .data = __VA_ARGS__})
FV_API fv_status fv_sheet_write_with(const fv_sheet_options *options);

/* Writes the data set as a pack: a folder of tar shards as WebDataset has them (KEY.jpg and KEY.cls, the class's number;
 * multi-label data: KEY.json, {"labels": [0, 4]}), their parts apart (train-000000.tar, val-, test-), an index beside each
 * (train-000000.idx, which NVIDIA DALI reads too), and classes.txt with the names. fv_dataset_open opens it without looking
 * through the shards, and reads each picture in place. */
typedef struct fv_pack_result {
    int64_t pictures, shards, bytes; /* written */
    int64_t encoded;                 /* pictures that were encoded anew */
    int64_t deep;                    /* left as they are, although larger: 8 bits would lose some of theirs */
    int64_t skipped;                 /* could not be read */
    /* Training pictures of groups, which a pack does not hold, where the data has no validation part yet: one that is drawn
     * from the pack will tear them. */
    int64_t grouped;
} fv_pack_result;

typedef struct fv_pack_options {
    size_t struct_size;
    const fv_dataset *data; /* required: a data set with its parts, or one part; in any order */
    const char *path;       /* required: a folder that is absent or empty; it appears when all is written */
    uint64_t seed;          /* of the order in which pictures stand in the shards */
    /* Pictures whose shorter side is longer are resized to it, as torchvision's Resize, and encoded as JPEG; all others, and
     * those with more than 8 bits, keep their bytes. Default 0: all do. Raw pictures (IDX, CIFAR) become PNG. */
    int64_t size;
    int quality;            /* of those JPEG files, 1..100; default 90 */
    int64_t shard_bytes;    /* the most of a shard, unless a picture alone is larger; default 500000000 */
    int64_t shard_pictures; /* the most pictures of a shard; default: no limit */
    int threads;            /* default: all cores. The bytes written do not depend on it */
    fv_on_error on_error;
    void (*on_skip)(const char *message, void *user); /* a picture was left out; may be NULL */
    int (*on_progress)(int64_t done, int64_t total,
                       void *user); /* nonzero stops with FV_INTERRUPTED; may be NULL */
    void *user;
    fv_pack_result *result; /* filled also on failure; may be NULL */
} fv_pack_options;
#define fv_pack_write(...)                                                                                   \
    fv_pack_write_with(&(fv_pack_options){.struct_size = sizeof(fv_pack_options), .data = __VA_ARGS__})
FV_API fv_status fv_pack_write_with(const fv_pack_options *options);
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
