/* SPDX-License-Identifier: Apache-2.0 */
#include "train/metrics.h"

#include <math.h>
#include <string.h>

#include "train/scores.h"

enum {
    TOP = 5
};

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double log_sum_exp(const float *x, int64_t n)
{
    double largest = x[metrics_largest(x, n)], sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)x[i] - largest);
    return largest + log(sum);
}

int32_t metrics_largest(const float *p, int64_t count)
{
    int32_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (p[i] > p[best])
            best = (int32_t)i;
    return best;
}

void metrics_probabilities(const float *logits, int64_t outputs, bool binary, float *p)
{
    if (outputs == 1) {
        p[0] = (float)sigmoid(-(double)logits[0]);
        p[1] = (float)sigmoid(logits[0]);
        return;
    }
    double shift = binary ? 0 : log_sum_exp(logits, outputs);
    for (int64_t i = 0; i < outputs; i++)
        p[i] = (float)(binary ? sigmoid(logits[i]) : exp((double)logits[i] - shift));
}

static double sigmoid_loss(double x, double target)
{
    return fmax(x, 0) - x * target + log1p(exp(-fabs(x)));
}

double metrics_loss(const float *logits, int64_t outputs, bool binary, int32_t label)
{
    if (!binary && outputs > 1)
        return log_sum_exp(logits, outputs) - (double)logits[label];
    double sum = 0;
    for (int64_t i = 0; i < outputs; i++)
        sum += sigmoid_loss(logits[i], outputs == 1 ? label : i == label);
    return sum / (double)outputs;
}

double metrics_targets_loss(const float *logits, int64_t outputs, const float *targets)
{
    double sum = 0;
    for (int64_t i = 0; i < outputs; i++)
        sum += sigmoid_loss(logits[i], targets[i]);
    return sum / (double)outputs;
}

double metrics_targets_right(const float *values, int64_t outputs, float threshold, const float *targets)
{
    int64_t right = 0;
    for (int64_t i = 0; i < outputs; i++)
        right += (values[i] > threshold) == (targets[i] > 0.5f);
    return (double)right / (double)outputs;
}

/* Wilson 1927: the scores p for which |correct / count - p| is z standard errors. */
void metrics_wilson(int64_t correct, int64_t count, double *low, double *high)
{
    const double z = 1.959963984540054;
    *low = 0;
    *high = 1;
    if (count == 0)
        return;
    double n = (double)count, p = (double)correct / n;
    double middle = p + z * z / (2 * n), half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double scale = 1 + z * z / n;
    *low = correct == 0 ? 0 : (middle - half) / scale;
    *high = correct == count ? 1 : (middle + half) / scale;
}

bool metrics_in_top(const float *p, int64_t classes, int32_t label, int64_t top)
{
    int64_t before = 0;
    for (int64_t i = 0; i < classes && before < top; i++)
        before += p[i] > p[label] || (p[i] == p[label] && i < label);
    return before < top;
}

static int32_t decide(const fv_evaluation *e, const float *p)
{
    if (!e->multi_label && e->thresholds && e->class_count == 2)
        return p[1] > e->thresholds[1];
    return metrics_largest(p, e->class_count);
}

static void decide_all(fv_evaluation *e)
{
    for (int64_t i = 0; i < e->images; i++) {
        const float *p = e->probabilities + i * e->class_count;
        e->predicted[i] = decide(e, p);
        e->probability[i] = p[e->predicted[i]];
    }
}

/* The names of the classes stay. */
static void take_scores(fv_evaluation *e, const scores *s)
{
    for (int64_t k = 0; k < e->class_count; k++) {
        const char *name = e->classes[k].name;
        e->classes[k] = s->classes[k];
        e->classes[k].name = name;
    }
    e->macro = s->macro;
    e->weighted = s->weighted;
    e->micro = s->micro;
    e->accuracy = s->values[FV_SCORE_ACCURACY];
    e->exact_match = s->values[FV_SCORE_EXACT_MATCH];
    e->top_k_accuracy = s->values[FV_SCORE_TOP_K];
    e->ece = s->values[FV_SCORE_ECE];
    e->log_loss = s->values[FV_SCORE_LOG_LOSS];
    e->brier = s->values[FV_SCORE_BRIER];
    e->hamming_loss = s->values[FV_SCORE_HAMMING_LOSS];
    e->balanced_accuracy = s->values[FV_SCORE_BALANCED_ACCURACY];
    e->kappa = s->values[FV_SCORE_KAPPA];
    e->matthews = s->values[FV_SCORE_MATTHEWS];
}

static void fill_single(fv_evaluation *e)
{
    int64_t correct = 0, top = 0;
    memset(e->confusion, 0, (size_t)(e->class_count * e->class_count) * sizeof *e->confusion);
    for (int64_t i = 0; i < e->images; i++) {
        e->confusion[e->label[i] * e->class_count + e->predicted[i]]++;
        correct += e->predicted[i] == e->label[i];
        top += metrics_in_top(e->probabilities + i * e->class_count, e->class_count, e->label[i], TOP);
    }
    e->top5 = e->images > 0 ? (double)top / (double)e->images : 0;
    metrics_wilson(correct, e->images, &e->accuracy_low, &e->accuracy_high);
}

fv_status metrics_fill(fv_evaluation *e)
{
    scores_base base;
    scores s;
    e->top_k = e->top_k > 0 ? e->top_k : TOP;
    decide_all(e);
    if (e->multi_label)
        e->top5 = e->accuracy_low = e->accuracy_high = NAN;
    else
        fill_single(e);
    STATUS_TRY(scores_base_init(&base, e, SCORES_ALL));
    fv_status status = scores_init(&s, e);
    if (status == FV_OK) {
        scores_count(&base, NULL, &s);
        take_scores(e, &s);
        scores_release(&s);
    }
    scores_base_release(&base);
    return status;
}

double metrics_macro_f1(const fv_evaluation *e)
{
    double sum = 0, count = 0;
    for (int64_t k = 0; k < e->class_count; k++) {
        int64_t right = 0, named = 0; /* named: as the truth and as the prediction */
        for (int64_t i = 0; i < e->images; i++) {
            bool has = evaluation_has(e, i, k), said = evaluation_says(e, i, k);
            right += has && said;
            named += has + said;
        }
        sum += named > 0 ? 2 * (double)right / (double)named : 0;
        count += named > 0 || e->multi_label;
    }
    return count > 0 ? sum / count : 0;
}

fv_status metrics_mean_precision(fv_evaluation *e, double *mean)
{
    scores_base base;
    scores s;
    e->top_k = e->top_k > 0 ? e->top_k : TOP;
    STATUS_TRY(scores_base_init(&base, e, SCORES_ALL));
    fv_status status = scores_init(&s, e);
    if (status == FV_OK) {
        double sum = 0, count = 0;
        scores_count(&base, NULL, &s);
        for (int64_t k = 0; k < e->class_count; k++)
            if (!isnan(s.classes[k].average_precision)) {
                sum += s.classes[k].average_precision;
                count++;
            }
        *mean = count > 0 ? sum / count : 0;
        scores_release(&s);
    }
    scores_base_release(&base);
    return status;
}
