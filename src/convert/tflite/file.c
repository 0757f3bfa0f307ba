/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tflite/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert/tflite/schema.h"
#include "core/file.h"
#include "core/memory.h"

/* FlatBuffers have offsets of 31 bits. */
static const size_t max_bytes = (size_t)1 << 31;
static const int64_t max_elements = (int64_t)1 << 40;

static fv_status damage(const tflite_file *f)
{
    return f->flat.damage
               ? status_set(FV_ERROR_FORMAT, "%s: %s; the file is damaged", f->path, f->flat.damage)
               : FV_OK;
}

fv_status tflite_buffer(tflite_file *f, int64_t index, flat_vector *out)
{
    *out = (flat_vector){0};
    if (index < 0 || index >= f->buffers.count)
        return status_set(FV_ERROR_FORMAT, "%s: there is no buffer %" PRId64 "; the file is damaged", f->path,
                          index);
    flat_table b = flat_table_at(&f->flat, f->buffers, (uint32_t)index);
    uint64_t offset = flat_uint64(&f->flat, b, BUFFER_OFFSET, 0),
             size = flat_uint64(&f->flat, b, BUFFER_SIZE, 0);
    if (offset <= 1) {
        *out = flat_vector_of(&f->flat, b, BUFFER_DATA, 1);
    } else {
        if (offset > f->flat.size || size > f->flat.size - offset)
            return status_set(FV_ERROR_FORMAT, "%s: buffer %" PRId64 " lies outside of the file", f->path,
                              index);
        *out = (flat_vector){f->bytes + offset, (uint32_t)size};
    }
    return damage(f);
}

/* ---- tensors ---- */

/* Bytes of an element; 0 for types that no constant of a layer has. */
static int64_t type_size(int type)
{
    switch (type) {
    case TENSOR_UINT8:
    case TENSOR_INT8:
        return 1;
    case TENSOR_FLOAT16:
    case TENSOR_BFLOAT16:
    case TENSOR_INT16:
        return 2;
    case TENSOR_FLOAT32:
    case TENSOR_INT32:
        return 4;
    case TENSOR_FLOAT64:
    case TENSOR_INT64:
        return 8;
    default:
        return 0;
    }
}

static fv_status read_shape(tflite_file *f, tflite_tensor *t, flat_table table)
{
    flat_vector shape = flat_vector_of(&f->flat, table, TENSOR_SHAPE, 4),
                signature = flat_vector_of(&f->flat, table, TENSOR_SHAPE_SIGNATURE, 4);
    if (shape.count > TFLITE_MAX_RANK)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: tensor %.*s has %u sides, more than %d", f->path,
                          (int)t->name_length, t->name, shape.count, TFLITE_MAX_RANK);
    t->rank = (int)shape.count;
    t->count = 1;
    for (uint32_t i = 0; i < shape.count; i++) {
        int64_t side = t->shape[i] = flat_int32_at(shape, i);
        if (side < 0 || (side > 0 && t->count > max_elements / side))
            return status_set(FV_ERROR_FORMAT,
                              "%s: tensor %.*s has a side of %" PRId64 ", negative or too large", f->path,
                              (int)t->name_length, t->name, side);
        t->count *= side;
        t->open_size = t->open_size || (i > 0 && i < signature.count && flat_int32_at(signature, i) < 0);
    }
    return FV_OK;
}

static fv_status read_constant(tflite_file *f, tflite_tensor *t, flat_table table)
{
    flat_vector data;
    if (flat_uint32(&f->flat, table, TENSOR_EXTERNAL_BUFFER, 0) != 0)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "%s: tensor %.*s lies in another file; a TFLite file is read that holds its tensors", f->path,
            (int)t->name_length, t->name);
    STATUS_TRY(tflite_buffer(f, flat_uint32(&f->flat, table, TENSOR_BUFFER, 0), &data));
    if (data.count == 0)
        return FV_OK;
    int64_t size = type_size(t->type);
    if (size > 0 && t->count * size != data.count)
        return status_set(FV_ERROR_FORMAT,
                          "%s: tensor %.*s has %u bytes where its shape says %" PRId64
                          "; the file is damaged",
                          f->path, (int)t->name_length, t->name, data.count, t->count * size);
    if (flat_table_of(&f->flat, table, TENSOR_SPARSITY).at == 0)
        t->data = data.data;
    return FV_OK;
}

static fv_status read_quantization(tflite_file *f, tflite_tensor *t, flat_table table)
{
    flat_table q = flat_table_of(&f->flat, table, TENSOR_QUANTIZATION);
    if (flat_uint8(&f->flat, q, QUANTIZATION_DETAILS_TYPE, 0) != 0)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "%s: tensor %.*s is quantised in blocks or a way of its own; convert the network with "
            "one scale a tensor or a channel",
            f->path, (int)t->name_length, t->name);
    t->scale = flat_vector_of(&f->flat, q, QUANTIZATION_SCALE, 4);
    t->zero_point = flat_vector_of(&f->flat, q, QUANTIZATION_ZERO_POINT, 8);
    t->dimension = flat_int32(&f->flat, q, QUANTIZATION_DIMENSION, 0);
    return FV_OK;
}

