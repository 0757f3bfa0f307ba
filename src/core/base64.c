/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"

#include <stdlib.h>

#include "core/memory.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(text *out, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    char block[1024];
    size_t filled = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three = (uint32_t)from[i] << 16 | (left > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
                         (left > 2 ? from[i + 2] : 0);
        block[filled++] = digits[three >> 18];
        block[filled++] = digits[three >> 12 & 63];
        block[filled++] = left > 1 ? digits[three >> 6 & 63] : '=';
        block[filled++] = left > 2 ? digits[three & 63] : '=';
        if (filled == sizeof block || left <= 3) {
            text_add_bytes(out, block, filled);
            filled = 0;
        }
    }
}

static int value_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

fv_status base64_decode(const char *string, size_t length, uint8_t **bytes, size_t *size)
{
    size_t padding = 0;
    while (padding < 2 && length > 0 && string[length - 1] == '=')
        length--, padding++;
    if (length % 4 == 1 || (padding && (length + padding) % 4 != 0))
        return status_set(FV_ERROR_FORMAT, "this is no base64: it ends in the middle of a byte");
    uint8_t *out = mem_array(length / 4 * 3 + 3, 1);
    if (!out)
        return status_last();
    uint32_t bits = 0;
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(string[i]);
        if (value < 0) {
            free(out);
            return status_set(FV_ERROR_FORMAT, "this is no base64: place %zu holds another character", i + 1);
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 > 0)
            out[count++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *bytes = out;
    *size = count;
    return FV_OK;
}
