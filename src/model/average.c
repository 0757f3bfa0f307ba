/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of several models' weights: stochastic weight averaging (Izmailov et al. 2018), model soups (Wortsman et al. 2022). */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "model/network_spec.h"

/* The networks as they are written down, but for what they are called. */
static fv_status same_network(const fv_model *a, const fv_model *b, bool *same)
{
    json_t *one = network_json_of(a), *two = network_json_of(b);
    *same = false;
    if (one && two) {
        json_object_del(one, "name");
        json_object_del(two, "name");
        *same = json_equal(one, two);
    }
    json_decref(one);
    json_decref(two);
    return one && two ? FV_OK : status_last();
}

static bool same_classes(const fv_model *a, const fv_model *b)
{
    if (a->class_count != b->class_count)
        return false;
    for (int64_t i = 0; i < a->class_count; i++)
        if (strcmp(a->classes[i], b->classes[i]) != 0)
            return false;
    return true;
}

static bool same_preprocess(const fv_preprocess *a, const fv_preprocess *b)
{
    return a->height == b->height && a->width == b->width && a->channels == b->channels &&
           a->resize_mode == b->resize_mode && a->interpolation == b->interpolation &&
           a->crop_fraction == b->crop_fraction && memcmp(a->mean, b->mean, sizeof a->mean) == 0 &&
           memcmp(a->std, b->std, sizeof a->std) == 0 && a->reverse_channels == b->reverse_channels &&
           a->window == b->window && a->window_low == b->window_low && a->window_high == b->window_high &&
           a->ignore_profile == b->ignore_profile;
}

static fv_status check(const fv_model *m, const fv_model *other, int64_t number)
{
    bool same;
    const char *what = NULL;
    STATUS_TRY(network_check(other));
    if (network_votes(other))
        return status_set(FV_ERROR_UNSUPPORTED,
                          "average: in model %lld (%s) pictures vote, whose places have no mean",
                          (long long)number, fv_model_name(other));
    STATUS_TRY(same_network(m, other, &same));
    if (!same)
        what = "is another network";
    else if (!same_classes(m, other))
        what = "has other classes, or in another order";
    else if (!same_preprocess(&m->preprocess, &other->preprocess))
        what = "prepares pictures in another way (mean, std, size or resize mode)";
    return what ? status_set(FV_ERROR_INVALID, "average: model %lld (%s) %s than model 1 (%s)",
                             (long long)number, fv_model_name(other), what, fv_model_name(m))
                : FV_OK;
}

static fv_status add_up(fv_model *m, const fv_model *const *others, int64_t count)
{
    for (int32_t i = 0; i < m->tensor_count; i++) {
        network_tensor *t = &m->tensors[i];
        double *sum = mem_array((size_t)t->count, sizeof *sum);
        if (!sum)
            return status_last();
        for (int64_t k = 0; k < t->count; k++)
            sum[k] = (double)t->data[k];
        for (int64_t n = 0; n < count; n++)
            for (int64_t k = 0; k < t->count; k++)
                sum[k] += (double)others[n]->tensors[i].data[k];
        for (int64_t k = 0; k < t->count; k++)
            t->data[k] = (float)(sum[k] / (double)(count + 1));
        free(sum);
    }
    network_changed(m);
    return FV_OK;
}

fv_status fv_model_average(fv_model *m, const fv_model *const *others, int64_t count)
{
    if (!m || !others || count < 1)
        return status_set(FV_ERROR_INVALID, "average: at least two models are required");
    STATUS_TRY(network_check(m));
    for (int64_t i = 0; i < count; i++)
        STATUS_TRY(others[i]
                       ? check(m, others[i], i + 2)
                       : status_set(FV_ERROR_INVALID, "average: model %lld is missing", (long long)i + 2));
    STATUS_TRY(add_up(m, others, count));
    STATUS_TRY(fv_model_set_temperature(m, 1));
    return fv_model_set_thresholds(m, NULL, 0);
}
