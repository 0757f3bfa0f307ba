/* SPDX-License-Identifier: Apache-2.0 */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum {
    MESSAGE_SIZE = 2048
};

static _Thread_local char last_message[MESSAGE_SIZE];
static _Thread_local fv_status last_status;

const char *fv_error_message(void)
{
    return last_message;
}

const char *fv_version(void)
{
    return FV_VERSION_TEXT;
}

const char *fv_status_name(fv_status status)
{
    switch (status) {
    case FV_OK:
        return "ok";
    case FV_ERROR_INVALID:
        return "invalid argument";
    case FV_ERROR_IO:
        return "input/output error";
    case FV_ERROR_FORMAT:
        return "damaged or unknown format";
    case FV_ERROR_MEMORY:
        return "out of memory";
    case FV_ERROR_UNSUPPORTED:
        return "not supported";
    case FV_ERROR_DIVERGED:
        return "training diverged";
    case FV_ERROR_INTERNAL:
        return "internal error";
    case FV_INTERRUPTED:
        return "interrupted";
    }
    return "unknown status";
}

fv_status status_last(void)
{
    return last_status;
}

static fv_status keep(fv_status status, char text[MESSAGE_SIZE])
{
    text_flatten(text);
    memcpy(last_message, text, MESSAGE_SIZE);
    last_status = status;
    return status;
}

fv_status status_set(fv_status status, const char *format, ...)
{
    /* Arguments may point into the old message, so the new one is made beside it. */
    char text[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return keep(status, text);
}

fv_status status_prefix(fv_status status, const char *format, ...)
{
    char context[MESSAGE_SIZE], text[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    if (snprintf(text, sizeof text, "%.1000s: %.1000s", context, last_message) < 0)
        text[0] = 0;
    return keep(status, text);
}

fv_status status_restore(fv_status status, const char *message)
{
    return status_set(status, "%s", message);
}
