/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from evaluations: single scores by name.
 *
 *     for (fv_score s = 0; s < FV_SCORE_COUNT; s++)
 *         printf("%s %.4f\n", fv_score_name(s), fv_evaluation_score(&evaluation, s));
 */
#ifndef FOVEA_EVALUATION_H
#define FOVEA_EVALUATION_H

#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The scores of a whole evaluation; fv_evaluation's fields have the definitions. */
typedef enum fv_score {
    FV_SCORE_ACCURACY = 0,
    FV_SCORE_BALANCED_ACCURACY,
    FV_SCORE_TOP_K,
    FV_SCORE_EXACT_MATCH,
    FV_SCORE_KAPPA,
    FV_SCORE_MATTHEWS,
    FV_SCORE_MACRO_PRECISION,
    FV_SCORE_MACRO_RECALL,
    FV_SCORE_MACRO_F1,
    FV_SCORE_WEIGHTED_F1,
    FV_SCORE_MICRO_F1,
    FV_SCORE_MACRO_AUC,
    FV_SCORE_WEIGHTED_AUC,
    FV_SCORE_MACRO_AVERAGE_PRECISION, /* of multi-label data: mAP */
    FV_SCORE_WEIGHTED_AVERAGE_PRECISION,
    FV_SCORE_LOG_LOSS,
    FV_SCORE_BRIER,
    FV_SCORE_ECE,
    FV_SCORE_HAMMING_LOSS,
    FV_SCORE_COUNT
} fv_score;

/* "balanced_accuracy"; NULL out of range. */
FV_API const char *fv_score_name(fv_score score);
/* NAN where it is undefined, or out of range. */
FV_API double fv_evaluation_score(const fv_evaluation *e, fv_score score);

typedef struct fv_interval {
    double low, high;
} fv_interval;

typedef struct fv_bootstrap_options {
    size_t struct_size;
    const fv_evaluation *evaluation; /* required */
    fv_interval *intervals;          /* required: receives FV_SCORE_COUNT of them, by fv_score */
    int64_t resamples;               /* default 2000, at most 1000000 */
    uint64_t seed;                   /* the same seed gives the same intervals, whatever the threads */
    int threads;                     /* default: all cores */
} fv_bootstrap_options;
#define fv_bootstrap(...)                                                                                    \
    fv_bootstrap_with(                                                                                       \
        &(fv_bootstrap_options){.struct_size = sizeof(fv_bootstrap_options), .evaluation = __VA_ARGS__})
/* 95 % intervals by the bootstrap (Efron 1979), percentile method: the scores of resamples of the evaluation's pictures, drawn with
 * replacement. Classes that a resample lacks are left out of its means. NAN where a score is undefined, and for areas under curves and
 * average precisions when pictures times classes times resamples are over 2e10. */
FV_API fv_status fv_bootstrap_with(const fv_bootstrap_options *options);

/* What several models (an ensemble) decide together: `count` evaluations of the same data into one, with the mean of their probabilities.
 * Classes are matched by name, and every model must know the same; pictures are those that all could judge. Thresholds of the models
 * are not used; the loss is the log loss. The names of the result's classes are the first's. Release it with
 * fv_evaluation_release. */
FV_API fv_status fv_evaluation_combine(const fv_evaluation *const *list, int64_t count,
                                       fv_evaluation *result);

/* Evaluations of different pictures of one data set as one, such as those of the held-out folds of a cross-validation: `index` of each
 * must be the place in the whole (fv_dataset_position), no picture in two of them, and the classes the same in the same order. The
 * result has the pictures in ascending order; its loss is the mean over them, and thresholds of the models are not used. The names
 * of the result's classes are the first's. Release it with fv_evaluation_release. */
FV_API fv_status fv_evaluation_pool(const fv_evaluation *const *list, int64_t count, fv_evaluation *result);

/* A score over the folds of a cross-validation; those that are not finite are left out. */
typedef struct fv_fold_spread {
    int64_t count;
    double mean, deviation; /* deviation: of the sample (n - 1); NAN below two */
    fv_interval interval;   /* of the mean: 95 %, Student's t; NAN below two */
} fv_fold_spread;
/* `count` values of a cross-validation with `folds` folds; more values than folds are those of repeats. Then the variance of the
 * mean is deviation^2 * (1 / count + 1 / (folds - 1)), after Nadeau & Bengio 2003, because repeats are not independent; else it is
 * deviation^2 / count. */
FV_API fv_fold_spread fv_fold_spread_of(const double *values, int64_t count, int64_t folds);

/* Two models on the pictures that both could judge. A picture is right when its class is; multi-label: when all classes are. */
typedef struct fv_comparison {
    int64_t images, both_right, only_first, only_second, both_wrong;
    double first_accuracy, second_accuracy; /* of these pictures */
    double difference;                      /* second - first */
    fv_interval interval;                   /* of the difference: 95 %, bootstrap over the pictures */
    /* McNemar's test of whether the models are equally good, on the pictures that only one has right: exact, from the binomial
     * distribution, where these are fewer than 25; else by chi-square with continuity correction. */
    double p, statistic; /* statistic: NAN when exact */
    int exact;
} fv_comparison;

typedef struct fv_compare_options {
    size_t struct_size;
    const fv_evaluation *first;  /* required */
    const fv_evaluation *second; /* required; of the same data */
    fv_comparison *result;       /* required */
    int64_t resamples;           /* these three as for fv_bootstrap */
    uint64_t seed;
    int threads;
} fv_compare_options;
#define fv_compare(...)                                                                                      \
    fv_compare_with(&(fv_compare_options){.struct_size = sizeof(fv_compare_options), .first = __VA_ARGS__})
