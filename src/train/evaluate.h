/* SPDX-License-Identifier: Apache-2.0 */
/* fv_evaluate for those who need more than probabilities. */
#ifndef TRAIN_EVALUATE_H
#define TRAIN_EVALUATE_H

#include "core/status.h"

/* As fv_evaluate; *logits gets the logits (images, outputs), which the caller frees. NULL: they are not kept. */
fv_status evaluate_keep(const fv_evaluate_options *options, float **logits);

#endif
