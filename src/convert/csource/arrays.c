/* SPDX-License-Identifier: Apache-2.0 */
/* Constants, and where values are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "convert/csource/csource.h"

void csource_number_add(text *out, csource_number x)
{
    char digits[40];
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)x);
        if (strtof(digits, NULL) == x)
            break;
    }
    bool whole = true;
    for (const char *c = digits; *c; c++)
        whole = whole && *c != '.' && *c != 'e';
    text_add(out, "%s%sf", digits, whole ? "." : "");
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
