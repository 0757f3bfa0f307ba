/* SPDX-License-Identifier: Apache-2.0 */
/* KServe's inference call, the Open Inference Protocol V2 (https://github.com/kserve/open-inference-protocol). */
#include <stdio.h>
#include <string.h>

#include "serve/kserve_binary.h"

static const char *const output_names[KSERVE_OUTPUTS] = {
    [KSERVE_PROBABILITIES] = "probabilities", [KSERVE_CLASS] = "class"};

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

static fv_status read_input(job *j, const json_t *input, size_t json_size)
{
    const char *name = json_string_value(json_object_get(input, "name")),
               *type = json_string_value(json_object_get(input, "datatype"));
    const json_t *data = json_object_get(input, "data"),
                 *binary = binary_parameter(input, "binary_data_size");
    if (!name || strcmp(name, "image") != 0)
        return status_set(FV_ERROR_INVALID, "the input is called image");
    bool encoded = type && strcmp(type, "BYTES") == 0;
    if (!type || (!encoded && strcmp(type, "UINT8") != 0 && strcmp(type, "FP32") != 0))
        return status_set(FV_ERROR_INVALID, "input image: datatype must be BYTES, UINT8 or FP32");
    if (!json_is_array(data) == !binary)
        return status_set(FV_ERROR_INVALID, "input image: data must be a list, or binary_data_size be given");
    if (!binary && json_size != j->size)
        return status_set(FV_ERROR_INVALID, "bytes follow the JSON; binary_data_size must say whose");
    int64_t pictures = 0;
    STATUS_TRY(read_shape(j, json_object_get(input, "shape"), encoded, &pictures));
    if (binary)
        return binary_read(j, type, pictures, binary, json_size);
    if (!encoded)
        return job_add_values(j, pictures, data);
    if (json_array_size(data) != (size_t)pictures)
        return status_set(FV_ERROR_INVALID, "input image: data are %zu values, the shape is of %lld",
                          json_array_size(data), (long long)pictures);
    for (size_t i = 0; i < (size_t)pictures; i++)
        STATUS_TRY(job_add_base64(j, json_array_get(data, i)));
    return FV_OK;
}

/* Which outputs are wanted, and how. */
static fv_status read_outputs(job *j, const json_t *root)
{
    const json_t *outputs = json_object_get(root, "outputs");
    bool usual, binary;
    STATUS_TRY(binary_flag(root, "binary_data_output", false, &usual));
    for (int k = 0; k < KSERVE_OUTPUTS; k++)
        j->forms[k] = outputs ? OUTPUT_ABSENT : usual ? OUTPUT_BINARY : OUTPUT_JSON;
    if (outputs && !json_is_array(outputs))
        return status_set(FV_ERROR_INVALID, "outputs must be a list");
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        const json_t *output = json_array_get(outputs, i);
        const char *name = json_string_value(json_object_get(output, "name"));
        int k = 0;
        while (k < KSERVE_OUTPUTS && !(name && strcmp(name, output_names[k]) == 0))
            k++;
        if (k == KSERVE_OUTPUTS)
            return status_set(FV_ERROR_INVALID, "outputs are called probabilities and class");
        STATUS_TRY(binary_flag(output, "binary_data", usual, &binary));
        j->forms[k] = binary ? OUTPUT_BINARY : OUTPUT_JSON;
    }
    return FV_OK;
}

static fv_status infer_read(job *j)
{
    size_t json_size;
    STATUS_TRY(binary_json_size(j, &json_size));
    json_t *root = job_parse(j, json_size);
    if (!root)
        return status_last();
    const json_t *inputs = json_object_get(root, "inputs"), *id = json_object_get(root, "id");
    fv_status status = FV_OK;
    if (id && !json_is_string(id))
        status = status_set(FV_ERROR_INVALID, "id must be a string");
    else if (json_array_size(inputs) != 1)
        status = status_set(FV_ERROR_INVALID, "inputs must be a list of one: image");
    if (status == FV_OK)
        status = read_input(j, json_array_get(inputs, 0), json_size);
    if (status == FV_OK)
        status = read_outputs(j, root);
    if (status == FV_OK && id)
        j->id = json_copy((json_t *)(uintptr_t)id);
    json_decref(root);
    return status;
}

static json_t *write_probabilities(const job *j, text *bytes)
{
    int64_t count = j->count * j->served->classes;
    size_t from = bytes->length;
    json_t *tensor = json_pack("{s:s, s:s, s:[I, I]}", "name", output_names[KSERVE_PROBABILITIES], "datatype",
                               "FP32", "shape", (json_int_t)j->count, (json_int_t)j->served->classes);
    if (j->forms[KSERVE_PROBABILITIES] == OUTPUT_BINARY) {
        text_add_bytes(bytes, j->probabilities, (size_t)count * sizeof *j->probabilities);
        binary_set_size(tensor, bytes, from);
        return tensor;
    }
    json_t *values = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(values, json_probability(j->probabilities[i]));
    json_object_set_new(tensor, "data", values);
    return tensor;
}

/* The likeliest class of each picture. */
static json_t *write_classes(const job *j, text *bytes)
{
    const served *s = j->served;
    bool binary = j->forms[KSERVE_CLASS] == OUTPUT_BINARY;
    size_t from = bytes->length;
    json_t *names = json_array();
    for (int64_t i = 0; i < j->count; i++) {
        const float *p = j->probabilities + i * s->classes;
        char number[24];
        int64_t best = 0;
        for (int64_t c = 0; c < s->classes; c++)
            best = p[c] > p[best] ? c : best;
        if (binary)
            binary_add_string(bytes, served_class(s, best, number));
        else
            json_array_append_new(names, json_string(served_class(s, best, number)));
    }
    json_t *tensor = json_pack("{s:s, s:s, s:[I]}", "name", output_names[KSERVE_CLASS], "datatype", "BYTES",
                               "shape", (json_int_t)j->count);
    if (binary)
        binary_set_size(tensor, bytes, from);
    else
        json_object_set(tensor, "data", names);
    json_decref(names);
    return tensor;
}

/* What follows the JSON. */
static fv_status add_bytes(web_answer *a, const text *bytes)
{
    STATUS_TRY(text_status(bytes));
    a->type = "application/octet-stream";
    a->header = BINARY_HEADER;
    a->header_value = a->body.length;
    text_add_bytes(&a->body, bytes->data, bytes->length);
    return text_status(&a->body);
}

static fv_status infer_write(job *j, web_answer *a)
{
    text bytes = {0};
    char version[24];
    json_t *outputs = json_array();
    if (j->forms[KSERVE_PROBABILITIES])
        json_array_append_new(outputs, write_probabilities(j, &bytes));
    if (j->forms[KSERVE_CLASS])
        json_array_append_new(outputs, write_classes(j, &bytes));
    snprintf(version, sizeof version, "%lld", (long long)j->served->version);
    json_t *root = json_pack("{s:s, s:s, s:o}", "model_name", j->served->name, "model_version", version,
                             "outputs", outputs);
    if (root && j->id)
        json_object_set(root, "id", j->id);
    fv_status status = answer_json(a, root);
    if (status == FV_OK && (bytes.length > 0 || bytes.status != FV_OK))
        status = add_bytes(a, &bytes);
    text_release(&bytes);
    return status;
}

const protocol protocol_kserve = {infer_read, infer_write};
