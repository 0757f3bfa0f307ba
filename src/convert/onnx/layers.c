/* SPDX-License-Identifier: Apache-2.0 */
/* From steps to the layers of a model: what the output needs, each as one call of the functional interface, and its weights. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "convert/onnx/importer.h"
#include "core/text.h"
#include "model/file.h"

/* ---- weights ---- */

/* Fills the layer's tensor NAME.suffix, or NAME. `numbers` NULL: it stays as the layer made it. */
static fv_status put(importer *m, const fv_node *made, const char *suffix, const float *numbers)
{
    char name[256];
    if (!numbers)
        return FV_OK;
    const layer_record *l = &made->model->layers[made->layer];
    snprintf(name, sizeof name, "%s%s%s", l->name, suffix ? "." : "", suffix ? suffix : "");
    for (int32_t i = l->first_tensor; i < l->first_tensor + l->tensor_count; i++) {
        network_tensor *t = &made->model->tensors[i];
        if (strcmp(t->name, name) == 0) {
            memcpy(t->data, numbers, (size_t)t->count * sizeof *numbers);
            return model_file_check_finite(m->file.path, t);
        }
    }
    return status_set(FV_ERROR_INTERNAL, "layer %s has no tensor %s", l->name, name);
}

/* Numbers without which a layer begins with random ones: zeros or ones. */
static fv_status put_or(importer *m, const fv_node *made, const char *suffix, const float *numbers,
                        float otherwise, int64_t count)
{
    float *same = numbers ? NULL : import_array(m, (uint64_t)count, sizeof *same);
    if (!numbers && !same)
        return status_last();
    for (int64_t i = 0; same && i < count; i++)
        same[i] = otherwise;
    return put(m, made, suffix, numbers ? numbers : same);
}

/* ---- names ---- */

static bool is_taken(const fv_model *model, const char *name)
{
    for (int32_t i = 0; i < model->layer_count; i++)
        if (strcmp(model->layers[i].name, name) == 0)
            return true;
    return false;
}

/* Of plain characters, since it goes into texts of many kinds. Files whose tensors are equal may have one name for several. */
static const char *free_name(const fv_model *model, const char *name, char buffer[224])
{
    if (!name || !*name || strlen(name) > 180)
        return NULL;
    snprintf(buffer, 224, "%s", name);
    for (char *c = buffer; *c; c++)
        if (!strchr("._-/", *c) && !isalnum((unsigned char)*c))
            *c = '_';
    for (int k = 2; is_taken(model, buffer); k++)
        snprintf(buffer, 224, "%s_%d", name, k);
    return buffer;
}

/* ---- a step each ---- */

static int rank_of(const fv_node *n)
{
    return n->model->graph->values[n->value].shape.rank;
}

/* Input k, flat where the step is. */
static fv_node *input(const step *s, int k)
{
    fv_node *n = s->in[k]->made;
    return n && s->flat && step_keeps_flat(s) && rank_of(n) == 4 ? fv_flatten(n) : n;
}

#define PAD(s)                                                                                               \
    {                                                                                                        \
        (s)->pad[0], (s)->pad[1], (s)->pad[2], (s)->pad[3]                                                   \
    }

static fv_status make_convolution(importer *m, step *s, const char *name)
{
    s->made = fv_conv2d(input(s, 0), .filters = s->units, .kernel_h = s->kernel[0], .kernel_w = s->kernel[1],
                        .stride_h = s->stride[0], .stride_w = s->stride[1], .dilation = s->dilation,
                        .groups = s->groups, .padding = FV_EXPLICIT, .pad = PAD(s),
                        .use_bias = s->bias ? 1 : FV_OFF, .name = name);
    if (!s->made)
        return status_last();
    STATUS_TRY(put(m, s->made, "weight", s->weight));
    return put(m, s->made, "bias", s->bias);
}

static fv_status make_dense(importer *m, step *s, const char *name)
{
    s->made = fv_dense(input(s, 0), .units = s->units, .use_bias = s->bias ? 1 : FV_OFF,
                       .each_place = !s->whole_picture && !s->flat, .name = name);
    if (!s->made)
        return status_last();
    STATUS_TRY(put(m, s->made, "weight", s->weight));
    return put(m, s->made, "bias", s->bias);
}

