/* SPDX-License-Identifier: Apache-2.0 */
#include "train/scores.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "train/metrics.h"
#include "train/ranking.h"

enum {
    ECE_BINS = 15
};

/* ---- what each picture contributes ---- */

static double answer_loss(double p, bool truth)
{
    return -log(fmax(truth ? p : 1 - p, DBL_EPSILON));
}

static double square(double x)
{
    return x * x;
}

static void measure_single(scores_base *b, int64_t i)
{
    const fv_evaluation *e = b->e;
    const float *p = e->probabilities + i * e->class_count;
    b->log_loss[i] = answer_loss((double)p[e->label[i]], true);
    for (int64_t k = 0; k < e->class_count; k++)
        b->brier[i] += square((double)p[k] - (k == e->label[i]));
    b->in_top[i] = metrics_in_top(p, e->class_count, e->label[i], e->top_k);
    b->exact[i] = e->predicted[i] == e->label[i];
}

static void measure_multi_label(scores_base *b, int64_t i)
{
    const fv_evaluation *e = b->e;
    const float *p = e->probabilities + i * e->class_count;
    b->exact[i] = true;
    for (int64_t k = 0; k < e->class_count; k++) {
        bool truth = evaluation_has(e, i, k);
        b->log_loss[i] += answer_loss((double)p[k], truth) / (double)e->class_count;
        b->brier[i] += square((double)p[k] - truth) / (double)e->class_count;
        b->exact[i] &= truth == evaluation_says(e, i, k);
    }
}

static fv_status allocate(scores_base *b)
{
    size_t n = (size_t)b->e->images;
    b->log_loss = mem_array(n, sizeof *b->log_loss);
    b->brier = mem_array(n, sizeof *b->brier);
    b->in_top = mem_array(n, sizeof *b->in_top);
    b->exact = mem_array(n, sizeof *b->exact);
    if (!b->log_loss || !b->brier || !b->in_top || !b->exact)
        return status_last();
    if (b->kind == SCORES_COUNTED)
        return FV_OK;
    size_t rows = b->kind == SCORES_SORTED ? (size_t)b->e->class_count : 1;
    b->order = mem_array(rows * n, sizeof *b->order);
    b->list = mem_array(n, sizeof(ranking_entry));
    return b->order && b->list ? FV_OK : status_last();
}

fv_status scores_base_init(scores_base *b, const fv_evaluation *e, scores_kind kind)
{
    *b = (scores_base){.e = e, .kind = kind};
    if (e->images > RANKING_INDEX)
        return status_set(FV_ERROR_UNSUPPORTED, "evaluation: more than %d pictures", RANKING_INDEX);
    fv_status status = allocate(b);
    if (status != FV_OK) {
        scores_base_release(b);
        return status;
    }
    for (int64_t i = 0; i < e->images; i++)
        (e->multi_label ? measure_multi_label : measure_single)(b, i);
    for (int64_t k = 0; kind == SCORES_SORTED && k < e->class_count; k++)
        ranking_sort(e, k, b->list, b->order + k * e->images);
    return FV_OK;
}

void scores_base_release(scores_base *b)
{
    free(b->log_loss);
    free(b->brier);
    free(b->in_top);
    free(b->exact);
    free(b->order);
    free(b->list);
    *b = (scores_base){0};
}

fv_status scores_init(scores *s, const fv_evaluation *e)
{
    *s = (scores){.counts = mem_array((size_t)e->class_count, sizeof *s->counts),
                  .classes = mem_array((size_t)e->class_count, sizeof *s->classes)};
    if (s->counts && s->classes)
        return FV_OK;
    scores_release(s);
    return status_last();
}

void scores_release(scores *s)
{
    free(s->counts);
    free(s->classes);
    *s = (scores){0};
}

/* ---- counting ---- */

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void count_single(const scores_base *b, const uint32_t *times, scores *s)
{
    const fv_evaluation *e = b->e;
    for (int64_t i = 0; i < e->images; i++) {
        uint32_t n = times ? times[i] : 1;
        s->counts[e->label[i]].support += n;
        s->counts[e->predicted[i]].predicted += n;
        s->counts[e->label[i]].right += b->exact[i] ? n : 0;
    }
}

