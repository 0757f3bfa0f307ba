/* SPDX-License-Identifier: Apache-2.0 */
/* YAML files of options: one mapping from names to values. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/cli.h"

/* Sets what the file names; strings go into the pool. The error names the file, the line and the option. */
fv_status config_read(const char *path, const option *table, void *options, string_pool *pool);

/* Every option that has a value, in the table's order, under a comment line: appended to a text, or as a file. */
fv_status config_print(const option *table, const void *options, const char *comment, text *out);
fv_status config_write(const char *path, const option *table, const void *options, const char *comment);

#endif