FV_API fv_status fv_compare_with(const fv_compare_options *options);

/* Groups: whether a model does as well for some pictures as for others. */

typedef struct fv_rate {
    double value; /* NAN where there is nothing to count */
    double low,
        high; /* 95 % interval: Wilson's of a class's rates and of accuracy; by the bootstrap for means over classes and in
                         multi-label data */
    int64_t of; /* how many pictures it is a part of; of a mean, the group's */
} fv_rate;

/* One class against the rest. */
typedef struct fv_class_rates {
    fv_rate precision;           /* right among those predicted */
    fv_rate recall;              /* predicted among those of the class: the true positive rate */
    fv_rate false_positive_rate; /* predicted among those of other classes */
    fv_rate selection_rate;      /* predicted among all */
} fv_class_rates;

typedef struct fv_group {
    const char *name;
    int64_t images;
    int too_small;           /* nonzero: fewer pictures than `least` */
    fv_rate accuracy;        /* multi-label: of all answers */
    fv_class_rates *classes; /* (class_count of the evaluation) */
    fv_class_rates macro; /* means over the classes for which a rate is defined; its selection_rate is NAN */
} fv_group;

typedef enum fv_gap_kind {
    FV_GAP_ACCURACY = 0,
    FV_GAP_RECALL,              /* equal opportunity (Hardt et al. 2016) */
    FV_GAP_FALSE_POSITIVE_RATE, /* with the former: equalized odds */
    FV_GAP_SELECTION_RATE,      /* demographic parity */
    FV_GAP_COUNT
} fv_gap_kind;

/* The largest difference between two groups. Of two classes only the second is looked at, else the class with the largest. Rates that rest on
 * fewer than `least` pictures are not. */
typedef struct fv_gap {
    double value;            /* NAN: there are no two groups to compare */
    int64_t class_index;     /* -1: of all */
    int64_t lowest, highest; /* groups */
} fv_gap;

typedef struct fv_grouping {
    const char *column;
    fv_group *groups; /* in byte order of their names */
    int64_t group_count;
    int64_t without; /* pictures without a value */
    fv_gap gaps[FV_GAP_COUNT];
} fv_grouping;

typedef struct fv_groups {
    fv_grouping *columns;
    int64_t column_count;
    int64_t class_count, least;
    char **problems; /* what is wrong with the table, a line each */
    int64_t problem_count;
} fv_groups;

typedef struct fv_groups_options {
    size_t struct_size;
    const fv_evaluation *evaluation; /* required */
    const fv_dataset *data;          /* required: what was evaluated */
    const char *
        path; /* required: a .csv or .tsv of file,COLUMN... rows under a first row of names; a row names a picture as for
                         keep_together. Each column divides the pictures into groups by its values */
    fv_groups *result; /* required; release with fv_groups_release */
    int64_t least;     /* groups and rates of fewer pictures are too small to judge; default 30 */
    int64_t resamples; /* these three as for fv_bootstrap */
    uint64_t seed;
    int threads;
} fv_groups_options;
#define fv_groups_compare(...)                                                                               \
    fv_groups_compare_with(                                                                                  \
        &(fv_groups_options){.struct_size = sizeof(fv_groups_options), .evaluation = __VA_ARGS__})
FV_API fv_status fv_groups_compare_with(const fv_groups_options *options);
FV_API void fv_groups_release(fv_groups *g);
FV_API const char *fv_gap_name(
    fv_gap_kind kind); /* "accuracy", "equal_opportunity", "false_positive_rate", "demographic_parity" */

/* Calibration: a temperature that makes the probabilities honest, and thresholds for decisions. */
typedef struct fv_calibrated {
    double loss, ece, brier, accuracy; /* as in fv_evaluation */
    double f1;                         /* two classes: of the second; else the macro mean */
} fv_calibrated;

typedef struct fv_calibration {
    int64_t images;
    float temperature;
    int at_limit; /* nonzero: the best temperature lies outside 1/20..20, as where every picture is right; the limit was taken */
    fv_calibrated before, after; /* before: with temperature 1 and no thresholds */
} fv_calibration;

typedef struct fv_calibrate_options {
    size_t struct_size;
    fv_model *model; /* required */
    const fv_dataset *
        data; /* required: pictures that the model was not trained with, and that no one will be tested with */
    int thresholds; /* FV_OFF: leave thresholds away. Default: that of two classes, and those of several labels, are chosen */
    fv_calibration *result; /* may be NULL */
    int64_t batch;          /* these six as for fv_evaluate */
    int loader_threads;
    fv_on_error on_error;
    fv_progress_callback on_step;
    fv_log_callback on_log;
    void *user;
} fv_calibrate_options;
#define fv_calibrate(...)                                                                                    \
    fv_calibrate_with(                                                                                       \
        &(fv_calibrate_options){.struct_size = sizeof(fv_calibrate_options), .model = __VA_ARGS__})
/* Sets the model's temperature to that with the least loss on the data (temperature scaling, Guo et al. 2017), one for all classes,
 * then its thresholds to those with the best F1: of the second of two classes, or of each class of several labels. What the model
 * had of either is replaced; fv_model_save keeps the new ones. The model is as before when this fails. */
FV_API fv_status fv_calibrate_with(const fv_calibrate_options *options);

#ifdef __cplusplus
}
#endif
#endif
