/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sources of class folders agree on: which names are parts, and the folders within an archive.
 *
 *     if (tree_part("valid") == FV_VALIDATION) ...
 */
#ifndef DATA_TREE_H
#define DATA_TREE_H

#include "data/archives/container.h"
#include "data/source.h"

fv_part tree_part(const char *name); /* FV_ALL: not the name of a part */

/* Lists the pictures in an archive that lie in class folders; the sources share `c`. */
fv_status tree_list(container *c, listing *l);

#endif
