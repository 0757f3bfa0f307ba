/* SPDX-License-Identifier: Apache-2.0 */
/* A compressed tar archive, which libarchive unpacks. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return fuzz_dataset(fuzz_file("pictures.tar.gz", bytes, size));
}
