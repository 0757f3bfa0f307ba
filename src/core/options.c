/* SPDX-License-Identifier: Apache-2.0 */
#include "core/options.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_MAX_LENGTH = 64,
    NAMES_MAX = 512 /* candidates for "did you mean" */
};

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return false;
    return *a == *b;
}

const option *options_find(const option *table, const char *name)
{
    for (; table->name; table++)
        if (same_name(table->name, name))
            return table;
    return NULL;
}

/* The name as the user writes it: dashes for flags, underscores for keys. */
static const char *spelled(char out[NAME_MAX_LENGTH], const char *name, const char *where)
{
    size_t n = strlen(where);
    bool flag = n >= 2 && strcmp(where + n - 2, "--") == 0;
    snprintf(out, NAME_MAX_LENGTH, "%s", name);
    for (char *p = out; *p; p++)
        if (*p == '-' || *p == '_')
            *p = flag ? '-' : '_';
    return out;
}

static void print_limit(const option *o, double limit, text *out)
{
    if (o->type == OPTION_FLOAT || o->type == OPTION_FLOATS)
        text_add_float(out, limit);
    else
        text_add(out, "%.0f", limit);
}

void options_print_range(const option *o, text *out)
{
    if (o->type == OPTION_CHOICE) {
        for (const char *const *c = o->choices; *c; c++)
            text_add(out, "%s%s", c == o->choices ? "" : c[1] ? ", " : " or ", *c);
        return;
    }
    if (o->low >= o->high)
        return;
    bool has_low = o->low > -1e15, has_high = o->high < 1e15;
    if (has_low)
        print_limit(o, o->low, out);
    if (has_low && has_high)
        text_add(out, "..");
    if (has_high)
        print_limit(o, o->high, out);
    if (has_low != has_high)
        text_add(out, has_low ? " or more" : " or less");
    if (o->word)
        text_add(out, " or %s", o->word);
}

/* FV_ERROR_INVALID: "WHERE+NAME: must be WHAT[, RANGE], not BAD". */
static fv_status reject(const option *o, const char *where, const char *what, const char *bad)
{
    char name[NAME_MAX_LENGTH];
    text range = {0};
    options_print_range(o, &range);
    fv_status status =
        status_set(FV_ERROR_INVALID, "%s%s: must be %s%s%s, not '%.200s'", where,
                   spelled(name, o->name, where), what, range.length ? ", " : "", text_string(&range), bad);
    text_release(&range);
    return status;
}

static bool in_range(const option *o, double value)
{
    return o->low >= o->high || (value >= o->low && value <= o->high);
}

/* The limits are rounded as the value was: 0.1f is over 0.1. */
static bool in_float_range(const option *o, float value)
{
    return o->low >= o->high || (value >= (float)o->low && value <= (float)o->high);
}

/* Decimal digits with an optional sign and nothing else. */
static bool read_int(const char *s, int64_t *value)
{
    if (!isdigit((unsigned char)s[0]) && !((s[0] == '-' || s[0] == '+') && isdigit((unsigned char)s[1])))
        return false;
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    *value = v;
    return errno == 0 && *end == 0;
}

/* 2^(10 (i + 1)). */
static const char size_units[] = "KMGT";

static bool read_size(const char *s, int64_t *value)
{
    size_t digits = strspn(s, "0123456789");
    char number[24];
    if (digits == 0 || digits >= sizeof number)
        return false;
    snprintf(number, sizeof number, "%.*s", (int)digits, s);
    const char *unit = s[digits] ? strchr(size_units, toupper((unsigned char)s[digits])) : NULL;
    if (s[digits] && (!unit || s[digits + 1]))
        return false;
    int64_t factor = unit ? (int64_t)1 << 10 * (unit - size_units + 1) : 1;
    return read_int(number, value) && !__builtin_mul_overflow(*value, factor, value);
}

static void print_size(int64_t value, text *out)
{
    int unit = -1;
    while (value != 0 && value % 1024 == 0 && size_units[unit + 1]) {
        value /= 1024;
        unit++;
    }
    text_add(out, "%lld%.*s", (long long)value, unit >= 0, &size_units[unit >= 0 ? unit : 0]);
}

