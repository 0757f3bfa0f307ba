/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the compiled kernel tables runs here. */
#include <stdlib.h>
#include <string.h>

#include "core/processor.h"
#include "engine/onednn/kernels/kernels.h"
#include "engine/onednn/onednn.h"

extern const kernel_table kernels_generic, kernels_avx2, kernels_avx512;

/* oneDNN's own variable lowers ours, too. */
static processor_kind level_limit(void)
{
    const char *theirs = getenv("ONEDNN_MAX_CPU_ISA");
    if (theirs && strcmp(theirs, "SSE41") == 0)
        return PROCESSOR_GENERIC;
    return theirs && strncmp(theirs, "AVX2", 4) == 0 ? PROCESSOR_AVX2 : PROCESSOR_AVX512;
}

const kernel_table *kernels_select(void)
{
    processor_kind level = processor_level(), limit = level_limit();
    level = level < limit ? level : limit;
    return PROCESSOR_SELECT(kernels, level);
}

const char *onednn_kernel_set(void)
{
    return kernels_select()->set;
}
