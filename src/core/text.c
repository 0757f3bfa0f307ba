/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static int reserve(text *t, size_t more)
{
    if (t->status != FV_OK)
        return 0;
    if (t->length + more + 1 <= t->capacity)
        return 1;
    size_t capacity = t->capacity ? t->capacity : 128;
    while (capacity < t->length + more + 1)
        capacity *= 2;
    char *data = mem_resize(t->data, capacity, 1);
    if (!data) {
        t->status = status_last();
        return 0;
    }
    t->data = data;
    t->capacity = capacity;
    return 1;
}

void text_add_bytes(text *t, const void *bytes, size_t length)
{
    if (!reserve(t, length))
        return;
    memcpy(t->data + t->length, bytes, length);
    t->length += length;
    t->data[t->length] = 0;
}

void text_add(text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(t, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(t->data + t->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    t->length += (size_t)length;
}

void text_add_float(text *t, double value)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), old = uselocale(c);
    char digits[40];
    int precision = 6;
    do
        snprintf(digits, sizeof digits, "%.*g", precision, value);
    while ((float)strtod(digits, NULL) != (float)value && ++precision <= 9);
    uselocale(old);
    freelocale(c);
    text_add(t, "%s", digits);
}

void text_add_html(text *t, const char *plain)
{
    for (const char *p = plain; *p; p++) {
        switch (*p) {
        case '&':
            text_add(t, "&amp;");
            break;
        case '<':
            text_add(t, "&lt;");
            break;
        case '>':
            text_add(t, "&gt;");
            break;
        case '"':
            text_add(t, "&quot;");
            break;
        case '\'':
            text_add(t, "&#39;");
            break;
        default:
            text_add_bytes(t, p, 1);
        }
    }
}

const char *text_string(const text *t)
{
    return t->data ? t->data : "";
}

fv_status text_status(const text *t)
{
    return t->status;
}

void text_release(text *t)
{
    free(t->data);
    *t = (text){0};
}

enum {
    WORD_MAX = 63
};

void text_flatten(char *string)
{
    for (; *string; string++)
        if ((unsigned char)*string < ' ' || *string == 127)
            *string = ' ';
}

bool text_number(const char *s, double *value)
{
    if (!*s || strspn(s, "+-.0123456789eE") != strlen(s))
        return false;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *end;
    *value = strtod_l(s, &end, c);
    freelocale(c);
    return *end == 0 && end != s && isfinite(*value);
}

int text_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    int d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= n; i++)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    int limit = (int)strlen(word) / 3 + 1, best = limit + 1;
    for (size_t i = 0; i < count; i++) {
        int distance = text_distance(word, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