static bool read_float(const char *s, float *value)
{
    double v;
    if (!text_number(s, &v))
        return false;
    *value = (float)v;
    /* What is too small for a float would turn into a zero, which means something else. */
    return isfinite(*value) && (v == 0 || *value != 0);
}

static bool read_bool(const char *s, int *value)
{
    static const char *const on[] = {"yes", "true", "on", "1"}, *const off[] = {"no", "false", "off", "0"};
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        if (strcasecmp(s, on[i]) == 0)
            return *value = 1, true;
        if (strcasecmp(s, off[i]) == 0)
            return *value = FV_OFF, true;
    }
    return false;
}

static bool says_off(const option *o, const char *s)
{
    return o->zero_is_off && strcasecmp(s, "off") == 0;
}

static bool says_word(const option *o, const char *s)
{
    return o->word && strcasecmp(s, o->word) == 0;
}

static fv_status set_int(const option *o, void *field, const char *s, const char *where)
{
    int64_t value = says_word(o, s) ? OPTION_WORD : 0;
    if (value != OPTION_WORD && !says_off(o, s) && (!read_int(s, &value) || !in_range(o, (double)value)))
        return reject(o, where, "a whole number", s);
    *(int64_t *)field = value == 0 && o->zero_is_off ? FV_OFF : value;
    return FV_OK;
}

static fv_status set_size(const option *o, void *field, const char *s, const char *where)
{
    int64_t value = 0;
    if (!read_size(s, &value) || !in_range(o, (double)value))
        return reject(o, where, "a whole number, perhaps with K, M, G or T behind it", s);
    *(int64_t *)field = value;
    return FV_OK;
}

static fv_status set_seed(const option *o, void *field, const char *s, const char *where)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(s, &end, 10);
    if (!isdigit((unsigned char)s[0]) || *end || errno || !in_range(o, (double)value))
        return reject(o, where, "a whole number from 0", s);
    *(uint64_t *)field = value;
    return FV_OK;
}

static fv_status set_float(const option *o, void *field, const char *s, const char *where)
{
    float value = says_word(o, s) ? OPTION_WORD : 0;
    if (value != OPTION_WORD && !says_off(o, s) && (!read_float(s, &value) || !in_float_range(o, value)))
        return reject(o, where, "a number", s);
    *(float *)field = value == 0 && o->zero_is_off ? FV_OFF : value;
    return FV_OK;
}

static fv_status set_choice(const option *o, void *field, const char *s, const char *where)
{
    size_t count = 0;
    for (; o->choices[count]; count++)
        if (same_name(o->choices[count], s)) {
            *(int *)field = (int)count;
            return FV_OK;
        }
    fv_status status = reject(o, where, "one of these", s);
    const char *near = strlen(s) < NAME_MAX_LENGTH ? text_nearest(s, o->choices, count) : NULL;
    if (near)
        status = status_set(status, "%s; did you mean '%s'?", fv_error_message(), near);
    return status;
}

/* The items of "1,2", "1, 2" or "[1, 2]", at most o->length of them: `take` reads the i-th. Returns their count, 0 when it is
 * no such list. */
static int read_list(const option *o, const char *s,
                     bool (*take)(const option *o, const char *item, int i, void *to), void *to)
{
    size_t length = strlen(s);
    if (length >= 2 && s[0] == '[' && s[length - 1] == ']') {
        s++;
        length -= 2;
    }
    for (int count = 0; count < o->length;) {
        const char *comma = memchr(s, ',', length);
        size_t part = comma ? (size_t)(comma - s) : length;
        char number[32];
        const char *from = s, *end = s + part;
        while (from < end && isspace((unsigned char)*from))
            from++;
        while (end > from && isspace((unsigned char)end[-1]))
            end--;
        if ((size_t)(end - from) >= sizeof number)
            return 0;
        memcpy(number, from, (size_t)(end - from));
        number[end - from] = 0;
        if (!take(o, number, count++, to))
            return 0;
        if (!comma)
            return count;
        s = comma + 1;
        length -= part + 1;
    }
    return 0;
}

