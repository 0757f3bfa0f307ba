/* SPDX-License-Identifier: Apache-2.0 */
/* What all handlers use: the import's memory, steps, attributes, messages. */
#include "convert/onnx/importer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"

enum {
    STEPS_MAX = 100000
};

/* ---- memory ---- */

void *import_array(importer *m, uint64_t count, size_t size)
{
    uint64_t bytes = count * size;
    if (count > UINT64_MAX / (size ? size : 1) || bytes > m->memory_limit - m->memory) {
        status_set(FV_ERROR_FORMAT, "its graph makes far more numbers than the file has");
        return NULL;
    }
    void *block = mem_pool_array(&m->pool, (size_t)count, size);
    if (block)
        m->memory += bytes;
    return block;
}

char *import_text(importer *m, const char *words, size_t length)
{
    char *copy = import_array(m, length + 1, 1);
    if (copy) {
        memcpy(copy, words, length);
        text_flatten(copy);
    }
    return copy;
}

static step *new_step(call *c)
{
    importer *m = c->import;
    if (m->step_count == STEPS_MAX) {
        status_set(FV_ERROR_UNSUPPORTED, "has more than %d operations", STEPS_MAX);
        return NULL;
    }
    if (MEM_GROW(m->steps, m->step_count, m->step_capacity) != FV_OK)
        return NULL;
    step *s = import_array(m, 1, sizeof *s);
    return s ? m->steps[m->step_count++] = s : NULL;
}

step *step_add(call *c, step_kind kind, step *const *in, int count)
{
    step *s = new_step(c);
    if (!s || !(s->in = import_array(c->import, (uint64_t)count, sizeof *s->in)))
        return NULL;
    s->kind = kind;
    s->in_count = count;
    if (count > 0) {
        memcpy(s->in, in, (size_t)count * sizeof *in);
        memcpy(s->size, in[0]->size, sizeof s->size);
    }
    if (c->node) {
        s->op = c->node->op_type;
        s->node = c->node->name;
    }
    return s;
}

step *step_copy(call *c, const step *from)
{
    step *s = new_step(c);
    if (!s)
        return NULL;
    *s = *from;
    s->crops = s->next_crop = NULL;
    return s;
}

/* ---- messages ---- */

