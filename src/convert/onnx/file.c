/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/onnx/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert/onnx/scan.h"
#include "core/text.h"

enum {
    IR_VERSION_MAX = 64 /* 13 in 2026 */
};
static const size_t file_limit = (size_t)2 << 30; /* of protocol buffers */

bool onnx_begins(const uint8_t *head)
{
    /* Field 1, a small number; then the producer, its version, the domain, a version, a comment, the graph, operator sets. */
    static const uint8_t second[] = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42};
    return head[0] == 0x08 && head[1] >= 1 && head[1] <= IR_VERSION_MAX &&
           memchr(second, head[2], sizeof second);
}

fv_status onnx_file_open(onnx_file *f, const char *path)
{
    uint8_t *bytes;
    size_t size;
    *f = (onnx_file){.path = path};
    STATUS_TRY(file_read(path, file_limit, &bytes, &size));
    f->size = size;
    fv_status status = onnx_scan(path, &onnx__model_proto__descriptor, bytes, size);
    if (status == FV_OK && !(f->model = onnx__model_proto__unpack(NULL, size, bytes)))
        status = status_set(FV_ERROR_FORMAT, "%s: is no ONNX file, or a damaged one", path);
    free(bytes);
    if (status == FV_OK && (!f->model->graph || f->model->graph->n_node == 0))
        status = status_set(FV_ERROR_FORMAT, "%s: is an ONNX file without a graph, or no ONNX file", path);
    if (status != FV_OK)
        onnx_file_close(f);
    return status;
}

void onnx_file_close(onnx_file *f)
{
    if (f->model)
        onnx__model_proto__free_unpacked(f->model, NULL);
    file_bytes_release(&f->values);
    *f = (onnx_file){0};
}

/* ---- tensors ---- */

/* A name of the file, short and on one line. */
static const char *shown(const char *name, char buffer[96])
{
    snprintf(buffer, 96, "%.90s", name && *name ? name : "without a name");
    text_flatten(buffer);
    return buffer;
}

static fv_status number_type_of(const onnx_file *f, const Onnx__TensorProto *p, number_type *type)
{
    char name[96];
    switch (p->data_type) {
#define TYPE(FROM, TO)                                                                                       \
    case ONNX__TENSOR_PROTO__DATA_TYPE__##FROM:                                                              \
        *type = NUMBER_##TO;                                                                                 \
        return FV_OK
        TYPE(FLOAT, F32);
        TYPE(FLOAT16, F16);
        TYPE(BFLOAT16, BF16);
        TYPE(DOUBLE, F64);
        TYPE(INT8, I8);
        TYPE(UINT8, U8);
        TYPE(INT16, I16);
        TYPE(INT32, I32);
        TYPE(INT64, I64);
        TYPE(BOOL, BOOL);
#undef TYPE
    default:
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: tensor %s has the number type %d of ONNX, which is not read: F64, F32, F16, "
                          "BF16, whole numbers up to I64 and BOOL are",
                          f->path, shown(p->name, name), p->data_type);
    }
}

/* How many values the field for that type has. */
static size_t typed_count(const Onnx__TensorProto *p, number_type type)
{
    return type == NUMBER_F32   ? p->n_float_data
           : type == NUMBER_F64 ? p->n_double_data
           : type == NUMBER_I64 ? p->n_int64_data
                                : p->n_int32_data;
}

