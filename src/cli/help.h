/* SPDX-License-Identifier: Apache-2.0 */
/* What help.c and manual.c share. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/* "N", "FILE"; "" for truth values. */
const char *help_value_name(const option *o);
/* The explanation with choices, range and default. */
void help_explain(const option *o, text *out);

#endif
