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

#ifdef __cplusplus
}
#endif
#endif
