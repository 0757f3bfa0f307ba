/* SPDX-License-Identifier: Apache-2.0 */
/* Between the sources of archives and of shards. */
#ifndef DATA_SHARDS_H
#define DATA_SHARDS_H

#include "data/archives/container.h"
#include "data/source.h"

/* Whether the archive's files pair up as a picture and its class, key.jpg and key.cls. */
bool shards_detect(const container *c);
/* Lists an archive that is one shard; the sources share `c`. */
fv_status shards_list(container *c, listing *l);

#endif