static void count_multi_label(const scores_base *b, const uint32_t *times, scores *s)
{
    const fv_evaluation *e = b->e;
    for (int64_t i = 0; i < e->images; i++) {
        uint32_t n = times ? times[i] : 1;
        for (int64_t k = 0; n > 0 && k < e->class_count; k++) {
            bool has = evaluation_has(e, i, k), said = evaluation_says(e, i, k);
            s->counts[k].support += has ? n : 0;
            s->counts[k].predicted += said ? n : 0;
            s->counts[k].right += has && said ? n : 0;
        }
    }
}

/* Guo et al. 2017: |accuracy - confidence| in bins (i/15, (i+1)/15] of the confidence, weighted by their answers. */
typedef struct calibration_bins {
    double confidence[ECE_BINS], right[ECE_BINS], answers;
} calibration_bins;

static void bins_add(calibration_bins *c, float confidence, bool right, uint32_t n)
{
    int bin = (int)ceil((double)confidence * ECE_BINS) - 1;
    bin = bin < 0 ? 0 : bin >= ECE_BINS ? ECE_BINS - 1 : bin;
    c->confidence[bin] += (double)confidence * n;
    c->right[bin] += right ? n : 0;
    c->answers += n;
}

static double calibration_error(const scores_base *b, const uint32_t *times)
{
    const fv_evaluation *e = b->e;
    calibration_bins c = {0};
    double sum = 0;
    for (int64_t i = 0; i < e->images; i++) {
        uint32_t n = times ? times[i] : 1;
        const float *p = e->probabilities + i * e->class_count;
        if (!e->multi_label)
            bins_add(&c, p[e->predicted[i]], b->exact[i], n);
        for (int64_t k = 0; e->multi_label && k < e->class_count; k++)
            bins_add(&c, p[k], evaluation_has(e, i, k), n);
    }
    for (int i = 0; i < ECE_BINS; i++)
        sum += fabs(c.right[i] - c.confidence[i]);
    return ratio(sum, c.answers);
}

static void score_pictures(const scores_base *b, const uint32_t *times, scores *s)
{
    const fv_evaluation *e = b->e;
    double log_loss = 0, brier = 0, top = 0, exact = 0, n = (double)s->images;
    for (int64_t i = 0; i < e->images; i++) {
        double w = times ? times[i] : 1;
        log_loss += w * b->log_loss[i];
        brier += w * b->brier[i];
        top += w * b->in_top[i];
        exact += w * b->exact[i];
    }
    s->values[FV_SCORE_LOG_LOSS] = ratio(log_loss, n);
    s->values[FV_SCORE_BRIER] = ratio(brier, n);
    s->values[FV_SCORE_TOP_K] = e->multi_label ? NAN : ratio(top, n);
    s->values[FV_SCORE_EXACT_MATCH] = ratio(exact, n);
    s->values[FV_SCORE_ECE] = calibration_error(b, times);
}

/* ---- scores of classes ---- */

static fv_class_score score_counts(const class_tally *n)
{
    return (fv_class_score){.support = n->support,
                            .precision = ratio((double)n->right, (double)n->predicted),
                            .recall = ratio((double)n->right, (double)n->support),
                            .f1 = ratio(2 * (double)n->right, (double)(n->predicted + n->support)),
                            .auc = NAN,
                            .average_precision = NAN};
}

/* A running mean of class scores; areas that are undefined are left out. */
typedef struct mean {
    double weight, precision, recall, f1, auc_weight, auc, area_weight, area;
} mean;

static void mean_add(mean *m, const fv_class_score *s, double weight)
{
    m->weight += weight;
    m->precision += weight * s->precision;
    m->recall += weight * s->recall;
    m->f1 += weight * s->f1;
    if (!isnan(s->auc)) {
        m->auc_weight += weight;
        m->auc += weight * s->auc;
    }
    if (!isnan(s->average_precision)) {
        m->area_weight += weight;
        m->area += weight * s->average_precision;
    }
}

static fv_class_score mean_score(const mean *m, const char *name, int64_t support)
{
    return (fv_class_score){.name = name,
                            .support = support,
                            .precision = ratio(m->precision, m->weight),
                            .recall = ratio(m->recall, m->weight),
                            .f1 = ratio(m->f1, m->weight),
                            .auc = m->auc_weight > 0 ? m->auc / m->auc_weight : NAN,
                            .average_precision = m->area_weight > 0 ? m->area / m->area_weight : NAN};
}

