/* SPDX-License-Identifier: Apache-2.0 */
#include "train/class_weights.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "data/dataset.h"

enum {
    MOST = 100, /* of a class that a picture may have: beyond, single pictures would make the step */
    CLASSES_SAID = 10
};
static const double beta = 0.999; /* Cui et al. 2019 */

/* Whether the model knows all of the picture's classes, which the loader asks for, too. */
static bool is_known(const int32_t *map, const int32_t *labels, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        if (map[labels[k]] < 0)
            return false;
    return true;
}

fv_status class_counts_make(const fv_dataset *data, const int32_t *map, int64_t classes, class_counts *counts)
{
    *counts = (class_counts){.classes = classes, .with = mem_array((size_t)classes, sizeof *counts->with)};
    if (!counts->with)
        return status_last();
    for (int64_t i = 0; i < fv_dataset_size(data); i++) {
        const int32_t *labels;
        int64_t n = dataset_labels(data, i, &labels);
        if (!is_known(map, labels, n))
            continue;
        counts->pictures++;
        for (int64_t k = 0; k < n; k++)
            counts->with[map[labels[k]]]++;
    }
    return FV_OK;
}

/* (1 - beta^n) / (1 - beta), of which the first is written so that it is exact for large n and small ones. */
static double effective(int64_t n)
{
    return -expm1((double)n * log(beta)) / (1 - beta);
}

static double positive_weight(const class_counts *c, fv_balance balance, int64_t with)
{
    int64_t without = c->pictures - with;
    double ratio = balance == FV_BALANCE_EFFECTIVE ? effective(without) / effective(with)
                                                   : (double)without / (double)with;
    return without == 0 ? 1 : fmin(ratio, MOST);
}

void class_weights_balance(const class_counts *c, fv_balance balance, bool multi_label, float *weights)
{
    int64_t present = 0;
    double sum = 0;
    for (int64_t k = 0; k < c->classes; k++)
        if (c->with[k] > 0) {
            present++;
            sum += 1 / effective(c->with[k]);
        }
    for (int64_t k = 0; k < c->classes; k++) {
        int64_t n = c->with[k];
        if (n == 0)
            weights[k] = 1;
        else if (multi_label)
            weights[k] = (float)positive_weight(c, balance, n);
        else if (balance == FV_BALANCE_EFFECTIVE)
            weights[k] = (float)((double)present / (sum * effective(n)));
        else
            weights[k] = (float)((double)c->pictures / ((double)present * (double)n));
    }
}

static void add_class(const class_counts *c, const char *const *names, const float *weights, int64_t k,
                      text *out)
{
    text_add(out, "%s %.4g (%lld)", names[k], (double)weights[k], (long long)c->with[k]);
}

void class_weights_describe(const class_counts *c, const char *const *names, const float *weights, text *out)
{
    int64_t least = 0, most = 0;
    text_add(out, "weights of classes (pictures): ");
    for (int64_t k = 0; k < c->classes; k++) {
        least = weights[k] < weights[least] ? k : least;
        most = weights[k] > weights[most] ? k : most;
        if (c->classes > CLASSES_SAID)
            continue;
        text_add(out, k ? ", " : "");
        add_class(c, names, weights, k, out);
    }
    if (c->classes <= CLASSES_SAID)
        return;
    text_add(out, "from ");
    add_class(c, names, weights, least, out);
    text_add(out, " to ");
    add_class(c, names, weights, most, out);
}
