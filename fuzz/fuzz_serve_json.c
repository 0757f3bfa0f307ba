/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of :predict, :classify and infer, and of infer with a first line of JSON and tensors as bytes behind it. */
#include "serve_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const protocol *const protocols[] = {&protocol_tf_predict, &protocol_tf_classify,
                                                &protocol_kserve};
    for (int i = 0; i < 3; i++)
        fuzz_job(protocols[i], NULL, NULL, bytes, size);
    const uint8_t *end = size ? memchr(bytes, '\n', size) : NULL;
    char length[24];
    snprintf(length, sizeof length, "%zu", end ? (size_t)(end - bytes) + 1 : 0);
    fuzz_job(&protocol_kserve, NULL, length, bytes, size);
    return 0;
}
