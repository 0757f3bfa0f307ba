/* SPDX-License-Identifier: Apache-2.0 */
/* Names: what is made of a file's, a user's, a layer's and a class's. All but the user's may hold anything. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "convert/csource/csource.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    PREFIX_MAX = 40 /* C99 promises 31 to 63 significant characters */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

static char *check(const char *wanted)
{
    bool good = is_letter(wanted[0]) && strlen(wanted) <= PREFIX_MAX;
    for (const char *c = wanted; *c; c++)
        good = good && is_word(*c);
    if (good)
        return mem_string(wanted);
    status_set(FV_ERROR_INVALID,
               "export: the prefix '%.80s' cannot begin names in C; a letter, then letters, digits and "
               "underscores, %d at most",
               wanted, PREFIX_MAX);
    return NULL;
}

char *csource_prefix(const char *wanted, const char *path)
{
    if (wanted)
        return check(wanted);
    const char *name = file_base_name(path), *end = strrchr(name, '.');
    size_t length = end && end > name ? (size_t)(end - name) : strlen(name);
    text made = {0};
    if (length == 0 || !is_letter(name[0]))
        text_add(&made, "model_");
    for (size_t i = 0; i < length && made.length < PREFIX_MAX; i++)
        text_add(&made, "%c", is_word(name[i]) ? name[i] : '_');
    if (text_status(&made) == FV_OK)
        return made.data;
    text_release(&made);
    return NULL;
}

char *csource_upper(const char *prefix)
{
    char *upper = mem_string(prefix);
    for (char *c = upper; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return upper;
}

/* Octal: three digits end the escape, whatever follows, and no compiler takes its source for another character set. The question mark
 * could begin a trigraph. */
void csource_literal(text *out, const char *string)
{
    text_add(out, "\"");
    for (const char *c = string; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\' || byte == '?')
            text_add(out, "\\%03o", byte);
        else
            text_add(out, "%c", byte);
    }
    text_add(out, "\"");
}

void csource_comment(text *out, const char *string)
{
    for (const char *c = string; *c; c++)
        text_add(out, "%c", is_word(*c) || strchr(" .,:-+()", *c) ? *c : '_');
}
