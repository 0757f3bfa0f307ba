/* SPDX-License-Identifier: Apache-2.0 */
/* Adding layers: what every call of the functional API goes through. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "nn/network.h"

/* Keeps the first error of the layer calls; returns NULL for them. */
static fv_node *fail(fv_model *m)
{
    if (m->status == FV_OK) {
        m->status = status_last();
        snprintf(m->error, sizeof m->error, "%s", fv_error_message());
    }
    return NULL;
}

static fv_node *add_node(fv_model *m, value_id v, int32_t layer_index)
{
    if (MEM_GROW(m->nodes, m->node_count, m->node_capacity) != FV_OK)
        return NULL;
    fv_node *n = mem_array(1, sizeof *n);
    if (!n)
        return NULL;
    *n = (fv_node){m, v, layer_index};
    return m->nodes[m->node_count++] = n;
}

fv_node *fv_input(fv_model *m)
{
    if (!m) {
        status_set(FV_ERROR_INVALID, "fv_input was given no model");
        return NULL;
    }
    if (m->status != FV_OK)
        return NULL;
    if (m->input) {
        status_set(FV_ERROR_INVALID, "the network %s has an input already", m->name);
        return fail(m);
    }
    const fv_preprocess *p = &m->preprocess;
    op_attributes a = {0};
    for (int c = 0; c < FV_MAX_CHANNELS; c++)
        a.std[c] = 1; /* the numbers are filled in when the graph is run */
    m->pixels = graph_input(m->graph, "pixels", TYPE_U8, shape_4(BATCH, p->height, p->width, p->channels));
    value_id x =
        m->pixels == NO_VALUE ? NO_VALUE : graph_add(m->graph, OP_NORMALIZE, &m->pixels, 1, &a, "input");
    if (x == NO_VALUE || !(m->input = add_node(m, x, -1)))
        return fail(m);
    return m->input;
}

fv_node *fv_output(fv_node *x)
{
    if (!x)
        return NULL;
    fv_model *m = x->model;
    const shape *s = &m->graph->values[x->value].shape;
    char shown[64];
    if (m->output)
        status_set(FV_ERROR_INVALID, "the network %s has an output already", m->name);
    else if (s->rank != 2)
        status_set(
            FV_ERROR_INVALID,
            "the output must be logits (N, classes), not %s; end with fv_dense or fv_global_average_pool2d",
            shape_text(s, shown));
    else
        return m->output = x;
    return fail(m);
}

static bool name_is_free(const fv_model *m, const char *name)
{
    for (int32_t i = 0; i < m->layer_count; i++)
        if (strcmp(m->layers[i].name, name) == 0)
            return false;
    return true;
}

/* "conv2d_1", "conv2d_2", …: the layer's number among those of its type, or the next that is free. */
static char *made_up_name(const fv_model *m, const layer_type *type)
{
    char name[96];
    int32_t number = 1;
    for (int32_t i = 0; i < m->layer_count; i++)
        number += m->layers[i].type == type;
    do
        snprintf(name, sizeof name, "%s_%" PRId32, type->name, number++);
    while (!name_is_free(m, name));
    return mem_string(name);
}

static fv_status check_name(const fv_model *m, const char *name)
{
    if (!name[0] || strlen(name) > 200)
        return status_set(FV_ERROR_INVALID, "a layer's name must have 1 to 200 characters");
    if (!name_is_free(m, name))
        return status_set(FV_ERROR_INVALID, "layer %s: another layer has this name", name);
    return FV_OK;
}

static fv_status check_inputs(const layer_type *type, const char *name, fv_node *const *inputs, int count)
{
    if (count < type->min_inputs || count > type->max_inputs)
        return status_set(FV_ERROR_INVALID, "layer %s: %s takes %d to %d inputs, not %d", name, type->name,
                          type->min_inputs, type->max_inputs, count);
    for (int i = 1; i < count; i++)
        if (inputs[i]->model != inputs[0]->model)
            return status_set(FV_ERROR_INVALID, "layer %s: its inputs belong to different models", name);
    return FV_OK;
}