static fv_status read_tensors(tflite_file *f, flat_table graph)
{
    flat_vector list = flat_vector_of(&f->flat, graph, SUBGRAPH_TENSORS, 4);
    if (list.count > TFLITE_MAX_TENSORS)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: has %u tensors, more than %d", f->path, list.count,
                          TFLITE_MAX_TENSORS);
    if (!(f->tensors = mem_array(list.count, sizeof *f->tensors)))
        return status_last();
    f->tensor_count = (int32_t)list.count;
    for (uint32_t i = 0; i < list.count; i++) {
        tflite_tensor *t = &f->tensors[i];
        flat_table table = flat_table_at(&f->flat, list, i);
        flat_vector name = flat_vector_of(&f->flat, table, TENSOR_NAME, 1);
        t->name = name.data ? (const char *)name.data : "";
        t->name_length = name.count < 200 ? name.count : 200;
        t->type = (int)flat_int8(&f->flat, table, TENSOR_TYPE, 0);
        STATUS_TRY(read_shape(f, t, table));
        STATUS_TRY(read_constant(f, t, table));
        STATUS_TRY(read_quantization(f, t, table));
    }
    return damage(f);
}

/* ---- operators ---- */

static fv_status check_index(const tflite_file *f, int64_t index, int64_t lowest)
{
    return index >= lowest && index < f->tensor_count
               ? FV_OK
               : status_set(FV_ERROR_FORMAT, "%s: there is no tensor %" PRId64 "; the file is damaged",
                            f->path, index);
}

static fv_status read_code(tflite_file *f, tflite_operator *o, flat_table table, flat_vector codes)
{
    int64_t index = flat_uint32(&f->flat, table, OPERATOR_CODE_INDEX, 0);
    if (index >= codes.count)
        return status_set(FV_ERROR_FORMAT, "%s: there is no operator code %" PRId64 "; the file is damaged",
                          f->path, index);
    flat_table code = flat_table_at(&f->flat, codes, (uint32_t)index);
    int64_t old = flat_int8(&f->flat, code, OPERATOR_CODE_OLD, 0),
            builtin = flat_int32(&f->flat, code, OPERATOR_CODE_BUILTIN, 0);
    flat_vector custom = flat_vector_of(&f->flat, code, OPERATOR_CODE_CUSTOM, 1);
    o->code = builtin > old ? builtin : old;
    o->custom = (const char *)custom.data;
    o->custom_length = custom.count < 100 ? custom.count : 100;
    return FV_OK;
}

static fv_status read_operator(tflite_file *f, tflite_operator *o, flat_table table, flat_vector codes)
{
    flat_vector inputs = flat_vector_of(&f->flat, table, OPERATOR_INPUTS, 4),
                outputs = flat_vector_of(&f->flat, table, OPERATOR_OUTPUTS, 4);
    STATUS_TRY(read_code(f, o, table, codes));
    o->options = flat_table_of(&f->flat, table, OPERATOR_OPTIONS);
    if (inputs.count > TFLITE_MAX_INPUTS || outputs.count < 1)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: an operator has %u inputs and %u outputs", f->path,
                          inputs.count, outputs.count);
    o->input_count = (int)inputs.count;
    o->output_count = (int)(outputs.count < INT32_MAX ? outputs.count : INT32_MAX);
    for (uint32_t i = 0; i < inputs.count; i++) {
        o->inputs[i] = flat_int32_at(inputs, i);
        STATUS_TRY(check_index(f, o->inputs[i], -1));
    }
    o->output = flat_int32_at(outputs, 0);
    return check_index(f, o->output, 0);
}

static fv_status read_operators(tflite_file *f, flat_table graph)
{
    flat_vector list = flat_vector_of(&f->flat, graph, SUBGRAPH_OPERATORS, 4),
                codes = flat_vector_of(&f->flat, f->model, MODEL_OPERATOR_CODES, 4);
    if (list.count > TFLITE_MAX_OPERATORS)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: has %u operators, more than %d", f->path, list.count,
                          TFLITE_MAX_OPERATORS);
    if (!(f->operators = mem_array(list.count, sizeof *f->operators)))
        return status_last();
    f->operator_count = (int32_t)list.count;
    for (uint32_t i = 0; i < list.count; i++)
        STATUS_TRY(read_operator(f, &f->operators[i], flat_table_at(&f->flat, list, i), codes));
    return damage(f);
}

/* ---- the file ---- */

/* The graph's only input, or its only output. */
static fv_status read_end(tflite_file *f, flat_table graph, int field, const char *what, int32_t *tensor)
{
    flat_vector list = flat_vector_of(&f->flat, graph, field, 4);
    if (list.count != 1)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: has %u %ss where a classifier has one", f->path,
                          list.count, what);
    *tensor = flat_int32_at(list, 0);
    return check_index(f, *tensor, 0);
}

static fv_status read_model(tflite_file *f)
{
    f->model = flat_root(&f->flat);
    f->buffers = flat_vector_of(&f->flat, f->model, MODEL_BUFFERS, 4);
    flat_vector graphs = flat_vector_of(&f->flat, f->model, MODEL_SUBGRAPHS, 4);
    STATUS_TRY(damage(f));
    if (graphs.count == 0)
        return status_set(FV_ERROR_FORMAT, "%s: there is no graph in it; the file is damaged", f->path);
    flat_table graph = flat_table_at(&f->flat, graphs, 0);
    STATUS_TRY(read_tensors(f, graph));
    STATUS_TRY(read_operators(f, graph));
    STATUS_TRY(read_end(f, graph, SUBGRAPH_INPUTS, "input", &f->input));
    STATUS_TRY(read_end(f, graph, SUBGRAPH_OUTPUTS, "output", &f->output));
    return damage(f);
}

fv_status tflite_file_open(tflite_file *f, const char *path)
{
    *f = (tflite_file){.path = path};
    size_t size;
    STATUS_TRY(file_read(path, max_bytes, &f->bytes, &size));
    f->flat = (flatbuffer){f->bytes, size, NULL};
    return read_model(f);
}

void tflite_file_release(tflite_file *f)
{
    free(f->tensors);
    free(f->operators);
    free(f->bytes);
    *f = (tflite_file){0};
}
