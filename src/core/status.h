/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. Whoever detects a problem writes the whole message once, and every caller only passes the status on:
 *
 *     if (width <= 0)
 *         return status_set(FV_ERROR_INVALID, "%s: width must be positive, not %d", name, width);
 *
 * The message names the file, layer or option and says what to do. It is kept per thread (fv_error_message).
 */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include "fovea.h"

/* Stores the message for this thread and returns `status`, so that it can stand in a return statement. */
fv_status status_set(fv_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the thread's message, e.g. the file in which a deeper call failed; returns `status`. */
fv_status status_prefix(fv_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The status that belongs to the thread's last message; FV_OK when there was none. */
fv_status status_last(void);

/* Copies another thread's failure to this one: used where a worker's error is reported by its owner. */
fv_status status_restore(fv_status status, const char *message);

/* Returns from the function when the call failed; for functions that have nothing to release. */
#define STATUS_TRY(call)                                                                                     \
    do {                                                                                                     \
        fv_status status_try_ = (call);                                                                      \
        if (status_try_ != FV_OK)                                                                            \
            return status_try_;                                                                              \
    } while (0)

#endif