static fv_status make_pool(step *s, const char *name)
{
    fv_pool2d_options o = {.struct_size = sizeof o,
                           .input = input(s, 0),
                           .size_h = s->kernel[0],
                           .size_w = s->kernel[1],
                           .stride_h = s->stride[0],
                           .stride_w = s->stride[1],
                           .padding = FV_EXPLICIT,
                           .pad = PAD(s),
                           .ceil_mode = s->ceil_mode,
                           .count_padding = s->count_padding,
                           .name = name};
    s->made = s->kind == STEP_MAX_POOL ? fv_max_pool2d_with(&o) : fv_average_pool2d_with(&o);
    return s->made ? FV_OK : status_last();
}

static fv_status make_global_pool(step *s)
{
    fv_node *x = input(s, 0);
    const int64_t *size = s->in[0]->size;
    fv_pool2d_options o = {
        .struct_size = sizeof o, .input = x, .size_h = size[HEIGHT], .size_w = size[WIDTH]};
    if (s->flat)
        s->made = s->kind == STEP_GLOBAL_MAX ? fv_global_max_pool2d(x) : fv_global_average_pool2d(x);
    else
        s->made = s->kind == STEP_GLOBAL_MAX ? fv_max_pool2d_with(&o) : fv_average_pool2d_with(&o);
    return s->made ? FV_OK : status_last();
}

static fv_status make_norm(importer *m, step *s, const char *name)
{
    bool batch = s->kind == STEP_BATCH_NORM;
    float epsilon = s->epsilon > 0 ? s->epsilon : 1e-12f; /* 0 would be the default */
    int64_t channels = s->size[CHANNELS];
    s->made = batch ? fv_batch_norm(input(s, 0), .epsilon = epsilon, .name = name)
              : s->kind == STEP_GROUP_NORM
                  ? fv_group_norm(input(s, 0), .groups = s->groups, .epsilon = epsilon, .name = name)
                  : fv_layer_norm(input(s, 0), .epsilon = epsilon, .name = name);
    if (!s->made)
        return status_last();
    STATUS_TRY(put_or(m, s->made, "weight", s->weight, 1, channels));
    STATUS_TRY(put_or(m, s->made, "bias", s->bias, 0, channels));
    if (!batch)
        return FV_OK;
    STATUS_TRY(put(m, s->made, "running_mean", s->mean));
    return put(m, s->made, "running_var", s->variance);
}

/* What nobody else reads, or that with its channels the other way round. */
static bool is_input(const importer *m, const step *s)
{
    return s->uses == 1 && (s == m->input || (s->kind == STEP_REVERSE && is_input(m, s->in[0])));
}

/* The channels' order is the model's preprocessing too. */
static fv_status make_reversal(importer *m, step *s)
{
    if (s->in[0] != m->input || m->input->uses != 1)
        return step_error(s, "puts channels in another order");
    s->made = s->in[0]->made;
    m->reverses = true;
    return FV_OK;
}

/* The first thing that a graph does to its input is the model's normalisation. Elsewhere it is a factor for each channel, and a
 * convolution of one pixel where something is added too. */
static fv_status make_affine(importer *m, step *s, const char *name)
{
    int64_t channels = s->size[CHANNELS];
    bool scales = false, shifts = false;
    for (int64_t i = 0; i < channels; i++) {
        scales = scales || s->weight[i] != 1;
        shifts = shifts || s->bias[i] != 0;
    }
    s->made = s->in[0]->made;
    if (!scales && !shifts)
        return FV_OK;
    if (is_input(m, s->in[0])) {
        m->normalises = true;
        memcpy(m->scale, s->weight, (size_t)channels * sizeof *m->scale);
        memcpy(m->shift, s->bias, (size_t)channels * sizeof *m->shift);
        return FV_OK;
    }
    s->made = shifts ? fv_conv2d(input(s, 0), .depthwise = 1, .kernel = 1, .name = name)
                     : fv_layer_scale(input(s, 0), .name = name);
    if (!s->made)
        return status_last();
    STATUS_TRY(put(m, s->made, shifts ? "weight" : NULL, s->weight));
    return shifts ? put(m, s->made, "bias", s->bias) : FV_OK;
}

static fv_status make_concat(step *s)
{
    fv_node *parts[OP_MAX_INPUTS];
    int count = 0;
    for (int k = 0; k < s->in_count; k++) {
        parts[count++] = input(s, k);
        if (count == OP_MAX_INPUTS || (k == s->in_count - 1 && count > 1)) {
            if (!(parts[0] = fv_concat(parts, count)))
                return status_last();
            count = 1;
        }
    }
    s->made = parts[0];
    return FV_OK;
}

