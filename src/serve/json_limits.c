/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "serve/job.h"

/* Each value but the first of a list or object follows a comma, and the first an opening bracket. */
fv_status json_limits_check(const uint8_t *bytes, size_t size, int depth, int64_t values)
{
    int level = 0;
    int64_t count = 1;
    bool inside = false;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = bytes[i];
        if (inside) {
            if (c == '\\')
                i++;
            else if (c == '"')
                inside = false;
        } else if (c == '"') {
            inside = true;
        } else if (c == '[' || c == '{') {
            count++;
            if (++level > depth)
                return status_set(FV_ERROR_INVALID, "the JSON nests deeper than %d levels", depth);
        } else if (c == ']' || c == '}') {
            level--;
        } else if (c == ',') {
            count++;
        }
    }
    if (count > values)
        return status_set(FV_ERROR_INVALID,
                          "the JSON has about %" PRId64 " values; this model takes %" PRId64
                          " a request: send fewer pictures, or encoded ones",
                          count, values);
    return FV_OK;
}
