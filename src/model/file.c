/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model file: safetensors with the network, preprocessing and classes in its metadata.
 *
 *     fovea.version     "1"
 *     fovea.network     JSON, see network_json.c
 *     fovea.preprocess  JSON, see metadata.c
 *     fovea.classes     JSON list of names; absent when the model has none
 *     fovea.output      "softmax" or "sigmoid": how logits become probabilities
 *     fovea.calibration JSON, see metadata.c; absent when the model is not calibrated
 *
 * and, beside the network's tensors, fovea.sample_pixels (n, H, W, C) u8 with fovea.sample_logits (n, classes) f32. There is no
 * time, path or host in it: the same model is the same bytes.
 */
#include "model/file.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "model/checkpoint.h"
#include "model/network_spec.h"
#include "model/predictor.h"

#define FORMAT_VERSION "1"
#define SAMPLE_PIXELS  "fovea.sample_pixels"
#define SAMPLE_LOGITS  "fovea.sample_logits"
enum {
    SAMPLES = 4,
    SAMPLES_READ_MAX = 64,
    SAMPLE_BYTES_MAX = 4 << 20 /* of all pixels: large inputs have fewer samples */
};

/* ---- saving ---- */

/* The samples are noise that depends on nothing but their number and size. */
static fv_status compute_samples(fv_model *m)
{
    const fv_preprocess *p = &m->preprocess;
    int64_t picture = p->height * p->width * p->channels, count = SAMPLE_BYTES_MAX / picture;
    count = count < SAMPLES ? count : SAMPLES;
    free(m->sample_pixels);
    free(m->sample_logits);
    m->sample_count = 0;
    m->sample_pixels = mem_array((size_t)(count * picture), 1);
    m->sample_logits = mem_array((size_t)(count * fv_model_class_count(m)), sizeof *m->sample_logits);
    if (!m->sample_pixels || !m->sample_logits)
        return status_last();
    for (int64_t i = 0; i < count; i++) {
        rng r = rng_at(0, 0, (uint64_t)i);
        for (int64_t k = 0; k < picture; k++)
            m->sample_pixels[i * picture + k] = (uint8_t)(rng_u32(&r) >> 24);
    }
    STATUS_TRY(predictor_outputs(m, m->sample_pixels, count, m->sample_logits));
    m->sample_count = count;
    return FV_OK;
}

static fv_status add_network(const fv_model *m, safetensors_writer *w)
{
    json_t *network = network_json_of(m);
    if (!network)
        return status_last();
    char *json = json_dumps(network, JSON_COMPACT);
    json_decref(network);
    if (!json)
        return status_set(FV_ERROR_MEMORY, "not enough memory to write the network");
    safetensors_set(w, "fovea.network", json);
    free(json);
    return FV_OK;
}

fv_status model_file_add(fv_model *m, safetensors_writer *w)
{
    STATUS_TRY(network_check(m));
    STATUS_TRY(compute_samples(m));
    safetensors_set(w, "fovea.version", FORMAT_VERSION);
    STATUS_TRY(add_network(m, w));
    STATUS_TRY(model_file_add_metadata(m, w));
    for (int32_t i = 0; i < m->tensor_count; i++) {
        const network_tensor *t = &m->tensors[i];
        safetensors_add(w, t->name, SAFETENSORS_F32, t->shape.d, t->shape.rank, t->data);
    }
    const fv_preprocess *p = &m->preprocess;
    if (m->sample_count > 0) {
        safetensors_add(w, SAMPLE_LOGITS, SAFETENSORS_F32,
                        (int64_t[]){m->sample_count, fv_model_class_count(m)}, 2, m->sample_logits);
        safetensors_add(w, SAMPLE_PIXELS, SAFETENSORS_U8,
                        (int64_t[]){m->sample_count, p->height, p->width, p->channels}, 4, m->sample_pixels);
    }
    return w->status;
}

fv_status fv_model_save(fv_model *m, const char *path)
{
    if (!m || !path)
        return status_set(FV_ERROR_INVALID, "saving needs a model and a path");
    return checkpoint_save(m, NULL, path);
}

/* ---- loading ---- */

