/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fovea train, in ten files, and of cv the options: the options' table (train_options.c), what they mean for this data
 * (train_setup.c, train_model.c, train_window.c, train_transfer.c, train_loss.c), what is found by trying (train_find.c), what is said of all this (train_say.c), the run folder (run_folder.c), and the run itself (train.c).
 */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include <stdio.h>

#include "cli/cli.h"

typedef struct train_arguments {
    const char *data, *model, *weights, *size, *val, *test, *keep_together, *out, *resume, *config;
    int64_t epochs, batch, patience, threads, max_pixels, max_bytes, cache_limit;
    float lr, momentum, weight_decay, label_smoothing, dropout, warmup, val_split, crop_pct;
    const char *augment, *window, *cache, *freeze, *preprocess;
    int64_t head_epochs, feature_views, unfreeze_every;
    float head_lr, layer_decay;
    int train_bn, head;
    float mixup, cutmix, erase;
    float l1, l2, clip_norm, clip_value, ema;
    int64_t accumulate;
    const char *class_weights, *teacher;
    float focal_gamma, focal_alpha, distill_alpha, distill_temperature;
    int64_t watch; /* a port; 0: no page */
    const char *checkpoint_every;
    int64_t keep_checkpoints;
    int optimizer, nesterov, loss, schedule, resize_mode, interpolation, monitor, on_error,
        engine;                            /* indices into choices */
    int channels, balance, ignore_profile; /* the first two likewise */
    uint64_t seed;
    const char *time;
    int64_t folds, fold, repeats; /* cv; in a fold's own run: the fold that is held out */
    int leave_one_group_out;
} train_arguments;

enum {
    TRAIN_SMALL = 64, /* pixels; up to here pictures keep their size and small networks do */
    TRAIN_USUAL = 224 /* the input's height and width for larger ones, where nothing says another */
};

/* cv's options, which end with all of train's: a fold is a run like any other. */
extern const option cv_table[];
enum {
    CV_OPTIONS = 4 /* that train has not */
};
#define train_table (cv_table + CV_OPTIONS)
extern const char *const train_engines[], *const train_channels[];

/* How the command's choices count where they differ from the library's enums. */
enum {
    RESIZE_AUTO = 0,        /* then fv_resize_mode + 1 */
    INTERPOLATION_AUTO = 0, /* then fv_interpolation + 1 */
    LOSS_AUTO = 0,
    LOSS_CATEGORICAL,
    LOSS_BINARY,
    LOSS_FOCAL,
    HEAD_TRAINED = 0, /* fv_head */
    HEAD_LINEAR,
    HEAD_KNN,
    ENGINE_AUTO = 0,
    CHANNELS_AUTO = 0,
    CHANNELS_GREY,
    CHANNELS_RGB,
    TEACHERS_MOST = 16
};

/* What is to be found by trying, and what was given beside it. */
typedef struct train_find {
    double start; /* clock: the command began */
    bool rate, batch, head_rate_given, head_epochs_given;
    double seconds;      /* --time; 0: none */
    int64_t epochs_most; /* --epochs; 0: none */
    fv_learning_rates rates;
} train_find;

typedef struct train_setup {
    train_arguments a;
    string_pool pool; /* holds strings that `a` points to */
    fv_dataset *data;
    const fv_dataset *train, *validation, *test; /* parts; the last two may be NULL */
    fv_model *model;
    float *class_weights; /* of the training data's classes; NULL: none were given */
    fv_model *teachers[TEACHERS_MOST];
    int64_t teacher_count;
    train_find find;
    bool fresh;            /* the network is new: no weights, no preprocessing of its own */
    bool quiet;            /* the data's problems have been said */
    train_arguments given; /* `a` before any default was settled */
    const char
        *resume_from; /* what goes on with a run that was interrupted; NULL: train --resume with its folder */
} train_setup;

