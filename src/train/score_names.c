/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluation's scores one by one. */
#include <math.h>

#include "core/status.h"

static const char *const names[FV_SCORE_COUNT] = {
    [FV_SCORE_ACCURACY] = "accuracy",
    [FV_SCORE_BALANCED_ACCURACY] = "balanced_accuracy",
    [FV_SCORE_TOP_K] = "top_k",
    [FV_SCORE_EXACT_MATCH] = "exact_match",
    [FV_SCORE_KAPPA] = "kappa",
    [FV_SCORE_MATTHEWS] = "matthews",
    [FV_SCORE_MACRO_PRECISION] = "macro_precision",
    [FV_SCORE_MACRO_RECALL] = "macro_recall",
    [FV_SCORE_MACRO_F1] = "macro_f1",
    [FV_SCORE_WEIGHTED_F1] = "weighted_f1",
    [FV_SCORE_MICRO_F1] = "micro_f1",
    [FV_SCORE_MACRO_AUC] = "macro_auc",
    [FV_SCORE_WEIGHTED_AUC] = "weighted_auc",
    [FV_SCORE_MACRO_AVERAGE_PRECISION] = "macro_average_precision",
    [FV_SCORE_WEIGHTED_AVERAGE_PRECISION] = "weighted_average_precision",
    [FV_SCORE_LOG_LOSS] = "log_loss",
    [FV_SCORE_BRIER] = "brier",
    [FV_SCORE_ECE] = "ece",
    [FV_SCORE_HAMMING_LOSS] = "hamming_loss",
};

const char *fv_score_name(fv_score score)
{
    return (unsigned)score < FV_SCORE_COUNT ? names[score] : NULL;
}

double fv_evaluation_score(const fv_evaluation *e, fv_score score)
{
    switch (score) {
    case FV_SCORE_ACCURACY:
        return e->accuracy;
    case FV_SCORE_BALANCED_ACCURACY:
        return e->balanced_accuracy;
    case FV_SCORE_TOP_K:
        return e->top_k_accuracy;
    case FV_SCORE_EXACT_MATCH:
        return e->exact_match;
    case FV_SCORE_KAPPA:
        return e->kappa;
    case FV_SCORE_MATTHEWS:
        return e->matthews;
    case FV_SCORE_MACRO_PRECISION:
        return e->macro.precision;
    case FV_SCORE_MACRO_RECALL:
        return e->macro.recall;
    case FV_SCORE_MACRO_F1:
        return e->macro.f1;
    case FV_SCORE_WEIGHTED_F1:
        return e->weighted.f1;
    case FV_SCORE_MICRO_F1:
        return e->micro.f1;
    case FV_SCORE_MACRO_AUC:
        return e->macro.auc;
    case FV_SCORE_WEIGHTED_AUC:
        return e->weighted.auc;
    case FV_SCORE_MACRO_AVERAGE_PRECISION:
        return e->macro.average_precision;
    case FV_SCORE_WEIGHTED_AVERAGE_PRECISION:
        return e->weighted.average_precision;
    case FV_SCORE_LOG_LOSS:
        return e->log_loss;
    case FV_SCORE_BRIER:
        return e->brier;
    case FV_SCORE_ECE:
        return e->ece;
    case FV_SCORE_HAMMING_LOSS:
        return e->hamming_loss;
    case FV_SCORE_COUNT:
        break;
    }
    return NAN;
}
