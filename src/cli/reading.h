/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows about the reading of pictures that several verbs have; their structs have fields of these names.
 *
 *     static const option table[] = {..., THREADS_OPTION(eval_options), ON_ERROR_OPTION(eval_options), {0}};
 */
#ifndef CLI_READING_H
#define CLI_READING_H

#include "cli/cli.h"

static const char *const on_error_choices[] = {"skip", "fail", NULL}; /* fv_on_error */

#define THREADS_OPTION(options_type)                                                                         \
    {                                                                                                        \
        .name = "threads", .type = OPTION_INT, .offset = offsetof(options_type, threads), .low = 1,          \
        .high = 1024, .shown = "one a core", .help = "threads that read pictures"                            \
    }

#define ON_ERROR_OPTION(options_type)                                                                        \
    {                                                                                                        \
        .name = "on_error", .type = OPTION_CHOICE, .offset = offsetof(options_type, on_error),               \
        .choices = on_error_choices, .value = "WHAT", .shown = "skip",                                       \
        .help = "what to do about pictures that cannot be read"                                              \
    }

#endif
