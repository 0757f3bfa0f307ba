/* SPDX-License-Identifier: Apache-2.0 */
/* One picture in, the likeliest classes out. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/views.h"
#include "model/predictor.h"

static fv_status check(const fv_predict_options *o)
{
    if (!o->model)
        return status_set(FV_ERROR_INVALID, "predict: no model is given");
    if ((o->path != NULL) + (o->bytes != NULL) + (o->pixels != NULL) != 1)
        return status_set(FV_ERROR_INVALID, "predict: give one of path, bytes and pixels");
    STATUS_TRY(network_check(o->model));
    if (o->pixels && (o->height < 1 || o->width < 1 || (o->channels != 1 && o->channels != 3)))
        return status_set(FV_ERROR_INVALID,
                          "predict: pixels of %" PRId64 "x%" PRId64 " with %" PRId64
                          " channels; the sides must be positive and the channels 1 or 3",
                          o->height, o->width, o->channels);
    return FV_OK;
}

/* The picture as the caller has it, with the network's number of channels. Files are decoded at full scale. */
static fv_status read_picture(const fv_predict_options *o, image *picture)
{
    image_decode_options decode = image_fit_options(&o->model->preprocess);
    decode.max_pixels = o->max_pixels;
    decode.max_bytes = o->max_bytes;
    if (o->path)
        return image_load(o->path, &decode, picture);
    if (o->bytes)
        return image_decode(o->bytes, o->byte_count, "picture", &decode, picture);
    STATUS_TRY(image_reshape(picture, o->height, o->width, o->channels));
    memcpy(picture->data, o->pixels, (size_t)(o->height * o->width * o->channels));
    return image_set_channels(picture, decode.channels);
}

/* The `count` largest of `p`, largest first, the first of equal ones before. */
static void pick_best(const fv_model *m, const float *p, int64_t classes, fv_prediction *top, int64_t count)
{
    for (int64_t n = 0; n < count; n++) {
        int64_t best = -1;
        for (int64_t i = 0; i < classes; i++) {
            bool before = n > 0 && (p[i] > top[n - 1].probability ||
                                    (p[i] == top[n - 1].probability && i <= top[n - 1].class_index));
            if (!before && (best < 0 || p[i] > p[best]))
                best = i;
        }
        const char *name = fv_model_class_name(m, best);
        top[n] = (fv_prediction){best, name ? name : "", p[best], n == 0};
    }
}

/* Which of the classes the picture counts as. */
static void decide(const fv_model *m, const float *p, fv_prediction *top, int64_t count)
{
    const float *thresholds;
    int64_t known = fv_model_thresholds(m, &thresholds);
    if (predictor_is_two_class(m)) {
        if (known == 0)
            return;
        int64_t chosen = p[1] > thresholds[0];
        if (top[0].class_index != chosen) {
            const char *name = fv_model_class_name(m, chosen);
            fv_prediction likeliest = top[0];
            top[0] = (fv_prediction){chosen, name ? name : "", p[chosen], 1};
            if (count > 1) {
                top[1] = likeliest;
                top[1].predicted = 0;
            }
        }
    } else if (predictor_is_binary(m)) {
        for (int64_t i = 0; i < count; i++)
            top[i].predicted = top[i].probability > (known ? thresholds[top[i].class_index] : 0.5f);
    }
}

static fv_status rank(const fv_predict_options *o, const float *p, int64_t outputs)
{
    int64_t count = o->top_count ? o->top_count : 1;
    /* One output is the probability of the second of two classes. */
    const float both[2] = {1 - p[0], p[0]};
    const float *list = outputs == 1 ? both : p;
    int64_t classes = outputs == 1 ? 2 : outputs;
    if (!o->top)
        return FV_OK;
    if (count < 1 || count > classes)
        return status_set(FV_ERROR_INVALID, "predict: top_count must be 1..%" PRId64 ", not %" PRId64,
                          classes, count);
    for (int64_t i = 0; i < classes; i++)
        if (isnan(list[i]))
            return status_set(FV_ERROR_DIVERGED,
                              "model %s: its output is not a number; its weights are damaged",
                              fv_model_name(o->model));
    pick_best(o->model, list, classes, o->top, count);
    decide(o->model, list, o->top, count);
    return FV_OK;
}

/* The views of the picture, one behind the other; the caller frees *pixels. */
static fv_status make_views(const fv_predict_options *o, const image_views *views, uint8_t **pixels)
{
    const fv_preprocess *p = &o->model->preprocess;
    image picture = {0};
    uint8_t fill[3];
    *pixels = mem_array((size_t)views->count, (size_t)(p->height * p->width * p->channels));
    fv_status status = *pixels ? read_picture(o, &picture) : status_last();
    image_fit_fill(p, fill);
    if (status == FV_OK)
        status = image_views_make(views, &picture, p, fill, NULL, *pixels);
    image_release(&picture);
    return status;
}

fv_status fv_predict_with(const fv_predict_options *options)
{
    fv_predict_options o = {0};
    image_views views;
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    STATUS_TRY(check(&o));
    STATUS_TRY(image_views_parse(o.tta, &views));
    int64_t outputs = fv_model_class_count(o.model);
    uint8_t *pixels = NULL;
    float *values = mem_array((size_t)(views.count * outputs), sizeof *values);
    fv_status status = values ? make_views(&o, &views, &pixels) : status_last();
    if (status == FV_OK)
        status = predictor_logits(o.model, pixels, views.count, values);
    if (status == FV_OK) {
        predictor_average(o.model, 1, views.count, values);
        predictor_activate(o.model, 1, values);
        status = rank(&o, values, outputs);
    }
    if (status == FV_OK && o.probabilities)
        memcpy(o.probabilities, values, (size_t)outputs * sizeof *values);
    free(pixels);
    free(values);
    return status;
}

fv_status fv_predict_batch(fv_model *m, const uint8_t *pixels, int64_t count, float *logits)
{
    if (!m || !pixels || !logits || count < 0)
        return status_set(FV_ERROR_INVALID,
                          "predict: a batch needs a model, pixels, room for logits and a count");
    return predictor_logits(m, pixels, count, logits);
}
