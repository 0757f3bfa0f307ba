/* SPDX-License-Identifier: Apache-2.0 */
/* Constants, and where values are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "convert/csource/csource.h"

void csource_number_add(text *out, csource_number x)
{
    size_t begin = out->length;
    text_add_float(out, (double)x);
    text_add(out, strpbrk(text_string(out) + begin, ".e") ? "f" : ".f");
}

void csource_numbers(text *out, const csource_number *numbers, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        text_add(out, i % 8 == 0 ? "\n    " : " ");
        csource_number_add(out, numbers[i]);
        text_add(out, ",");
    }
}

void csource_bytes(text *out, const uint8_t *bytes, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        text_add(out, "%s%d,", i % 20 == 0 ? "\n    " : " ", bytes[i]);
}

void csource_array(csource *s, const char *kind, const csource_number *numbers, int64_t count)
{
    s->weights += count;
    text_add(&s->constants, "static const " CSOURCE_TYPE " %s_%d[%" PRId64 "] = {", kind, (int)s->array_count,
             count);
    csource_numbers(&s->constants, numbers, count);
    text_add(&s->constants, "\n};\n");
}

const float *csource_data(const csource *s, const op *o, int input)
{
    value_id v = op_input(o, input);
    return v != NO_VALUE ? s->network->data[v] : NULL;
}

const char *csource_value(csource *s, value_id v, char *name)
{
    if (v == NO_VALUE) {
        snprintf(name, CSOURCE_NAME_MAX, "NULL");
    } else if (v == s->network->pixels) {
        snprintf(name, CSOURCE_NAME_MAX, "pixels");
    } else if (v == s->network->probabilities) {
        snprintf(name, CSOURCE_NAME_MAX, "probabilities");
    } else if (s->program.value_buffers[v] != NO_BUFFER) {
        size_t offset = s->program.buffers[s->program.value_buffers[v]].offset;
        snprintf(name, CSOURCE_NAME_MAX, "arena + %zu", offset / sizeof(csource_number));
    } else {
        if (s->arrays[v] == 0) {
            s->arrays[v] = ++s->array_count;
            csource_array(s, "values", s->network->data[v], shape_count(&s->graph->values[v].shape));
        }
        snprintf(name, CSOURCE_NAME_MAX, "values_%d", (int)s->arrays[v]);
    }
    return name;
}