static bool take_int(const option *o, const char *item, int i, void *to)
{
    int64_t *values = to;
    return read_int(item, &values[i]) && in_range(o, (double)values[i]);
}

static bool take_float(const option *o, const char *item, int i, void *to)
{
    float *values = to;
    return read_float(item, &values[i]) && in_float_range(o, values[i]);
}

static fv_status set_ints(const option *o, void *field, const char *s, const char *where)
{
    int64_t values[OPTION_LENGTH_MAX];
    int count = read_list(o, s, take_int, values);
    if (count != 1 && count != o->length) {
        char what[48];
        snprintf(what, sizeof what, "%d whole numbers with commas, or one for all", o->length);
        return reject(o, where, what, s);
    }
    for (int i = 0; i < o->length; i++)
        ((int64_t *)field)[i] = values[count == 1 ? 0 : i];
    return FV_OK;
}

static fv_status set_floats(const option *o, void *field, const char *s, const char *where)
{
    float values[OPTION_LENGTH_MAX];
    int count = read_list(o, s, take_float, values);
    if (count == 0) {
        char what[48];
        snprintf(what, sizeof what, "1 to %d numbers with commas", o->length);
        return reject(o, where, what, s);
    }
    for (int i = 0; i < o->length; i++)
        ((float *)field)[i] = i < count ? values[i] : NAN;
    return FV_OK;
}

fv_status options_set(const option *table, void *options, const char *name, const char *s, const char *where)
{
    const option *o = options_find(table, name);
    if (!o)
        return options_unknown((const option *const[]){table, NULL}, name, where);
    void *field = (char *)options + o->offset;
    switch (o->type) {
    case OPTION_INT:
        return set_int(o, field, s, where);
    case OPTION_SIZE:
        return set_size(o, field, s, where);
    case OPTION_SEED:
        return set_seed(o, field, s, where);
    case OPTION_FLOAT:
        return set_float(o, field, s, where);
    case OPTION_BOOL:
        return read_bool(s, field) ? FV_OK : reject(o, where, "yes or no", s);
    case OPTION_STRING:
        *(const char **)field = s;
        return FV_OK;
    case OPTION_CHOICE:
        return set_choice(o, field, s, where);
    case OPTION_INTS:
        return set_ints(o, field, s, where);
    case OPTION_FLOATS:
        return set_floats(o, field, s, where);
    }
    return status_set(FV_ERROR_INTERNAL, "option %s has no type", o->name);
}

fv_status options_unknown(const option *const *tables, const char *name, const char *where)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; *tables; tables++)
        for (const option *o = *tables; o->name && count < NAMES_MAX; o++)
            names[count++] = o->name;
    char key[NAME_MAX_LENGTH], near_spelled[NAME_MAX_LENGTH];
    const char *near = text_nearest(spelled(key, name, ""), names, count);
    char shown[NAME_MAX_LENGTH];
    spelled(shown, name, where);
    if (!near)
        return status_set(FV_ERROR_INVALID, "%s%s: unknown option", where, shown);
    spelled(near_spelled, near, where);
    bool flag = strcmp(where, "--") == 0;
    return status_set(FV_ERROR_INVALID, "%s%s: unknown option; did you mean %s%s?", where, shown,
                      flag ? "--" : "", near_spelled);
}

static void print_ints(const int64_t *values, int length, text *out)
{
    for (int i = 0; i < length; i++)
        text_add(out, "%s%lld", i ? "," : "", (long long)values[i]);
}

static void print_floats(const float *values, int length, text *out)
{
    for (int i = 0; i < length && !isnan(values[i]); i++) {
        text_add(out, "%s", i ? "," : "");
        text_add_float(out, (double)values[i]);
    }
}