static fv_status wrong_shape(const safetensors *f, const safetensors_entry *e, const network_tensor *t)
{
    text has = {0}, wants = {0};
    for (int i = 0; i < e->rank; i++)
        text_add(&has, "%s%" PRId64, i ? ", " : "", e->shape[i]);
    for (int i = 0; i < t->shape.rank; i++)
        text_add(&wants, "%s%" PRId64, i ? ", " : "", t->shape.d[i]);
    fv_status status =
        status_set(FV_ERROR_FORMAT, "%s: tensor %s has the shape (%s) where the network has (%s)", f->path,
                   t->name, text_string(&has), text_string(&wants));
    text_release(&has);
    text_release(&wants);
    return status;
}

static bool same_shape(const safetensors_entry *e, const int64_t *sides, int rank)
{
    return e->rank == rank && memcmp(e->shape, sides, (size_t)rank * sizeof *sides) == 0;
}

bool model_file_is_head(const fv_model *m, const network_tensor *t)
{
    int32_t i = 0, index = (int32_t)(t - m->tensors);
    while (index >= m->layers[i].first_tensor + m->layers[i].tensor_count)
        i++;
    return network_is_head(m, &m->layers[i]);
}

/* The file's tensor for `t`. */
static fv_status match_tensor(const fv_model *m, const network_tensor *t, const safetensors *f,
                              const safetensors_entry **out)
{
    *out = safetensors_find(f, t->name);
    if (!*out)
        return status_set(FV_ERROR_FORMAT, "%s: tensor %s of the network %s is missing", f->path, t->name,
                          fv_model_name(m));
    return same_shape(*out, t->shape.d, t->shape.rank) ? FV_OK : wrong_shape(f, *out, t);
}

fv_status model_file_check_finite(const char *path, const network_tensor *t)
{
    int64_t bad = 0;
    for (int64_t i = 0; i < t->count; i++)
        bad += !isfinite(t->data[i]);
    return bad == 0 ? FV_OK
                    : status_set(FV_ERROR_FORMAT,
                                 "%s: tensor %s: %" PRId64
                                 " of its values are infinite or not a number; the file is damaged",
                                 path, t->name, bad);
}

fv_status model_file_read_tensor(fv_model *m, int32_t index, const safetensors *f)
{
    network_tensor *t = &m->tensors[index];
    const safetensors_entry *e;
    STATUS_TRY(match_tensor(m, t, f, &e));
    if (!t->data && !(t->data = mem_aligned((size_t)t->count * sizeof *t->data)))
        return status_last();
    STATUS_TRY(safetensors_read_f32(f, e, t->data));
    return model_file_check_finite(f->path, t);
}

static fv_status match_tensors(const fv_model *m, const safetensors *f)
{
    const safetensors_entry *e;
    for (int32_t i = 0; i < m->tensor_count; i++)
        STATUS_TRY(match_tensor(m, &m->tensors[i], f, &e));
    return FV_OK;
}

fv_status model_file_read_tensors(fv_model *m, const safetensors *f)
{
    STATUS_TRY(match_tensors(m, f));
    for (int32_t i = 0; i < m->tensor_count; i++)
        STATUS_TRY(model_file_read_tensor(m, i, f));
    network_changed(m);
    return FV_OK;
}

fv_status model_file_read_samples(fv_model *m, const safetensors *f)
{
    const fv_preprocess *p = &m->preprocess;
    const safetensors_entry *pixels = safetensors_find(f, SAMPLE_PIXELS),
                            *logits = safetensors_find(f, SAMPLE_LOGITS);
    free(m->sample_pixels);
    free(m->sample_logits);
    m->sample_pixels = NULL;
    m->sample_logits = NULL;
    m->sample_count = 0;
    if (!pixels || !logits)
        return FV_OK;
    int64_t count = pixels->rank > 0 ? pixels->shape[0] : 0;
    if (count < 1 || count > SAMPLES_READ_MAX ||
        !same_shape(pixels, (int64_t[]){count, p->height, p->width, p->channels}, 4) ||
        !same_shape(logits, (int64_t[]){count, fv_model_class_count(m)}, 2))
        return status_set(FV_ERROR_FORMAT,
                          "%s: tensors " SAMPLE_PIXELS " and " SAMPLE_LOGITS
                          " do not fit the network; the file is damaged",
                          f->path);
    m->sample_pixels = mem_array((size_t)pixels->count, 1);
    m->sample_logits = mem_array((size_t)logits->count, sizeof *m->sample_logits);
    if (!m->sample_pixels || !m->sample_logits)
        return status_last();
    STATUS_TRY(safetensors_read_u8(f, pixels, m->sample_pixels));
    STATUS_TRY(safetensors_read_f32(f, logits, m->sample_logits));
    m->sample_count = count;
    return FV_OK;
}

