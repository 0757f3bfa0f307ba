/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's report: plots and a page, made from plain tables.
 *
 *     report_input in = {.run = "runs/flowers", .title = "flowers", .evaluation = &evaluation};
 *     STATUS_TRY(report_write(&in));
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>

#include "core/text.h"
#include "image/image.h"
#include "report/points.h"

/* ---- table.c: results.csv ---- */

/* Numbers with named columns; what is no number is NAN. */
typedef struct report_table {
    char **columns;
    int64_t column_count, row_count;
    double *values; /* (row_count, column_count) */
} report_table;

/* Errors: FV_ERROR_IO (cannot be read), FV_ERROR_FORMAT (no table with the column `key`, as "epoch"). */
fv_status report_table_load(report_table *t, const char *path, const char *key);
void report_table_release(report_table *t);
int64_t report_table_find(const report_table *t, const char *column);        /* -1: none */
double report_table_get(const report_table *t, int64_t row, int64_t column); /* NAN for column -1 */

/* Whether any epoch had a learning rate: a head that was solved had none. */
bool report_has_rate(const report_table *results);
double *report_column(const report_table *t, int64_t column); /* row_count values; the caller frees them */

/* ---- arguments.c: args.yaml ---- */

typedef struct report_pair {
    char *key, *value;
} report_pair;

typedef struct report_pairs {
    report_pair *list;
    size_t count, capacity;
} report_pairs;

/* The top level of a YAML mapping, lists as "a, b". */
fv_status report_pairs_load(report_pairs *p, const char *path);
void report_pairs_release(report_pairs *p);

/* ---- ticks.c ---- */

enum {
    REPORT_MAX_TICKS = 16
};

/* Round numbers (1, 2 or 5 times a power of ten apart) that cover low..high. */
typedef struct report_ticks {
    double first, step;
    int count; /* at least 2 */
} report_ticks;

/* About `wanted` of them; `least` is the smallest step (1 for whole numbers, 0 for any). */
report_ticks report_ticks_make(double low, double high, int wanted, double least);
double report_tick(const report_ticks *t, int index);
/* A tick as short as its neighbours allow: "0.05", "20", "1e-05". */
void report_tick_print(const report_ticks *t, int index, char *buffer, size_t size);

/* ---- plot_curves.c, plot_confusion.c ---- */

enum {
    REPORT_CURVES_WIDTH = 640, /* in CSS pixels; the PNG has twice as many */
    REPORT_CURVES_HEIGHT = 360,
    REPORT_DENSITY = 2,
    REPORT_MAX_CURVES = 8
};

typedef struct report_curve {
    const char *name;
    uint32_t color;
    const double *x, *y; /* `count` each; a y that is not finite is a gap */
    int64_t count;
} report_curve;

typedef struct report_curves {
    const char *title, *x_label;
    bool percent; /* y is a part of one and shown as a percentage */
    bool square;  /* x and y are, over 0..100 %; the names stand beside the plot */
    report_curve list[REPORT_MAX_CURVES];
    int count;
} report_curves;

/* Where a point lies in the picture, in pixels of the PNG: for tests and for marks. */
typedef struct report_frame {
    double left, top, width, height; /* of the area within the axes */
    report_ticks x, y;
} report_frame;

fv_status report_plot_curves(const report_curves *curves, image *out,
                             report_frame *frame); /* frame may be NULL */

/* counts (n, n): row true, column predicted. `names[i]` may be NULL. */
fv_status report_plot_confusion(const int64_t *counts, int64_t n, const char *const *names, image *out,
                                report_frame *frame);

/* ---- curve_set.c ---- */

/* Up to REPORT_MAX_CURVES classes' curves, of two classes the second one's; of more classes their mean. */
typedef struct report_curve_set {
    report_points points[REPORT_MAX_CURVES];
    char *names[REPORT_MAX_CURVES];
    int count;
} report_curve_set;

typedef fv_status (*report_points_function)(const fv_evaluation *e, int64_t class_index, report_points *p);

/* Empty where the evaluation has no probabilities. Releases nothing on an error: the caller does. */
fv_status report_curve_set_make(const fv_evaluation *e, report_points_function points, report_curve_set *s);
void report_curve_set_release(report_curve_set *s);
extern const uint32_t report_colors[REPORT_MAX_CURVES]; /* those of the page's --c0, --c1, … */

