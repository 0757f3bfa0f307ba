/* SPDX-License-Identifier: Apache-2.0 */
#include "model/predictor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "engine/engine.h"

typedef struct batch_plan {
    int64_t batch;
    plan *plan;       /* NULL: not made yet */
    uint64_t version; /* the model's when the weights were written */
} batch_plan;

typedef struct predictor {
    engine *engine;
    char *engine_name;
    int threads;
    /* What the plans were made for; they are made anew when it changes. */
    fv_preprocess preprocess;
    int32_t layer_count;
    batch_plan single, many;
    uint8_t *pixels; /* room for `many.batch` pictures: a last part is padded here */
    float *logits;
} predictor;

static void release_plans(predictor *p)
{
    plan_destroy(p->single.plan);
    plan_destroy(p->many.plan);
    free(p->pixels);
    free(p->logits);
    p->single = p->many = (batch_plan){0};
    p->pixels = NULL;
    p->logits = NULL;
}

static void destroy(void *data)
{
    predictor *p = data;
    if (!p)
        return;
    release_plans(p);
    engine_close(p->engine);
    free(p->engine_name);
    free(p);
}

static const char *wanted_engine(const fv_model *m)
{
    return m->compile.engine ? m->compile.engine : "auto";
}

/* Enough pictures to keep the cores busy without an arena that is out of proportion. */
static int64_t batch_for(const fv_preprocess *p)
{
    int64_t area = p->height * p->width;
    return area <= 64 * 64 ? 64 : area <= 256 * 256 ? 16 : 4;
}

static fv_status create(fv_model *m, predictor **out)
{
    predictor *p = mem_array(1, sizeof *p);
    if (!p)
        return status_last();
    p->threads = m->compile.threads;
    p->engine_name = mem_string(wanted_engine(m));
    fv_status status = p->engine_name ? engine_open(p->engine_name, p->threads, &p->engine) : status_last();
    if (status != FV_OK) {
        destroy(p);
        return status;
    }
    *out = p;
    return FV_OK;
}

/* The model's predictor, with plans (if any) that fit its network and preprocessing. */
static fv_status attach(fv_model *m, predictor **out)
{
    network_attachment *a = &m->attachments[NETWORK_PREDICTOR];
    predictor *p = a->data;
    STATUS_TRY(network_check(m));
    if (p && (strcmp(p->engine_name, wanted_engine(m)) != 0 || p->threads != m->compile.threads)) {
        destroy(p);
        a->data = p = NULL;
    }
    if (!p) {
        STATUS_TRY(create(m, &p));
        *a = (network_attachment){p, destroy};
    }
    if (p->layer_count != m->layer_count ||
        memcmp(&p->preprocess, &m->preprocess, sizeof p->preprocess) != 0) {
        release_plans(p);
        p->layer_count = m->layer_count;
        p->preprocess = m->preprocess;
    }
    *out = p;
    return FV_OK;
}

/* Makes the plan where there is none and brings its weights up to date. */
static fv_status prepare(fv_model *m, predictor *p, batch_plan *b, int64_t batch)
{
    if (!b->plan) {
        graph *g = network_graph(m, batch, false, NULL);
        if (!g)
            return status_last();
        fv_status status = plan_create(p->engine, g, &b->plan);
        graph_destroy(g);
        STATUS_TRY(status);
        b->batch = batch;
    } else if (b->version == m->version) {
        return FV_OK;
    }
    for (int32_t i = 0; i < m->tensor_count; i++)
        STATUS_TRY(plan_write(b->plan, m->tensors[i].value, m->tensors[i].data));
    b->version = m->version;
    return FV_OK;
}

/* Room for a padded part. */
static fv_status prepare_padding(predictor *p, size_t picture, int64_t batch, int64_t classes)
{
    if (!p->pixels && !(p->pixels = mem_array((size_t)batch, picture)))
        return status_last();
    if (!p->logits && !(p->logits = mem_array((size_t)(batch * classes), sizeof *p->logits)))
        return status_last();
    return FV_OK;
}

static fv_status run(fv_model *m, plan *p, const uint8_t *pixels, float *logits)
{
    STATUS_TRY(plan_write(p, m->pixels, pixels));
    STATUS_TRY(plan_run(p));
    return plan_read(p, m->output->value, logits);
}

