/* SPDX-License-Identifier: Apache-2.0 */
/* Right checksums for the headers of tar archives, wherever they lie. */
#include "fuzz.h"

#ifdef FUZZ_MUTATES
static void mend(uint8_t *bytes, size_t size)
{
    enum {
        HEADER = 512,
        SUM = 148, /* six octal digits, a zero byte, a blank; counted as blanks */
        MAGIC = 257
    };
    for (size_t at = 0; at + HEADER <= size; at++) {
        uint8_t *header = bytes + at;
        if (memcmp(header + MAGIC, "ustar", 5) != 0)
            continue;
        unsigned sum = 0;
        memset(header + SUM, ' ', 8);
        for (int i = 0; i < HEADER; i++)
            sum += header[i];
        snprintf((char *)header + SUM, 7, "%06o", sum);
        at += HEADER - 1;
    }
}
#endif
#include "mutator.h"
