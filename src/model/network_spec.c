/* SPDX-License-Identifier: Apache-2.0 */
/* From a written network to a model. */
#include "model/network_spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#define SPEC_INT(FIELD, HIGH)                                                                                \
    {                                                                                                        \
        .name = #FIELD, .type = OPTION_INT, .offset = offsetof(network_spec, FIELD), .low = 1, .high = HIGH  \
    }
static const option top_table[] = {
    {.name = "name", .type = OPTION_STRING, .offset = offsetof(network_spec, name)},
    {.name = "output", .type = OPTION_STRING, .offset = offsetof(network_spec, output)},
    SPEC_INT(classes, 1 << 24),
    {0}};
static const option input_table[] = {
    SPEC_INT(height, 16384), SPEC_INT(width, 16384), SPEC_INT(channels, 3), {0}};

enum {
    WHERE_SIZE = 512
};

/* "net.yaml:12: ", or "model.safetensors: " where there are no lines. */
static const char *place(char where[WHERE_SIZE], const network_spec *s, int line)
{
    if (line > 0)
        snprintf(where, WHERE_SIZE, "%.300s:%d: ", s->source, line);
    else
        snprintf(where, WHERE_SIZE, "%.300s: ", s->source);
    return where;
}

/* The same with "layer NAME: ", the type standing for a missing name. */
static const char *layer_place(char where[WHERE_SIZE], const network_spec *s, const layer_spec *l, int line)
{
    place(where, s, line);
    size_t used = strlen(where);
    snprintf(where + used, WHERE_SIZE - used, "layer %.100s: ", l->name ? l->name : l->type);
    return where;
}

fv_status network_spec_set(network_spec *s, bool input, const char *key, const char *words, int line)
{
    char where[WHERE_SIZE];
    place(where, s, line);
    if (input)
        strncat(where, "input: ", WHERE_SIZE - strlen(where) - 1);
    return options_set(input ? input_table : top_table, s, key, words, where);
}

layer_spec *network_spec_add(network_spec *s, const char *type, int line)
{
    char where[WHERE_SIZE];
    if (s->count == SPEC_MAX_LAYERS) {
        status_set(FV_ERROR_INVALID, "%sa network has at most %d layers", place(where, s, line),
                   SPEC_MAX_LAYERS);
        return NULL;
    }
    if (MEM_GROW(s->layers, s->count, s->capacity) != FV_OK)
        return NULL;
    layer_spec *l = &s->layers[s->count++];
    *l = (layer_spec){.type = type, .line = line};
    return l;
}

fv_status layer_spec_set(const network_spec *s, layer_spec *l, const char *key, const char *words, int line)
{
    char where[WHERE_SIZE];
    if (strcmp(key, "name") == 0) {
        l->name = words;
        return FV_OK;
    }
    if (l->option_count == SPEC_MAX_OPTIONS)
        return status_set(FV_ERROR_INVALID, "%sa layer has at most %d options",
                          layer_place(where, s, l, line), SPEC_MAX_OPTIONS);
    option_spec *o = &l->options[l->option_count++];
    o->name = key;
    o->line = line;
    if (snprintf(o->value, sizeof o->value, "%s", words) >= (int)sizeof o->value)
        return status_set(FV_ERROR_INVALID, "%s%.60s: its value is too long", layer_place(where, s, l, line),
                          key);
    return FV_OK;
}

fv_status layer_spec_input(const network_spec *s, layer_spec *l, const char *name, int line)
{
    char where[WHERE_SIZE];
    if (l->input_count == OP_MAX_INPUTS)
        return status_set(FV_ERROR_INVALID, "%sa layer has at most %d inputs", layer_place(where, s, l, line),
                          OP_MAX_INPUTS);
    l->inputs[l->input_count++] = name;
    return FV_OK;
}

/* ---- building ---- */

typedef struct builder {
    const network_spec *spec;
    const fv_network_options *options;
    fv_model *model;
    size_t last_dense, last_dropout; /* indices of layers; spec->count: there is none */
} builder;

