/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing string. A failed append is remembered and reported once, by text_status:
 *
 *     text out = {0};
 *     text_add(&out, "%d pictures\n", count);
 *     ...
 *     text_release(&out);
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct text {
    char *data; /* ends with a zero byte; NULL while nothing was added */
    size_t length, capacity;
    fv_status status; /* the first failure */
} text;

void text_add(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(text *t, const void *bytes, size_t length);
/* A number as a float: the fewest digits, from 6 on, that read back as the same; a point in every locale. */
void text_add_float(text *t, double value);
/* The same string with &, <, >, " and ' as HTML entities. */
void text_add_html(text *t, const char *plain);
const char *text_string(const text *t); /* never NULL */
fv_status text_status(const text *t);
void text_release(text *t);

/* Makes one line of `string`, in place: line ends and other control characters, such as those that direct a terminal, become
 * spaces. Names and reasons that are not ours may hold them. */
void text_flatten(char *string);

/* A finite decimal number and nothing else, whatever the locale. */
bool text_number(const char *s, double *value);

/* The edit distance (Damerau-Levenshtein, adjacent swaps count one), for "did you mean". */
int text_distance(const char *a, const char *b);
/* The nearest of `count` candidates when it is near enough to be a slip of the keyboard, else NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
