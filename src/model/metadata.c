/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preprocessing, classes and kind of output in a model file's metadata. "fovea.preprocess" is
 *
 *     {"resize_mode": "crop", "interpolation": "bilinear", "crop_fraction": 0.875, "reverse_channels": false,
 *      "window": "range", "window_range": [0, 4095], "ignore_profile": false,
 *      "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
 *
 * without mean and std while these are neither given nor measured, and without window_range where the window has none. Files
 * without a window mean "full". The input's size stands in the network. "fovea.calibration" is
 *
 *     {"temperature": 1.5, "thresholds": [0.25]}
 *
 * without what is not set.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "model/file.h"
#include "model/predictor.h"

const char *const model_resize_modes[] = {"crop", "squash", "letterbox", NULL};
const char *const model_interpolations[] = {"bilinear", "bicubic", "lanczos", "box", NULL};
static const char *const windows[] = {"full", "auto", "range", NULL};

/* ---- writing ---- */

static json_t *numbers(const float *values, int64_t count)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append_new(list, json_real((double)values[i]));
    return list;
}

static fv_status set_json(json_t *to, const char *key, json_t *json)
{
    char *written = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!written)
        return status_set(FV_ERROR_MEMORY, "not enough memory to write %s", key);
    bool failed = json_object_set_new(to, key, json_string(written)) != 0;
    free(written);
    return failed ? status_set(FV_ERROR_MEMORY, "not enough memory to write %s", key) : FV_OK;
}

static fv_status set_classes(const fv_model *m, json_t *to)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < m->class_count; i++)
        if (json_array_append_new(list, json_string(m->classes[i])) != 0) {
            json_decref(list);
            return status_set(
                FV_ERROR_INVALID,
                "class %.100s: its name is not valid UTF-8, which model files are in; rename it",
                m->classes[i]);
        }
    return set_json(to, "fovea.classes", list);
}

static fv_status set_calibration(const fv_model *m, json_t *to)
{
    const float *thresholds;
    int64_t count = fv_model_thresholds(m, &thresholds);
    if (fv_model_temperature(m) == 1 && count == 0)
        return FV_OK;
    json_t *json = json_pack("{s:f}", "temperature", (double)fv_model_temperature(m));
    if (json && count > 0)
        json_object_set_new(json, "thresholds", numbers(thresholds, count));
    return set_json(to, "fovea.calibration", json);
}

fv_status model_metadata_add(const fv_model *m, json_t *to)
{
    const fv_preprocess *p = &m->preprocess;
    json_t *json = json_pack(
        "{s:s, s:s, s:f, s:b, s:s, s:b}", "resize_mode", model_resize_modes[p->resize_mode], "interpolation",
        model_interpolations[p->interpolation], "crop_fraction", (double)p->crop_fraction, "reverse_channels",
        p->reverse_channels != 0, "window", windows[p->window], "ignore_profile", p->ignore_profile != 0);
    if (json && p->window == FV_WINDOW_RANGE)
        json_object_set_new(json, "window_range", numbers((const float[]){p->window_low, p->window_high}, 2));
    if (json && m->statistics_set) {
        json_object_set_new(json, "mean", numbers(p->mean, p->channels));
        json_object_set_new(json, "std", numbers(p->std, p->channels));
    }
    STATUS_TRY(set_json(to, "fovea.preprocess", json));
    if (m->classes)
        STATUS_TRY(set_classes(m, to));
    if (json_object_set_new(to, "fovea.output",
                            json_string(predictor_is_binary(m) ? "sigmoid" : "softmax")) != 0)
        return status_set(FV_ERROR_MEMORY, "not enough memory to write fovea.output");
    return set_calibration(m, to);
}

fv_status model_file_add_metadata(const fv_model *m, safetensors_writer *w)
{
    if (!w->metadata && !(w->metadata = json_object()))
        return status_set(FV_ERROR_MEMORY, "not enough memory to write a model's metadata");
    return model_metadata_add(m, w->metadata);
}

/* ---- reading ---- */

