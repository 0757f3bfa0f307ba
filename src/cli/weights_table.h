/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the tensors of a file of weights, printed: what matched, was adapted, is missing, was left over. */
#ifndef CLI_WEIGHTS_TABLE_H
#define CLI_WEIGHTS_TABLE_H

#include "core/status.h"

/* fv_weights_load with the table on standard output, also when it fails. */
fv_status weights_table_load(fv_model *m, const char *path);

#endif