/* The network that the metadata describes, its tensors not yet read. NULL on failure. */
static fv_model *build(const safetensors *f)
{
    const char *version = safetensors_metadata(f, "fovea.version");
    const char *network = safetensors_metadata(f, "fovea.network");
    json_error_t error;
    if (!version || !network) {
        status_set(FV_ERROR_FORMAT,
                   "%s: is no model of fovea: it holds tensors but no network; use it as weights of one "
                   "(--weights FILE --model NETWORK)",
                   f->path);
        return NULL;
    }
    if (strcmp(version, FORMAT_VERSION) != 0) {
        status_set(FV_ERROR_UNSUPPORTED,
                   "%s: was written in format version %.20s; this program reads version " FORMAT_VERSION,
                   f->path, version);
        return NULL;
    }
    json_t *json = json_loads(network, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        status_set(FV_ERROR_FORMAT, "%s: its network is damaged: %.200s", f->path, error.text);
        return NULL;
    }
    network_spec spec = {.source = f->path};
    fv_model *m = NULL;
    if (network_json_read(&spec, json) == FV_OK)
        m = network_spec_build(&spec, &(fv_network_options){0}, (int64_t)f->data_bytes);
    network_spec_release(&spec);
    json_decref(json);
    return m;
}

fv_status model_file_open(const char *path, safetensors *f, fv_model **out)
{
    STATUS_TRY(safetensors_open(f, path));
    fv_model *m = build(f);
    fv_status status = m ? match_tensors(m, f) : status_last();
    if (status == FV_OK)
        status = model_file_read_metadata(m, f);
    if (status != FV_OK) {
        fv_model_destroy(m);
        safetensors_release(f);
        return status;
    }
    *out = m;
    return FV_OK;
}

fv_model *fv_model_load(const char *path)
{
    safetensors f;
    fv_model *m;
    if (!path) {
        status_set(FV_ERROR_INVALID, "loading needs a path");
        return NULL;
    }
    if (model_file_open(path, &f, &m) != FV_OK)
        return NULL;
    fv_status status = model_file_read_tensors(m, &f);
    if (status == FV_OK)
        status = model_file_read_samples(m, &f);
    safetensors_release(&f);
    if (status != FV_OK) {
        fv_model_destroy(m);
        return NULL;
    }
    return m;
}

fv_status fv_model_verify(fv_model *m, float *largest)
{
    if (!m || !largest)
        return status_set(FV_ERROR_INVALID, "verifying needs a model and a place for the difference");
    if (m->sample_count == 0)
        return status_set(FV_ERROR_INVALID, "model %s keeps no sample logits to verify; save it first",
                          fv_model_name(m));
    int64_t values = m->sample_count * fv_model_class_count(m);
    float *logits = mem_array((size_t)values, sizeof *logits);
    if (!logits)
        return status_last();
    fv_status status = predictor_outputs(m, m->sample_pixels, m->sample_count, logits);
    float scale = 1;
    for (int64_t i = 0; i < values; i++)
        scale = fmaxf(scale, fabsf(m->sample_logits[i]));
    *largest = 0;
    for (int64_t i = 0; status == FV_OK && i < values; i++) {
        float difference = fabsf(logits[i] - m->sample_logits[i]) / scale;
        if (!(difference <= *largest)) /* not a number is the largest of all */
            *largest = isnan(difference) ? INFINITY : difference;
    }
    free(logits);
    return status;
}
