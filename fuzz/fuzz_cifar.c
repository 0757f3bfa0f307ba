/* SPDX-License-Identifier: Apache-2.0 */
/* CIFAR's folders: the input's parts are the class names, a training file and the test file. What is of whole records of 3074
 * bytes is CIFAR-100's. */
#include "fuzz.h"

enum {
    RECORD_100 = 2 + 3072
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[2][3] = {{"batches.meta.txt", "data_batch_1.bin", "test_batch.bin"},
                                            {"fine_label_names.txt", "train.bin", "test.bin"}};
    const uint8_t *parts[3];
    size_t lengths[3];
    for (int i = 0; i < 3; i++)
        parts[i] = fuzz_next(&bytes, &size, &lengths[i]);
    int kind = lengths[1] > 0 && lengths[1] % RECORD_100 == 0;
    for (int i = 0; i < 3; i++) {
        fuzz_file(names[!kind][i], NULL, 0);
        fuzz_file(names[kind][i], lengths[i] > 0 ? parts[i] : NULL, lengths[i]);
    }
    return fuzz_dataset(fuzz_folder());
}
