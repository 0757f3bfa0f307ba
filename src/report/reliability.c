/* SPDX-License-Identifier: Apache-2.0 */
/* Confidence against accuracy, in the bins of the calibration error: (k/15, (k+1)/15]. */
#include <math.h>
#include <stdbool.h>

#include "report/points.h"

static void count_answer(report_bins *b, double confidence, bool right)
{
    int bin = (int)ceil(confidence * REPORT_BINS) - 1;
    bin = bin < 0 ? 0 : bin >= REPORT_BINS ? REPORT_BINS - 1 : bin;
    b->count[bin]++;
    b->total++;
    b->confidence[bin] += confidence;
    b->accuracy[bin] += right;
}

void report_reliability(const fv_evaluation *e, report_bins *b)
{
    *b = (report_bins){0};
    int64_t answers = e->images * e->class_count;
    if (e->multi_label)
        for (int64_t i = 0; e->targets && e->probabilities && i < answers; i++)
            count_answer(b, (double)e->probabilities[i], e->targets[i] != 0);
    else
        for (int64_t i = 0; i < e->images; i++)
            if (e->probability[i] >= 0)
                count_answer(b, (double)e->probability[i], e->label[i] == e->predicted[i]);
    for (int k = 0; k < REPORT_BINS; k++) {
        b->confidence[k] = b->count[k] > 0 ? b->confidence[k] / (double)b->count[k] : NAN;
        b->accuracy[k] = b->count[k] > 0 ? b->accuracy[k] / (double)b->count[k] : NAN;
    }
}