fv_status predictor_outputs(fv_model *m, const uint8_t *pixels, int64_t count, float *logits)
{
    predictor *p;
    STATUS_TRY(attach(m, &p));
    const fv_preprocess *q = &m->preprocess;
    int64_t classes = fv_model_class_count(m), batch = batch_for(q);
    size_t picture = (size_t)(q->height * q->width * q->channels);
    while (count > 0) {
        int64_t part = count < batch ? count : batch;
        /* A few pictures cost less one by one than a batch of mostly padding. */
        bool one = part <= batch / 4 || part == 1;
        batch_plan *b = one ? &p->single : &p->many;
        STATUS_TRY(prepare(m, p, b, one ? 1 : batch));
        if (one) {
            part = 1;
            STATUS_TRY(run(m, b->plan, pixels, logits));
        } else if (part == batch) {
            STATUS_TRY(run(m, b->plan, pixels, logits));
        } else {
            STATUS_TRY(prepare_padding(p, picture, batch, classes));
            memcpy(p->pixels, pixels, (size_t)part * picture);
            STATUS_TRY(run(m, b->plan, p->pixels, p->logits));
            memcpy(logits, p->logits, (size_t)(part * classes) * sizeof *logits);
        }
        pixels += (size_t)part * picture;
        logits += part * classes;
        count -= part;
    }
    return FV_OK;
}

fv_status predictor_logits(fv_model *m, const uint8_t *pixels, int64_t count, float *logits)
{
    float temperature = fv_model_temperature(m);
    STATUS_TRY(predictor_outputs(m, pixels, count, logits));
    if (temperature != 1)
        for (int64_t i = 0; i < count * fv_model_class_count(m); i++)
            logits[i] /= temperature;
    return FV_OK;
}

bool predictor_is_binary(const fv_model *m)
{
    return m->compile.loss == FV_BINARY_CROSSENTROPY || fv_model_class_count(m) == 1;
}

static void softmax(float *x, int64_t n)
{
    float largest = x[0];
    double sum = 0;
    for (int64_t i = 1; i < n; i++)
        largest = fmaxf(largest, x[i]);
    for (int64_t i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - largest);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(x[i] / sum);
}

void predictor_activate(const fv_model *m, int64_t count, float *values)
{
    int64_t classes = fv_model_class_count(m);
    if (predictor_is_binary(m)) {
        for (int64_t i = 0; i < count * classes; i++)
            values[i] = 1 / (1 + expf(-values[i]));
        return;
    }
    for (int64_t i = 0; i < count; i++)
        softmax(values + i * classes, classes);
}

/* log(sum(exp(x))), without overflow. */
static double log_sum(const double *x, int64_t n)
{
    double most = x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        most = fmax(most, x[i]);
    for (int64_t i = 0; i < n; i++)
        sum += exp(x[i] - most);
    return most + log(sum);
}

/* log(1 / (1 + exp(-x))) */
static double log_sigmoid(double x)
{
    return fmin(x, 0) - log1p(exp(-fabs(x)));
}

/* x (views, classes), one class: the logit of the mean of the sigmoids. */
static double average_sigmoid(const float *x, int64_t views, int64_t classes)
{
    double yes[VIEWS_MOST] = {0}, no[VIEWS_MOST] = {0};
    for (int64_t v = 0; v < views; v++) {
        yes[v] = log_sigmoid((double)x[v * classes]);
        no[v] = log_sigmoid(-(double)x[v * classes]);
    }
    return log_sum(yes, views) - log_sum(no, views);
}

/* x (views, classes): the logarithms of the sums of softmax probabilities; that they are no means makes no difference to a
 * softmax. */
static void average_softmax(const float *x, int64_t views, int64_t classes, float *out)
{
    double whole[VIEWS_MOST] = {0}, terms[VIEWS_MOST] = {0};
    for (int64_t v = 0; v < views; v++) {
        double most = (double)x[v * classes], sum = 0;
        for (int64_t c = 0; c < classes; c++)
            most = fmax(most, (double)x[v * classes + c]);
        for (int64_t c = 0; c < classes; c++)
            sum += exp((double)x[v * classes + c] - most);
        whole[v] = most + log(sum);
    }
    for (int64_t c = 0; c < classes; c++) {
        for (int64_t v = 0; v < views; v++)
            terms[v] = (double)x[v * classes + c] - whole[v];
        out[c] = (float)log_sum(terms, views);
    }
}

void predictor_average(const fv_model *m, int64_t count, int64_t views, float *logits)
{
    int64_t classes = fv_model_class_count(m);
    for (int64_t i = 0; views > 1 && i < count; i++) {
        const float *x = logits + i * views * classes;
        float *out = logits + i * classes;
        if (!predictor_is_binary(m))
            average_softmax(x, views, classes, out);
        for (int64_t c = 0; predictor_is_binary(m) && c < classes; c++)
            out[c] = (float)average_sigmoid(x + c, views, classes);
    }
}
