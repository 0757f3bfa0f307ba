/* SPDX-License-Identifier: Apache-2.0 */
/* Constants as f32: value = scale * (number - zero point) where they are quantised; and what computed tensors are rounded to. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "convert/tflite/file.h"
#include "convert/tflite/schema.h"
#include "core/memory.h"
#include "core/numbers.h"

static fv_status number_type_of(const tflite_file *f, const tflite_tensor *t, number_type *type)
{
    static const struct {
        int tflite;
        number_type type;
    } types[] = {{TENSOR_FLOAT32, NUMBER_F32}, {TENSOR_FLOAT16, NUMBER_F16}, {TENSOR_INT32, NUMBER_I32},
                 {TENSOR_UINT8, NUMBER_U8},    {TENSOR_INT64, NUMBER_I64},   {TENSOR_INT16, NUMBER_I16},
                 {TENSOR_INT8, NUMBER_I8},     {TENSOR_FLOAT64, NUMBER_F64}, {TENSOR_BFLOAT16, NUMBER_BF16}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].tflite == t->type) {
            *type = types[i].type;
            return FV_OK;
        }
    return status_set(
        FV_ERROR_UNSUPPORTED,
        "%s: tensor %.*s is of type %d; floating point and whole numbers of 8 to 64 bits are read", f->path,
        (int)t->name_length, t->name, t->type);
}

static fv_status check_quantization(const tflite_file *f, const tflite_tensor *t)
{
    bool fits = t->scale.count == 1 ||
                (t->dimension >= 0 && t->dimension < t->rank && t->shape[t->dimension] == t->scale.count);
    for (uint32_t i = 0; fits && i < t->scale.count; i++) {
        float scale = flat_float_at(t->scale, i);
        fits = isfinite(scale) && scale > 0;
    }
    if (fits && (t->zero_point.count <= 1 || t->zero_point.count == t->scale.count))
        return FV_OK;
    return status_set(
        FV_ERROR_FORMAT,
        "%s: tensor %.*s has scales that are not one positive number for the tensor or for each "
        "channel; the file is damaged",
        f->path, (int)t->name_length, t->name);
}

static void dequantize(const tflite_tensor *t, float *values)
{
    int64_t inner = 1, channels = t->scale.count;
    for (int i = (int)t->dimension + 1; channels > 1 && i < t->rank; i++)
        inner *= t->shape[i];
    for (int64_t i = 0; i < t->count; i++) {
        uint32_t c = channels > 1 ? (uint32_t)(i / inner % channels) : 0;
        int64_t zero =
            t->zero_point.count ? flat_int64_at(t->zero_point, t->zero_point.count > 1 ? c : 0) : 0;
        values[i] = flat_float_at(t->scale, c) * (values[i] - (float)zero);
    }
}

fv_status tflite_constant(const tflite_file *f, int32_t tensor, float **values)
{
    const tflite_tensor *t = &f->tensors[tensor];
    number_type type = NUMBER_F32;
    if (!t->data)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "tensor %.*s is computed, or sparse, where a constant is expected",
                          (int)t->name_length, t->name);
    STATUS_TRY(number_type_of(f, t, &type));
    if (t->scale.count > 0)
        STATUS_TRY(check_quantization(f, t));
    if (!(*values = mem_array((size_t)t->count, sizeof **values)))
        return status_last();
    numbers_to_f32(type, t->data, (size_t)t->count, *values);
    if (t->scale.count > 0)
        dequantize(t, *values);
    return FV_OK;
}

fv_status tflite_grid_of(const tflite_file *f, int32_t tensor, tflite_grid *out)
{
    const tflite_tensor *t = &f->tensors[tensor];
    *out = (tflite_grid){0};
    if (t->scale.count == 0 || (t->type != TENSOR_UINT8 && t->type != TENSOR_INT8 && t->type != TENSOR_INT16))
        return FV_OK;
    out->low = t->type == TENSOR_UINT8 ? 0 : t->type == TENSOR_INT8 ? -128 : -32768;
    out->high = t->type == TENSOR_UINT8 ? 255 : t->type == TENSOR_INT8 ? 127 : 32767;
    out->zero_point = t->zero_point.count > 0 ? flat_int64_at(t->zero_point, 0) : 0;
    out->scale = flat_float_at(t->scale, 0);
    if (t->scale.count == 1 && t->zero_point.count <= 1 && isfinite(out->scale) && out->scale > 0 &&
        out->zero_point >= out->low && out->zero_point <= out->high)
        return FV_OK;
    return status_set(FV_ERROR_FORMAT,
                      "%s: tensor %.*s is computed, and its quantisation is not one positive scale and one "
                      "zero point of its type; the file is damaged",
                      f->path, (int)t->name_length, t->name);
}
