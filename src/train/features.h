/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the frozen beginning of a network makes of each picture: computed once and kept, so that a training step begins at the cut.
 *
 *     features *f;
 *     STATUS_TRY(features_create(&cut, pictures, views, batch_size, &place, &problem, &f));
 *     STATUS_TRY(feature_plan_create(m, &cut, batch_size, false, &before));
 *     ... for every batch b of a loader, unless f->whole ... STATUS_TRY(feature_plan_keep(before, b, view, f));
 *     STATUS_TRY(features_commit(f));
 *     const float *const *inputs = features_gather(f, b, epoch);
 *
 * The rows depend on the network's frozen tensors and the pictures alone: they are the same whenever and by whom they are made.
 */
#ifndef TRAIN_FEATURES_H
#define TRAIN_FEATURES_H

#include "data/loader.h"
#include "train/feature_cut.h"
#include "train/feature_file.h"

/* Where rows are kept. */
typedef struct feature_place {
    const char *folder;      /* NULL: in memory */
    const char *fingerprint; /* feature_key.c; NULL: in a file without a name */
} feature_place;

typedef struct features {
    feature_cut cut;
    int64_t pictures, views;
    bool whole;     /* they are computed */
    float *rows;    /* (views, pictures, cut.row) */
    bool *readable; /* (pictures of the data set), behind the rows */
    void *memory;   /* of both; NULL: they are in the file */
    feature_file file;
    float *gathered[CUT_MOST];
    int64_t gathered_batch;
} features;

/* Bytes of rows and flags; SIZE_MAX where that is no number. */
size_t features_bytes(const feature_cut *cut, int64_t pictures, int64_t views);
/* `problem` is told what was wrong with a file that was there. */
fv_status features_create(const feature_cut *cut, int64_t pictures, int64_t views, int64_t batch_size,
                          const feature_place *place, text *problem, features **out);
/* All rows are there: a file gets its name. */
fv_status features_commit(features *f);
void features_destroy(features *f); /* NULL is fine */

/* A picture's cut.row floats. */
float *features_row(const features *f, int64_t view, int64_t index);
/* A batch's pictures as inputs from the cut on, repeats too: view (epoch + index) mod views of each. Valid until it is asked again. */
const float *const *features_gather(features *f, const batch *b, int64_t epoch);

/* ---- feature_key.c ---- */

/* A digest of all that the rows of a part of the data depend on: pictures and how they are decoded, the network as far as the cut and its
 * tensors, the engine. `varied` describes how further views come about. */
fv_status feature_key(const fv_model *m, const feature_cut *cut, int64_t batch_size,
                      const loader_options *pictures, const char *varied, char hex[DIGEST_SIZE]);

/* ---- the two halves of an inference graph, compiled ---- */

typedef struct feature_plan feature_plan;
fv_status feature_plan_create(fv_model *m, const feature_cut *cut, int64_t batch_size, bool behind,
                              feature_plan **out);
void feature_plan_destroy(feature_plan *p); /* NULL is fine */

/* Before the cut: the rows of a batch's pictures that could be read. */
fv_status feature_plan_keep(feature_plan *p, const batch *b, int64_t view, features *f);
/* Behind it: logits (batch, outputs) of what features_gather gave, with the model's tensors as they are now. */
fv_status feature_plan_logits(feature_plan *p, const float *const *inputs, float *logits);

#endif