static void score_classes(const scores_base *b, const uint32_t *times, scores *s)
{
    const fv_evaluation *e = b->e;
    mean macro = {0}, weighted = {0};
    class_tally all = {0};
    for (int64_t k = 0; k < e->class_count; k++) {
        const class_tally *n = &s->counts[k];
        fv_class_score *c = &s->classes[k];
        *c = score_counts(n);
        if (b->kind == SCORES_ALL)
            ranking_sort(e, k, b->list, b->order);
        if (b->kind != SCORES_COUNTED)
            ranking_areas(b->order + (b->kind == SCORES_SORTED ? k * e->images : 0), e->images, times,
                          &c->auc, &c->average_precision);
        if (n->support + n->predicted > 0 || e->multi_label)
            mean_add(&macro, c, 1);
        if (n->support > 0)
            mean_add(&weighted, c, (double)n->support);
        all.support += n->support;
        all.predicted += n->predicted;
        all.right += n->right;
    }
    s->macro = mean_score(&macro, "macro", s->images);
    s->weighted = mean_score(&weighted, "weighted", s->images);
    s->micro = score_counts(&all);
    s->micro.name = "micro";
    s->micro.support = s->images;
    s->values[FV_SCORE_MACRO_PRECISION] = s->macro.precision;
    s->values[FV_SCORE_MACRO_RECALL] = s->macro.recall;
    s->values[FV_SCORE_MACRO_F1] = s->macro.f1;
    s->values[FV_SCORE_MACRO_AUC] = s->macro.auc;
    s->values[FV_SCORE_MACRO_AVERAGE_PRECISION] = s->macro.average_precision;
    s->values[FV_SCORE_WEIGHTED_F1] = s->weighted.f1;
    s->values[FV_SCORE_WEIGHTED_AUC] = s->weighted.auc;
    s->values[FV_SCORE_WEIGHTED_AVERAGE_PRECISION] = s->weighted.average_precision;
    s->values[FV_SCORE_MICRO_F1] = s->micro.f1;
}

/* With the confusion matrix C, t_k its row sums (support), p_k its column sums (predicted), c its trace and n its sum:
 * kappa = (c/n - sum t_k p_k / n^2) / (1 - sum t_k p_k / n^2), and Gorodkin 2004
 * R_K = (c n - sum t_k p_k) / sqrt((n^2 - sum p_k^2) (n^2 - sum t_k^2)). */
static void score_agreement(const fv_evaluation *e, scores *s)
{
    double n = (double)s->images, right = 0, both = 0, truth = 0, said = 0, recall = 0, there = 0;
    for (int64_t k = 0; k < e->class_count; k++) {
        double t = (double)s->counts[k].support, p = (double)s->counts[k].predicted;
        right += (double)s->counts[k].right;
        both += t * p;
        truth += t * t;
        said += p * p;
        recall += s->classes[k].recall;
        there += t > 0;
    }
    double spread = (n * n - truth) * (n * n - said);
    s->values[FV_SCORE_ACCURACY] = ratio(right, n);
    s->values[FV_SCORE_BALANCED_ACCURACY] = ratio(recall, there);
    s->values[FV_SCORE_KAPPA] = n * n > both ? (right * n - both) / (n * n - both) : NAN;
    s->values[FV_SCORE_MATTHEWS] = spread > 0 ? (right * n - both) / sqrt(spread) : 0;
}

/* Every answer, one for each picture and class, is right or wrong. */
static void score_answers(const fv_evaluation *e, scores *s)
{
    double wrong = 0;
    for (int64_t k = 0; k < e->class_count; k++)
        wrong += (double)(s->counts[k].support + s->counts[k].predicted - 2 * s->counts[k].right);
    s->values[FV_SCORE_ACCURACY] = 1 - ratio(wrong, (double)s->images * (double)e->class_count);
    s->values[FV_SCORE_BALANCED_ACCURACY] = s->values[FV_SCORE_KAPPA] = s->values[FV_SCORE_MATTHEWS] = NAN;
}

void scores_count(const scores_base *b, const uint32_t *times, scores *s)
{
    const fv_evaluation *e = b->e;
    s->images = times ? 0 : e->images;
    for (int64_t i = 0; times && i < e->images; i++)
        s->images += times[i];
    for (int64_t k = 0; k < e->class_count; k++)
        s->counts[k] = (class_tally){0};
    (e->multi_label ? count_multi_label : count_single)(b, times, s);
    score_pictures(b, times, s);
    score_classes(b, times, s);
    (e->multi_label ? score_answers : score_agreement)(e, s);
    s->values[FV_SCORE_HAMMING_LOSS] = 1 - s->values[FV_SCORE_ACCURACY];
}
