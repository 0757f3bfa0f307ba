/* SPDX-License-Identifier: Apache-2.0 */
/* Mirroring, compiled once for each instruction set (kernels/): PROCESSOR_SELECT(mirror_rows, processor_level())(...). */
#ifndef IMAGE_MIRROR_H
#define IMAGE_MIRROR_H

#include <stdint.h>

#include "core/processor.h"

/* Left and right of (height, width, channels), in place. */
typedef void mirror_function(uint8_t *data, int64_t height, int64_t width, int64_t channels);
extern mirror_function mirror_rows_generic, mirror_rows_avx2, mirror_rows_avx512;

#endif
