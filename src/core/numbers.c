/* SPDX-License-Identifier: Apache-2.0 */
#include "core/numbers.h"

#include <string.h>

size_t number_size(number_type type)
{
    static const size_t sizes[NUMBER_TYPES] = {
        [NUMBER_F32] = 4, [NUMBER_F16] = 2, [NUMBER_BF16] = 2, [NUMBER_F64] = 8, [NUMBER_I8] = 1,
        [NUMBER_U8] = 1,  [NUMBER_I16] = 2, [NUMBER_I32] = 4,  [NUMBER_I64] = 8, [NUMBER_BOOL] = 1};
    return sizes[type];
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 half precision: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
static float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h >> 15) << 31, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent > 0)
        return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float value = (float)fraction * 0x1p-24f; /* subnormal: exact in f32 */
    return sign ? -value : value;
}

#define READ(type, from)                                                                                     \
    type x;                                                                                                  \
    memcpy(&x, from, sizeof x)

float number_to_f32(number_type type, const uint8_t *bytes)
{
    switch (type) {
    case NUMBER_F16: {
        READ(uint16_t, bytes);
        return half_to_float(x);
    }
    case NUMBER_BF16: {
        READ(uint16_t, bytes);
        return float_of_bits((uint32_t)x << 16);
    }
    case NUMBER_F64: {
        READ(double, bytes);
        return x > 0x1.fffffefp127    ? float_of_bits(0x7f800000)
               : x < -0x1.fffffefp127 ? float_of_bits(0xff800000)
                                      : (float)x;
    }
    case NUMBER_I8:
        return (int8_t)*bytes;
    case NUMBER_U8:
        return *bytes;
    case NUMBER_I16: {
        READ(int16_t, bytes);
        return x;
    }
    case NUMBER_I32: {
        READ(int32_t, bytes);
        return (float)x;
    }
    case NUMBER_I64: {
        READ(int64_t, bytes);
        return (float)x;
    }
    case NUMBER_BOOL:
        return *bytes != 0;
    case NUMBER_F32:
    case NUMBER_TYPES:
        break;
    }
    READ(float, bytes);
    return x;
}

void numbers_to_f32(number_type type, const uint8_t *bytes, size_t count, float *values)
{
    size_t size = number_size(type);
    if (type == NUMBER_F32)
        memcpy(values, bytes, count * size);
    else
        for (size_t i = 0; i < count; i++)
            values[i] = number_to_f32(type, bytes + i * size);
}
