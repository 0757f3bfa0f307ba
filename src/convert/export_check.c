/* SPDX-License-Identifier: Apache-2.0 */
/* An export is run beside the model before it is put in place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/export.h"
#include "core/memory.h"
#include "core/random.h"
#include "model/predictor.h"

enum {
    NOISE_PICTURES = 4,
    BYTES_MAX = 1 << 30 /* of all pictures together */
};
static const float tolerance = 1e-4f; /* of a probability: float sums in another order */

static size_t picture_size(const fv_model *m)
{
    return (size_t)(m->preprocess.height * m->preprocess.width * m->preprocess.channels);
}

/* ---- pictures ---- */

static int64_t count_pictures(const fv_export_options *o)
{
    return o->picture_count          ? o->picture_count
           : o->model->sample_pixels ? o->model->sample_count
                                     : NOISE_PICTURES;
}

static fv_status load(fv_model *m, const char *path, uint8_t *pixels)
{
    static const image_views whole = {.count = 1};
    const fv_predict_options o = {.model = m, .path = path};
    uint8_t *fitted;
    fv_status status = predictor_views(&o, &whole, NULL, &fitted);
    if (status == FV_OK)
        memcpy(pixels, fitted, picture_size(m));
    free(fitted);
    return status;
}

static fv_status make_pictures(const fv_export_options *o, int64_t count, uint8_t *pixels)
{
    fv_model *m = o->model;
    size_t size = picture_size(m);
    if (o->picture_count == 0 && m->sample_pixels) {
        memcpy(pixels, m->sample_pixels, (size_t)count * size);
        return FV_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        uint8_t *at = pixels + (size_t)i * size;
        if (o->picture_count > 0) {
            STATUS_TRY(load(m, o->pictures[i], at));
            continue;
        }
        rng r = rng_at(0, 0, (uint64_t)i);
        for (size_t k = 0; k < size; k++)
            at[k] = (uint8_t)(rng_u32(&r) >> 24);
    }
    return FV_OK;
}

/* ---- comparison ---- */

static fv_status compare(const export_format *f, const fv_export_options *o, const char *path, int64_t count,
                         const uint8_t *pixels, float *ours, float *theirs, float *largest)
{
    fv_model *m = o->model;
    STATUS_TRY(predictor_logits(m, pixels, count, ours));
    predictor_activate(m, count, ours);
    STATUS_TRY(f->run(m, o, path, pixels, count, theirs));
    for (int64_t i = 0; i < count * fv_model_class_count(m); i++) {
        float difference = fabsf(ours[i] - theirs[i]);
        if (!(difference <= *largest)) /* NaN too */
            *largest = difference;
        if (!(difference <= tolerance))
            return status_set(FV_ERROR_INTERNAL,
                              "%s: run with %s, it gives class %lld the probability %g where the model gives "
                              "%g; it was not written",
                              o->path, f->runtime, (long long)(i % fv_model_class_count(m)),
                              (double)theirs[i], (double)ours[i]);
    }
    return FV_OK;
}

fv_status export_check(const export_format *f, const fv_export_options *o, const char *path)
{
    int64_t count = count_pictures(o), classes = fv_model_class_count(o->model);
    float largest = 0;
    const char *missing = f->missing ? f->missing() : NULL;
    if (missing) {
        if (o->report)
            o->report->runtime = missing;
        return FV_OK;
    }
    if ((uint64_t)count > BYTES_MAX / picture_size(o->model))
        return status_set(FV_ERROR_INVALID,
                          "export: %lld pictures are too many to check the file on; give fewer",
                          (long long)count);
    uint8_t *pixels = mem_array((size_t)count, picture_size(o->model));
    float *ours = mem_array((size_t)(count * classes), sizeof *ours),
          *theirs = mem_array((size_t)(count * classes), sizeof *theirs);
    fv_status status = pixels && ours && theirs ? make_pictures(o, count, pixels) : status_last();
    if (status == FV_OK)
        status = compare(f, o, path, count, pixels, ours, theirs, &largest);
    if (status == FV_OK && o->report) {
        o->report->pictures = count;
        o->report->largest = largest;
        o->report->runtime = f->runtime;
    }
    if (status == FV_ERROR_UNSUPPORTED && f->beyond) {
        status = FV_OK;
        if (o->report)
            o->report->runtime = f->beyond;
    }
    free(theirs);
    free(ours);
    free(pixels);
    return status;
}
