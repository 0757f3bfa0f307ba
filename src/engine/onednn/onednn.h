/* SPDX-License-Identifier: Apache-2.0 */
/* What tests may ask the oneDNN engine. */
#ifndef ENGINE_ONEDNN_ONEDNN_H
#define ENGINE_ONEDNN_ONEDNN_H

#include <stdint.h>

/* oneDNN primitives made since the process started; it must not grow while a plan runs. */
int64_t onednn_primitives_created(void);

/* The instruction set that the engine's own kernels use here: "generic", "avx2" or "avx512". */
const char *onednn_kernel_set(void);

#endif
