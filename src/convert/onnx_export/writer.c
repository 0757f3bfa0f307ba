/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, constants and properties. */
#include "convert/onnx_export/writer.h"

#include <stdlib.h>
#include <string.h>

void onnx_writer_release(onnx_writer *w)
{
    mem_pool_release(&w->pool);
    free(w->properties);
    free(w->graph.node);
    free(w->graph.initializer);
    *w = (onnx_writer){0};
}

/* Generated structs have no const: what is given is only read. */
static char *borrow(const char *words)
{
    return (char *)(uintptr_t)words;
}

/* ---- nodes ---- */

static bool set_attributes(onnx_writer *w, Onnx__NodeProto *node, const onnx_attribute *list)
{
    size_t count = 0;
    while (list && list[count].name)
        count++;
    if (count == 0)
        return true;
    if (!(node->attribute = mem_pool_array(&w->pool, count, sizeof *node->attribute)))
        return false;
    for (; node->n_attribute < count; node->n_attribute++) {
        const onnx_attribute *from = &list[node->n_attribute];
        Onnx__AttributeProto *a = mem_pool_array(&w->pool, 1, sizeof *a);
        if (!a)
            return false;
        onnx__attribute_proto__init(a);
        a->name = borrow(from->name);
        a->has_type = 1;
        if (from->count > 0) {
            a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
            a->n_ints = (size_t)from->count;
            if (!(a->ints = mem_pool_array(&w->pool, a->n_ints, sizeof *a->ints)))
                return false;
            memcpy(a->ints, from->ints, a->n_ints * sizeof *a->ints);
        } else if (from->count == 0) {
            a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
            a->has_i = 1;
            a->i = from->integer;
        } else {
            a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
            a->has_f = 1;
            a->f = from->number;
        }
        node->attribute[node->n_attribute] = a;
    }
    return true;
}

const char *onnx_node(onnx_writer *w, const char *type, const char *const *inputs, int count,
                      const onnx_attribute *attributes)
{
    for (int i = 0; i < count; i++)
        if (!inputs[i])
            return NULL;
    Onnx__NodeProto *node = mem_pool_array(&w->pool, 1, sizeof *node);
    char **names = mem_pool_array(&w->pool, (size_t)count + 1, sizeof *names);
    const char *layer = w->op->name ? w->op->name : "network";
    char *output = mem_pool_text(&w->pool, "%s/%s_%zu", layer, type, w->graph.n_node);
    if (!node || !names || !output || MEM_GROW(w->graph.node, w->graph.n_node, w->node_capacity) != FV_OK)
        return NULL;
    onnx__node_proto__init(node);
    for (int i = 0; i < count; i++)
        names[i] = borrow(inputs[i]);
    names[count] = output;
    node->op_type = borrow(type);
    node->name = output;
    node->n_input = (size_t)count;
    node->input = names;
    node->n_output = 1;
    node->output = names + count;
    if (!set_attributes(w, node, attributes))
        return NULL;
    w->graph.node[w->graph.n_node++] = node;
    return output;
}

/* ---- constants ---- */

static bool is_taken(const onnx_writer *w, const char *name)
{
    for (size_t i = 0; i < w->graph.n_initializer; i++)
        if (strcmp(w->graph.initializer[i]->name, name) == 0)
            return true;
    return false;
}

static char *free_name(onnx_writer *w, const char *name)
{
    char *unique = mem_pool_text(&w->pool, "%s", name);
    for (int k = 2; unique && is_taken(w, unique); k++)
        unique = mem_pool_text(&w->pool, "%s_%d", name, k);
    return unique;
}

static const char *add_tensor(onnx_writer *w, const char *name, int type, int rank, const int64_t *shape,
                              const void *data, size_t size)
{
    Onnx__TensorProto *t = mem_pool_array(&w->pool, 1, sizeof *t);
    int64_t *dims = mem_pool_array(&w->pool, (size_t)rank, sizeof *dims);
    char *unique = free_name(w, name);
    if (!t || !dims || !unique ||
        MEM_GROW(w->graph.initializer, w->graph.n_initializer, w->tensor_capacity) != FV_OK)
        return NULL;
    onnx__tensor_proto__init(t);
    for (int i = 0; i < rank; i++) {
        dims[i] = shape[i];
        size *= (size_t)shape[i];
    }
    t->name = unique;
    t->n_dims = (size_t)rank;
    t->dims = dims;
    t->has_data_type = 1;
    t->data_type = type;
    t->has_raw_data = 1;
    t->raw_data = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)data};
    w->graph.initializer[w->graph.n_initializer++] = t;
    return unique;
}

const char *onnx_floats(onnx_writer *w, const char *name, int rank, const int64_t *shape, const float *data)
{
    return add_tensor(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, rank, shape, data, sizeof *data);
}

const char *onnx_number(onnx_writer *w, float number)
{
    float *copy = mem_pool_array(&w->pool, 1, sizeof *copy);
    char *name = mem_pool_text(&w->pool, "number_%.9g", (double)number);
    if (!copy || !name)
        return NULL;
    *copy = number;
    return is_taken(w, name) ? name : onnx_floats(w, name, 0, NULL, copy);
}

const char *onnx_wholes(onnx_writer *w, const int64_t *list, int count)
{
    int64_t *copy = mem_pool_array(&w->pool, (size_t)count, sizeof *copy), length = count;
    char *name = mem_pool_text(&w->pool, "list");
    for (int i = 0; name && i < count; i++)
        name = mem_pool_text(&w->pool, "%s_%lld", name, (long long)list[i]);
    if (!copy || !name)
        return NULL;
    memcpy(copy, list, (size_t)count * sizeof *copy);
    return is_taken(w, name)
               ? name
               : add_tensor(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1, &length, copy, sizeof *copy);
}

/* ---- properties ---- */

bool onnx_property(onnx_writer *w, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = mem_pool_array(&w->pool, 1, sizeof *entry);
    char *copy = value ? mem_pool_text(&w->pool, "%s", value) : NULL;
    if (!entry || !copy || MEM_GROW(w->properties, w->property_count, w->property_capacity) != FV_OK)
        return false;
    onnx__string_string_entry_proto__init(entry);
    entry->key = borrow(key);
    entry->value = copy;
    w->properties[w->property_count++] = entry;
    return true;
}
