/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of shards: the input's parts are a training shard, a test shard, and classes.txt. */
#include "fuzz.h"
#include "mend_tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"train-000.tar", "test-000.tar", "classes.txt"};
    for (int i = 0; i < 3; i++) {
        size_t length;
        const uint8_t *part = fuzz_next(&bytes, &size, &length);
        fuzz_file(names[i], length > 0 || i == 0 ? part : NULL, length);
    }
    return fuzz_dataset(fuzz_folder());
}
