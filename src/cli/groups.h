/* SPDX-License-Identifier: Apache-2.0 */
/* What eval --groups found, as text and JSON. */
#ifndef CLI_GROUPS_H
#define CLI_GROUPS_H

#include "cli/cli.h"

void groups_print(const fv_groups *g, const fv_evaluation *e);
json_t *groups_json(const fv_groups *g, const fv_evaluation *e);

#endif
