/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A head that is fitted instead of trained, in one epoch: logistic regression on all training pictures' features, solved to convergence, whose
 * solution goes into the last dense layer; or neighbours that vote (fit_neighbours.c).
 */
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "train/fit.h"
#include "train/logistic.h"
#include "train/metrics.h"

/* scikit-learn's default strength, on features of variance 1. */
static const double strength = 1;

bool fit_head_is_solved(const fit_run *r)
{
    return r->o.head != FV_HEAD_TRAINED && r->state.epoch < r->o.head_epochs;
}

fv_status fit_head_check(const fit_run *r)
{
    const fv_model *m = r->model;
    STATUS_TRY(fit_neighbours_check(r));
    if (r->o.head == FV_HEAD_TRAINED)
        return FV_OK;
    if (m->compile.loss == FV_BINARY_CROSSENTROPY || fv_model_class_count(m) < 2)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "fit: a linear or knn head is fitted to classes that exclude one another; the loss is binary");
    if (feature_cut_head(m).count == 0)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "fit: %s does not end in a dense layer on flat features, as a linear head needs; "
                          "fv_model_flat_head gives it that end",
                          fv_model_name(m));
    return FV_OK;
}

/* The labels and weights of an epoch, and the features of each of its pictures in all views. */
typedef struct samples {
    const float **rows;
    int32_t *labels;
    float *weights;
    int64_t count;
} samples;

static void samples_release(samples *s)
{
    free(s->rows);
    free(s->labels);
    free(s->weights);
}

static void add_picture(const features *f, const batch *b, int64_t i, void *to)
{
    samples *s = to;
    for (int64_t view = 0; view < f->views; view++) {
        s->rows[s->count] = features_row(f, view, b->indices[i]);
        s->labels[s->count] = b->labels[i];
        s->weights[s->count++] = b->weights[i];
    }
}

static fv_status collect(fit_run *r, samples *s)
{
    size_t most = (size_t)(loader_samples(fit_loader(r)) * r->kept.train->views);
    s->rows = mem_array(most, sizeof *s->rows);
    s->labels = mem_array(most, sizeof *s->labels);
    s->weights = mem_array(most, sizeof *s->weights);
    if (!s->rows || !s->labels || !s->weights)
        return status_last();
    return fit_features_each(r, add_picture, s);
}

/* The epoch's sums, of the samples as the head now sees them. */
static fv_status measure(fit_run *r, const samples *s, const float *w, const float *bias)
{
    fit_state *t = &r->state;
    int64_t classes = fv_model_class_count(r->model), row = r->kept.train->cut.row;
    float *logits = mem_array((size_t)classes, sizeof *logits);
    if (!logits)
        return status_last();
    for (int64_t i = 0; i < s->count; i++) {
        for (int64_t k = 0; k < classes; k++) {
            double sum = bias ? (double)bias[k] : 0;
            for (int64_t d = 0; d < row; d++)
                sum += (double)w[k * row + d] * (double)s->rows[i][d];
            logits[k] = (float)sum;
        }
        t->loss_sum += (double)s->weights[i] * metrics_loss(logits, classes, false, s->labels[i]);
        t->weight_sum += (double)s->weights[i];
        t->correct_sum += metrics_largest(logits, classes) == s->labels[i];
    }
    free(logits);
    t->counted = s->count;
    t->pictures = loader_samples(fit_loader(r));
    return FV_OK;
}

static fv_status solve(fit_run *r, const samples *s)
{
    fv_model *m = r->model;
    const layer_record *head = network_head(m);
    const logistic_problem p = {.rows = s->rows,
                                .labels = s->labels,
                                .weights = s->weights,
                                .count = s->count,
                                .features = r->kept.train->cut.row,
                                .classes = fv_model_class_count(m),
                                .c = strength / (double)r->kept.train->views};
    float *w = m->tensors[head->first_tensor].data,
          *bias = head->tensor_count > 1 ? m->tensors[head->first_tensor + 1].data : NULL;
    logistic_result result;
    STATUS_TRY(logistic_fit(&p, w, bias, &result));
    network_changed(m);
    fit_log(r, "logistic regression on %lld pictures: %lld iterations of L-BFGS, gradient %.1g",
            (long long)(s->count / r->kept.train->views), (long long)result.iterations, result.gradient);
    STATUS_TRY(trainer_write(r->trainer));
    return measure(r, s, w, bias);
}

static fv_status solve_linear(fit_run *r)
{
    samples s = {0};
    fv_status status = collect(r, &s);
    if (status == FV_OK && s.count == 0)
        status = status_set(FV_ERROR_IO, "none of the training pictures could be read");
    if (status == FV_OK)
        status = solve(r, &s);
    samples_release(&s);
    return status;
}

fv_status fit_head_solve(fit_run *r)
{
    fv_status status = r->o.head == FV_HEAD_KNN ? fit_neighbours_solve(r) : solve_linear(r);
    r->state.batch = loader_batches(fit_loader(r));
    r->state.step += r->state.batch;
    r->state.rate = 0;
    return status;
}
