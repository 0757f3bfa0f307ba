/* SPDX-License-Identifier: Apache-2.0 */
/* Teachers see what the student sees, so that both speak of the same picture however it was augmented (Beyer et al. 2022,
 * "Knowledge distillation: A good teacher is patient and consistent"). */
#include "train/teachers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/memory.h"
#include "image/image.h"
#include "model/predictor.h"

typedef struct teacher {
    fv_model *model;
    int32_t *map;    /* its classes to the student's */
    uint8_t *pixels; /* (batch, its height, width, channels); NULL: the student's do */
} teacher;

struct teachers {
    const fv_model *student;
    teacher list[TEACHERS_MOST];
    int64_t count, batch, outputs;
    double temperature;
    bool binary;
    float *logits, *probabilities; /* (batch, outputs) */
    image_space space;
    image from, to;
};

/* ---- making ---- */

static bool same_pixels(const fv_preprocess *a, const fv_preprocess *b)
{
    return a->height == b->height && a->width == b->width && a->channels == b->channels;
}

static int32_t find_class(const fv_model *m, const char *name)
{
    for (int64_t k = 0; k < m->class_count; k++)
        if (strcmp(m->classes[k], name) == 0)
            return (int32_t)k;
    return -1;
}

static fv_status match_classes(const fv_model *student, teacher *t)
{
    const fv_model *m = t->model;
    if (!m->classes)
        return status_set(FV_ERROR_INVALID, "teacher %s: has no class names to match the data with", m->name);
    if (!(t->map = mem_array((size_t)m->class_count, sizeof *t->map)))
        return status_last();
    for (int64_t k = 0; k < m->class_count; k++)
        if ((t->map[k] = find_class(student, m->classes[k])) < 0)
            return status_set(
                FV_ERROR_INVALID,
                "teacher %s: has a class '%s', which the trained model has not; a teacher needs "
                "the same classes",
                m->name, m->classes[k]);
    if (m->class_count != student->class_count)
        return status_set(FV_ERROR_INVALID,
                          "teacher %s: knows %lld of the %lld classes; a teacher needs the same classes",
                          m->name, (long long)m->class_count, (long long)student->class_count);
    return FV_OK;
}

static fv_status check_output(const teachers *s, const fv_model *m)
{
    if (m == s->student)
        return status_set(FV_ERROR_INVALID, "teacher %s: a model cannot be its own teacher", m->name);
    if (fv_model_class_count(m) != s->outputs)
        return status_set(FV_ERROR_INVALID, "teacher %s: has %lld outputs, the trained model %lld", m->name,
                          (long long)fv_model_class_count(m), (long long)s->outputs);
    if (predictor_is_binary(m) != s->binary)
        return status_set(FV_ERROR_INVALID, "teacher %s: its outputs are %s, those of the trained model %s",
                          m->name, s->binary ? "a softmax" : "sigmoids",
                          s->binary ? "sigmoids" : "a softmax");
    return FV_OK;
}

static fv_status add_teacher(teachers *s, fv_model *m)
{
    teacher *t = &s->list[s->count++];
    const fv_preprocess *p = &m->preprocess;
    t->model = m;
    STATUS_TRY(network_check(m));
    STATUS_TRY(check_output(s, m));
    STATUS_TRY(match_classes(s->student, t));
    if (!same_pixels(p, &s->student->preprocess) &&
        !(t->pixels = mem_array((size_t)s->batch, (size_t)(p->height * p->width * p->channels))))
        return status_last();
    STATUS_TRY(network_set_engine(m, s->student->compile.engine));
    m->compile.threads = s->student->compile.threads;
    return FV_OK;
}

fv_status teachers_create(const fv_model *student, fv_model *const *models, int64_t count, int64_t batch,
                          float temperature, teachers **out)
{
    teachers *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    s->student = student;
    s->batch = batch;
    s->outputs = fv_model_class_count(student);
    s->temperature = (double)temperature;
    s->binary = predictor_is_binary(student);
    s->logits = mem_array((size_t)(batch * s->outputs), sizeof *s->logits);
    s->probabilities = mem_array((size_t)(batch * s->outputs), sizeof *s->probabilities);
    fv_status status = s->logits && s->probabilities ? FV_OK : status_last();
    for (int64_t i = 0; status == FV_OK && i < count; i++)
        status = models[i] ? add_teacher(s, models[i])
                           : status_set(FV_ERROR_INVALID, "teacher %lld is no model", (long long)i);
    if (status == FV_OK)
        *out = s;
    else
        teachers_destroy(s);
    return status;
}

