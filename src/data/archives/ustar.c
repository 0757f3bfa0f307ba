/* SPDX-License-Identifier: Apache-2.0 */
#include "data/archives/ustar.h"

#include <string.h>

/* Fields of the header: where each begins. */
enum {
    NAME = 0,
    MODE = 100,
    OWNER = 108,
    GROUP = 116,
    SIZE = 124,
    TIME = 136,
    CHECKSUM = 148,
    TYPE = 156,
    MAGIC = 257,
    DEVICE = 329,
    UNUSED = 500,
    NUMBER_DIGITS = 7,
    LONG_DIGITS = 11
};

static void put_octal(uint8_t *field, int digits, uint64_t value)
{
    for (int i = digits - 1; i >= 0; i--, value /= 8)
        field[i] = (uint8_t)('0' + value % 8);
}

void ustar_header(uint8_t block[USTAR_BLOCK], const char *name, uint64_t size, const char *tag)
{
    memset(block, 0, USTAR_BLOCK);
    memcpy(block + NAME, name, strnlen(name, USTAR_NAME));
    put_octal(block + MODE, NUMBER_DIGITS, 0644);
    put_octal(block + OWNER, NUMBER_DIGITS, 0);
    put_octal(block + GROUP, NUMBER_DIGITS, 0);
    put_octal(block + SIZE, LONG_DIGITS, size);
    put_octal(block + TIME, LONG_DIGITS, 0);
    block[TYPE] = '0';
    memcpy(block + MAGIC,
           "ustar\0"
           "00",
           8);
    put_octal(block + DEVICE, NUMBER_DIGITS, 0);
    put_octal(block + DEVICE + NUMBER_DIGITS + 1, NUMBER_DIGITS, 0);
    if (tag)
        memcpy(block + UNUSED, tag, USTAR_TAG);
    /* The sum of all bytes, its own field taken as blanks. */
    unsigned sum = 8 * ' ';
    for (int i = 0; i < USTAR_BLOCK; i++)
        sum += block[i];
    put_octal(block + CHECKSUM, 6, sum);
    block[CHECKSUM + 7] = ' ';
}
