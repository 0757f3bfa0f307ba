/* SPDX-License-Identifier: Apache-2.0 */
/* A zip archive: a tree of pictures, or any of the data sets that can lie in an archive. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return fuzz_dataset(fuzz_file("pictures.zip", bytes, size));
}