/* The layer's type; an activation's name stands for the layer `activation` of that kind. */
static const layer_type *find_type(const layer_spec *l, bool *is_activation)
{
    const layer_type *type = layer_find(l->type), *activation = layer_find("activation");
    *is_activation = false;
    if (type)
        return type;
    const option *kind = options_find(activation->options, "kind");
    for (int i = 0; kind->choices[i]; i++)
        if (strcmp(kind->choices[i], l->type) == 0) {
            *is_activation = true;
            return activation;
        }
    return NULL;
}

static fv_status unknown_type(const network_spec *s, const layer_spec *l)
{
    char where[WHERE_SIZE];
    const char *names[64];
    size_t count = 0;
    while (count < 64 && layer_table[count]) {
        names[count] = layer_table[count]->name;
        count++;
    }
    const char *near = text_nearest(l->type, names, count);
    return status_set(FV_ERROR_INVALID, "%sthere is no layer type %.60s%s%s%s", place(where, s, l->line),
                      l->type, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static fv_node *find_output(const builder *b, const char *name)
{
    if (strcmp(name, "input") == 0)
        return b->model->input;
    for (int32_t i = b->model->layer_count - 1; i >= 0; i--)
        if (strcmp(b->model->layers[i].name, name) == 0)
            return b->model->layers[i].output;
    return NULL;
}

static fv_status unknown_input(const builder *b, const char *where, const char *name)
{
    const fv_model *m = b->model;
    const char **names = mem_array((size_t)m->layer_count + 1, sizeof *names);
    if (!names)
        return status_last();
    names[m->layer_count] = "input";
    for (int32_t i = 0; i < m->layer_count; i++)
        names[i] = m->layers[i].name;
    const char *near = strlen(name) < 200 ? text_nearest(name, names, (size_t)m->layer_count + 1) : NULL;
    fv_status status =
        status_set(FV_ERROR_INVALID, "%sthere is no layer %.100s before this place%s%s%s", where, name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(names);
    return status;
}

static fv_status find_inputs(const builder *b, const layer_spec *l, fv_node **inputs, int *count)
{
    char where[WHERE_SIZE];
    const fv_model *m = b->model;
    *count = l->input_count;
    for (int i = 0; i < l->input_count; i++)
        if (!(inputs[i] = find_output(b, l->inputs[i])))
            return unknown_input(b, layer_place(where, b->spec, l, l->line), l->inputs[i]);
    if (l->input_count == 0) {
        inputs[0] = m->layer_count ? m->layers[m->layer_count - 1].output : m->input;
        *count = 1;
    }
    return FV_OK;
}

/* "units: classes" is the number of classes, and so are the units of the last dense layer when it is asked for. */
static fv_status number_of_classes(const builder *b, const char *where, char words[SPEC_VALUE_SIZE])
{
    int64_t classes = b->options->classes > 0 ? b->options->classes : b->spec->classes;
    if (classes < 1)
        return status_set(
            FV_ERROR_INVALID,
            "%sunits: 'classes' needs a number: write `classes: N` at the top, or give it in the call",
            where);
    snprintf(words, SPEC_VALUE_SIZE, "%" PRId64, classes);
    return FV_OK;
}

static fv_status set_options(const builder *b, size_t index, const layer_type *type, void *options)
{
    const layer_spec *l = &b->spec->layers[index];
    char where[WHERE_SIZE], classes[SPEC_VALUE_SIZE];
    for (int i = 0; i < l->option_count; i++) {
        const option_spec *o = &l->options[i];
        const char *words = o->value;
        layer_place(where, b->spec, l, o->line);
        if (strcmp(type->name, "dense") == 0 && strcmp(o->name, "units") == 0 &&
            (strcmp(words, "classes") == 0 || (index == b->last_dense && b->options->classes > 0))) {
            STATUS_TRY(number_of_classes(b, where, classes));
            words = classes;
        }
        STATUS_TRY(options_set(type->options, options, o->name, words, where));
    }
    if (index == b->last_dropout && b->options->dropout > 0) {
        snprintf(classes, sizeof classes, "%.9g", (double)b->options->dropout);
        STATUS_TRY(
            options_set(type->options, options, "rate", classes, layer_place(where, b->spec, l, l->line)));
    }
    return FV_OK;
}

static fv_status add_layer(const builder *b, size_t index)
{
    const layer_spec *l = &b->spec->layers[index];
    fv_node *inputs[OP_MAX_INPUTS];
    int count;
    bool is_activation;
    char where[WHERE_SIZE];
    const layer_type *type = find_type(l, &is_activation);
    if (!type)
        return unknown_type(b->spec, l);
    STATUS_TRY(find_inputs(b, l, inputs, &count));
    if (l->name && strcmp(l->name, "input") == 0)
        return status_set(FV_ERROR_INVALID, "%sthe name `input` is the network's own input",
                          place(where, b->spec, l->line));
    void *options = mem_array(type->options_size, 1);
    if (!options)
        return status_last();
    fv_status status = set_options(b, index, type, options);
    if (status == FV_OK && is_activation)
        status = options_set(type->options, options, "kind", l->type, place(where, b->spec, l->line));
    if (status == FV_OK && !layer_add(type, inputs, count, options, type->options_size, l->name)) {
        place(where, b->spec, l->line);
        where[strlen(where) - 2] = 0; /* status_prefix writes the colon itself */
        status = status_prefix(status_last(), "%s", where);
    }
    free(options);
    return status;
}

static int64_t first_given(int64_t option, int64_t own, int64_t otherwise)
{
    return option > 0 ? option : own > 0 ? own : otherwise;
}

static fv_status create_model(builder *b)
{
    const network_spec *s = b->spec;
    const fv_network_options *o = b->options;
    fv_model_options create = {.struct_size = sizeof create,
                               .height = first_given(o->height, s->height, o->default_height),
                               .width = first_given(o->width, s->width, o->default_width),
                               .channels = first_given(o->channels, s->channels, o->default_channels),
                               .seed = o->seed,
                               .name = s->name ? s->name : "network"};
    if (create.height < 1 || create.width < 1)
        return status_set(FV_ERROR_INVALID,
                          "%s: the network's input has no height and width; write 'input: {height: H, width: "
                          "W}' or give a size",
                          s->source);
    if (s->count == 0)
        return status_set(FV_ERROR_INVALID, "%s: the network has no layers", s->source);
    if (!(b->model = fv_model_create_with(&create)))
        return status_prefix(status_last(), "%s", s->source);
    return fv_input(b->model) ? FV_OK : status_last();
}

static fv_status set_output(const builder *b)
{
    char where[WHERE_SIZE];
    const char *name = b->spec->output;
    fv_node *node = name ? find_output(b, name) : b->model->layers[b->model->layer_count - 1].output;
    if (!node) {
        snprintf(where, sizeof where, "%.300s: output: ", b->spec->source);
        return unknown_input(b, where, name);
    }
    if (!fv_output(node))
        return status_prefix(status_last(), "%s", b->spec->source);
    return FV_OK;
}

fv_model *network_spec_build(const network_spec *s, const fv_network_options *o, int64_t file_values)
{
    builder b = {.spec = s, .options = o, .last_dense = s->count, .last_dropout = s->count};
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->layers[i].type, "dense") == 0)
            b.last_dense = i;
        if (strcmp(s->layers[i].type, "dropout") == 0)
            b.last_dropout = i;
    }
    fv_status status = create_model(&b);
    if (status == FV_OK && file_values != FV_OFF) {
        b.model->tensor_source = TENSORS_READ;
        b.model->file_values = file_values;
    }
    for (size_t i = 0; status == FV_OK && i < s->count; i++)
        status = add_layer(&b, i);
    if (status == FV_OK)
        status = set_output(&b);
    if (status == FV_OK) {
        b.model->tensor_source = TENSORS_DRAWN;
        return b.model;
    }
    fv_model_destroy(b.model);
    return NULL;
}

void network_spec_release(network_spec *s)
{
    free(s->layers);
    s->layers = NULL;
    s->count = s->capacity = 0;
}
