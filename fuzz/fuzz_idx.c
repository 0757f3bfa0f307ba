/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of IDX files: the input's parts are pictures, labels, and the two of the test part, packed or not. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    for (int i = 0; i < 4; i++) {
        size_t length;
        const uint8_t *part = fuzz_next(&bytes, &size, &length);
        bool packed = part && length > 1 && part[0] == 0x1f && part[1] == 0x8b;
        char name[64];
        snprintf(name, sizeof name, "%s.gz", names[i]);
        fuzz_file(names[i], packed ? NULL : part, length);
        fuzz_file(name, packed ? part : NULL, length);
    }
    return fuzz_dataset(fuzz_folder());
}
