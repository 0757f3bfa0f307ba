/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the compiled kernel tables runs here. */
#include <stdlib.h>
#include <string.h>

#include "engine/onednn/kernels/kernels.h"
#include "engine/onednn/onednn.h"

extern const kernel_table kernels_generic;

#if defined(__x86_64__)
extern const kernel_table kernels_avx2, kernels_avx512;

/* 0 generic, 1 AVX2, 2 AVX-512 */
static int processor_level(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2"))
        return 0;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512cd")
               ? 2
               : 1;
}

static int level_limit(void)
{
    const char *ours = getenv("FOVEA_ISA"), *theirs = getenv("ONEDNN_MAX_CPU_ISA");
    int limit = 2;
    if (ours)
        limit = strcmp(ours, "generic") == 0 ? 0 : strcmp(ours, "avx2") == 0 ? 1 : 2;
    if (theirs && strcmp(theirs, "SSE41") == 0)
        limit = 0;
    if (theirs && strncmp(theirs, "AVX2", 4) == 0 && limit > 1)
        limit = 1;
    return limit;
}

const kernel_table *kernels_select(void)
{
    int level = processor_level(), limit = level_limit();
    level = level < limit ? level : limit;
    return level == 2 ? &kernels_avx512 : level == 1 ? &kernels_avx2 : &kernels_generic;
}
#else
const kernel_table *kernels_select(void)
{
    return &kernels_generic;
}
#endif

const char *onednn_kernel_set(void)
{
    return kernels_select()->set;
}