static fv_status make_attention(importer *m, step *s, const char *name)
{
    int64_t channels = s->size[CHANNELS];
    s->made = fv_multi_head_attention(input(s, 0), .heads = s->heads, .use_bias = s->bias ? 1 : FV_OFF,
                                      .name = name);
    if (!s->made)
        return status_last();
    STATUS_TRY(put(m, s->made, "qkv.weight", s->weight));
    STATUS_TRY(put(m, s->made, "qkv.bias", s->bias));
    STATUS_TRY(put(m, s->made, "proj.weight", s->second));
    return put_or(m, s->made, "proj.bias", s->second_bias, 0, channels);
}

static fv_status make_excitation(importer *m, step *s, const char *name)
{
    s->made = fv_squeeze_excitation(input(s, 0), .units = s->units, .activation = s->activation,
                                    .gate = s->gate, .name = name);
    if (!s->made)
        return status_last();
    STATUS_TRY(put(m, s->made, "fc1.weight", s->weight));
    STATUS_TRY(put_or(m, s->made, "fc1.bias", s->bias, 0, s->units));
    STATUS_TRY(put(m, s->made, "fc2.weight", s->second));
    return put_or(m, s->made, "fc2.bias", s->second_bias, 0, s->size[CHANNELS]);
}

static fv_status make_embedding(importer *m, step *s, const char *name)
{
    s->made = s->kind == STEP_POSITION ? fv_position_embedding(input(s, 0), .name = name)
                                       : fv_class_token(input(s, 0), .name = name);
    return s->made ? put(m, s->made, NULL, s->bias) : status_last();
}

/* Layers without tensors. */
static fv_node *make_plain(step *s, const char *name)
{
    const int64_t *b = s->before, *a = s->after;
    switch (s->kind) {
    case STEP_ACTIVATION:
        return fv_activation(input(s, 0), .kind = s->activation, .alpha = s->alpha, .name = name);
    case STEP_ADD:
        return fv_add(input(s, 0), input(s, 1));
    case STEP_MULTIPLY:
        return fv_multiply(input(s, 0), input(s, 1));
    case STEP_PAD:
        return fv_zero_pad2d(input(s, 0), .pad = {b[0], a[0], b[1], a[1]}, .channels = {b[2], a[2]},
                             .name = name);
    case STEP_CROP:
        return fv_crop2d(input(s, 0), .crop = {b[0], a[0], b[1], a[1]}, .channels = {b[2], a[2]},
                         .name = name);
    case STEP_DROPOUT:
        return fv_dropout(input(s, 0), .rate = s->rate, .name = name);
    case STEP_SHUFFLE:
        return fv_channel_shuffle(input(s, 0), .groups = s->groups, .name = name);
    default:
        status_set(FV_ERROR_INTERNAL, "a step of no known kind");
        return NULL;
    }
}

static fv_status make(importer *m, step *s)
{
    char buffer[224];
    const fv_node *first = s->in_count ? s->in[0]->made : NULL;
    const char *name = first ? free_name(first->model, s->name, buffer) : NULL;
    switch (s->kind) {
    case STEP_INPUT:
        return s->made ? FV_OK : status_last();
    case STEP_CONVOLUTION:
        return make_convolution(m, s, name);
    case STEP_DENSE:
        return make_dense(m, s, name);
    case STEP_MAX_POOL:
    case STEP_AVERAGE_POOL:
        return make_pool(s, name);
    case STEP_GLOBAL_AVERAGE:
    case STEP_GLOBAL_MAX:
        return make_global_pool(s);
    case STEP_BATCH_NORM:
    case STEP_LAYER_NORM:
    case STEP_GROUP_NORM:
        return make_norm(m, s, name);
    case STEP_REVERSE:
        return make_reversal(m, s);
    case STEP_AFFINE:
        return make_affine(m, s, name);
    case STEP_CONCAT:
        return make_concat(s);
    case STEP_SELF_ATTENTION:
        return make_attention(m, s, name);
    case STEP_EXCITATION:
        return make_excitation(m, s, name);
    case STEP_POSITION:
    case STEP_CLASS_TOKEN:
        return make_embedding(m, s, name);
    default:
        return (s->made = make_plain(s, name)) ? FV_OK : status_last();
    }
}