void teachers_destroy(teachers *s)
{
    if (!s)
        return;
    for (int64_t i = 0; i < s->count; i++) {
        free(s->list[i].map);
        free(s->list[i].pixels);
    }
    free(s->logits);
    free(s->probabilities);
    image_space_release(&s->space);
    image_release(&s->from);
    image_release(&s->to);
    free(s);
}

/* ---- asking ---- */

/* The student's pictures at the size and with the channels of the teacher's input. */
static fv_status fit_pixels(teachers *s, teacher *t, const uint8_t *pixels)
{
    const fv_preprocess *own = &s->student->preprocess, *p = &t->model->preprocess;
    size_t bytes = (size_t)(own->height * own->width * own->channels),
           size = (size_t)(p->height * p->width * p->channels);
    for (int64_t i = 0; i < s->batch; i++) {
        STATUS_TRY(image_reshape(&s->from, own->height, own->width, own->channels));
        memcpy(s->from.data, pixels + (size_t)i * bytes, bytes);
        STATUS_TRY(image_set_channels(&s->from, p->channels));
        STATUS_TRY(image_resize(&s->from, NULL, p->height, p->width, p->interpolation, &s->space, &s->to));
        memcpy(t->pixels + (size_t)i * size, s->to.data, size);
    }
    return FV_OK;
}

/* Adds share * softmax(x / T) to the student's classes. */
static void add_softmax(const teachers *s, const teacher *t, const float *x, double share, float *p)
{
    double largest = (double)x[0], sum = 0;
    for (int64_t k = 1; k < s->outputs; k++)
        largest = fmax(largest, (double)x[k]);
    for (int64_t k = 0; k < s->outputs; k++)
        sum += exp(((double)x[k] - largest) / s->temperature);
    for (int64_t k = 0; k < s->outputs; k++)
        p[t->map[k]] += (float)(share * exp(((double)x[k] - largest) / s->temperature) / sum);
}

/* A single output tells the second class: where the teacher's second is the student's first, it says the opposite. */
static void add_sigmoids(const teachers *s, const teacher *t, const float *x, double share, float *p)
{
    bool opposite = s->outputs == 1 && t->map[0] == 1;
    for (int64_t k = 0; k < s->outputs; k++) {
        double logit = (opposite ? -(double)x[k] : (double)x[k]) / s->temperature;
        p[s->outputs == 1 ? 0 : t->map[k]] += (float)(share / (1 + exp(-logit)));
    }
}

fv_status teachers_ask(teachers *s, const uint8_t *pixels, const float **probabilities)
{
    memset(s->probabilities, 0, (size_t)(s->batch * s->outputs) * sizeof *s->probabilities);
    for (int64_t n = 0; n < s->count; n++) {
        teacher *t = &s->list[n];
        if (t->pixels)
            STATUS_TRY(fit_pixels(s, t, pixels));
        STATUS_TRY(predictor_logits(t->model, t->pixels ? t->pixels : pixels, s->batch, s->logits));
        for (int64_t i = 0; i < s->batch; i++) {
            const float *x = s->logits + i * s->outputs;
            float *p = s->probabilities + i * s->outputs;
            if (s->binary)
                add_sigmoids(s, t, x, 1 / (double)s->count, p);
            else
                add_softmax(s, t, x, 1 / (double)s->count, p);
        }
    }
    *probabilities = s->probabilities;
    return FV_OK;
}

/* ---- telling ---- */

uint64_t teachers_fingerprint(const teachers *s)
{
    uint64_t hash = HASH_START;
    for (int64_t n = 0; n < s->count; n++) {
        const fv_model *m = s->list[n].model;
        const fv_preprocess *p = &m->preprocess;
        const float numbers[] = {
            (float)p->height, (float)p->width, (float)p->channels, (float)p->reverse_channels,
            p->mean[0],       p->mean[1],      p->mean[2],         p->std[0],
            p->std[1],        p->std[2]};
        hash = hash_bytes(hash, numbers, sizeof numbers);
        for (int64_t k = 0; k < m->class_count; k++)
            hash = hash_string(hash, m->classes[k]);
        for (int32_t i = 0; i < m->tensor_count; i++) {
            hash = hash_string(hash, m->tensors[i].name);
            hash = hash_bytes(hash, m->tensors[i].data, (size_t)m->tensors[i].count * sizeof(float));
        }
    }
    return hash;
}

void teachers_describe(const teachers *s, text *out)
{
    for (int64_t n = 0; n < s->count; n++) {
        const fv_model *m = s->list[n].model;
        const fv_preprocess *p = &m->preprocess;
        text_add(out, "%s%s (%lldx%lldx%lld%s)", n ? ", " : "", m->name, (long long)p->height,
                 (long long)p->width, (long long)p->channels, s->list[n].pixels ? ", resized to" : "");
    }
}
