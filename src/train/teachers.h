/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models that a training run learns from: what they say about a batch of the student's pictures.
 *
 *     teachers *t;
 *     STATUS_TRY(teachers_create(student, list, count, batch, 4, &t));
 *     STATUS_TRY(teachers_ask(t, pixels, &probabilities));    // (batch, outputs), the student's order of classes
 *     teachers_destroy(t);
 */
#ifndef TRAIN_TEACHERS_H
#define TRAIN_TEACHERS_H

#include "core/text.h"
#include "nn/network.h"

enum {
    TEACHERS_MOST = 16
};

typedef struct teachers teachers;

/* The student has its classes, preprocessing and loss. The models are borrowed; engine and threads of the student's become theirs. An
 * error where one has other classes, or sigmoids where the student has a softmax. */
fv_status teachers_create(const fv_model *student, fv_model *const *models, int64_t count, int64_t batch,
                          float temperature, teachers **out);
void teachers_destroy(teachers *t); /* NULL is fine */

/* pixels (batch, H, W, C) of the student's input. The means of the teachers' softmax(logits / temperature), or sigmoids of it, are valid
 * until the next call. */
fv_status teachers_ask(teachers *t, const uint8_t *pixels, const float **probabilities);

/* Of all that what they say depends on: tensors, classes, preprocessing. */
uint64_t teachers_fingerprint(const teachers *t);
/* What each of them is, in a line. */
void teachers_describe(const teachers *t, text *out);

#endif