/* Weights were laid out for the size that the step has. */
static fv_status check_size(const step *s)
{
    const shape *made = &s->made->model->graph->values[s->made->value].shape;
    bool same =
        made->rank == 4
            ? made->d[1] == s->size[HEIGHT] && made->d[2] == s->size[WIDTH] && made->d[3] == s->size[CHANNELS]
            : made->d[1] == s->size[CHANNELS] && s->size[HEIGHT] == 1 && s->size[WIDTH] == 1;
    return same ? FV_OK : step_error(s, "its window's last place is counted in another way than fovea's");
}

/* ---- the model ---- */

enum {
    LAYERS_MAX = 10000 /* of a model file */
};

/* What makes probabilities of logits does not belong to a model; a number that divides them before is its temperature. */
static step *without_end(importer *m, step *s)
{
    fv_activation_kind kind;
    float alpha;
    double scale, shift;
    for (;;) {
        bool softmax = s->kind == STEP_SOFTMAX;
        if (!softmax && !(s->kind == STEP_CURVE && s->last_curve &&
                          curve_activation(s->last_curve, &kind, &alpha) && kind == FV_SIGMOID))
            break;
        import_log(m, "the %s at the end was left out: a model's outputs are logits",
                   softmax ? "softmax" : "sigmoid");
        s = s->in[0];
        m->sigmoid = !softmax;
        m->temperature = 1;
    }
    if (m->temperature > 0 && s->kind == STEP_CURVE && curve_is_affine(s->curve, &scale, &shift) &&
        shift == 0 && 1 / scale >= 0.001 && 1 / scale <= 1000) {
        m->temperature = (float)(1 / scale);
        s = s->root;
    }
    return s;
}

static fv_status set_end(const importer *m, fv_model *model)
{
    if (m->sigmoid)
        model->compile.loss = FV_BINARY_CROSSENTROPY;
    return m->temperature > 0 ? fv_model_set_temperature(model, m->temperature) : FV_OK;
}

/* Values of a picture in the order in which fv_flatten puts them. */
static bool is_flat(const operand *v)
{
    int64_t at[SIDES], i = 0, all = 1;
    const int64_t *size = v->step->size;
    for (int k = 0; k < v->view.rank; k++)
        all *= v->view.axes[k].size;
    if (all > 1 << 24)
        return false;
    for (; i < all; i++) {
        view_place(&v->view, 0, v->view.rank - 1, i, at);
        if ((at[CHANNELS] * size[HEIGHT] + at[HEIGHT]) * size[WIDTH] + at[WIDTH] != i)
            return false;
    }
    return true;
}

static fv_status make_all(importer *m, fv_model *model, step *output)
{
    model->tensor_source = TENSORS_FILLED;
    model->file_values = INT64_MAX;
    m->input->made = fv_input(model);
    for (size_t i = 0; i < m->step_count; i++)
        if (m->steps[i]->live) {
            STATUS_TRY(make(m, m->steps[i]));
            STATUS_TRY(check_size(m->steps[i]));
        }
    if (model->layer_count > LAYERS_MAX)
        return status_set(FV_ERROR_UNSUPPORTED, "has more than %d layers", LAYERS_MAX);
    model->tensor_source = TENSORS_DRAWN;
    fv_node *logits = output->made;
    if (rank_of(logits) == 4)
        logits = fv_flatten(logits);
    if (!fv_output(logits))
        return status_last();
    network_changed(model);
    return network_check(model);
}

fv_status import_layers(importer *m, const operand *output, fv_model **out)
{
    const int64_t *size = m->input->size;
    step *last = without_end(m, output->step);
    operand v = {.step = last, .view = output->view};
    STATUS_TRY(steps_find_live(m, last));
    if (!is_flat(&v))
        return status_set(FV_ERROR_UNSUPPORTED, "its output is no list of classes");
    steps_find_flat(m);
    if (!m->input->live)
        return status_set(FV_ERROR_UNSUPPORTED, "its output does not depend on its input");
    char name[64];
    const char *base = file_base_name(m->file.path), *dot = strrchr(base, '.');
    snprintf(name, sizeof name, "%.*s", (int)(dot ? dot - base : (ptrdiff_t)strlen(base)), base);
    text_flatten(name);
    fv_model *model =
        fv_model_create(.height = size[HEIGHT], .width = size[WIDTH], .channels = size[CHANNELS],
                        .seed = m->options->seed, .name = *name ? name : "model");
    if (!model)
        return status_last();
    fv_status status = make_all(m, model, last);
    if (status == FV_OK)
        status = set_end(m, model);
    if (status == FV_OK)
        *out = model;
    else
        fv_model_destroy(model);
    return status;
}
