/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the frozen beginning of a network ends: values that are the same for a picture in every step, because only frozen tensors and
 * nothing random come before them.
 *
 *     feature_cut cut = feature_cut_find(m);
 *     if (cut.count > 0) ... cut.row floats a picture are all that training needs of it ...
 */
#ifndef TRAIN_FEATURE_CUT_H
#define TRAIN_FEATURE_CUT_H

#include "nn/network.h"

enum {
    CUT_MOST = 8 /* values; a network that is cut in more places is not */
};

typedef struct feature_cut {
    value_id values[CUT_MOST + 1]; /* of the model's graph; NO_VALUE behind the last */
    int64_t sizes[CUT_MOST];       /* floats of a picture */
    int32_t count;                 /* 0: nothing worth keeping is frozen at the beginning */
    int64_t row;                   /* floats of a picture in all */
} feature_cut;

/* By what is frozen now. `count` is 0 too when out of memory. */
feature_cut feature_cut_find(const fv_model *m);

/* What the head, a dense layer on flat features, takes when nothing is dropped; `count` 0 when it is none. */
feature_cut feature_cut_head(const fv_model *m);

/* The part of an inference graph before the cut, or (`behind`) the one from it to the logits, for `batch` pictures. NULL on failure; the
 * caller destroys it. */
graph *feature_cut_graph(const fv_model *m, const feature_cut *cut, int64_t batch, bool behind);

#endif
