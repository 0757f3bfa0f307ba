/* SPDX-License-Identifier: Apache-2.0 */
/* The right length for the header of a safetensors file: up to the brace that closes it. */
#include "fuzz.h"

#ifdef FUZZ_MUTATES
static void mend(uint8_t *bytes, size_t size)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 8; i < size; i++) {
        if (quoted && bytes[i] == '\\')
            i++;
        else if (bytes[i] == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += (bytes[i] == '{') - (bytes[i] == '}');
        if (depth > 0 || i >= size)
            continue;
        for (int k = 0; k < 8; k++)
            bytes[k] = (uint8_t)((uint64_t)(i + 1 - 8) >> 8 * k);
        return;
    }
}
#endif
#include "mutator.h"
