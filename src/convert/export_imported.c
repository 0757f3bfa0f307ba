/* SPDX-License-Identifier: Apache-2.0 */
/* Formats that are imported too are run by what imports them. */
#include <math.h>
#include <string.h>

#include "convert/export.h"
#include "core/memory.h"
#include "model/file.h"
#include "model/predictor.h"

static bool near(float a, float b)
{
    return fabsf(a - b) <= 1e-5f * (1 + fabsf(b));
}

/* The file brings pictures to its input as the model does. */
static bool same_preprocess(const fv_preprocess *a, const fv_preprocess *b)
{
    bool same = a->height == b->height && a->width == b->width && a->channels == b->channels &&
                a->resize_mode == b->resize_mode && a->interpolation == b->interpolation &&
                !a->reverse_channels == !b->reverse_channels && near(a->crop_fraction, b->crop_fraction);
    for (int64_t c = 0; same && c < a->channels; c++)
        same = near(a->mean[c], b->mean[c]) && near(a->std[c], b->std[c]);
    return same;
}

static fv_status compare(const fv_model *m, const fv_model *again, const char *path)
{
    if (!same_preprocess(&again->preprocess, &m->preprocess))
        return status_set(FV_ERROR_INTERNAL, "%s: its preprocessing is not the model's", path);
    if (fv_model_class_count(again) != fv_model_class_count(m) || !again->classes != !m->classes ||
        again->class_count != m->class_count)
        return status_set(FV_ERROR_INTERNAL, "%s: its classes are not the model's", path);
    for (int64_t k = 0; m->classes && k < m->class_count; k++)
        if (strcmp(again->classes[k], m->classes[k]) != 0)
            return status_set(FV_ERROR_INTERNAL, "%s: its class %lld is not the model's", path, (long long)k);
    return FV_OK;
}

fv_status export_run_imported(fv_model *m, const fv_export_options *o, const char *path,
                              const uint8_t *pixels, int64_t count, float *probabilities)
{
    if (!model_names_are_lines(m)) /* which lists of labels have, and the import */
        return status_set(FV_ERROR_INVALID,
                          "%s: a class has a line end or another control character in its name; rename it",
                          o->path);
    fv_model *again = fv_import(path);
    if (!again)
        return status_prefix(status_last(), "the written file cannot be read again");
    fv_status status = compare(m, again, o->path);
    if (status == FV_OK) {
        again->compile.threads = m->compile.threads;
        status = predictor_logits(again, pixels, count, probabilities);
    }
    if (status == FV_OK)
        predictor_activate(again, count, probabilities);
    fv_model_destroy(again);
    return status;
}
