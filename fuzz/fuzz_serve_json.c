/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of :predict, :classify and infer. */
#include "serve_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const protocol *const protocols[] = {&protocol_tf_predict, &protocol_tf_classify,
                                                &protocol_kserve};
    for (int i = 0; i < 3; i++)
        fuzz_job(protocols[i], NULL, bytes, size);
    return 0;
}
