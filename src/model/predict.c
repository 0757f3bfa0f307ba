/* SPDX-License-Identifier: Apache-2.0 */
/* One picture in, the likeliest classes out. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
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
static fv_status read_picture(const fv_predict_options *o, image_space *space, image *picture)
{
    image_decode_options decode = image_fit_options(&o->model->preprocess);
    decode.max_pixels = o->max_pixels;
    decode.max_bytes = o->max_bytes;
    decode.space = space;
    if (o->path)
        return image_load(o->path, &decode, picture);
    if (o->bytes)
        return image_decode(o->bytes, o->byte_count, "picture", &decode, picture);
    STATUS_TRY(image_reshape(picture, o->height, o->width, o->channels));
    memcpy(picture->data, o->pixels, (size_t)(o->height * o->width * o->channels));
    return image_set_channels(picture, decode.channels);
}

fv_status predictor_views(const fv_predict_options *o, const image_views *views, image_space *space,
                          uint8_t **pixels)
{
    const fv_preprocess *p = &o->model->preprocess;
    image picture = {0};
    uint8_t fill[3];
    *pixels = NULL;
    STATUS_TRY(check(o));
    *pixels = mem_array((size_t)views->count, (size_t)(p->height * p->width * p->channels));
    fv_status status = *pixels ? read_picture(o, space, &picture) : status_last();
    image_fit_fill(p, fill);
    if (status == FV_OK)
        status = image_views_make(views, &picture, p, fill, space, *pixels);
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
    fv_status status = values ? predictor_views(&o, &views, NULL, &pixels) : status_last();
    if (status == FV_OK)
        status = predictor_logits(o.model, pixels, views.count, values);
    if (status == FV_OK) {
        predictor_average(o.model, 1, views.count, values);
        predictor_activate(o.model, 1, values);
        if (o.top)
            status = predictor_rank(o.model, values, o.top, o.top_count ? o.top_count : 1);
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