fv_status call_error(const call *c, fv_status status, const char *format, ...)
{
    char message[600], name[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const char *own = c->node->name && *c->node->name ? c->node->name
                      : c->node->n_output             ? c->node->output[0]
                                                      : "";
    snprintf(name, sizeof name, "%.100s (%.40s)", own, c->node->op_type);
    text_flatten(name);
    text_flatten(message);
    return status_set(status, "node %s: %s", name, message);
}

fv_status call_layout_error(const call *c)
{
    return call_error(c, FV_ERROR_UNSUPPORTED,
                      "its input does not lie as pictures (N, C, H, W) or tokens (N, places, C) do");
}

void import_log(const importer *m, const char *format, ...)
{
    char line[400];
    va_list arguments;
    if (!m->options->on_log)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    text_flatten(line);
    m->options->on_log(line, m->options->user);
}

/* ---- names ---- */

/* "/layer1/layer1.0/conv1/Conv" of PyTorch's older exporter: a module's path, whose parts repeat what contains them. */
static size_t write_scope(const char *path, char *out, size_t size)
{
    size_t length = 0, last = 0; /* of the part that was written last */
    for (const char *part = path + 1, *end; (end = strchr(part, '/')); part = end + 1) {
        size_t n = (size_t)(end - part), previous = length - last;
        if (n + length + 2 > size)
            return 0;
        bool repeats =
            previous > 0 && n > previous && part[previous] == '.' && memcmp(part, out + last, previous) == 0;
        if (repeats)
            length = last;
        else if (length)
            out[length++] = '.';
        last = length;
        memcpy(out + length, part, n);
        length += n;
    }
    return length;
}

/* "conv1" of "conv1.weight", "block.attn" of "block.attn.in_proj_weight". */
static size_t module_length(const char *name)
{
    const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
    if (slash > dot) /* Keras: "model/conv1/Conv2D/ReadVariableOp:0" */
        dot = strstr(name, "/Conv2D") ? strstr(name, "/Conv2D") : slash;
    return dot ? (size_t)(dot - name) : 0;
}

const char *call_layer_name(call *c, const constant *weight)
{
    char name[160];
    const char *node = c->node->name ? c->node->name : "";
    size_t length = node[0] == '/' ? write_scope(node, name, sizeof name) : 0;
    bool own = weight && strncmp(weight->name, "onnx::", 6) != 0;
    if (length == 0 && own && module_length(weight->name) < sizeof name)
        memcpy(name, weight->name, length = module_length(weight->name));
    return length > 0 ? import_text(c->import, name, length) : NULL;
}

/* ---- attributes ---- */

const Onnx__AttributeProto *call_attribute(const call *c, const char *name)
{
    for (size_t i = 0; i < c->node->n_attribute; i++)
        if (c->node->attribute[i]->name && strcmp(c->node->attribute[i]->name, name) == 0)
            return c->node->attribute[i];
    return NULL;
}

int64_t call_int(const call *c, const char *name, int64_t otherwise)
{
    const Onnx__AttributeProto *a = call_attribute(c, name);
    return a && a->has_i ? a->i : otherwise;
}

float call_float(const call *c, const char *name, float otherwise)
{
    const Onnx__AttributeProto *a = call_attribute(c, name);
    return a && a->has_f ? a->f : otherwise;
}

const char *call_word(const call *c, const char *name, const char *otherwise, char buffer[32])
{
    const Onnx__AttributeProto *a = call_attribute(c, name);
    if (!a || !a->has_s)
        return otherwise;
    snprintf(buffer, 32, "%.*s", (int)(a->s.len < 31 ? a->s.len : 31), (const char *)a->s.data);
    return buffer;
}

fv_status call_ints(const call *c, const char *name, int input, int64_t *list, int most, int *count)
{
    const Onnx__AttributeProto *a = name ? call_attribute(c, name) : NULL;
    *count = -1;
    if (a) {
        if (a->n_ints > (size_t)most)
            return call_error(c, FV_ERROR_FORMAT, "%s has %zu numbers", name, a->n_ints);
        for (size_t i = 0; i < a->n_ints; i++)
            list[i] = a->ints[i];
        *count = (int)a->n_ints;
        return FV_OK;
    }
    if (input < 0 || input >= c->in_count || !c->in[input])
        return FV_OK;
    constant *k;
    STATUS_TRY(call_constant(c, input, &k));
    if (!k->whole || k->count > most)
        return call_error(c, FV_ERROR_FORMAT, "input %d is no list of at most %d whole numbers", input, most);
    for (int64_t i = 0; i < k->count; i++)
        list[i] = k->wholes[i];
    *count = (int)k->count;
    return FV_OK;
}

fv_status call_number(const call *c, const char *name, int input, double *number, bool *found)
{
    const Onnx__AttributeProto *a = name ? call_attribute(c, name) : NULL;
    constant *k;
    *found = a || (input >= 0 && input < c->in_count && c->in[input]);
    if (a)
        *number = a->has_f ? (double)a->f : (double)a->i;
    if (a || !*found)
        return FV_OK;
    STATUS_TRY(call_constant(c, input, &k));
    if (k->count != 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "input %d should be one number", input);
    *number = constant_get(k, 0);
    return FV_OK;
}

fv_status call_ranges(const call *c, call_range list[VIEW_RANK], int *count)
{
    int64_t starts[VIEW_RANK], ends[VIEW_RANK], axes[VIEW_RANK], steps[VIEW_RANK];
    int end_count, axis_count, step_count;
    STATUS_TRY(call_ints(c, "starts", 1, starts, VIEW_RANK, count));
    STATUS_TRY(call_ints(c, "ends", 2, ends, VIEW_RANK, &end_count));
    STATUS_TRY(call_ints(c, "axes", 3, axes, VIEW_RANK, &axis_count));
    STATUS_TRY(call_ints(c, NULL, 4, steps, VIEW_RANK, &step_count));
    if (*count < 0 || end_count != *count || (axis_count >= 0 && axis_count != *count) ||
        (step_count >= 0 && step_count != *count))
        return call_error(c, FV_ERROR_FORMAT, "its starts, ends and axes do not go together");
    for (int i = 0; i < *count; i++)
        list[i] = (call_range){.start = starts[i],
                               .end = ends[i],
                               .axis = axis_count < 0 ? i : axes[i],
                               .step = step_count < 0 ? 1 : steps[i]};
    return FV_OK;
}

fv_status call_axis(const call *c, int64_t axis, int rank, int *out)
{
    *out = 0;
    if (axis < -rank || axis >= rank)
        return call_error(c, FV_ERROR_FORMAT, "has an axis that its input has not");
    *out = (int)(axis < 0 ? axis + rank : axis);
    return FV_OK;
}

/* ---- inputs ---- */

fv_status call_constant(const call *c, int i, constant **out)
{
    *out = NULL;
    if (i >= c->in_count || !c->in[i])
        return call_error(c, FV_ERROR_FORMAT, "input %d is missing", i);
    if (!c->in[i]->constant)
        return call_error(c, FV_ERROR_UNSUPPORTED, "its input %d must be known when it is imported", i);
    *out = c->in[i]->constant;
    return FV_OK;
}

fv_status call_value(const call *c, int i, operand **out)
{
    *out = NULL;
    if (i >= c->in_count || !c->in[i])
        return call_error(c, FV_ERROR_FORMAT, "input %d is missing", i);
    if (!c->in[i]->step)
        return call_error(c, FV_ERROR_UNSUPPORTED, "its input %d does not depend on the picture", i);
    *out = c->in[i];
    return FV_OK;
}

fv_status call_floats(call *c, int i, int64_t count, const float **out)
{
    constant *k;
    STATUS_TRY(call_constant(c, i, &k));
    if (k->count != count)
        return call_error(c, FV_ERROR_FORMAT, "input %d has %lld values where %lld belong", i,
                          (long long)k->count, (long long)count);
    if (!constant_floats(c->import, k))
        return status_last();
    *out = k->floats;
    return FV_OK;
}
