/* SPDX-License-Identifier: Apache-2.0 */
/* What training leaves as it is, and how fast it changes the rest: fv_freeze, fv_keep_statistics and the scales of the learning rate. */
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "nn/network.h"

/* ---- by name ---- */

/* Whether one of the patterns, which commas separate, is the name's. */
static bool matches(const char *patterns, const char *name)
{
    char one[256];
    for (size_t n; *patterns; patterns += n + (patterns[n] == ',')) {
        n = strcspn(patterns, ",");
        size_t length = n < sizeof one ? n : sizeof one - 1;
        memcpy(one, patterns, length);
        one[length] = 0;
        if (fnmatch(one, name, 0) == 0)
            return true;
    }
    return false;
}

static fv_status check_match(const fv_model *m, const char *what, const char *patterns)
{
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (matches(patterns, m->tensors[i].name))
            return FV_OK;
    return status_set(
        FV_ERROR_INVALID,
        "%s: no tensor of %s has a name like '%.200s'; names look like '%s', and * stands for any "
        "characters",
        what, fv_model_name(m), patterns, m->tensor_count > 0 ? m->tensors[0].name : "");
}

/* ---- freezing ---- */

/* Statistics are a layer's own: they go with its last trainable tensor. */
static void freeze_statistics(fv_model *m)
{
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        network_tensor *first = &m->tensors[l->first_tensor];
        int32_t parameters = 0, frozen = 0;
        for (int32_t k = 0; k < l->tensor_count; k++) {
            parameters += first[k].trainable;
            frozen += first[k].trainable && first[k].frozen;
        }
        for (int32_t k = 0; k < l->tensor_count && parameters > 0 && frozen == parameters; k++)
            first[k].frozen = true;
    }
}

static void thaw(fv_model *m)
{
    for (int32_t i = 0; i < m->tensor_count; i++)
        m->tensors[i].frozen = false;
}

fv_status network_freeze_stages(fv_model *m, int64_t stages)
{
    int32_t *stage = mem_array((size_t)m->tensor_count, sizeof *stage);
    int32_t count = stage ? network_stages(m, stage) : 0;
    fv_status status = count > 0 ? FV_OK : status_last();
    if (count > 0 && (stages < 0 || stages > count))
        status = status_set(FV_ERROR_INVALID, "freeze: %s has %d stages before its head, not %lld",
                            fv_model_name(m), (int)count, (long long)stages);
    for (int32_t i = 0; status == FV_OK && i < m->tensor_count; i++)
        m->tensors[i].frozen = m->tensors[i].frozen || (stage[i] >= 0 && stage[i] < stages);
    free(stage);
    return status;
}

fv_status network_freeze_backbone(fv_model *m)
{
    if (!network_head(m))
        return status_set(FV_ERROR_INVALID,
                          "model %s: has no dense or convolution layer that could be its head",
                          fv_model_name(m));
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        bool head = network_is_head(m, l);
        for (int32_t k = l->first_tensor; !head && k < l->first_tensor + l->tensor_count; k++)
            m->tensors[k].frozen = true;
    }
    return FV_OK;
}

fv_status fv_freeze(fv_model *m, const char *what)
{
    char *end;
    if (!m || !what || !*what)
        return status_set(FV_ERROR_INVALID,
                          "freezing needs a model, and none, backbone, a number of stages or a pattern");
    STATUS_TRY(network_check(m));
    errno = 0;
    int64_t stages = strtoll(what, &end, 10);
    bool number = *end == 0 && errno == 0;
    bool pattern = !number && strcmp(what, "none") != 0 && strcmp(what, "backbone") != 0;
    if (pattern)
        STATUS_TRY(check_match(m, "freeze", what));
    thaw(m);
    if (number)
        return network_freeze_stages(m, stages);
    if (strcmp(what, "backbone") == 0)
        return network_freeze_backbone(m);
    for (int32_t i = 0; pattern && i < m->tensor_count; i++)
        m->tensors[i].frozen = matches(what, m->tensors[i].name);
    freeze_statistics(m);
    return FV_OK;
}

fv_status fv_keep_statistics(fv_model *m, int keep)
{
    if (!m)
        return status_set(FV_ERROR_INVALID, "keeping statistics needs a model");
    m->keep_statistics = keep != 0;
    return FV_OK;
}

/* ---- learning rates ---- */

static fv_status check_scale(const char *what, float scale)
{
    return scale > 0 && scale <= 1000
               ? FV_OK
               : status_set(FV_ERROR_INVALID,
                            "%s must be above 0, up to 1000, not %g; fv_freeze is for tensors that stay",
                            what, (double)scale);
}

fv_status fv_set_learning_rate_scale(fv_model *m, const char *pattern, float scale)
{
    if (!m || !pattern)
        return status_set(FV_ERROR_INVALID, "a learning-rate scale needs a model and a pattern");
    STATUS_TRY(network_check(m));
    STATUS_TRY(check_scale("learning-rate scale", scale));
    STATUS_TRY(check_match(m, "learning-rate scale", pattern));
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (matches(pattern, m->tensors[i].name))
            m->tensors[i].rate_scale = scale;
    return FV_OK;
}

fv_status fv_set_layer_decay(fv_model *m, float decay)
{
    if (!m)
        return status_set(FV_ERROR_INVALID, "layer decay needs a model");
    STATUS_TRY(network_check(m));
    if (!(decay > 0 && decay <= 1))
        return status_set(FV_ERROR_INVALID, "layer decay must be above 0, up to 1, not %g", (double)decay);
    int32_t *stage = mem_array((size_t)m->tensor_count, sizeof *stage);
    int32_t count = stage ? network_stages(m, stage) : 0;
    fv_status status = count > 0 ? FV_OK : status_last();
    for (int32_t i = 0; status == FV_OK && i < m->tensor_count; i++)
        m->tensors[i].rate_scale = stage[i] < 0 ? 1 : powf(decay, (float)(count - stage[i]));
    free(stage);
    return status;
}

int64_t fv_model_stage_count(const fv_model *m)
{
    int32_t *stage = mem_array((size_t)m->tensor_count, sizeof *stage);
    int32_t count = stage && network_check(m) == FV_OK ? network_stages(m, stage) : 0;
    free(stage);
    return count;
}
