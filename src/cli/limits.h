/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --max-pixels and --max-bytes, the same for every verb that reads pictures: two rows of its table, whose struct has two fields
 * of these names.
 *
 *     static const option table[] = {..., LIMIT_OPTIONS(eval_options), {0}};
 */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

#include "cli/cli.h"

/* The library's defaults, in numbers. */
enum {
    DEFAULT_MAX_PIXELS = 256 << 20,
    DEFAULT_MAX_BYTES = 1 << 30
};

#define LIMIT_OPTIONS(options_type)                                                                          \
    {.name = "max_pixels",                                                                                   \
     .type = OPTION_SIZE,                                                                                    \
     .offset = offsetof(options_type, max_pixels),                                                           \
     .low = 1,                                                                                               \
     .high = 1e15,                                                                                           \
     .value = "N[K|M|G]",                                                                                    \
     .shown = "256M",                                                                                        \
     .help = "refuse pictures of more pixels before they are decoded"},                                      \
    {                                                                                                        \
        .name = "max_bytes", .type = OPTION_SIZE, .offset = offsetof(options_type, max_bytes), .low = 1,     \
        .high = 1e15, .value = "N[K|M|G]", .shown = "1G",                                                    \
        .help = "refuse picture files of more bytes before they are read"                                    \
    }

#endif