/* The options of a command line, over those of its configuration file, or all from the run that is resumed. Exit status. */
int train_read_arguments(train_setup *s, const invocation *call);
/* The options that RUN/args.yaml has, in place of those of `s`. */
fv_status train_read_run(train_setup *s, const char *run);
/* One run from its settled or unsettled arguments to its report; a finished one is left as it is. Exit status. */
int train_run(train_setup *s);

/* Refuses what no data can make right: a size or a network that is none. */
fv_status train_setup_check(const train_arguments *a);

/* The data of these arguments, with a part held out where they name a fold. NULL on failure. */
fv_dataset *train_open(const train_arguments *a);
/* Makes the paths of the data absolute. */
void train_settle_paths(train_setup *s);
/* And those of all other options, for what trains from them in another folder. */
void train_settle_all_paths(train_setup *s);

/* Opens the data and says what is wrong with it, makes and compiles the model, and puts a value in place of every default of `a`. */
fv_status train_setup_prepare(train_setup *s);
void train_setup_release(train_setup *s);

/* "epoch", "N" steps or "Nm" minutes; what it is not is 0. */
fv_status train_checkpoints_read(const char *words, int64_t *steps, double *minutes);

/* Paths in args.yaml stay right wherever `--resume` is called. NULL is passed on. */
const char *train_absolute(train_setup *s, const char *path);

/* Refuses what no data can make a network. */
fv_status train_model_check(const char *model);
/* True for a file of a network in YAML, by its name. */
bool train_model_is_network(const char *model);
/* The network with its weights and its preprocessing, as far as --preprocess and the weights say it. */
fv_status train_model_make(train_setup *s);

/* "full", "auto" or "LOW..HIGH" into the window of `p`. */
fv_status train_window_read(const char *words, fv_preprocess *p);
/* Window and profiles: given ones go to the model, the data choose for a fresh one, and the model's come back. */
fv_status train_window_settle(train_setup *s);

/* What --weights changes of the defaults, before the others are settled. */
fv_status train_transfer_settle(train_setup *s);
float train_transfer_rate(
    const train_arguments *a); /* the usual one with --weights, where there are steps enough */
void train_transfer_settle_rates(train_setup *s); /* after the numbers, which it counts steps with */
float train_transfer_share(
    const train_setup *s); /* of the usual rate of all layers, for want of steps; else 1 */
/* Freezing, batch norms and learning-rate scales into the model. */
fv_status train_transfer_apply(train_setup *s);

/* Loss, weights of classes, teachers and what is monitored; settled before the model is compiled. */
fv_status train_loss_settle(train_setup *s);
void train_loss_release(train_setup *s);

/* What was left open and is settled now, a line each; the first says one such line. */
void train_say(const train_setup *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void train_say_choices(const train_setup *s);

/* Words in place of numbers are noted, then the defaults settled, then numbers found. Said in a line each. */
fv_status train_find_note(train_setup *s);
fv_status train_find_settle(train_setup *s);
fv_status train_find_write(const train_setup *s); /* into the run folder */
fv_status train_time_read(const char *words, double *seconds);
/* The arguments for fv_compile and fv_fit. The latter without what only the run itself has. */
fv_status train_compile(train_setup *s);
fv_fit_options train_fit_options(const train_setup *s);

/* A fresh folder runs/NAME-1, runs/NAME-2, ... named after the data; the caller frees it. NULL on failure. */
char *run_folder_fresh(const char *data);
/* An error when `path` holds a run already, or anything else. */
fv_status run_folder_check(const char *path);
/* True when RUN/file exists. */
bool run_folder_has(const char *run, const char *file);
/* RUN/log.txt, to be appended to; a new one begins with all problems of the data. The caller closes it. */
fv_status run_folder_open_log(const char *run, const fv_dataset *data, FILE **log);

/* The best row of results.csv by the monitored value. */
typedef struct run_best {
    int64_t epoch, epochs; /* epochs: rows */
    double accuracy, loss; /* of validation; of training where there is none */
    double f1, map;        /* of validation; NAN where they were not measured */
    bool validated;
} run_best;
fv_status run_folder_best(const char *run, fv_monitor monitor, run_best *best);

#endif
