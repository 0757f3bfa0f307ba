/* SPDX-License-Identifier: Apache-2.0 */
#include "core/processor.h"

#include <stdlib.h>
#include <string.h>

static processor_kind installed(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2"))
        return PROCESSOR_GENERIC;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512cd")
               ? PROCESSOR_AVX512
               : PROCESSOR_AVX2;
#else
    return PROCESSOR_GENERIC;
#endif
}

processor_kind processor_level(void)
{
    const char *wanted = getenv("FOVEA_ISA");
    processor_kind level = installed(), limit = PROCESSOR_AVX512;
    if (wanted)
        limit = strcmp(wanted, "generic") == 0 ? PROCESSOR_GENERIC
                : strcmp(wanted, "avx2") == 0  ? PROCESSOR_AVX2
                                               : PROCESSOR_AVX512;
    return level < limit ? level : limit;
}
