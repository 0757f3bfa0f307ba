/* SPDX-License-Identifier: Apache-2.0 */
#include "train/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

enum {
    ECE_BINS = 15,
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

/* Among the TOP likeliest; of equal ones those with the lower index come first. */
static bool in_top(const float *p, int64_t classes, int32_t label)
{
    int before = 0;
    for (int64_t i = 0; i < classes && before < TOP; i++)
        before += p[i] > p[label] || (p[i] == p[label] && i < label);
    return before < TOP;
}

/* Guo et al. 2017: |accuracy - confidence| in bins (i/15, (i+1)/15] of the confidence, weighted by their pictures. */
static double calibration_error(const fv_evaluation *e)
{
    double confidence[ECE_BINS] = {0}, right[ECE_BINS] = {0}, sum = 0;
    for (int64_t i = 0; i < e->images; i++) {
        int bin = (int)ceil((double)e->probability[i] * ECE_BINS) - 1;
        bin = bin < 0 ? 0 : bin >= ECE_BINS ? ECE_BINS - 1 : bin;
        confidence[bin] += e->probability[i];
        right[bin] += e->predicted[i] == e->label[i];
    }
    for (int i = 0; i < ECE_BINS; i++)
        sum += fabs(right[i] - confidence[i]);
    return e->images > 0 ? sum / (double)e->images : 0;
}

typedef struct scored {
    float score;
    bool positive;
} scored;

static int by_score(const void *a, const void *b)
{
    float x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

static bool has_class(const fv_evaluation *e, int64_t i, int64_t k)
{
    return e->multi_label ? e->targets[i * e->class_count + k] != 0 : e->label[i] == (int32_t)k;
}

/* The area under the ROC curve as the share of (positive, negative) pairs in the right order; ties count a half. `list` has
 * `images` places. */
static float area(const fv_evaluation *e, const float *probabilities, int64_t class_index, scored *list)
{
    double negatives = 0, positives = 0, pairs = 0;
    for (int64_t i = 0; i < e->images; i++)
        list[i] = (scored){probabilities[i * e->class_count + class_index], has_class(e, i, class_index)};
    qsort(list, (size_t)e->images, sizeof *list, by_score);
    for (int64_t i = 0, end; i < e->images; i = end) {
        double here[2] = {0, 0};
        for (end = i; end < e->images && list[end].score == list[i].score; end++)
            here[list[end].positive]++;
        pairs += here[1] * (negatives + here[0] / 2);
        negatives += here[0];
        positives += here[1];
    }
    return positives > 0 && negatives > 0 ? (float)(pairs / (positives * negatives)) : NAN;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* How many pictures have a class, are predicted to, and both. */
typedef struct class_tally {
    int64_t support, predicted, right;
} class_tally;

static class_tally count_class(const fv_evaluation *e, int64_t k)
{
    class_tally n = {0};
    for (int64_t i = 0; i < e->images; i++) {
        bool has = has_class(e, i, k), said = e->multi_label ? e->probabilities[i * e->class_count + k] > 0.5f
                                                             : e->predicted[i] == (int32_t)k;
        n.support += has;
        n.predicted += said;
        n.right += has && said;
    }
    return n;
}

static void score_class(fv_class_score *s, const class_tally *n)
{
    s->support = n->support;
    s->precision = (float)ratio((double)n->right, (double)n->predicted);
    s->recall = (float)ratio((double)n->right, (double)n->support);
    s->f1 = (float)ratio(2 * (double)n->right, (double)(n->predicted + n->support));
}

/* A running mean of class scores; areas that are undefined are left out. */
typedef struct mean {
    double weight, precision, recall, f1, area_weight, area;
} mean;

static void mean_add(mean *m, const fv_class_score *s, double weight)
{
    m->weight += weight;
    m->precision += weight * (double)s->precision;
    m->recall += weight * (double)s->recall;
    m->f1 += weight * (double)s->f1;
    if (isnan(s->auc))
        return;
    m->area_weight += weight;
    m->area += weight * (double)s->auc;
}

static fv_class_score mean_score(const mean *m, const char *name, int64_t support)
{
    return (fv_class_score){.name = name,
                            .support = support,
                            .precision = (float)ratio(m->precision, m->weight),
                            .recall = (float)ratio(m->recall, m->weight),
                            .f1 = (float)ratio(m->f1, m->weight),
                            .auc = m->area_weight > 0 ? (float)(m->area / m->area_weight) : NAN};
}

static fv_status score_classes(fv_evaluation *e, const float *probabilities)
{
    mean macro = {0}, weighted = {0};
    scored *list = mem_array((size_t)e->images, sizeof *list);
    if (!list)
        return status_last();
    for (int64_t k = 0; k < e->class_count; k++) {
        fv_class_score *s = &e->classes[k];
        class_tally n = count_class(e, k);
        score_class(s, &n);
        s->auc = area(e, probabilities, k, list);
        if (n.support + n.predicted > 0 || e->multi_label)
            mean_add(&macro, s, 1);
        if (s->support > 0)
            mean_add(&weighted, s, (double)s->support);
    }
    e->macro = mean_score(&macro, "macro", e->images);
    e->weighted = mean_score(&weighted, "weighted", e->images);
    free(list);
    return FV_OK;
}

double metrics_macro_f1(const fv_evaluation *e)
{
    mean macro = {0};
    for (int64_t k = 0; k < e->class_count; k++) {
        fv_class_score s = {.auc = NAN};
        class_tally n = count_class(e, k);
        score_class(&s, &n);
        if (n.support + n.predicted > 0 || e->multi_label)
            mean_add(&macro, &s, 1);
    }
    return ratio(macro.f1, macro.weight);
}

/* From the likeliest picture on; those with equal scores come together. NAN where no picture has the class. */
static double average_precision(const fv_evaluation *e, const float *probabilities, int64_t class_index,
                                scored *list)
{
    double right = 0, seen = 0, sum = 0;
    for (int64_t i = 0; i < e->images; i++)
        list[i] = (scored){probabilities[i * e->class_count + class_index], has_class(e, i, class_index)};
    qsort(list, (size_t)e->images, sizeof *list, by_score);
    for (int64_t i = e->images - 1, end; i >= 0; i = end) {
        double here = 0;
        for (end = i; end >= 0 && list[end].score == list[i].score; end--)
            here += list[end].positive;
        right += here;
        seen += (double)(i - end);
        sum += here * right / seen;
    }
    return right > 0 ? sum / right : NAN;
}

fv_status metrics_mean_precision(const fv_evaluation *e, const float *probabilities, double *mean)
{
    scored *list = mem_array((size_t)e->images, sizeof *list);
    double sum = 0, count = 0;
    if (!list)
        return status_last();
    for (int64_t k = 0; k < e->class_count; k++) {
        double p = average_precision(e, probabilities, k, list);
        sum += isnan(p) ? 0 : p;
        count += !isnan(p);
    }
    free(list);
    *mean = ratio(sum, count);
    return FV_OK;
}

fv_status metrics_fill(fv_evaluation *e, const float *probabilities)
{
    int64_t correct = 0, top = 0;
    for (int64_t i = 0; i < e->images; i++) {
        const float *p = probabilities + i * e->class_count;
        int32_t best = metrics_largest(p, e->class_count);
        e->predicted[i] = best;
        e->probability[i] = p[best];
        e->confusion[e->label[i] * e->class_count + best]++;
        correct += best == e->label[i];
        top += in_top(p, e->class_count, e->label[i]);
    }
    e->accuracy = ratio((double)correct, (double)e->images);
    e->top5 = ratio((double)top, (double)e->images);
    metrics_wilson(correct, e->images, &e->accuracy_low, &e->accuracy_high);
    e->exact_match = e->accuracy;
    e->ece = calibration_error(e);
    return score_classes(e, probabilities);
}

fv_status metrics_fill_multi_label(fv_evaluation *e)
{
    int64_t exact = 0, right = 0;
    for (int64_t i = 0; i < e->images; i++) {
        const float *p = e->probabilities + i * e->class_count;
        int64_t here = 0;
        for (int64_t k = 0; k < e->class_count; k++)
            here += (p[k] > 0.5f) == has_class(e, i, k);
        right += here;
        exact += here == e->class_count;
        e->predicted[i] = metrics_largest(p, e->class_count);
        e->probability[i] = p[e->predicted[i]];
    }
    e->accuracy = ratio((double)right, (double)e->images * (double)e->class_count);
    e->exact_match = ratio((double)exact, (double)e->images);
    e->top5 = e->accuracy_low = e->accuracy_high = e->ece = NAN;
    return score_classes(e, e->probabilities);
}