/* ---- mistakes.c ---- */

enum {
    REPORT_MAX_MISTAKES = 24
};

/* Draws over the thumbnail of picture `index` what speaks for the class. */
typedef fv_status (*report_heat_callback)(int64_t index, int64_t class_index, image *thumbnail, void *user);

/* Decodes picture `index` of the data as RGB and writes its name. */
typedef fv_status (*report_picture_callback)(int64_t index, image *out, char *name, size_t size, void *user);

/* Everything the page is made from; all borrowed. */
typedef struct report_input {
    const char *run, *title;
    const char *model_name; /* NULL: not said, as are counts of 0 */
    int64_t parameters, multiply_adds;
    const fv_evaluation *evaluation; /* NULL: the run's own numbers only */
    const fv_interval *intervals;    /* of the evaluation's scores, by fv_score; NULL: none */
    const fv_groups *groups;         /* of the evaluation; NULL: none */
    int64_t folds; /* of a cross-validation, whose results have a row for each; 0: of one run */
    const fv_evaluation *ensemble; /* of the folds' models together on the test part; NULL: none */
    const char *const *problems;   /* what is wrong with the data, a line each */
    int64_t problem_count;
    const fv_dataset *dataset;       /* whose parts' pictures are counted; NULL: none */
    report_picture_callback picture; /* NULL: mistakes are listed without pictures */
    report_heat_callback heat;       /* NULL: without heat maps */
    void *user;
} report_input;

/* A wrong prediction; `file` is "mistakes/NN.png", empty when the picture could not be shown, `heat` "mistakes/NN-gradcam.png" likewise. */
typedef struct report_mistake {
    int64_t at; /* place in the evaluation's lists */
    char name[256], file[32], heat[32];
    bool small; /* shown enlarged, pixel by pixel */
} report_mistake;

/* The wrong predictions of the highest probability, the worst first; returns how many. */
int64_t report_mistakes_find(const fv_evaluation *e, report_mistake list[REPORT_MAX_MISTAKES]);
/* Writes their thumbnails to RUN/mistakes/, removing an older report's. */
fv_status report_mistakes_write(const report_input *in, report_mistake *list, int64_t count);

/* ---- confusions.c ---- */

enum {
    REPORT_MAX_CONFUSIONS = 30,
    REPORT_MAX_MATRIX = 50 /* classes, of which the matrix shows all; of more those of the worst confusions */
};

typedef struct report_confusion {
    int64_t label, predicted, count;
} report_confusion;

/* The largest numbers off the diagonal, largest first; returns how many. */
int report_confusions_find(const fv_evaluation *e, report_confusion list[REPORT_MAX_CONFUSIONS]);
/* The classes that the matrix shows, ascending, into `classes` (REPORT_MAX_MATRIX or twice the confusions, whichever is more);
 * returns how many. */
int64_t report_matrix_classes(const fv_evaluation *e, int64_t *classes);

/* ---- page.c, write.c ---- */

typedef struct report_plots {
    bool loss, accuracy, rate, confusion, roc, precision_recall,
        reliability;                           /* which of the PNG files there are */
    int64_t confusion_width, confusion_height; /* in CSS pixels */
    int64_t confusion_classes;                 /* that it shows */
    char missing[256]; /* why there are none: a machine without cairo still gets its numbers */
} report_plots;

typedef struct report_content {
    const report_input *in;
    const report_table *results;
    const report_pairs *arguments;
    const text *warnings; /* a line each */
    const report_mistake *mistakes;
    int64_t mistake_count;
    report_plots plots;
    report_curve_set roc, precision_recall; /* of the evaluation; may be empty */
    report_bins bins;
} report_content;

/* The class's name, or "class 3" (in `buffer`) where it has none. */
const char *report_class_name(const fv_evaluation *e, int64_t index, char *buffer, size_t size);
/* The row with the best value/accuracy (validation's, else training's), -1 without one. */
int64_t report_best_row(const report_table *results);

void report_page(const report_content *c, text *html);

/* Reads results.csv and args.yaml of the run, writes the plots, the thumbnails and report.html. */
fv_status report_write(const report_input *in);

#endif
