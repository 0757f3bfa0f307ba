/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow Serving's REST calls :predict and :classify (https://www.tensorflow.org/tfx/serving/api_rest). */
#include <string.h>

#include "serve/job.h"

/* The only member of an object that is called so; NULL. */
static const json_t *only_member(const json_t *object, const char *name)
{
    return json_object_size(object) == 1 ? json_object_get(object, name) : NULL;
}

/* Pixels, {"b64": …}, or {"image": one of these}. */
static fv_status add_picture(job *j, const json_t *instance)
{
    const json_t *image = only_member(instance, "image");
    if (image)
        instance = image;
    if (json_is_array(instance))
        return job_add_nested(j, instance);
    const json_t *encoded = only_member(instance, "b64");
    if (encoded)
        return job_add_base64(j, encoded);
    return status_set(FV_ERROR_INVALID,
                      "a picture must be a list of its pixels or {\"b64\": …}; the input is called image");
}

static fv_status add_pictures(job *j, const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) == 0)
        return status_set(FV_ERROR_INVALID, "pictures must be a list of at least one");
    for (size_t i = 0; i < json_array_size(list); i++)
        STATUS_TRY(add_picture(j, json_array_get(list, i)));
    return FV_OK;
}

/* {name: a row of probabilities for each picture}, with `labels` as pairs of class and probability. */
static fv_status write_rows(const job *j, const char *name, bool labels, web_answer *a)
{
    json_t *list = json_array();
    const float *p = j->probabilities;
    for (int64_t i = 0; i < j->count; i++) {
        json_t *row = json_array();
        for (int64_t c = 0; c < j->served->classes; c++) {
            char number[24];
            json_t *value = json_probability(*p++);
            json_array_append_new(row, labels ? json_pack("[s, o]", served_class(j->served, c, number), value)
                                              : value);
        }
        json_array_append_new(list, row);
    }
    return answer_json(a, json_pack("{s:o}", name, list));
}

static fv_status predict_read(job *j)
{
    json_t *root = job_parse(j, j->size);
    if (!root)
        return status_last();
    const json_t *rows = json_object_get(root, "instances"), *columns = json_object_get(root, "inputs");
    fv_status status;
    j->columns = columns != NULL;
    if (!rows == !columns) {
        status = status_set(FV_ERROR_INVALID, "give one of instances and inputs");
    } else {
        const json_t *image = columns ? only_member(columns, "image") : NULL;
        status = add_pictures(j, image ? image : columns ? columns : rows);
    }
    json_decref(root);
    return status;
}

static fv_status predict_write(job *j, web_answer *a)
{
    return write_rows(j, j->columns ? "outputs" : "predictions", false, a);
}

static fv_status classify_read(job *j)
{
    json_t *root = job_parse(j, j->size);
    if (!root)
        return status_last();
    const json_t *examples = json_object_get(root, "examples");
    fv_status status = FV_OK;
    if (!json_is_array(examples) || json_array_size(examples) == 0)
        status = status_set(FV_ERROR_INVALID, "examples must be a list of at least one {\"image\": …}");
    for (size_t i = 0; i < json_array_size(examples) && status == FV_OK; i++) {
        const json_t *image = json_object_get(json_array_get(examples, i), "image");
        status =
            image ? add_picture(j, image) : status_set(FV_ERROR_INVALID, "example %zu has no image", i + 1);
    }
    json_decref(root);
    return status;
}

static fv_status classify_write(job *j, web_answer *a)
{
    return write_rows(j, "results", true, a);
}

const protocol protocol_tf_predict = {predict_read, predict_write};
const protocol protocol_tf_classify = {classify_read, classify_write};
