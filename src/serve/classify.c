/* SPDX-License-Identifier: Apache-2.0 */
/* POST /classify: a picture as the body, or a form with several; the answer is that of `fovea predict --json`, or a heat map. */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/memory.h"
#include "model/predictor.h"
#include "serve/job.h"

/* A form's picture that cannot be read does not spoil the others. */
static fv_status add(job *j, const part *p, bool form)
{
    STATUS_TRY(MEM_GROW(j->pictures, j->picture_count, j->picture_capacity));
    fv_status status = job_add_encoded(j, p->bytes, p->size);
    if (status != FV_OK && (!form || status == FV_ERROR_MEMORY))
        return status;
    job_picture *picture = &j->pictures[j->picture_count++];
    *picture = (job_picture){.bytes = p->bytes, .size = p->size};
    if (status != FV_OK && !(picture->error = mem_string(fv_error_message())))
        return status_last();
    if (form && !(picture->file = mem_string(p->name)))
        return status_last();
    return FV_OK;
}

static fv_status classify_read(job *j)
{
    parts form;
    part p = {.bytes = j->body, .size = j->size};
    fv_status status;
    if (!parts_begin(&form, j->content_type, j->body, j->size, &status))
        return add(j, &p, false);
    while (status == FV_OK && parts_next(&form, &p, &status)) {
        if ((int64_t)j->picture_count == j->limits.max_pictures)
            status = status_set(FV_ERROR_INVALID, "a request has 1 to %lld pictures (--max-pictures)",
                                (long long)j->limits.max_pictures);
        else
            status = add(j, &p, true);
    }
    STATUS_TRY(status);
    if (j->count == 0)
        return j->picture_count ? status_set(FV_ERROR_FORMAT, "%s", j->pictures[0].error)
                                : status_set(FV_ERROR_INVALID, "the form holds no picture");
    return FV_OK;
}

static fv_status rank(const job *j, int64_t i, fv_prediction *top, int64_t count)
{
    const served *s = j->served;
    /* Of two classes by one output, that output's alone is asked for. */
    return predictor_rank(s->model, j->probabilities + (i + 1) * s->classes - s->outputs, top, count);
}

/* The heat map of the likeliest class. With one output, the class that it stands for is explained. */
static fv_status explain(const job *j, const job_picture *picture, const fv_prediction *best, uint8_t **png,
                         size_t *size)
{
    int64_t class_index = j->served->outputs == 1 ? 0 : best->class_index;
    return fv_explain(j->served->model, NULL, .bytes = picture->bytes, .byte_count = picture->size,
                      .class_index = class_index, .use_class = 1, .png = png, .png_size = size,
                      .max_pixels = j->limits.max_pixels);
}

/* Whether thresholds decide for each class by itself. */
static bool has_labels(const served *s)
{
    const float *thresholds;
    return fv_model_thresholds(s->model, &thresholds) > 1;
}

/* The `count` likeliest; of `all` (0: no) those that the picture has, where it may have several. */
static json_t *describe(const job *j, const fv_prediction *top, int64_t count, int64_t all)
{
    char number[24];
    json_t *list = json_array(), *labels = json_array();
    for (int64_t i = 0; i < all; i++)
        if (top[i].predicted)
            json_array_append_new(labels, json_string(served_class(j->served, top[i].class_index, number)));
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "class",
                                              served_class(j->served, top[i].class_index, number),
                                              "probability", json_probability(top[i].probability)));
    json_t *object =
        json_pack("{s:s, s:o, s:o}", "class", served_class(j->served, top[0].class_index, number),
                  "probability", json_probability(top[0].probability), "top", list);
    if (all > 0)
        json_object_set(object, "predicted", labels);
    json_decref(labels);
    return object;
}

static fv_status add_explanation(const job *j, const job_picture *picture, const fv_prediction *best,
                                 json_t *object)
{
    uint8_t *png;
    size_t size;
    STATUS_TRY(explain(j, picture, best, &png, &size));
    text words = {0};
    base64_add(&words, png, size);
    free(png);
    json_object_set_new(object, "explanation", json_string(text_string(&words)));
    fv_status status = text_status(&words);
    text_release(&words);
    return status;
}

/* Picture `at` of the request, the `run`-th of those that could be read. */
static fv_status describe_one(const job *j, size_t at, int64_t run, json_t **out)
{
    const job_picture *picture = &j->pictures[at];
    int64_t count = j->top < j->served->classes ? j->top : j->served->classes;
    if (picture->error) {
        *out = json_pack("{s:s}", "error", picture->error);
        return FV_OK;
    }
    int64_t all = has_labels(j->served) ? j->served->classes : 0, ranked = all > 0 ? all : count;
    fv_prediction *top = mem_array((size_t)ranked, sizeof *top);
    if (!top)
        return status_last();
    fv_status status = rank(j, run, top, ranked);
    if (status == FV_OK)
        *out = describe(j, top, count, all);
    if (status == FV_OK && j->explain && *out)
        status = add_explanation(j, picture, &top[0], *out);
    free(top);
    return status;
}

static fv_status write_form(const job *j, json_t *list)
{
    int64_t run = 0;
    for (size_t i = 0; i < j->picture_count; i++) {
        json_t *one = NULL;
        fv_status status = describe_one(j, i, run, &one);
        run += !j->pictures[i].error;
        if (one) {
            json_t *file = json_string(j->pictures[i].file); /* NULL where it is no UTF-8 */
            json_object_set_new(one, "file", file ? file : json_null());
            json_array_append_new(list, one);
        }
        STATUS_TRY(status);
    }
    return FV_OK;
}

static fv_status write_image(const job *j, web_answer *a)
{
    fv_prediction best;
    uint8_t *png;
    size_t size;
    STATUS_TRY(rank(j, 0, &best, 1));
    STATUS_TRY(explain(j, &j->pictures[0], &best, &png, &size));
    a->type = "image/png";
    text_add_bytes(&a->body, png, size);
    free(png);
    return text_status(&a->body);
}

static fv_status classify_write(job *j, web_answer *a)
{
    bool form = j->pictures[0].file != NULL;
    json_t *root = NULL;
    fv_status status;
    if (j->explain && j->wants_image && !form)
        return write_image(j, a);
    if (form) {
        json_t *list = json_array();
        status = write_form(j, list);
        root = json_pack("{s:o}", "predictions", list);
    } else {
        status = describe_one(j, 0, 0, &root);
    }
    if (status != FV_OK) {
        json_decref(root);
        return status;
    }
    json_object_set_new(root, "model", json_string(j->served->name));
    json_object_set_new(root, "version", json_integer(j->served->version));
    return answer_json(a, root);
}

const protocol protocol_classify = {classify_read, classify_write};
