/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a network, from its layers' names, which follow its structure. Layers in order whose names begin with the same part
 * are a stage ("layer1" of a ResNet). A part that holds more than three quarters of the backbone is no stage: the next part divides it
 * ("features.0", "encoder.layers.encoder_layer_0"). A norm with a name of its own belongs to the stage before it ("bn1" to "conv1").
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "nn/network.h"

const layer_record *network_head(const fv_model *m)
{
    for (int32_t i = m->layer_count - 1; i >= 0; i--) {
        const layer_record *l = &m->layers[i];
        if (strcmp(l->type->name, "dense") == 0 || strcmp(l->type->name, "conv2d") == 0 ||
            strcmp(l->type->name, "knn") == 0)
            return l;
    }
    return NULL;
}

bool network_votes(const fv_model *m)
{
    const layer_record *head = network_head(m);
    return head && strcmp(head->type->name, "knn") == 0;
}

bool network_follows(const layer_record *l, const bool *marked)
{
    for (int k = 0; k < l->input_count; k++)
        if (l->inputs[k]->layer >= 0 && marked[l->inputs[k]->layer])
            return true;
    return false;
}

/* Whether what `l` makes reaches the logits with no further weights on the way. */
static bool makes_logits(const fv_model *m, const layer_record *l)
{
    bool *depends = mem_array((size_t)m->layer_count, sizeof *depends), alone = depends != NULL;
    if (depends)
        depends[l - m->layers] = true;
    for (int32_t i = (int32_t)(l - m->layers) + 1; alone && i < m->layer_count; i++) {
        const layer_record *next = &m->layers[i];
        depends[i] = network_follows(next, depends);
        alone = !depends[i] || next->tensor_count == 0;
    }
    bool makes = alone && m->output && m->output->layer >= 0 && depends[m->output->layer];
    free(depends);
    return makes;
}

bool network_is_head(const fv_model *m, const layer_record *l)
{
    const layer_record *head = network_head(m);
    if (l == head || !head)
        return l == head;
    return strcmp(head->type->name, "dense") == 0 && l->type == head->type &&
           l->tensor_count == head->tensor_count &&
           m->tensors[l->first_tensor].shape.d[0] == m->tensors[head->first_tensor].shape.d[0] &&
           makes_logits(m, l);
}

bool network_ends_flat(const fv_model *m)
{
    const layer_record *head = network_head(m);
    const op *o = head ? &m->graph->ops[head->first_op] : NULL;
    return o && o->kind == OP_DENSE && !o->a.each_place && o->a.activation == FV_LINEAR &&
           head->output->value == m->output->value && m->graph->values[o->inputs[0]].shape.rank == 2;
}

/* Layers with weights: norms are none, nor is what has no tensors. */
static bool has_weights(const fv_model *m, const layer_record *l)
{
    for (int32_t i = l->first_tensor; i < l->first_tensor + l->tensor_count; i++)
        if (m->tensors[i].decay)
            return true;
    return false;
}

static size_t part_end(const char *name, size_t from)
{
    return from + strcspn(name + from, ".");
}

/* The length of the part of `name` that its stage is known by: one part more than it shares with `divided`, the prefix of `length` bytes that
 * holds too much. */
static size_t key_length(const char *name, const char *divided, size_t length)
{
    size_t end = part_end(name, 0);
    while (name[end] == '.' && end <= length && memcmp(name, divided, end) == 0 &&
           (end == length || divided[end] == '.'))
        end = part_end(name, end + 1);
    return end;
}

typedef struct division {
    const char *divided;
    size_t length;
} division;

static bool same_stage(const char *a, const char *b, const division *d)
{
    size_t n = key_length(a, d->divided, d->length), k = key_length(b, d->divided, d->length);
    return n == k && memcmp(a, b, n) == 0;
}

/* How many layers with weights there are, of `name`'s stage or (NULL) of the backbone. */
static int32_t count_layers(const fv_model *m, const char *name, const division *d)
{
    int32_t count = 0;
    for (int32_t i = 0; i < m->layer_count; i++)
        if (!network_is_head(m, &m->layers[i]) && has_weights(m, &m->layers[i]))
            count += !name || same_stage(m->layers[i].name, name, d);
    return count;
}

/* True when a stage held too much and is divided now. */
static bool divide(const fv_model *m, division *d)
{
    int32_t all = count_layers(m, NULL, d);
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        if (network_is_head(m, l) || !has_weights(m, l) || 4 * count_layers(m, l->name, d) <= 3 * all)
            continue;
        size_t length = key_length(l->name, d->divided, d->length);
        if (l->name[length] != '.')
            return false;
        *d = (division){l->name, length};
        return true;
    }
    return false;
}

int32_t network_stages(const fv_model *m, int32_t *stage)
{
    const char *current = NULL;
    division d = {"", 0};
    int32_t count = 0;
    if (!network_head(m)) {
        status_set(FV_ERROR_INVALID, "model %s: has no dense or convolution layer that could be its head",
                   fv_model_name(m));
        return 0;
    }
    while (divide(m, &d))
        ;
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        if (l->tensor_count == 0)
            continue;
        bool head = network_is_head(m, l);
        bool begins = !current || (has_weights(m, l) && !same_stage(l->name, current, &d));
        if (!head && begins) {
            current = l->name;
            count++;
        }
        for (int32_t k = l->first_tensor; k < l->first_tensor + l->tensor_count; k++)
            stage[k] = head ? -1 : count - 1;
    }
    return count;
}
