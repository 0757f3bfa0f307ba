/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables: each options struct has one table, and from it come the command's flags and --help, the YAML and JSON
 * keys, the man page, the defaults and the range checks. An option is written once:
 *
 *     static const option fit_options[] = {
 *         {.name = "epochs", .type = OPTION_INT, .offset = offsetof(fv_fit_options, epochs), .shown = "20", .low = 1,
 *          .high = 1e6, .help = "passes over the training pictures"},
 *         {0}};
 *
 * Numbers are read strictly (the whole text, decimal, finite, whatever the locale); truth values are yes/no, true/false,
 * on/off or 1/0.
 */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "core/text.h"

typedef enum option_type {
    OPTION_INT = 1, /* int64_t */
    OPTION_SEED,    /* uint64_t */
    OPTION_FLOAT,   /* float */
    OPTION_BOOL,    /* int: 0 default, 1 on, FV_OFF off */
    OPTION_STRING,  /* const char *; the struct does not own it */
    OPTION_CHOICE,  /* int (or an enum): index into choices */
    OPTION_INTS, /* int64_t[length], written [1, 2] in YAML and 1,2 as a flag; a single number stands for all */
    OPTION_FLOATS, /* float[length], written likewise, in one to `length` numbers; places that are not given are NAN */
    OPTION_SIZE /* int64_t; K, M, G and T behind the number stand for 2^10, 2^20, 2^30 and 2^40 */
} option_type;

typedef struct option {
    const char *name; /* "weight_decay"; as a flag --weight-decay; either form is understood everywhere */
    option_type type;
    size_t offset;
    const char *shown; /* the default in words, for help; NULL: none is shown */
    double low, high;  /* inclusive range of numbers; a number outside is an error; equal: no limit */
    bool zero_is_off;  /* a given 0 or "off" is stored as FV_OFF, because a zero field means the default */
    const char *word; /* OPTION_INT, OPTION_FLOAT: this word in place of a number is stored as OPTION_WORD; NULL: none is */
    const char *const *choices; /* NULL-ended */
    int length;                 /* OPTION_INTS, OPTION_FLOATS; at most OPTION_LENGTH_MAX */
    const char *value;          /* the value's name in help, e.g. "FILE"; NULL: from the type */
    const char *help;
    const char *bare; /* as a flag without a value it means this, and takes a value only where a number follows */
    char letter;         /* 'o' when -o is the same flag; 0: none */
    const char *heading; /* help starts a new group with this title before the option; NULL: none */
} option;

enum {
    OPTION_WORD = -2, /* no number that an option with a word may have */
    OPTION_LENGTH_MAX = 8
};

/* The entry, NULL when there is none. `name` may have dashes or underscores. The table ends with a NULL name. */
const option *options_find(const option *table, const char *name);

/* Parses and range-checks `text` into the struct. Strings are stored as the pointer given. The error names the option (after
 * `where`, e.g. "--" or "layer conv1: "), the bad value, the range, and the nearest choice. */
fv_status options_set(const option *table, void *options, const char *name, const char *text,
                      const char *where);

/* The error for a name that no table has, with the nearest one that it has. Tables: NULL-ended list. */
fv_status options_unknown(const option *const *tables, const char *name, const char *where);

/* Appends what is accepted: "1..1000", "0.5 or more", "a, b or c"; nothing when there is no limit. */
void options_print_range(const option *o, text *out);

/* Appends the field's value as options_set reads it; a truth value or string left at its default is "no" or nothing. */
void options_print(const option *o, const void *options, text *out);

/* True when the field is zero (that is, was left at its default). */
bool options_is_default(const option *o, const void *options);

/* Range-checks every field that is not zero, for structs filled by a program. */
fv_status options_check(const option *table, const void *options, const char *where);

#endif
