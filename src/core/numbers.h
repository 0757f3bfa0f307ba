/* SPDX-License-Identifier: Apache-2.0 */
/* The number types of files, and their conversion to f32. Those of tensors are little endian, as every machine that fovea runs on. */
#ifndef CORE_NUMBERS_H
#define CORE_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

typedef enum number_type {
    NUMBER_F32,
    NUMBER_F16,
    NUMBER_BF16,
    NUMBER_F64,
    NUMBER_I8,
    NUMBER_U8,
    NUMBER_I16,
    NUMBER_I32,
    NUMBER_I64,
    NUMBER_BOOL,
    NUMBER_TYPES
} number_type;

size_t number_size(number_type type); /* bytes */
/* One number at any address. */
float number_to_f32(number_type type, const uint8_t *bytes);
/* `count` of them, side by side. */
void numbers_to_f32(number_type type, const uint8_t *bytes, size_t count, float *values);

/* An unsigned number of 1 to 8 bytes, the most significant first, as several formats of pictures have them. */
static inline uint64_t number_big_endian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

#endif
