/* SPDX-License-Identifier: Apache-2.0 */
#include "report/plot_name.h"

void plot_fit_name(canvas *c, const char *name, double size, double width, text *out)
{
    text_add(out, "%.256s", name); /* hostile ones may be long */
    if (!out->data || canvas_text_width(c, out->data, size) <= width)
        return;
    do {
        do
            out->length--;
        while (out->length > 0 && (out->data[out->length] & 0xc0) == 0x80);
        out->data[out->length] = 0;
    } while (out->length > 0 && canvas_text_width(c, out->data, size) > width - 12);
    text_add(out, "…");
}
