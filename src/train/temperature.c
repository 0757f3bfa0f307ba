/* SPDX-License-Identifier: Apache-2.0 */
/* Temperature scaling (Guo et al. 2017) and thresholds of the best F1. */
#include <math.h>

#include "train/calibrate.h"
#include "train/metrics.h"
#include "train/scores.h"

enum {
    STEPS = 100
};

/* ---- the temperature ---- */

/* The derivatives of the sum of the losses by b, the temperature's inverse. With p = softmax(b z), or the sigmoid, they are
 * E_p[z] - z_y and Var_p[z]: the sum is convex in b. */
typedef struct slope {
    double first, second;
} slope;

static void add_softmax(slope *s, const float *z, int64_t n, int32_t label, double b)
{
    double largest = (double)z[metrics_largest(z, n)], sum = 0, mean = 0, square = 0;
    for (int64_t k = 0; k < n; k++) {
        double x = (double)z[k] - largest, p = exp(b * x);
        sum += p;
        mean += p * x;
        square += p * x * x;
    }
    mean /= sum;
    s->first += mean - ((double)z[label] - largest);
    s->second += square / sum - mean * mean;
}

static void add_sigmoid(slope *s, double z, bool truth, double b)
{
    double p = 1 / (1 + exp(-b * z));
    s->first += (p - truth) * z;
    s->second += p * (1 - p) * z * z;
}

static bool has_output(const fv_evaluation *e, int64_t i, int64_t output, int64_t outputs)
{
    return evaluation_has(e, i, outputs == 1 ? 1 : output);
}

typedef struct outputs_of {
    const fv_evaluation *e;
    const float *logits;
    int64_t outputs;
    bool binary;
} outputs_of;

static slope slope_at(const outputs_of *r, double b)
{
    slope s = {0};
    for (int64_t i = 0; i < r->e->images; i++) {
        const float *z = r->logits + i * r->outputs;
        if (!r->binary && r->outputs > 1)
            add_softmax(&s, z, r->outputs, r->e->label[i], b);
        else
            for (int64_t k = 0; k < r->outputs; k++)
                add_sigmoid(&s, (double)z[k], has_output(r->e, i, k, r->outputs), b);
    }
    return s;
}

/* Newton's method for the zero of the first derivative, with a bracket that it must stay in. */
double calibrate_temperature(const fv_evaluation *e, const float *logits, int64_t outputs, bool binary)
{
    const outputs_of r = {e, logits, outputs, binary};
    double low = 1 / CALIBRATE_MOST, high = 1 / CALIBRATE_LEAST, b = 1;
    double first = slope_at(&r, low).first, last = slope_at(&r, high).first;
    if (first == 0 && last == 0) /* every temperature does as well */
        return 1;
    if (first >= 0)
        return CALIBRATE_MOST;
    if (last <= 0)
        return CALIBRATE_LEAST;
    for (int step = 0; step < STEPS; step++) {
        slope s = slope_at(&r, b);
        *(s.first > 0 ? &high : &low) = b;
        double next = s.second > 0 ? b - s.first / s.second : 0;
        if (!(next > low && next < high))
            next = sqrt(low * high);
        if (fabs(next - b) <= 1e-12 * b)
            return 1 / next;
        b = next;
    }
    return 1 / b;
}

/* ---- thresholds ---- */

/* Between two probabilities: what is above it is the upper one. */
static float between(float lower, float upper)
{
    float middle = lower + (upper - lower) / 2;
    return middle < upper ? middle : lower;
}

float calibrate_threshold(const fv_evaluation *e, int64_t k, ranking_entry *list, uint32_t *row)
{
    float best = 0.5f;
    double best_f1 = 0, positives = 0, right = 0;
    ranking_sort(e, k, list, row);
    for (int64_t i = 0; i < e->images; i++)
        positives += (row[i] & RANKING_POSITIVE) != 0;
    for (int64_t i = 0; i < e->images && list[i].score > 0; i++) {
        right += (row[i] & RANKING_POSITIVE) != 0;
        if (!(row[i] & RANKING_LAST))
            continue;
        float t = between(i + 1 < e->images ? list[i + 1].score : 0, list[i].score);
        double f1 = 2 * right / (positives + (double)(i + 1));
        if (f1 > best_f1 || (f1 == best_f1 && f1 > 0 && fabsf(t - 0.5f) < fabsf(best - 0.5f))) {
            best_f1 = f1;
            best = t;
        }
    }
    return best;
}
