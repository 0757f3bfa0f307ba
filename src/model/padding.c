/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "same" means differs: PyTorch pads half of the window on each side, TensorFlow only as much as the output needs, the odd pixel
 * at the bottom and right. For strides over 1 and even sizes the windows then lie one pixel apart.
 */
#include <stdio.h>
#include <string.h>

#include "model/network_spec.h"

/* Whether the numbers of a list such as "1,1,1,1" all are half of `reach`, the window's size less one. */
static bool is_half(const char *pad, const int64_t reach[2])
{
    long long side[4];
    int count = pad ? sscanf(pad, "%lld,%lld,%lld,%lld", &side[0], &side[1], &side[2], &side[3]) : 0;
    if (count == 1)
        side[1] = side[2] = side[3] = side[0];
    return (count == 1 || count == 4) && side[0] == reach[0] / 2 && side[1] == reach[0] / 2 &&
           side[2] == reach[1] / 2 && side[3] == reach[1] / 2;
}

/* The value of an option that is one number for both sides or two; 1 where it is at its default. */
static void pair(const json_t *options, const char *key, int64_t sides[2])
{
    const char *words = json_string_value(json_object_get(options, key));
    long long a = 1, b = 1;
    int count = words ? sscanf(words, "%lld,%lld", &a, &b) : 0;
    sides[0] = a;
    sides[1] = count == 2 ? b : a;
}

static void pad_layer(json_t *options)
{
    const char *padding = json_string_value(json_object_get(options, "padding"));
    int64_t window[2], dilation[2], reach[2];
    if (!padding)
        return;
    pair(options, json_object_get(options, "kernel") ? "kernel" : "size", window);
    pair(options, "dilation", dilation);
    for (int i = 0; i < 2; i++)
        reach[i] = (window[i] - 1) * dilation[i];
    if (strcmp(padding, "same") != 0 && !(strcmp(padding, "explicit") == 0 &&
                                          is_half(json_string_value(json_object_get(options, "pad")), reach)))
        return;
    json_object_set_new(options, "padding", json_string("same_tf"));
    json_object_del(options, "pad");
}

fv_status network_spec_pad_as_tensorflow(fv_model **m)
{
    json_t *json = network_json_of(*m), *layer, *options;
    network_spec spec = {.source = (*m)->name};
    const char *type;
    size_t i;
    if (!json)
        return status_last();
    json_array_foreach(json_object_get(json, "layers"), i, layer) json_object_foreach(layer, type, options)
        pad_layer(options);
    fv_model *padded = NULL;
    fv_status status = network_json_read(&spec, json);
    if (status == FV_OK &&
        !(padded = network_spec_build(&spec, &(fv_network_options){.seed = (*m)->seed}, FV_OFF)))
        status = status_last();
    network_spec_release(&spec);
    json_decref(json);
    if (status == FV_OK) {
        fv_model_destroy(*m);
        *m = padded;
    }
    return status;
}
