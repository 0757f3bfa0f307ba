/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of the run folder within the page, so that the page alone can be sent on. */
#include <stdlib.h>

#include "core/base64.h"
#include "core/file.h"
#include "report/page.h"

enum {
    PICTURE_MAX_BYTES = 8 << 20
};

void html_picture(text *out, const char *run, const char *file)
{
    uint8_t *bytes = NULL;
    size_t size;
    char *path = file_join(run, file);
    if (path && file_read(path, PICTURE_MAX_BYTES, &bytes, &size) == FV_OK) {
        text_add(out, "data:image/png;base64,");
        base64_add(out, bytes, size);
    } else {
        text_add_html(out, file);
    }
    free(bytes);
    free(path);
}
