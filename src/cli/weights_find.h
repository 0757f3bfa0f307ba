/* SPDX-License-Identifier: Apache-2.0 */
/* Weights by name: what --weights and 'models get' take besides files. */
#ifndef CLI_WEIGHTS_FIND_H
#define CLI_WEIGHTS_FIND_H

#include "cli/cli.h"

/* fv_pretrained_fetch, showing what it downloads. `mirror` may be NULL. */
fv_status weights_fetch(char *path, size_t size, const char *name, const char *mirror);

/*
 * The value of --weights (NULL: not given) becomes the path of a file, which `pool` keeps: a file that is there, as it is; else the published
 * weights of this name, or "pretrained" for those of *model. Where no model is named, *model becomes their network.
 */
fv_status weights_find(string_pool *pool, const char **weights, const char **model);

#endif
