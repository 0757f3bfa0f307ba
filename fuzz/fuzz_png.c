/* SPDX-License-Identifier: Apache-2.0 */
/* PNG, whose chunks carry checksums. */
#include "fuzz.h"

#include <zlib.h>

#ifdef FUZZ_MUTATES
static uint32_t read_number(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void mend(uint8_t *bytes, size_t size)
{
    /* Signature: 8 bytes; then chunks of length, type, data and checksum: 4, 4, length and 4 bytes. */
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        size_t length = read_number(bytes + at);
        if (length > size - at - 12)
            return;
        uint32_t sum = (uint32_t)crc32(0, bytes + at + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}
#endif
#include "mutator.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return fuzz_picture("PNG", bytes, size);
}