/* Builds the layer into record `r`; the model's lists are left to the caller. */
static fv_status build(fv_model *m, layer_record *r, const void *options, size_t size)
{
    const layer_type *type = r->type;
    char where[256];
    STATUS_TRY(check_inputs(type, r->name, r->inputs, r->input_count));
    if (!(r->options = mem_array(type->options_size, 1)))
        return status_last();
    if (options)
        memcpy(r->options, options, size < type->options_size ? size : type->options_size);
    snprintf(where, sizeof where, "layer %s: ", r->name);
    STATUS_TRY(options_check(type->options, r->options, where));
    layer l = {m, r->name, r->inputs, r->input_count};
    r->first_op = m->graph->op_count;
    r->first_tensor = m->tensor_count;
    value_id v = type->build(&l, r->options);
    if (v == NO_VALUE)
        return status_last();
    r->op_count = m->graph->op_count - r->first_op;
    r->tensor_count = m->tensor_count - r->first_tensor;
    if (!(r->output = add_node(m, v, m->layer_count)))
        return status_last();
    return FV_OK;
}

fv_node *layer_add(const layer_type *type, fv_node *const *inputs, int count, const void *options,
                   size_t size, const char *name)
{
    if (count < 1 || !inputs[0])
        return NULL;
    fv_model *m = inputs[0]->model;
    if (m->status != FV_OK)
        return NULL;
    for (int i = 1; i < count && i < OP_MAX_INPUTS; i++)
        if (!inputs[i])
            return NULL;
    layer_record r = {.type = type, .input_count = count};
    fv_status status = name ? check_name(m, name) : FV_OK;
    if (status == FV_OK && count > OP_MAX_INPUTS)
        status = status_set(FV_ERROR_INVALID, "%s takes at most %d inputs, not %d", type->name, OP_MAX_INPUTS,
                            count);
    if (status == FV_OK && !(r.name = name ? mem_string(name) : made_up_name(m, type)))
        status = status_last();
    for (int i = 0; status == FV_OK && i < count; i++)
        r.inputs[i] = inputs[i];
    if (status == FV_OK)
        status = MEM_GROW(m->layers, m->layer_count, m->layer_capacity);
    if (status == FV_OK)
        status = build(m, &r, options, size);
    if (status != FV_OK) {
        free(r.name);
        free(r.options);
        return fail(m);
    }
    network_changed(m);
    m->layers[m->layer_count++] = r;
    return r.output;
}

/* ---- for build functions ---- */

value_id layer_input(const layer *l, int i)
{
    return l->inputs[i]->value;
}

shape layer_input_shape(const layer *l, int i)
{
    return l->model->graph->values[layer_input(l, i)].shape;
}

/* Parameters are limited before they are allocated: a network file is hostile input. */
static fv_status tensor_size(const layer *l, const shape *s, int64_t *count)
{
    const int64_t limit = (int64_t)1 << 31;
    *count = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->d[i] < 1 || s->d[i] > limit || *count > limit / s->d[i])
            return status_set(FV_ERROR_INVALID, "layer %s: its weights would be too large, or of no size",
                              l->name);
        *count *= s->d[i];
    }
    return FV_OK;
}

/* A doctored file must not make more memory than it has bytes. */
static fv_status take_from_file(fv_model *m, const char *name, int64_t count)
{
    if (m->tensor_source == TENSORS_DRAWN)
        return FV_OK;
    if (count > m->file_values)
        return status_set(FV_ERROR_FORMAT, "tensor %s is larger than what the file holds", name);
    m->file_values -= count;
    return FV_OK;
}

