/* SPDX-License-Identifier: Apache-2.0 */
/* --name value, --name=value, -o value, -ovalue, a truth value without a value, and -- before arguments that
 * begin with a dash. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/memory.h"

enum {
    SIZE_MOST = 16384 /* pixels of a side */
};

static bool is_own(const verb *v, const option *o)
{
    const option *own = v->options;
    while (own->name && own != o)
        own++;
    return own == o;
}

const option *verb_next_option(const verb *v, const option *before)
{
    const option *o = before ? before + 1 : v->options;
    bool own = !before || is_own(v, before);
    if (own && o->name)
        return o;
    if (own)
        o = v->further;
    while (o && o->name && options_find(v->options, o->name))
        o++;
    return o && o->name ? o : NULL;
}

static const option *find_letter(const verb *v, char letter)
{
    const option *o = NULL;
    while ((o = verb_next_option(v, o)) && o->letter != letter)
        ;
    return o;
}

static const option *find_name(const verb *v, const char *name)
{
    const option *o = options_find(v->options, name);
    return o || !v->further ? o : options_find(v->further, name);
}

/* The flag's option and what stands after '=' or the letter (NULL: nothing). */
static fv_status find_flag(const verb *v, const char *word, const option **found, const char **value)
{
    if (word[1] != '-') {
        *found = find_letter(v, word[1]);
        *value = word[2] ? word + 2 : NULL;
        return *found ? FV_OK : status_set(FV_ERROR_INVALID, "-%c: unknown option", word[1]);
    }
    size_t length = strcspn(word + 2, "=");
    char name[64] = "";
    if (length < sizeof name)
        memcpy(name, word + 2, length);
    *value = word[2 + length] ? word + 3 + length : NULL;
    *found = length < sizeof name ? find_name(v, name) : NULL;
    return *found ? FV_OK
                  : options_unknown((const option *const[]){v->options, v->further, NULL}, name, "--");
}

fv_status parse_flags(const verb *v, char **words, int word_count, void *options, char **arguments,
                      int *count)
{
    *count = 0;
    bool flags = true;
    for (int i = 0; i < word_count; i++) {
        const char *word = words[i];
        if (flags && strcmp(word, "--") == 0) {
            flags = false;
            continue;
        }
        if (!flags || word[0] != '-' || !word[1]) {
            arguments[(*count)++] = words[i];
            continue;
        }
        const option *o;
        const char *value;
        STATUS_TRY(find_flag(v, word, &o, &value));
        if (!value && o->type == OPTION_BOOL)
            value = "yes";
        if (!value && o->bare &&
            (i + 1 == word_count || strspn(words[i + 1], "0123456789") != strlen(words[i + 1])))
            value = o->bare;
        /* "--out --epochs 3" is a forgotten value, not a folder called --epochs. */
        if (!value && (i + 1 == word_count || strncmp(words[i + 1], "--", 2) == 0))
            return status_set(FV_ERROR_INVALID, "%s: needs a value", word);
        if (!value)
            value = words[++i];
        STATUS_TRY(options_set(o, options, o->name, value, "--"));
    }
    return FV_OK;
}

fv_status parse_size(const char *words, int64_t *height, int64_t *width)
{
    int used = 0;
    long long h = 0, w = 0;
    if (strspn(words, "0123456789x") == strlen(words) && strlen(words) < 16) {
        if (sscanf(words, "%lldx%lld%n", &h, &w, &used) != 2 || words[used]) {
            used = 0;
            w = sscanf(words, "%lld%n", &h, &used) == 1 ? h : 0;
        }
    }
    if (used == 0 || words[used] || h < 1 || w < 1 || h > SIZE_MOST || w > SIZE_MOST)
        return status_set(FV_ERROR_INVALID, "--size: must be N or HxW in pixels, 1..%d, not '%.100s'",
                          SIZE_MOST, words);
    *height = h;
    *width = w;
    return FV_OK;
}
