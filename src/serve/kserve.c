/* SPDX-License-Identifier: Apache-2.0 */
/* KServe's inference call, the Open Inference Protocol V2 (https://github.com/kserve/open-inference-protocol). */
#include <stdio.h>
#include <string.h>

#include "serve/job.h"

/* shape [n, height, width, channels], or [n] of encoded pictures; n into *pictures. */
static fv_status read_shape(const job *j, const json_t *shape, bool encoded, int64_t *pictures)
{
    const fv_preprocess *p = &j->served->model->preprocess;
    const int64_t wanted[4] = {0, p->height, p->width, p->channels};
    size_t rank = encoded ? 1 : 4;
    bool fits = json_array_size(shape) == rank;
    for (size_t i = 0; i < rank && fits; i++) {
        const json_t *side = json_array_get(shape, i);
        fits = json_is_integer(side) &&
               (i == 0 ? json_integer_value(side) > 0 : json_integer_value(side) == wanted[i]);
    }
    if (!fits)
        return encoded ? status_set(FV_ERROR_INVALID, "input image: the shape of BYTES must be [pictures]")
                       : status_set(FV_ERROR_INVALID,
                                    "input image: the shape must be [pictures, %lld, %lld, %lld]",
                                    (long long)p->height, (long long)p->width, (long long)p->channels);
    *pictures = json_integer_value(json_array_get(shape, 0));
    return FV_OK;
}

static fv_status read_input(job *j, const json_t *input)
{
    const char *name = json_string_value(json_object_get(input, "name")),
               *type = json_string_value(json_object_get(input, "datatype"));
    const json_t *data = json_object_get(input, "data");
    if (!name || strcmp(name, "image") != 0)
        return status_set(FV_ERROR_INVALID, "the input is called image");
    bool encoded = type && strcmp(type, "BYTES") == 0;
    if (!type || (!encoded && strcmp(type, "UINT8") != 0 && strcmp(type, "FP32") != 0))
        return status_set(FV_ERROR_INVALID, "input image: datatype must be BYTES, UINT8 or FP32");
    if (!json_is_array(data))
        return status_set(FV_ERROR_INVALID, "input image: data must be a list");
    int64_t pictures = 0;
    STATUS_TRY(read_shape(j, json_object_get(input, "shape"), encoded, &pictures));
    if (!encoded)
        return job_add_values(j, pictures, data);
    if (json_array_size(data) != (size_t)pictures)
        return status_set(FV_ERROR_INVALID, "input image: data are %zu values, the shape is of %lld",
                          json_array_size(data), (long long)pictures);
    for (size_t i = 0; i < (size_t)pictures; i++)
        STATUS_TRY(job_add_base64(j, json_array_get(data, i)));
    return FV_OK;
}

static fv_status read_outputs(job *j, const json_t *outputs)
{
    if (!outputs)
        return FV_OK;
    if (!json_is_array(outputs))
        return status_set(FV_ERROR_INVALID, "outputs must be a list");
    if (!(j->wanted = json_array()))
        return status_set(FV_ERROR_MEMORY, "not enough memory for the request");
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(outputs, i), "name"));
        if (!name || (strcmp(name, "probabilities") != 0 && strcmp(name, "class") != 0))
            return status_set(FV_ERROR_INVALID, "outputs are called probabilities and class");
        json_array_append_new(j->wanted, json_string(name));
    }
    return FV_OK;
}

static fv_status infer_read(job *j)
{
    json_t *root = job_parse(j);
    if (!root)
        return status_last();
    const json_t *inputs = json_object_get(root, "inputs"), *id = json_object_get(root, "id");
    fv_status status = FV_OK;
    if (id && !json_is_string(id))
        status = status_set(FV_ERROR_INVALID, "id must be a string");
    else if (json_array_size(inputs) != 1)
        status = status_set(FV_ERROR_INVALID, "inputs must be a list of one: image");
    if (status == FV_OK)
        status = read_input(j, json_array_get(inputs, 0));
    if (status == FV_OK)
        status = read_outputs(j, json_object_get(root, "outputs"));
    if (status == FV_OK && id)
        j->id = json_copy((json_t *)(uintptr_t)id);
    json_decref(root);
    return status;
}

static bool is_wanted(const job *j, const char *name)
{
    bool wanted = !j->wanted;
    for (size_t i = 0; i < json_array_size(j->wanted); i++)
        wanted = wanted || strcmp(json_string_value(json_array_get(j->wanted, i)), name) == 0;
    return wanted;
}

static fv_status infer_write(job *j, web_answer *a)
{
    const served *s = j->served;
    json_t *values = json_array(), *names = json_array(), *outputs = json_array();
    for (int64_t i = 0; i < j->count; i++) {
        char number[24];
        int64_t best = 0;
        const float *p = j->probabilities + i * s->classes;
        for (int64_t c = 0; c < s->classes; c++) {
            json_array_append_new(values, json_probability(p[c]));
            best = p[c] > p[best] ? c : best;
        }
        json_array_append_new(names, json_string(served_class(s, best, number)));
    }
    json_t *probabilities =
        json_pack("{s:s, s:s, s:[I, I], s:o}", "name", "probabilities", "datatype", "FP32", "shape",
                  (json_int_t)j->count, (json_int_t)s->classes, "data", values);
    json_t *classes = json_pack("{s:s, s:s, s:[I], s:o}", "name", "class", "datatype", "BYTES", "shape",
                                (json_int_t)j->count, "data", names);
    if (is_wanted(j, "probabilities"))
        json_array_append(outputs, probabilities);
    if (is_wanted(j, "class"))
        json_array_append(outputs, classes);
    json_decref(probabilities);
    json_decref(classes);
    char version[24];
    snprintf(version, sizeof version, "%lld", (long long)s->version);
    json_t *root =
        json_pack("{s:s, s:s, s:o}", "model_name", s->name, "model_version", version, "outputs", outputs);
    if (root && j->id)
        json_object_set(root, "id", j->id);
    return answer_json(a, root);
}

const protocol protocol_kserve = {infer_read, infer_write};