static network_tensor *add_tensor(layer *l, const char *suffix, shape s, bool trainable, bool decay)
{
    fv_model *m = l->model;
    char name[256];
    int64_t count;
    snprintf(name, sizeof name, "%s%s%s", l->name, suffix ? "." : "", suffix ? suffix : "");
    if (tensor_size(l, &s, &count) != FV_OK || take_from_file(m, name, count) != FV_OK ||
        MEM_GROW(m->tensors, m->tensor_count, m->tensor_capacity) != FV_OK)
        return NULL;
    network_tensor t = {.shape = s, .count = count, .trainable = trainable, .decay = decay, .rate_scale = 1};
    t.value = graph_persistent(m->graph, trainable ? VALUE_PARAMETER : VALUE_STATE, name, s);
    t.name = t.value == NO_VALUE ? NULL : mem_string(name);
    bool later = m->tensor_source == TENSORS_READ;
    if (t.name && !later)
        t.data = mem_aligned((size_t)count * sizeof *t.data);
    if (!t.name || (!later && !t.data)) {
        free(t.name);
        return NULL;
    }
    m->tensors[m->tensor_count] = t;
    return &m->tensors[m->tensor_count++];
}

value_id layer_parameter(layer *l, const char *suffix, shape s, fv_initializer init, bool decay)
{
    network_tensor *t = add_tensor(l, suffix, s, true, decay);
    if (!t)
        return NO_VALUE;
    if (l->model->tensor_source == TENSORS_DRAWN)
        initializer_fill(init, &s, l->model->seed, (uint32_t)l->model->tensor_count, t->data);
    return t->value;
}

value_id layer_constant(layer *l, const char *suffix, shape s, float fill, bool trainable)
{
    network_tensor *t = add_tensor(l, suffix, s, trainable, false);
    if (!t)
        return NO_VALUE;
    for (int64_t i = 0; t->data && i < t->count; i++)
        t->data[i] = fill;
    return t->value;
}

value_id layer_op(layer *l, op_kind kind, const value_id *inputs, int count, const op_attributes *a)
{
    return graph_add(l->model->graph, kind, inputs, count, a, l->name);
}

value_id layer_reshape(layer *l, value_id v, shape s)
{
    op_attributes a = {.shape = s};
    return v == NO_VALUE ? v : layer_op(l, OP_RESHAPE, &v, 1, &a);
}

value_id layer_activation(layer *l, value_id v, fv_activation_kind kind, float alpha)
{
    if (v == NO_VALUE || kind == FV_LINEAR)
        return v;
    if (kind == FV_SOFTMAX)
        return layer_op(l, OP_SOFTMAX, &v, 1, NULL);
    op_attributes a = {.activation = kind, .alpha = kind == FV_LEAKY_RELU && alpha == 0 ? 0.01f : alpha};
    return layer_op(l, OP_ACTIVATION, &v, 1, &a);
}

/* Padding of one side pair for input size `n`. */
static void resolve_padding(window *w, int i, fv_padding padding, int64_t n, const int64_t pad[4])
{
    int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1, total = 0, before = 0;
    if (padding == FV_SAME) {
        total = reach - 1;
    } else if (padding == FV_SAME_TF) {
        int64_t out = (n + w->stride[i] - 1) / w->stride[i];
        total = (out - 1) * w->stride[i] + reach - n;
        total = total < 0 ? 0 : total;
    }
    before = total / 2;
    w->pad[2 * i] = padding == FV_EXPLICIT ? pad[2 * i] : before;
    w->pad[2 * i + 1] = padding == FV_EXPLICIT ? pad[2 * i + 1] : total - before;
}

fv_status layer_pictures(const layer *l)
{
    char shown[64];
    shape x = layer_input_shape(l, 0);
    return x.rank == 4 ? FV_OK
                       : status_set(FV_ERROR_INVALID, "layer %s: needs pictures (N, H, W, C), not %s",
                                    l->name, shape_text(&x, shown));
}

fv_status layer_window(const layer *l, window *w, const int64_t kernel[2], const int64_t stride[2],
                       int64_t dilation, fv_padding padding, const int64_t pad[4])
{
    STATUS_TRY(layer_pictures(l));
    shape x = layer_input_shape(l, 0);
    for (int i = 0; i < 2; i++) {
        if (kernel[i] < 1)
            return status_set(FV_ERROR_INVALID, "layer %s: give the kernel's size", l->name);
        w->kernel[i] = kernel[i];
        w->stride[i] = stride[i] ? stride[i] : 1;
        w->dilation[i] = dilation ? dilation : 1;
        resolve_padding(w, i, padding, x.d[1 + i], pad);
    }
    return FV_OK;
}