/* Texts by key, and the file that they are in. */
typedef struct metadata {
    const char *path;
    const json_t *values;
} metadata;

static metadata metadata_of(const safetensors *f)
{
    return (metadata){f->path, json_object_get(f->header, "__metadata__")};
}

static const char *get_text(const metadata *f, const char *key)
{
    return json_string_value(json_object_get(f->values, key));
}

static fv_status damaged(const metadata *f, const char *key)
{
    return status_set(FV_ERROR_FORMAT, "%s: %s in its metadata is damaged", f->path, key);
}

/* The parsed value of a key; NULL without an error when it is absent. */
static fv_status get_json(const metadata *f, const char *key, json_t **out)
{
    const char *written = get_text(f, key);
    *out = written ? json_loads(written, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return written && !*out ? damaged(f, key) : FV_OK;
}

static bool read_choice(const json_t *item, const char *const *choices, int *out)
{
    const char *word = json_string_value(item);
    for (int i = 0; word && choices[i]; i++)
        if (strcmp(word, choices[i]) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static bool read_numbers(const json_t *list, float *values, int64_t count)
{
    if (json_array_size(list) != (size_t)count)
        return false;
    for (int64_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_number(item))
            return false;
        values[i] = (float)json_number_value(item);
    }
    return true;
}

/* mean, std and the channels' order, as far as they are there. */
static bool read_normalisation(const json_t *json, fv_preprocess *p, bool *found)
{
    const json_t *mean = json_object_get(json, "mean"), *std = json_object_get(json, "std");
    *found = mean || std;
    p->reverse_channels = json_is_true(json_object_get(json, "reverse_channels"));
    return !*found || (read_numbers(mean, p->mean, p->channels) && read_numbers(std, p->std, p->channels));
}

static bool read_geometry(const json_t *json, fv_preprocess *p)
{
    int mode = 0, interpolation = 0;
    const json_t *fraction = json_object_get(json, "crop_fraction");
    if (!read_choice(json_object_get(json, "resize_mode"), model_resize_modes, &mode) ||
        !read_choice(json_object_get(json, "interpolation"), model_interpolations, &interpolation) ||
        !json_is_number(fraction))
        return false;
    p->resize_mode = (fv_resize_mode)mode;
    p->interpolation = (fv_interpolation)interpolation;
    p->crop_fraction = (float)json_number_value(fraction);
    return true;
}

/* Both are younger than the first model files. */
static bool read_window(const json_t *json, fv_preprocess *p)
{
    const json_t *window = json_object_get(json, "window");
    int kind = FV_WINDOW_FULL;
    float ends[2] = {0};
    if (window && !read_choice(window, windows, &kind))
        return false;
    if (kind == FV_WINDOW_RANGE && !read_numbers(json_object_get(json, "window_range"), ends, 2))
        return false;
    p->window = (fv_window)kind;
    p->window_low = ends[0];
    p->window_high = ends[1];
    p->ignore_profile = json_is_true(json_object_get(json, "ignore_profile"));
    return true;
}

/* `statistics`: whether mean and std count as set from now on. */
static fv_status set_preprocess(fv_model *m, const metadata *f, const fv_preprocess *p, bool statistics)
{
    fv_status status = fv_model_set_preprocess(m, p);
    if (status != FV_OK)
        return status_prefix(FV_ERROR_FORMAT, "%s", f->path);
    m->statistics_set = statistics;
    return FV_OK;
}

static fv_status read_preprocess(fv_model *m, const metadata *f)
{
    fv_preprocess p = m->preprocess;
    bool found;
    json_t *json;
    STATUS_TRY(get_json(f, "fovea.preprocess", &json));
    if (!json)
        return status_set(FV_ERROR_FORMAT, "%s: fovea.preprocess is missing in its metadata", f->path);
    bool valid = read_geometry(json, &p) && read_window(json, &p) && read_normalisation(json, &p, &found);
    json_decref(json);
    return valid ? set_preprocess(m, f, &p, found) : damaged(f, "fovea.preprocess");
}

fv_status model_file_read_normalisation(fv_model *m, const safetensors *file, bool *found)
{
    metadata values = metadata_of(file), *f = &values;
    fv_preprocess p = m->preprocess;
    json_t *json;
    *found = false;
    STATUS_TRY(get_json(f, "fovea.preprocess", &json));
    bool valid = !json || read_normalisation(json, &p, found);
    json_decref(json);
    if (!valid)
        return damaged(f, "fovea.preprocess");
    return *found ? set_preprocess(m, f, &p, true) : FV_OK;
}

static fv_status read_classes(fv_model *m, const metadata *f)
{
    json_t *list;
    STATUS_TRY(get_json(f, "fovea.classes", &list));
    if (!list)
        return FV_OK;
    size_t count = json_array_size(list);
    const char **names = mem_array(count, sizeof *names);
    fv_status status = names ? FV_OK : status_last();
    if (status == FV_OK && !json_is_array(list))
        status = damaged(f, "fovea.classes");
    for (size_t i = 0; status == FV_OK && i < count; i++)
        if (!(names[i] = json_string_value(json_array_get(list, i))))
            status = damaged(f, "fovea.classes");
    if (status == FV_OK && fv_model_set_classes(m, names, (int64_t)count) != FV_OK)
        status = status_prefix(FV_ERROR_FORMAT, "%s", f->path);
    free(names);
    json_decref(list);
    return status;
}

static fv_status take_calibration(fv_model *m, const metadata *f, const json_t *json)
{
    const json_t *temperature = json_object_get(json, "temperature");
    const json_t *list = json_object_get(json, "thresholds");
    int64_t count = (int64_t)json_array_size(list);
    if (!json_is_number(temperature) || (list && !json_is_array(list)) || count > fv_model_class_count(m))
        return damaged(f, "fovea.calibration");
    float *thresholds = mem_array((size_t)count, sizeof *thresholds);
    if (!thresholds)
        return status_last();
    fv_status status = read_numbers(list, thresholds, count) ? FV_OK : damaged(f, "fovea.calibration");
    if (status == FV_OK && (fv_model_set_temperature(m, (float)json_number_value(temperature)) != FV_OK ||
                            fv_model_set_thresholds(m, thresholds, count) != FV_OK))
        status = status_prefix(FV_ERROR_FORMAT, "%s", f->path);
    free(thresholds);
    return status;
}

/* Needs the kind of output. */
static fv_status read_calibration(fv_model *m, const metadata *f)
{
    json_t *json;
    STATUS_TRY(get_json(f, "fovea.calibration", &json));
    if (!json)
        return FV_OK;
    fv_status status = take_calibration(m, f, json);
    json_decref(json);
    return status;
}

static fv_status read_all(fv_model *m, const metadata *f)
{
    STATUS_TRY(read_preprocess(m, f));
    STATUS_TRY(read_classes(m, f));
    const char *output = get_text(f, "fovea.output");
    if (output && strcmp(output, "sigmoid") == 0)
        m->compile.loss = FV_BINARY_CROSSENTROPY;
    else if (output && strcmp(output, "softmax") != 0)
        return damaged(f, "fovea.output");
    return read_calibration(m, f);
}

fv_status model_file_read_metadata(fv_model *m, const safetensors *file)
{
    metadata values = metadata_of(file);
    return read_all(m, &values);
}

bool model_names_are_lines(const fv_model *m)
{
    for (int64_t k = 0; k < m->class_count; k++) {
        char *flat = mem_string(m->classes[k]);
        bool same = flat && (text_flatten(flat), strcmp(flat, m->classes[k]) == 0);
        free(flat);
        if (!same)
            return false;
    }
    return true;
}

fv_status model_metadata_take(fv_model *m, const char *path, const json_t *values)
{
    const metadata from = {path, values};
    STATUS_TRY(read_all(m, &from));
    /* Names of strangers' files go into lists and onto terminals. */
    return model_names_are_lines(m) ? FV_OK : damaged(&from, "fovea.classes");
}
