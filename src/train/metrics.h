/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a classifier.
 *
 *     metrics_probabilities(logits, outputs, binary, row);        // a picture each
 *     STATUS_TRY(metrics_fill(&evaluation));                      // from all rows and labels
 *
 * A network of one output tells two classes apart: its probabilities are (1 - p, p).
 */
#ifndef TRAIN_METRICS_H
#define TRAIN_METRICS_H

#include <stdbool.h>

#include "core/status.h"

/* Classes that so many outputs tell apart. */
static inline int64_t metrics_classes(int64_t outputs)
{
    return outputs == 1 ? 2 : outputs;
}

/* Softmax, or a sigmoid each when `binary` (always for one output). `p` has metrics_classes(outputs) places. */
void metrics_probabilities(const float *logits, int64_t outputs, bool binary, float *p);

/* Of a picture with any number of classes, `targets` 0 or 1 for each: the mean of the sigmoids' cross-entropies, and the share of
 * the classes whose value is above the threshold just where the target is 1. */
double metrics_targets_loss(const float *logits, int64_t outputs, const float *targets);
double metrics_targets_right(const float *values, int64_t outputs, float threshold, const float *targets);

/* Cross-entropy of one picture without label smoothing: of the softmax, or the mean of the sigmoids'. */
double metrics_loss(const float *logits, int64_t outputs, bool binary, int32_t label);

/* The first of the largest. */
int32_t metrics_largest(const float *p, int64_t count);

/* Whether the label is among the `top` likeliest; of equal ones those with the lower index come first. */
bool metrics_in_top(const float *p, int64_t classes, int32_t label, int64_t top);

/* `e` has images, class_count, probabilities and label filled in, predicted, probability, classes and confusion allocated (multi-label
 * data: targets filled in, and no confusion); thresholds and top_k may be set. All but loss, names and counts of left-out pictures is
 * computed. */
fv_status metrics_fill(fv_evaluation *e);

/* combine.c: an evaluation without pictures, with room for `images` and all that metrics_fill asks for, of the classes of `first`. What
 * was allocated belongs to it also on failure. */
fv_status evaluation_like(fv_evaluation *e, const fv_evaluation *first, int64_t images);

/* Macro F1 as metrics_fill has it; `e` has images, class_count, label and predicted, or in multi-label data targets and
 * probabilities. */
double metrics_macro_f1(const fv_evaluation *e);
/* mAP: the mean over the classes that occur of the average precision, sum over the thresholds of (recall - the recall before) *
 * precision, each class against the rest. 0 where no class occurs. `e` as for metrics_fill. */
fv_status metrics_mean_precision(fv_evaluation *e, double *mean);

/* Wilson's 95 % interval of `correct` of `count`. */
void metrics_wilson(int64_t correct, int64_t count, double *low, double *high);

#endif
