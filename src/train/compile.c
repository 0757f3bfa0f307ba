/* SPDX-License-Identifier: Apache-2.0 */
#include "train/compile.h"

#include <string.h>

#include "core/ordered.h"
#include "engine/engine.h"

int compile_cores(void)
{
    return ordered_cores();
}

static bool has_batch_norm(const fv_model *m)
{
    for (int32_t i = 0; i < m->graph->op_count; i++)
        if (m->graph->ops[i].kind == OP_BATCH_NORM)
            return true;
    return false;
}

/* Zero becomes the default, FV_OFF becomes zero. */
static void settle(float *value, float default_value)
{
    if (*value == 0)
        *value = default_value;
    else if (*value == FV_OFF)
        *value = 0;
}

/* What an optimizer's own options are when nothing is said. 0: it has no such option. */
static const struct optimizer_defaults {
    float learning_rate, momentum, beta_1, beta_2, epsilon, weight_decay;
} defaults_of[] = {
    [FV_SGD] = {0.1f, 0.9f, 0, 0, 1e-8f, 5e-4f},
    [FV_ADAM] = {1e-3f, 0, 0.9f, 0.999f, 1e-8f, 0},
    [FV_ADAMW] = {1e-3f, 0, 0.9f, 0.999f, 1e-8f, 0.01f},
    [FV_RMSPROP] = {1e-3f, 0, 0, 0, 1e-7f, 0},
    [FV_ADAGRAD] = {1e-2f, 0, 0, 0, 1e-10f, 0},
    [FV_NADAM] = {2e-3f, 0, 0.9f, 0.999f, 1e-8f, 0},
    [FV_LION] = {1e-4f, 0, 0.9f, 0.99f, 1e-8f, 0.1f},
    [FV_LAMB] = {1e-3f, 0, 0.9f, 0.999f, 1e-6f, 0.01f},
    [FV_MUON] = {0.02f, 0.95f, 0.9f, 0.95f, 1e-10f, 0.01f},
};

void fv_optimizer_usual(fv_optimizer optimizer, float *learning_rate, float *weight_decay)
{
    static const struct optimizer_defaults none = {0};
    bool known = (int)optimizer >= 0 && optimizer <= FV_MUON;
    const struct optimizer_defaults *d =
        known ? &defaults_of[optimizer == FV_OPTIMIZER_DEFAULT ? FV_ADAMW : optimizer] : &none;
    *learning_rate = d->learning_rate;
    *weight_decay = d->weight_decay;
}

static void set_defaults(fv_compile_options *o)
{
    if (o->optimizer == FV_OPTIMIZER_DEFAULT)
        o->optimizer = FV_ADAMW;
    settle(&o->focal_gamma, o->loss == FV_FOCAL ? 2 : 0);
    if (o->loss == FV_FOCAL)
        o->loss = FV_LOSS_DEFAULT; /* gamma says the rest */
    if (o->loss == FV_LOSS_DEFAULT && fv_model_class_count(o->model) == 1)
        o->loss = FV_BINARY_CROSSENTROPY; /* else the data will decide */
    const struct optimizer_defaults *d = &defaults_of[o->optimizer];
    bool slow = o->optimizer == FV_SGD && !has_batch_norm(o->model);
    settle(&o->learning_rate, slow ? d->learning_rate / 10 : d->learning_rate);
    settle(&o->momentum, d->momentum);
    settle(&o->beta_1, d->beta_1);
    settle(&o->beta_2, d->beta_2);
    settle(&o->rho, 0.9f);
    settle(&o->epsilon, d->epsilon);
    settle(&o->weight_decay, d->weight_decay);
    float *const optional[] = {&o->l1, &o->l2, &o->clip_norm, &o->clip_value, &o->ema};
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        settle(optional[i], 0);
    if (o->accumulate == 0)
        o->accumulate = 1;
    if (!o->engine)
        o->engine = "auto";
    if (o->threads == 0)
        o->threads = compile_cores();
}

