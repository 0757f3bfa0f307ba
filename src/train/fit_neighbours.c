/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A head of neighbours that vote: one epoch, in which the training pictures' features, each divided by its length, and their classes become the
 * last layer's rows. A picture's row is that of its place in the data, so nothing depends on the order of the epoch. How many
 * neighbours vote is found by leaving each picture out and asking the others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "engine/neighbours.h"
#include "train/fit.h"
#include "train/metrics.h"

enum {
    PICTURES_MOST = 1000, /* that are left out */
    LANES = 16
};

static const int64_t choices[] = {1, 3, 5, 10, 20, 50};
enum {
    CHOICES = sizeof choices / sizeof *choices
};

/* What the layer is made of. */
typedef struct voters {
    float *rows, *labels, *neighbours;
    int64_t count, features, classes, views;
} voters;

typedef struct result {
    double loss, right;
} result;

static voters voters_of(const fit_run *r)
{
    const network_tensor *t = &r->model->tensors[network_head(r->model)->first_tensor];
    return (voters){.rows = t[0].data,
                    .labels = t[1].data,
                    .neighbours = t[2].data,
                    .count = t[0].shape.d[0],
                    .features = t[0].shape.d[1],
                    .classes = fv_model_class_count(r->model),
                    .views = fit_feature_views(r)};
}

fv_status fit_neighbours_check(const fit_run *r)
{
    const fv_model *m = r->model;
    if (network_votes(m) && r->o.head != FV_HEAD_KNN)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "fit: %s ends in a vote of neighbours, which has no gradient: find them anew (head "
                          "knn), or train a network with another head",
                          fv_model_name(m));
    if (r->o.head != FV_HEAD_KNN)
        return FV_OK;
    if (!network_votes(m))
        return status_set(FV_ERROR_UNSUPPORTED,
                          "fit: %s does not end in a vote of neighbours; give it that head with "
                          "fv_model_knn_head",
                          fv_model_name(m));
    return FV_OK;
}

/* ---- rows ---- */

static void put_row(voters *v, int64_t row, const float *features, int32_t label)
{
    float *to = v->rows + row * v->features;
    double squares = 0;
    for (int64_t i = 0; i < v->features; i++)
        squares += (double)features[i] * (double)features[i];
    double scale = squares > 0 ? 1 / sqrt(squares) : 0;
    for (int64_t i = 0; i < v->features; i++)
        to[i] = (float)((double)features[i] * scale);
    v->labels[row] = (float)label;
}

static void put_picture(const features *f, const batch *b, int64_t i, void *to)
{
    voters *v = to;
    for (int64_t view = 0; view < v->views; view++)
        put_row(v, b->indices[i] * v->views + view, features_row(f, view, b->indices[i]), b->labels[i]);
}

static fv_status fill(fit_run *r, voters *v)
{
    const features *f = r->kept.train;
    if (f->pictures * v->views > v->count)
        return status_set(FV_ERROR_INVALID, "fit: %s has %lld rows for neighbours; the pictures need %lld",
                          fv_model_name(r->model), (long long)v->count, (long long)(f->pictures * v->views));
    memset(v->rows, 0, (size_t)(v->count * v->features) * sizeof *v->rows);
    for (int64_t i = 0; i < v->count; i++)
        v->labels[i] = -1;
    return fit_features_each(r, put_picture, v);
}

/* ---- how many vote ---- */

/* Sums side by side, which a compiler makes vectors of. */
static float dot(const float *a, const float *b, int64_t count)
{
    float sums[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            sums[k] += a[i + k] * b[i + k];
    for (; i < count; i++)
        sum += a[i] * b[i];
    for (int k = 0; k < LANES; k++)
        sum += sums[k];
    return sum;
}

/* What the neighbours of a picture, none of them its own views, say of it, by choice of k. */
static void leave_out(const voters *v, int64_t row, float *logits, result results[CHOICES])
{
    int64_t picture = row / v->views;
    int32_t label = (int32_t)v->labels[row];
    neighbours n = neighbours_begin((float)choices[CHOICES - 1]);
    for (int64_t i = 0; i < v->count; i++)
        if (i / v->views != picture && v->labels[i] >= 0)
            neighbours_offer(&n, dot(v->rows + row * v->features, v->rows + i * v->features, v->features),
                             (int64_t)v->labels[i]);
    for (int k = 0; k < CHOICES; k++) {
        neighbours_logits(&n, choices[k] < n.count ? choices[k] : n.count, v->classes, logits);
        results[k].loss += metrics_loss(logits, v->classes, false, label);
        results[k].right += metrics_largest(logits, v->classes) == label;
    }
}

/* Every so many-th of the pictures, as they are. Returns how many. */
static int64_t leave_each_out(const voters *v, float *logits, result results[CHOICES])
{
    int64_t known = 0, asked = 0, seen = 0;
    for (int64_t row = 0; row < v->count; row += v->views)
        known += v->labels[row] >= 0;
    int64_t every = (known + PICTURES_MOST - 1) / PICTURES_MOST;
    for (int64_t row = 0; row < v->count; row += v->views)
        if (v->labels[row] >= 0 && seen++ % every == 0) {
            leave_out(v, row, logits, results);
            asked++;
        }
    return asked;
}

/* More than there are vote as all do, so that the smaller k is taken. */
static int choose(const result results[CHOICES])
{
    int best = 0;
    for (int k = 1; k < CHOICES; k++)
        if (results[k].right > results[best].right ||
            (results[k].right == results[best].right && results[k].loss < results[best].loss))
            best = k;
    return best;
}

static void tell(const fit_run *r, const result results[CHOICES], int64_t asked, int best)
{
    text line = {0};
    text_add(&line, "k nearest neighbours: k %lld; left out, ", (long long)choices[best]);
    text_add(&line, "%lld pictures are right with", (long long)asked);
    for (int k = 0; k < CHOICES; k++)
        text_add(&line, "%s %lld: %.2f %%", k ? "," : "", (long long)choices[k],
                 100 * results[k].right / (double)asked);
    fit_log(r, "%s", text_string(&line));
    text_release(&line);
}

fv_status fit_neighbours_solve(fit_run *r)
{
    voters v = voters_of(r);
    fit_state *t = &r->state;
    result results[CHOICES] = {0};
    STATUS_TRY(fill(r, &v));
    float *logits = mem_array((size_t)v.classes, sizeof *logits);
    if (!logits)
        return status_last();
    int64_t asked = leave_each_out(&v, logits, results);
    free(logits);
    if (asked == 0)
        return status_set(FV_ERROR_IO, "none of the training pictures could be read");
    int best = choose(results);
    *v.neighbours = (float)choices[best];
    network_changed(r->model);
    tell(r, results, asked, best);
    t->loss_sum += results[best].loss;
    t->correct_sum += results[best].right;
    t->weight_sum += (double)asked;
    t->counted = asked;
    t->pictures = loader_samples(fit_loader(r));
    return FV_OK;
}
