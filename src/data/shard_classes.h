/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The classes of shards: texts as the samples have them, numbers or names, become class numbers once all are known.
 *
 *     shard_classes c = {0};
 *     uint32_t text;
 *     STATUS_TRY(name_table_add(&c.texts, "3", &text));
 *     STATUS_TRY(shard_classes_settle(&c, where, &map));  // map[text]: the class, c.names.items[map[text]] its name
 */
#ifndef DATA_SHARD_CLASSES_H
#define DATA_SHARD_CLASSES_H

#include "core/file.h"
#include "data/name_table.h"
#include "data/names.h"

enum {
    SHARD_MAX_CLASSES = 1 << 20
};

typedef struct shard_classes {
    name_table texts; /* as the samples have them */
    name_list names;  /* by class; from classes.txt where there is one */
} shard_classes;

/* Reads the names from the bytes of a classes.txt, a line each. */
fv_status shard_classes_read(shard_classes *c, const char *path, char *content);

/* Numbers stay what they are, and names are found in classes.txt, or sorted where there is none. The caller frees *map. */
fv_status shard_classes_settle(shard_classes *c, const char *where, int32_t **map);
void shard_classes_release(shard_classes *c);

#endif