/* Of the resolved options. */
static fv_status check_ranges(const fv_compile_options *o)
{
    const struct {
        const char *name, *range;
        float value, low, high;
        bool below; /* high itself is not allowed */
    } list[] = {
        {"learning_rate", "1e-12..1000", o->learning_rate, 1e-12f, 1e3f, false},
        {"momentum", "in [0, 1)", o->momentum, 0, 1, true},
        {"beta_1", "in [0, 1)", o->beta_1, 0, 1, true},
        {"beta_2", "in [0, 1)", o->beta_2, 0, 1, true},
        {"rho", "in [0, 1)", o->rho, 0, 1, true},
        {"epsilon", "1e-30..1", o->epsilon, 1e-30f, 1, false},
        {"weight_decay", "0..10", o->weight_decay, 0, 10, false},
        {"label_smoothing", "in [0, 1)", o->label_smoothing, 0, 1, true},
        {"l1", "0..10", o->l1, 0, 10, false},
        {"l2", "0..10", o->l2, 0, 10, false},
        {"clip_norm", "0..1e6", o->clip_norm, 0, 1e6f, false},
        {"clip_value", "0..1e6", o->clip_value, 0, 1e6f, false},
        {"ema", "in [0, 1)", o->ema, 0, 1, true},
        {"focal_gamma", "0..100", o->focal_gamma, 0, 100, false},
        {"focal_alpha", "in [0, 1)", o->focal_alpha, 0, 1, true},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!(list[i].value >= list[i].low && list[i].value <= list[i].high) ||
            (list[i].below && list[i].value == list[i].high))
            return status_set(FV_ERROR_INVALID, "compile: %s must be %s, not %g", list[i].name, list[i].range,
                              (double)list[i].value);
    if ((int)o->loss < 0 || o->loss > FV_FOCAL)
        return status_set(FV_ERROR_INVALID, "compile: there is no loss %d", (int)o->loss);
    if (o->threads < 0 || o->threads > 4096)
        return status_set(FV_ERROR_INVALID, "compile: threads must be 1..4096, not %d", o->threads);
    if (o->clip_norm > 0 && o->clip_value > 0)
        return status_set(FV_ERROR_INVALID, "compile: give either clip_norm or clip_value");
    if (o->accumulate < 1 || o->accumulate > 65536)
        return status_set(FV_ERROR_INVALID, "compile: accumulate must be 1..65536, not %lld",
                          (long long)o->accumulate);
    return o->nesterov && !(o->momentum > 0)
               ? status_set(FV_ERROR_INVALID, "compile: nesterov needs a momentum above 0")
               : FV_OK;
}

/* Losses take logits: a softmax or sigmoid at the end would be applied twice. */
static fv_status check_output(const fv_compile_options *o)
{
    const fv_model *m = o->model;
    const op *last = graph_producer(m->graph, m->output->value);
    if (last &&
        (last->kind == OP_SOFTMAX || (last->kind == OP_ACTIVATION && last->a.activation == FV_SIGMOID)))
        return status_set(FV_ERROR_INVALID,
                          "layer %s: the network must end in logits; leave out the %s, which the loss and "
                          "predictions apply themselves",
                          last->name, last->kind == OP_SOFTMAX ? "softmax" : "sigmoid");
    if (fv_model_class_count(m) == 1 && o->loss != FV_BINARY_CROSSENTROPY)
        return status_set(FV_ERROR_INVALID, "compile: a network with one output needs the loss "
                                            "FV_BINARY_CROSSENTROPY, or a second output");
    return FV_OK;
}

/* An engine that cannot be used here is reported now, not when training starts. */
static fv_status check_engine(const fv_compile_options *o)
{
    engine *e;
    STATUS_TRY(engine_open(o->engine, o->threads, &e));
    engine_close(e);
    return FV_OK;
}

fv_status fv_compile_with(const fv_compile_options *options)
{
    fv_compile_options o = {0};
    if (!options || !options->model)
        return status_set(FV_ERROR_INVALID, "compile: a model is required");
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    fv_model *m = o.model;
    STATUS_TRY(network_check(m));
    if ((int)o.optimizer < 0 || o.optimizer > FV_MUON)
        return status_set(FV_ERROR_INVALID, "compile: there is no optimizer %d", (int)o.optimizer);
    set_defaults(&o);
    STATUS_TRY(check_ranges(&o));
    STATUS_TRY(check_output(&o));
    STATUS_TRY(check_engine(&o));
    STATUS_TRY(network_set_engine(m, o.engine));
    o.engine = m->compile.engine;
    m->compile = o;
    m->compiled = true;
    return FV_OK;
}

fv_status compile_ensure(fv_model *m)
{
    if (m->compiled)
        return network_check(m);
    return fv_compile_with(&(fv_compile_options){.struct_size = sizeof(fv_compile_options), .model = m});
}

const fv_compile_options *fv_compiled_options(const fv_model *m)
{
    return m && m->compiled ? &m->compile : NULL;
}
