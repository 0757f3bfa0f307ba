/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tensor_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/rewrites.h"
#include "core/memory.h"

enum {
    NAME_SIZE = 256, /* of a name that is worth rewriting */
    NUMBERS_MAX = 4,
    REWRITES_MAX = 4
};

/* What wrappers of networks put before all names. */
static const char *const prefixes[] = {"module.", "model.",      "backbone.", "net.",      "network.",
                                       "base.",   "base_model.", "encoder.",  "_orig_mod."};

static int compare(const void *a, const void *b)
{
    return strcmp((*(const network_tensor *const *)a)->name, (*(const network_tensor *const *)b)->name);
}

fv_status tensor_names_init(tensor_names *n, const fv_model *m)
{
    n->model = m;
    n->sorted = mem_array((size_t)m->tensor_count, sizeof *n->sorted);
    if (!n->sorted)
        return status_last();
    for (int32_t i = 0; i < m->tensor_count; i++)
        n->sorted[i] = &m->tensors[i];
    qsort(n->sorted, (size_t)m->tensor_count, sizeof *n->sorted, compare);
    return FV_OK;
}

void tensor_names_release(tensor_names *n)
{
    free(n->sorted);
    *n = (tensor_names){0};
}

static const network_tensor *find(const tensor_names *n, const char *name)
{
    const network_tensor key = {.name = (char *)(uintptr_t)name}, *wanted = &key; /* only read */
    const network_tensor **found =
        bsearch(&wanted, n->sorted, (size_t)n->model->tensor_count, sizeof *n->sorted, compare);
    return found ? *found : NULL;
}

/* How much of `name` the pattern takes, 0: it does not begin so. '#' is a number, stored in `numbers`; a pattern ends where a part of
 * the name does. */
static size_t match(const char *pattern, const char *name, long numbers[NUMBERS_MAX])
{
    const char *at = name;
    int count = 0;
    for (; *pattern; pattern++) {
        if (*pattern == '#' && isdigit((unsigned char)*at) && count < NUMBERS_MAX) {
            char *end;
            numbers[count] = strtol(at, &end, 10);
            if (end - at > 6 || numbers[count++] < 0)
                return 0;
            at = end;
        } else if (*pattern == *at && *pattern != '#') {
            at++;
        } else {
            return 0;
        }
    }
    return *at == '.' || *at == 0 ? (size_t)(at - name) : 0;
}

/* Writes `to`, with the numbers in their places, then `rest`. */
static bool write(const char *to, const long numbers[NUMBERS_MAX], const char *rest, char out[NAME_SIZE])
{
    size_t length = 0;
    for (int count = 0; *to && length + 24 < NAME_SIZE;) {
        if (*to != '#' && *to != '$') {
            out[length++] = *to++;
            continue;
        }
        long value = *to == '#' ? numbers[count++] : numbers[to[1] - '1'];
        char *end = (char *)(uintptr_t)(to + (*to == '#' ? 1 : 2));
        if (*end == '*')
            value *= strtol(end + 1, &end, 10);
        if (*end == '+')
            value += strtol(end + 1, &end, 10);
        to = end;
        length += (size_t)snprintf(out + length, NAME_SIZE - length, "%ld", value);
    }
    return *to == 0 && snprintf(out + length, NAME_SIZE - length, "%s", rest) < (int)(NAME_SIZE - length);
}

/* The first rewrite of the network's family that fits, over and over, since one may lead to another. */
static const network_tensor *find_rewritten(const tensor_names *n, const char *name)
{
    char now[NAME_SIZE], next[NAME_SIZE];
    if (snprintf(now, sizeof now, "%s", name) >= NAME_SIZE)
        return NULL;
    for (int i = 0; i < REWRITES_MAX; i++) {
        long numbers[NUMBERS_MAX] = {0};
        size_t taken = 0;
        const rewrite *r = rewrites;
        for (; r->family; r++)
            if (strncmp(n->model->name, r->family, strlen(r->family)) == 0 &&
                (taken = match(r->from, now, numbers)) > 0)
                break;
        if (!r->family || !write(r->to, numbers, now + taken, next))
            return NULL;
        memcpy(now, next, sizeof now);
        const network_tensor *found = find(n, now);
        if (found)
            return found;
    }
    return NULL;
}

static const char *strip(const char *name)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return name + strlen(prefixes[i]);
    return NULL;
}

const network_tensor *tensor_names_find(const tensor_names *n, const char *name, bool exact)
{
    if (exact)
        return find(n, name);
    for (; name; name = strip(name)) {
        const network_tensor *t = find(n, name);
        if (t || (t = find_rewritten(n, name)))
            return t;
    }
    return NULL;
}
