/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of the file: those that Ultralytics' exports have, under their names; the preprocessing under torchvision's and timm's names, of
 * values 0..1; and the model file's own (model/metadata.c), which the importer takes back as they are.
 */
#include <string.h>

#include "convert/onnx_export/writer.h"
#include "core/text.h"
#include "model/file.h"
#include "model/predictor.h"

/* As Python writes a dictionary: {0: 'tench', 1: 'jack-o\'-lantern'}. */
static void add_names(const fv_model *m, text *out)
{
    text_add(out, "{");
    for (int64_t k = 0; k < m->class_count; k++) {
        text_add(out, "%s%lld: '", k ? ", " : "", (long long)k);
        for (const char *c = m->classes[k]; *c; c++)
            text_add(out, *c == '\'' || *c == '\\' ? "\\%c" : "%c", *c);
        text_add(out, "'");
    }
    text_add(out, "}");
}

static void add_numbers(const float *numbers, int64_t count, text *out)
{
    for (int64_t i = 0; i < count; i++)
        text_add(out, "%s%.9g", i ? ", " : "[", (double)(numbers[i] / 255));
    text_add(out, "]");
}

/* Takes the text, also when it fails. */
static bool property(onnx_writer *w, const char *key, text *value)
{
    bool done = text_status(value) == FV_OK && onnx_property(w, key, text_string(value));
    text_release(value);
    return done;
}

static bool write_known(onnx_writer *w, const fv_model *m)
{
    const fv_preprocess *p = &m->preprocess;
    text names = {0}, size = {0}, channels = {0}, description = {0};
    if (m->classes)
        add_names(m, &names);
    text_add(&size, "[%lld, %lld]", (long long)p->height, (long long)p->width);
    text_add(&channels, "%lld", (long long)p->channels);
    text_add(&description, "fovea %s", m->name);
    bool done = property(w, "description", &description);
    done = (!m->classes || property(w, "names", &names)) && done;
    done = property(w, "imgsz", &size) && done;
    done = property(w, "channels", &channels) && done;
    return done && onnx_property(w, "version", fv_version()) && onnx_property(w, "task", "classify") &&
           onnx_property(w, "batch", "1") && onnx_property(w, "stride", "1");
}

static bool write_preprocess(onnx_writer *w, const fv_model *m)
{
    const fv_preprocess *p = &m->preprocess;
    text mean = {0}, std = {0}, fraction = {0};
    add_numbers(p->mean, p->channels, &mean);
    add_numbers(p->std, p->channels, &std);
    text_add(&fraction, "%.9g", (double)p->crop_fraction);
    bool done = property(w, "mean", &mean);
    done = property(w, "std", &std) && done;
    done = property(w, "crop_pct", &fraction) && done;
    return done && onnx_property(w, "interpolation", model_interpolations[p->interpolation]) &&
           onnx_property(w, "resize_mode", model_resize_modes[p->resize_mode]) &&
           onnx_property(w, "order", p->reverse_channels ? "bgr" : "rgb") &&
           onnx_property(w, "preprocess", w->options->input == FV_EXPORT_PIXELS ? "inside" : "outside");
}

/* The names of the classes are there already. */
static bool write_own(onnx_writer *w, const fv_model *m)
{
    json_t *own = json_object(), *value;
    const char *key;
    bool done = model_metadata_add(m, own) == FV_OK;
    json_object_del(own, "fovea.classes");
    json_object_foreach(own, key, value)
    {
        char *copy = done ? mem_pool_text(&w->pool, "%s", key) : NULL;
        done = copy && onnx_property(w, copy, json_string_value(value));
    }
    json_decref(own);
    return done;
}

bool onnx_write_properties(onnx_writer *w)
{
    const fv_model *m = w->network->model;
    return write_known(w, m) && write_preprocess(w, m) && write_own(w, m);
}
