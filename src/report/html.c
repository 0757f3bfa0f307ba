/* SPDX-License-Identifier: Apache-2.0 */
/* Small pieces of the page: numbers, cards, headings. */
#include <math.h>
#include <stdio.h>

#include "report/page.h"

void html_percent(text *out, double part)
{
    if (isfinite(part))
        text_add(out, "%.2f %%", 100 * part);
    else
        text_add(out, "–");
}

void html_number(text *out, double value)
{
    if (isfinite(value))
        text_add(out, "%.4g", value);
    else
        text_add(out, "–");
}

/* 1234567 as "1,234,567". */
void html_count(text *out, int64_t value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    for (int i = 0; i < length; i++) {
        text_add_bytes(out, &digits[i], 1);
        if ((length - 1 - i) % 3 == 0 && i + 1 < length && digits[i] != '-')
            text_add(out, ",");
    }
}

void html_begin(text *out, const char *title)
{
    text_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    text_add_html(out, title);
    text_add(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", page_style);
}

void html_end(text *out)
{
    text_add(out, "<footer>Written by fovea %s.</footer>\n</main>\n</body>\n</html>\n", fv_version());
}

void html_card(text *out, const char *label, const char *value, const char *note)
{
    text_add(out, "<div class=\"card\"><span>%s</span><b>%s</b><small>%s</small></div>\n", label, value,
             note);
}

void html_percent_card(text *out, const char *label, double part, const char *note)
{
    text value = {0};
    html_percent(&value, part);
    html_card(out, label, text_string(&value), note);
    text_release(&value);
}

void html_heading(text *out, const char *heading)
{
    text_add(out, "<h2>%s</h2>\n", heading);
}
