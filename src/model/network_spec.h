/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as it is written down: what a YAML file and a model file's metadata are read into, and what is built from it.
 *
 *     network_spec s = {.source = "net.yaml"};
 *     ... network_spec_set, network_spec_add, layer_spec_set ...
 *     fv_model *m = network_spec_build(&s, &(fv_network_options){.classes = 10}, 0);
 *     network_spec_release(&s);
 *
 * Strings are borrowed from the parsed document, which outlives the spec; values of options are copied.
 */
#ifndef MODEL_NETWORK_SPEC_H
#define MODEL_NETWORK_SPEC_H

#include <jansson.h>

#include "core/options.h"
#include "nn/network.h"

enum {
    SPEC_MAX_LAYERS = 10000,
    SPEC_MAX_OPTIONS = 24,
    SPEC_VALUE_SIZE = 64
};

typedef struct option_spec {
    const char *name;
    char value[SPEC_VALUE_SIZE];
    int line;
} option_spec;

typedef struct layer_spec {
    const char *type; /* as written: a layer's type, or an activation's name */
    const char *name; /* NULL: made up */
    const char *inputs[OP_MAX_INPUTS];
    int input_count; /* 0: the layer before */
    option_spec options[SPEC_MAX_OPTIONS];
    int option_count;
    int line; /* in the file; 0: the source has no lines */
} layer_spec;

typedef struct network_spec {
    const char *source; /* the file, for messages */
    const char *name, *output;
    int64_t classes; /* what "units: classes" means; 0: not said */
    int64_t height, width, channels;
    layer_spec *layers;
    size_t count, capacity;
} network_spec;

/* A key of the top level ("name", "classes", "output") or, with `input`, of its `input:` part ("height", "width", "channels").
 * Unknown ones are an error that suggests the nearest. */
fv_status network_spec_set(network_spec *s, bool input, const char *key, const char *words, int line);
/* A further layer; NULL with the error set. Valid until the next one is added. */
layer_spec *network_spec_add(network_spec *s, const char *type, int line);
/* A key of a layer: "name" or an option. An option's list is written with commas. */
fv_status layer_spec_set(const network_spec *s, layer_spec *l, const char *key, const char *words, int line);
/* A further input, by the name of the layer that makes it; "input" is the network's. */
fv_status layer_spec_input(const network_spec *s, layer_spec *l, const char *name, int line);

/* The model. `o` overrides the sizes and classes (its name is not used). `file_values` is FV_OFF, or the most values that
 * the tensors can have in the model file that they will be read from. NULL on failure. */
fv_model *network_spec_build(const network_spec *s, const fv_network_options *o, int64_t file_values);
void network_spec_release(network_spec *s);

/* ---- network_json.c: the form in the model file; its structure is that of the YAML form ---- */

/* NULL with the error set. The caller releases it with json_decref. */
json_t *network_json_of(const fv_model *m);
/* `json` outlives the spec. */
fv_status network_json_read(network_spec *s, const json_t *json);

/* ---- padding.c ---- */

/* Replaces *m by the same network, freshly initialised, whose windows that reach over the edge by half of their size on each side are
 * placed as TensorFlow's "same" does. *m stays as it is on failure. */
fv_status network_spec_pad_as_tensorflow(fv_model **m);

#endif
