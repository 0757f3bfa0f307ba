/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of the run folder within the page, so that the page alone can be sent on. */
#include <stdlib.h>

#include "core/file.h"
#include "report/page.h"

enum {
    PICTURE_MAX_BYTES = 8 << 20
};

static void add_base64(text *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=', left > 2 ? digits[three & 63] : '='};
        text_add_bytes(out, four, 4);
    }
}

void html_picture(text *out, const char *run, const char *file)
{
    uint8_t *bytes = NULL;
    size_t size;
    char *path = file_join(run, file);
    if (path && file_read(path, PICTURE_MAX_BYTES, &bytes, &size) == FV_OK) {
        text_add(out, "data:image/png;base64,");
        add_base64(out, bytes, size);
    } else {
        text_add_html(out, file);
    }
    free(bytes);
    free(path);
}
