/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a model's probabilities honest and its decisions good: a temperature and thresholds, kept in the model file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "model/predictor.h"

static const float lowest = 1e-3f, highest = 1e3f;

float fv_model_temperature(const fv_model *m)
{
    return m->temperature > 0 ? m->temperature : 1;
}

fv_status fv_model_set_temperature(fv_model *m, float temperature)
{
    if (!(temperature >= lowest && temperature <= highest))
        return status_set(FV_ERROR_INVALID, "model %s: a temperature of %g; it must be %g..%g", m->name,
                          (double)temperature, (double)lowest, (double)highest);
    m->temperature = temperature;
    return FV_OK;
}

bool predictor_is_two_class(const fv_model *m)
{
    int64_t outputs = fv_model_class_count(m);
    return outputs == 1 || (outputs == 2 && !predictor_is_binary(m));
}

int64_t fv_model_thresholds(const fv_model *m, const float **thresholds)
{
    *thresholds = m->thresholds;
    return m->threshold_count;
}

fv_status fv_model_set_thresholds(fv_model *m, const float *thresholds, int64_t count)
{
    int64_t outputs = fv_model_class_count(m);
    bool of_labels = predictor_is_binary(m) && outputs > 1;
    if (count != 0 && count != (predictor_is_two_class(m) ? 1 : of_labels ? outputs : 0))
        return status_set(FV_ERROR_INVALID,
                          "model %s: %lld thresholds; a model of two classes has one, one with a sigmoid for "
                          "each class has one for each, and others have none",
                          m->name, (long long)count);
    for (int64_t i = 0; i < count; i++)
        if (!(thresholds[i] >= 0 && thresholds[i] <= 1))
            return status_set(FV_ERROR_INVALID, "model %s: a threshold of %g; it must be 0..1", m->name,
                              (double)thresholds[i]);
    float *copy = count > 0 ? mem_array((size_t)count, sizeof *copy) : NULL;
    if (count > 0 && !copy)
        return status_last();
    if (count > 0)
        memcpy(copy, thresholds, (size_t)count * sizeof *copy);
    free(m->thresholds);
    m->thresholds = copy;
    m->threshold_count = count;
    return FV_OK;
}
