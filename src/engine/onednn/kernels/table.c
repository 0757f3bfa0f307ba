/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

#define KERNEL_TEXT_(set) #set
#define KERNEL_TEXT(set)  KERNEL_TEXT_(set)
#define ROW(name)         .name = KERNEL(name),

extern const kernel_table KERNEL(kernels);
const kernel_table KERNEL(kernels) = {.set = KERNEL_TEXT(KERNEL_SET), .lanes = LANES, KERNEL_EACH(ROW)};