static bool is_external(const Onnx__TensorProto *p)
{
    return p->has_data_location && p->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static fv_status check_values(const onnx_file *f, const onnx_tensor *t)
{
    const Onnx__TensorProto *p = t->proto;
    char name[96];
    size_t size = number_size(t->type), wanted = (size_t)t->count * size, there = 0;
    if (is_external(p))
        return onnx_external_read(f, p, wanted, NULL);
    there = p->has_raw_data ? p->raw_data.len : typed_count(p, t->type) * size;
    return there == wanted ? FV_OK
                           : status_set(FV_ERROR_FORMAT,
                                        "%s: tensor %s has %zu bytes of values where its shape needs %zu",
                                        f->path, shown(p->name, name), there, wanted);
}

fv_status onnx_tensor_check(const onnx_file *f, const Onnx__TensorProto *p, onnx_tensor *t)
{
    char name[96];
    *t = (onnx_tensor){.proto = p, .rank = (int)p->n_dims, .count = 1};
    STATUS_TRY(number_type_of(f, p, &t->type));
    if (p->n_dims > ONNX_MAX_RANK)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: tensor %s has %zu dimensions, more than %d", f->path,
                          shown(p->name, name), p->n_dims, ONNX_MAX_RANK);
    for (size_t i = 0; i < p->n_dims; i++) {
        int64_t side = t->shape[i] = p->dims[i];
        if (side < 0 || (side > 0 && t->count > (INT64_MAX >> 8) / side))
            return status_set(FV_ERROR_FORMAT, "%s: tensor %s has a side of %" PRId64, f->path,
                              shown(p->name, name), side);
        t->count *= side;
    }
    return check_values(f, t);
}

bool onnx_tensor_is_whole(const onnx_tensor *t)
{
    return t->type >= NUMBER_I8;
}

/* Its values in a row, `number_size` bytes each. */
static fv_status find_bytes(onnx_file *f, const onnx_tensor *t, const uint8_t **bytes)
{
    const Onnx__TensorProto *p = t->proto;
    size_t size = number_size(t->type), count = (size_t)t->count;
    if (is_external(p)) {
        STATUS_TRY(onnx_external_read(f, p, count * size, &f->values));
    } else if (p->has_raw_data) {
        *bytes = p->raw_data.data;
        return FV_OK;
    } else if (t->type == NUMBER_F32 || t->type == NUMBER_F64 || t->type == NUMBER_I64 ||
               t->type == NUMBER_I32) {
        *bytes = t->type == NUMBER_F32   ? (const uint8_t *)p->float_data
                 : t->type == NUMBER_F64 ? (const uint8_t *)p->double_data
                 : t->type == NUMBER_I64 ? (const uint8_t *)p->int64_data
                                         : (const uint8_t *)p->int32_data;
        return FV_OK;
    } else { /* narrow ones, halves by their bits, stand in 32 bits each */
        STATUS_TRY(file_bytes_resize(&f->values, count * size));
        for (size_t i = 0; i < count; i++)
            memcpy(f->values.data + i * size, &p->int32_data[i], size);
    }
    *bytes = f->values.data;
    return FV_OK;
}

float *onnx_tensor_in_place(const onnx_tensor *t)
{
    const Onnx__TensorProto *p = t->proto;
    if (t->type != NUMBER_F32 || is_external(p) || t->count == 0)
        return NULL;
    if (!p->has_raw_data)
        return p->float_data;
    return (uintptr_t)p->raw_data.data % sizeof(float) == 0 ? (float *)(void *)p->raw_data.data : NULL;
}

fv_status onnx_tensor_floats(onnx_file *f, const onnx_tensor *t, float *values)
{
    const uint8_t *bytes;
    if (t->count == 0)
        return FV_OK;
    STATUS_TRY(find_bytes(f, t, &bytes));
    numbers_to_f32(t->type, bytes, (size_t)t->count, values);
    return FV_OK;
}

fv_status onnx_tensor_wholes(onnx_file *f, const onnx_tensor *t, int64_t *values)
{
    const uint8_t *bytes;
    if (t->count == 0)
        return FV_OK;
    STATUS_TRY(find_bytes(f, t, &bytes));
    for (int64_t i = 0; i < t->count; i++)
        if (t->type == NUMBER_I64)
            memcpy(&values[i], bytes + 8 * i, 8);
        else if (t->type == NUMBER_I32) /* f32 has not all of them */
            values[i] = (int32_t)((uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
                                  (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24);
        else
            values[i] = (int64_t)number_to_f32(t->type, bytes + (size_t)i * number_size(t->type));
    return FV_OK;
}
