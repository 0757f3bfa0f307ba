/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow's networks for ImageNet have 1001 outputs, of which the first stands for background and is of no class. */
#ifndef CONVERT_BACKGROUND_H
#define CONVERT_BACKGROUND_H

#include "core/status.h"

/* Whether a network of so many outputs, asked for `classes`, has one for background too many. */
int background_is_extra(const fv_model *m, int64_t classes);
/* Puts in place of *m the same network without its first output. */
fv_status background_drop(fv_model **m);

#endif
