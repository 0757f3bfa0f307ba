/* SPDX-License-Identifier: Apache-2.0 */
#include "image/resample.h"

extern const resample_kernels resample_generic, resample_avx2, resample_avx512;

const resample_kernels *resample_select(void)
{
    return PROCESSOR_SELECT(resample, processor_level());
}
