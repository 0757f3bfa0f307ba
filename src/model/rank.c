/* SPDX-License-Identifier: Apache-2.0 */
/* From probabilities to the likeliest classes, and which of them the picture counts as. */
#include <inttypes.h>
#include <math.h>

#include "model/predictor.h"

/* The `count` largest of `p`, largest first, the first of equal ones before. */
static void pick_best(const fv_model *m, const float *p, int64_t classes, fv_prediction *top, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        int64_t best = -1;
        for (int64_t i = 0; i < classes; i++) {
            bool before = n > 0 && (p[i] > top[n - 1].probability ||
                                    (p[i] == top[n - 1].probability && i <= top[n - 1].class_index));
            if (!before && (best < 0 || p[i] > p[best]))
                best = i;
        }
        const char *name = fv_model_class_name(m, best);
        top[n] = (fv_prediction){best, name ? name : "", p[best], n == 0};
    }
}

/* Which of the classes the picture counts as. */
static void decide(const fv_model *m, const float *p, fv_prediction *top, int64_t count)
{
    const float *thresholds;
    int64_t known = fv_model_thresholds(m, &thresholds);
    if (predictor_is_two_class(m)) {
        if (known == 0)
            return;
        int64_t chosen = p[1] > thresholds[0];
        if (top[0].class_index != chosen) {
            const char *name = fv_model_class_name(m, chosen);
            fv_prediction likeliest = top[0];
            top[0] = (fv_prediction){chosen, name ? name : "", p[chosen], 1};
            if (count > 1) {
                top[1] = likeliest;
                top[1].predicted = 0;
            }
        }
    } else if (predictor_is_binary(m)) {
        for (int64_t i = 0; i < count; i++)
            top[i].predicted = top[i].probability > (known ? thresholds[top[i].class_index] : 0.5f);
    }
}

fv_status predictor_rank(const fv_model *m, const float *probabilities, fv_prediction *top, int64_t count)
{
    /* One output is the probability of the second of two classes. */
    const float both[2] = {1 - probabilities[0], probabilities[0]};
    int64_t outputs = fv_model_class_count(m), classes = outputs == 1 ? 2 : outputs;
    const float *list = outputs == 1 ? both : probabilities;
    if (count < 1 || count > classes)
        return status_set(FV_ERROR_INVALID, "predict: top_count must be 1..%" PRId64 ", not %" PRId64,
                          classes, count);
    for (int64_t i = 0; i < classes; i++)
        if (isnan(list[i]))
            return status_set(FV_ERROR_DIVERGED,
                              "model %s: its output is not a number; its weights are damaged",
                              fv_model_name(m));
    pick_best(m, list, classes, top, count);
    decide(m, list, top, count);
    return FV_OK;
}
