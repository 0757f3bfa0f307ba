/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/describe.h"

#include <stdio.h>

static json_t *version_text(int64_t version)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)version);
    return json_string(text);
}

/* ---- TensorFlow Serving: GetModelStatus and GetModelMetadata ---- */

static json_t *tf_status(models *m, const route *r)
{
    json_t *versions = models_versions(m, r->model), *list = json_array();
    for (size_t i = json_array_size(versions); i-- > 0;) { /* the latest first */
        json_int_t version = json_integer_value(json_array_get(versions, i));
        if (r->version == MODELS_LATEST || r->version == version)
            json_array_append_new(list, json_pack("{s:o, s:s, s:{s:s, s:s}}", "version",
                                                  version_text(version), "state", "AVAILABLE", "status",
                                                  "error_code", "OK", "error_message", ""));
    }
    json_decref(versions);
    if (json_array_size(list) == 0) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:o}", "model_version_status", list);
}

static json_t *tf_tensor(const char *name, const char *type, const int64_t *sides, int rank)
{
    json_t *list = json_array();
    for (int i = 0; i < rank; i++)
        json_array_append_new(list, json_pack("{s:o, s:s}", "size", version_text(sides[i]), "name", ""));
    return json_pack("{s:s, s:s, s:{s:o, s:b}}", "name", name, "dtype", type, "tensor_shape", "dim", list,
                     "unknown_rank", 0);
}

static json_t *tf_metadata(const served *s)
{
    const fv_preprocess *p = &s->model->preprocess;
    json_t *input = tf_tensor("image", "DT_UINT8", (int64_t[]){-1, p->height, p->width, p->channels}, 4);
    json_t *output = tf_tensor("probabilities", "DT_FLOAT", (int64_t[]){-1, s->classes}, 2);
    json_t *signature = json_pack("{s:{s:o}, s:{s:o}, s:s}", "inputs", "image", input, "outputs",
                                  "probabilities", output, "method_name", "tensorflow/serving/predict");
    return json_pack("{s:{s:s, s:s, s:o}, s:{s:{s:{s:o}}}}", "model_spec", "name", s->name, "signature_name",
                     "", "version", version_text(s->version), "metadata", "signature_def", "signature_def",
                     "serving_default", signature);
}

/* ---- KServe ---- */

static json_t *kserve_server(void)
{
    return json_pack("{s:s, s:s, s:[s]}", "name", "fovea", "version", fv_version(), "extensions",
                     "binary_tensor_data");
}

static json_t *kserve_model(models *m, const served *s)
{
    const fv_preprocess *p = &s->model->preprocess;
    json_t *numbers = models_versions(m, s->name), *versions = json_array(), *classes = json_array();
    for (size_t i = 0; i < json_array_size(numbers); i++)
        json_array_append_new(versions, version_text(json_integer_value(json_array_get(numbers, i))));
    json_decref(numbers);
    for (int64_t i = 0; i < s->classes; i++) {
        char number[24];
        json_array_append_new(classes, json_string(served_class(s, i, number)));
    }
    json_t *inputs = json_pack("[{s:s, s:s, s:[i, I, I, I]}]", "name", "image", "datatype", "UINT8", "shape",
                               -1, (json_int_t)p->height, (json_int_t)p->width, (json_int_t)p->channels);
    json_t *outputs =
        json_pack("[{s:s, s:s, s:[i, I]}, {s:s, s:s, s:[i]}]", "name", "probabilities", "datatype", "FP32",
                  "shape", -1, (json_int_t)s->classes, "name", "class", "datatype", "BYTES", "shape", -1);
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:{s:o, s:s, s:I}}", "name", s->name, "versions", versions,
                     "platform", "fovea", "inputs", inputs, "outputs", outputs, "parameters", "classes",
                     classes, "network", fv_model_name(s->model), "network_parameters",
                     (json_int_t)fv_model_parameter_count(s->model));
}

json_t *describe_route(models *m, const route *r)
{
    if (r->kind == ROUTE_KSERVE_SERVER)
        return kserve_server();
    if (r->kind == ROUTE_TF_STATUS)
        return tf_status(m, r);
    if (r->kind == ROUTE_MODELS)
        return json_pack("{s:o}", "models", models_names(m));
    served *s = models_take(m, r->model, r->version);
    if (!s)
        return NULL;
    json_t *answer = r->kind == ROUTE_TF_METADATA    ? tf_metadata(s)
                     : r->kind == ROUTE_KSERVE_MODEL ? kserve_model(m, s)
                                                     : json_pack("{s:s, s:b}", "name", s->name, "ready", 1);
    served_release(s);
    return answer;
}
