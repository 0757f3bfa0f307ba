/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that may ask: keys_read(&k, path), keys_match(&k, authorization), keys_release(&k). */
#ifndef SERVE_KEYS_H
#define SERVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct keys {
    char **list;
    size_t count, capacity;
} keys;

/* A key a line; "#" begins a comment. A file without any is an error. */
fv_status keys_read(keys *k, const char *path);
void keys_release(keys *k);
/* Whether the header's value (may be NULL) is "Bearer " and one of the keys. How long it takes says nothing about the keys but how many
 * there are and how long. */
bool keys_match(const keys *k, const char *authorization);

#endif
