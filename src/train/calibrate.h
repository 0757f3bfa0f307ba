/* SPDX-License-Identifier: Apache-2.0 */
/* What fv_calibrate seeks, on outputs that are there already. */
#ifndef TRAIN_CALIBRATE_H
#define TRAIN_CALIBRATE_H

#include <stdbool.h>

#include "train/ranking.h"

#define CALIBRATE_LEAST (1 / 20.0) /* temperatures that are sought */
#define CALIBRATE_MOST  20.0

/* The temperature with the least loss of logits (images, outputs), whose labels or targets `e` has: softmax, or sigmoids when
 * `binary` or there is one output. */
double calibrate_temperature(const fv_evaluation *e, const float *logits, int64_t outputs, bool binary);

/* The threshold of class k's probability with the best F1; of equally good ones the nearest to 0.5. `list` and `row` are room for
 * `images` entries. */
float calibrate_threshold(const fv_evaluation *e, int64_t k, ranking_entry *list, uint32_t *row);

#endif
