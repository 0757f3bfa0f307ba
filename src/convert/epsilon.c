/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/epsilon.h"

#include <math.h>
#include <string.h>

#include "convert/rewrites.h"

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n >= k && strcmp(name + n - k, end) == 0;
}

static const epsilon_rule *find_rule(const fv_model *m, const tensor_file *f)
{
    for (const epsilon_rule *r = epsilon_rules; r->family; r++)
        for (size_t i = 0; strncmp(m->name, r->family, strlen(r->family)) == 0 && i < f->count; i++)
            if (ends_with(f->list[i].name, r->name))
                return r;
    return NULL;
}

static bool pads_as_tensorflow(const fv_model *m)
{
    for (int32_t i = 0; i < m->layer_count; i++)
        if (strcmp(m->layers[i].type->name, "conv2d") == 0 &&
            ((const fv_conv2d_options *)m->layers[i].options)->padding == FV_SAME_TF)
            return true;
    return false;
}

/* weight / sqrt(variance + other) = weight' / sqrt(variance + own). */
static void adapt(network_tensor *weight, const network_tensor *variance, double own, double other)
{
    for (int64_t i = 0; i < weight->count; i++) {
        double v = (double)variance->data[i];
        weight->data[i] = (float)((double)weight->data[i] * sqrt((v + own) / (v + other)));
    }
}

void epsilon_adapt(fv_model *m, const tensor_file *f)
{
    const epsilon_rule *r = find_rule(m, f);
    if (!r)
        return;
    float other = pads_as_tensorflow(m) ? r->tensorflow : r->epsilon;
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        if (strcmp(l->type->name, "batch_norm") != 0)
            continue;
        float given = ((const fv_batch_norm_options *)l->options)->epsilon, own = given != 0 ? given : 1e-5f;
        network_tensor *t = &m->tensors[l->first_tensor]; /* weight, bias, running mean, running variance */
        if (own != other)
            adapt(&t[0], &t[3], (double)own, (double)other);
    }
}