void options_print(const option *o, const void *options, text *out)
{
    const void *field = (const char *)options + o->offset;
    switch (o->type) {
    case OPTION_INT: {
        int64_t value = *(const int64_t *)field;
        if (o->word && value == OPTION_WORD)
            text_add(out, "%s", o->word);
        else
            text_add(out, "%lld", o->zero_is_off && value == FV_OFF ? 0LL : (long long)value);
        break;
    }
    case OPTION_SIZE:
        print_size(*(const int64_t *)field, out);
        break;
    case OPTION_SEED:
        text_add(out, "%llu", (unsigned long long)*(const uint64_t *)field);
        break;
    case OPTION_FLOAT: {
        float value = *(const float *)field;
        if (o->word && value == OPTION_WORD)
            text_add(out, "%s", o->word);
        else
            text_add_float(out, o->zero_is_off && value == FV_OFF ? 0 : (double)value);
        break;
    }
    case OPTION_BOOL:
        text_add(out, "%s", *(const int *)field > 0 ? "yes" : "no");
        break;
    case OPTION_STRING:
        text_add(out, "%s", *(const char *const *)field ? *(const char *const *)field : "");
        break;
    case OPTION_CHOICE:
        text_add(out, "%s", o->choices[*(const int *)field]);
        break;
    case OPTION_INTS:
        print_ints(field, o->length, out);
        break;
    case OPTION_FLOATS:
        print_floats(field, o->length, out);
        break;
    }
}

bool options_is_default(const option *o, const void *options)
{
    static const int64_t zeros[OPTION_LENGTH_MAX];
    const void *field = (const char *)options + o->offset;
    switch (o->type) {
    case OPTION_INT:
    case OPTION_SIZE:
        return *(const int64_t *)field == 0;
    case OPTION_SEED:
        return *(const uint64_t *)field == 0;
    case OPTION_FLOAT:
        return *(const float *)field == 0;
    case OPTION_BOOL:
    case OPTION_CHOICE:
        return *(const int *)field == 0;
    case OPTION_STRING:
        return *(const char *const *)field == NULL;
    case OPTION_INTS:
        return memcmp(field, zeros, (size_t)o->length * sizeof *zeros) == 0;
    case OPTION_FLOATS:
        for (int i = 0; i < o->length; i++)
            if (((const float *)field)[i] != 0)
                return false;
        return true;
    }
    return true;
}

static bool field_is_valid(const option *o, const void *field)
{
    switch (o->type) {
    case OPTION_INT: {
        int64_t value = *(const int64_t *)field;
        return (o->zero_is_off && value == FV_OFF) || (o->word && value == OPTION_WORD) ||
               in_range(o, (double)value);
    }
    case OPTION_SIZE:
        return in_range(o, (double)*(const int64_t *)field);
    case OPTION_SEED:
        return in_range(o, (double)*(const uint64_t *)field);
    case OPTION_FLOAT: {
        float value = *(const float *)field;
        if ((o->zero_is_off && value == FV_OFF) || (o->word && value == OPTION_WORD))
            return true;
        return isfinite(value) && in_float_range(o, value);
    }
    case OPTION_CHOICE: {
        int count = 0;
        while (o->choices[count])
            count++;
        return *(const int *)field >= 0 && *(const int *)field < count;
    }
    case OPTION_INTS:
        for (int i = 0; i < o->length; i++)
            if (!in_range(o, (double)((const int64_t *)field)[i]))
                return false;
        return true;
    case OPTION_FLOATS:
        for (int i = 0; i < o->length; i++)
            if (!isnan(((const float *)field)[i]) && !in_float_range(o, ((const float *)field)[i]))
                return false;
        return true;
    case OPTION_BOOL:
    case OPTION_STRING:
        return true;
    }
    return false;
}

fv_status options_check(const option *table, const void *options, const char *where)
{
    for (const option *o = table; o->name; o++) {
        const void *field = (const char *)options + o->offset;
        if (options_is_default(o, options) || field_is_valid(o, field))
            continue;
        text bad = {0};
        if (o->type == OPTION_CHOICE)
            text_add(&bad, "%d", *(const int *)field);
        else
            options_print(o, options, &bad);
        fv_status status =
            reject(o, where, o->type == OPTION_CHOICE ? "the number of one of these" : "in range",
                   text_string(&bad));
        text_release(&bad);
        return status;
    }
    return FV_OK;
}
