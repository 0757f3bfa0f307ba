/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/options.h"
#include "core/ordered.h"
#include "model/file.h"
#include "model/lanes.h"
#include "model/predictor.h"

enum {
    THREADS_MAX = 1024
};

struct fv_classifier {
    fv_model *model;
    lanes *lanes;
    int64_t max_pixels, max_bytes;
};

static fv_status check(fv_classifier_options *o)
{
    if (!o->path)
        return status_set(FV_ERROR_INVALID, "classifier: no model file is given");
    if (!o->threads)
        o->threads = ordered_cores();
    if (o->threads < 1 || o->threads > THREADS_MAX)
        return status_set(FV_ERROR_INVALID, "classifier: threads must be 1..%d, not %" PRId64, THREADS_MAX,
                          o->threads);
    if (!o->callers)
        o->callers = o->threads;
    if (o->callers < 1 || o->callers > o->threads)
        return status_set(FV_ERROR_INVALID,
                          "classifier: callers must be 1..%" PRId64 " (threads), not %" PRId64, o->threads,
                          o->callers);
    return FV_OK;
}

static fv_status open(fv_classifier *c, const fv_classifier_options *o)
{
    safetensors f;
    STATUS_TRY(model_file_open(o->path, &f, &c->model));
    c->max_pixels = o->max_pixels;
    c->max_bytes = o->max_bytes;
    fv_status status = o->engine ? network_set_engine(c->model, o->engine) : FV_OK;
    if (status == FV_OK)
        status =
            lanes_create_from_file(&c->lanes, c->model, &f, (int)(o->threads / o->callers), (int)o->callers);
    safetensors_release(&f);
    return status;
}

fv_classifier *fv_classifier_open_with(const fv_classifier_options *options)
{
    fv_classifier_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (check(&o) != FV_OK)
        return NULL;
    fv_classifier *c = mem_array(1, sizeof *c);
    if (c && open(c, &o) != FV_OK) {
        fv_classifier_close(c);
        return NULL;
    }
    return c;
}

fv_classifier *fv_classifier_open(const char *path)
{
    return fv_classifier_open_with(
        &(fv_classifier_options){.struct_size = sizeof(fv_classifier_options), .path = path});
}

void fv_classifier_close(fv_classifier *c)
{
    if (!c)
        return;
    lanes_destroy(c->lanes);
    fv_model_destroy(c->model);
    free(c);
}

static fv_status run(fv_classifier *c, lane *l, const fv_predict_options *o)
{
    static const image_views whole = {.count = 1};
    float *values = mem_array((size_t)fv_model_class_count(c->model), sizeof *values);
    uint8_t *pixels = NULL;
    fv_status status = values ? predictor_views(o, &whole, lane_space(l), &pixels) : status_last();
    if (status == FV_OK)
        status = lane_logits(l, pixels, 1, values);
    if (status == FV_OK) {
        predictor_activate(c->model, 1, values);
        status = predictor_rank(c->model, values, o->top, o->top_count);
    }
    free(pixels);
    free(values);
    return status;
}

/* Decoding is part of a lane's work: it costs as much as a small network. */
static fv_status classify(fv_classifier *c, fv_predict_options o, fv_prediction *top, int64_t top_count)
{
    if (!c || !top)
        return status_set(FV_ERROR_INVALID, "classify: a classifier and room for the answer are needed");
    o.model = c->model;
    o.top = top;
    o.top_count = top_count;
    o.max_pixels = c->max_pixels;
    o.max_bytes = c->max_bytes;
    lane *l = lanes_take(c->lanes);
    if (!l)
        return status_last();
    fv_status status = run(c, l, &o);
    lanes_give(c->lanes, l);
    return status;
}

fv_status fv_classify_file(fv_classifier *c, const char *path, fv_prediction *top, int64_t top_count)
{
    return classify(c, (fv_predict_options){.path = path}, top, top_count);
}

fv_status fv_classify_bytes(fv_classifier *c, const void *bytes, size_t byte_count, fv_prediction *top,
                            int64_t top_count)
{
    return classify(c, (fv_predict_options){.bytes = bytes, .byte_count = byte_count}, top, top_count);
}

fv_status fv_classify_rgb(fv_classifier *c, const uint8_t *pixels, int64_t height, int64_t width,
                          fv_prediction *top, int64_t top_count)
{
    return classify(c,
                    (fv_predict_options){.pixels = pixels, .height = height, .width = width, .channels = 3},
                    top, top_count);
}

int64_t fv_classifier_class_count(const fv_classifier *c)
{
    int64_t outputs = fv_model_class_count(c->model);
    return outputs == 1 ? 2 : outputs;
}

const fv_model *fv_classifier_model(const fv_classifier *c)
{
    return c->model;
}
