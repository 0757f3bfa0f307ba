/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes, error messages, version. Example: if (fv_compile(m) != FV_OK) puts(fv_error_message()); */
#ifndef FOVEA_STATUS_H
#define FOVEA_STATUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define FV_API
#else
#define FV_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fv_status {
    FV_OK = 0,
    FV_ERROR_INVALID,     /* an argument, option, shape or layer that cannot be */
    FV_ERROR_IO,          /* a file or folder that cannot be read or written */
    FV_ERROR_FORMAT,      /* a damaged file, or one of an unknown format */
    FV_ERROR_MEMORY,      /* not enough memory */
    FV_ERROR_UNSUPPORTED, /* valid, but not possible here: an engine, a library or a feature is missing */
    FV_ERROR_DIVERGED,    /* the loss became infinite or not a number */
    FV_ERROR_INTERNAL,    /* a mistake in fovea itself */
    FV_INTERRUPTED        /* a callback asked to stop; what was done so far is kept */
} fv_status;

/* Says "off" where zero means "the default", e.g. .use_bias = FV_OFF. */
#define FV_OFF (-1)

/* The calling thread's last error: one line that names the file, layer or option. Never NULL; valid until the thread's
 * next failing call. */
FV_API const char *fv_error_message(void);

/* A few words for a status code, never NULL. */
FV_API const char *fv_status_name(fv_status status);

/* One line for a log, without a newline. */
typedef void (*fv_log_callback)(const char *line, void *user);

/* "MAJOR.MINOR.PATCH" of the library. */
FV_API const char *fv_version(void);

#ifdef __cplusplus
}
#endif
#endif
