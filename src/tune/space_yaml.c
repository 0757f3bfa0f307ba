/* SPDX-License-Identifier: Apache-2.0 */
/* Spaces out of YAML: a mapping from names to dimensions. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/options.h"
#include "core/text.h"
#include "core/yaml.h"
#include "tune/space.h"

enum {
    NAME_LIMIT = 128,
    CHOICE_LIMIT = 4096,
    KEYS = 8
};

static const double number_limit = 1e15; /* whole numbers up to it are exact */

typedef struct reader {
    yaml_file file;
    fv_space *space;
    const char *name; /* of the dimension that is read */
    int line;
} reader;

/* What stands under a dimension's name, before it is checked. */
typedef struct entry {
    const yaml_node_t *type, *low, *high, *step, *log, *choices, *initial, *when;
} entry;

static fv_status wrong(const reader *r, const yaml_node_t *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static fv_status wrong(const reader *r, const yaml_node_t *n, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return status_set(FV_ERROR_INVALID, "%s:%d: %s%s%s", r->file.source, n ? yaml_file_line(n) : r->line,
                      r->name ? r->name : "", r->name ? ": " : "", what);
}

static fv_status read_number(const reader *r, const yaml_node_t *n, const char *key, bool whole,
                             double *value)
{
    const char *s = yaml_file_scalar(n);
    if (!s || !text_number(s, value) || fabs(*value) > number_limit || (whole && *value != floor(*value)))
        return wrong(r, n, "%s: must be a %snumber, not '%.100s'", key, whole ? "whole " : "",
                     s ? s : "a list");
    return FV_OK;
}

/* ---- choices ---- */

static fv_status read_choices(reader *r, const yaml_node_t *list, fv_dimension *d)
{
    if (list->type != YAML_SEQUENCE_NODE)
        return wrong(r, list, "choices: must be a list as [a, b]");
    int64_t count = list->data.sequence.items.top - list->data.sequence.items.start;
    if (count < 1 || count > SPACE_CHOICES)
        return wrong(r, list, "choices: there may be 1 to %d, not %lld", SPACE_CHOICES, (long long)count);
    char **choices = mem_array((size_t)count, sizeof *choices);
    if (!choices)
        return status_last();
    d->choices = (const char *const *)choices;
    for (int64_t i = 0; i < count; i++) {
        const yaml_node_t *item = yaml_file_node(&r->file, list->data.sequence.items.start[i]);
        const char *word = yaml_file_scalar(item);
        if (!word || !*word || strlen(word) > CHOICE_LIMIT)
            return wrong(r, item, "choices: each must be a word or a number; quote what has brackets");
        if (space_find_choice(d, word) >= 0)
            return wrong(r, item, "choices: '%.100s' stands there twice", word);
        if (!(choices[i] = mem_string(word)))
            return status_last();
        d->choice_count = i + 1;
    }
    return FV_OK;
}

/* ---- conditions ---- */

static fv_status add_choice(const reader *r, const yaml_node_t *n, const fv_dimension *parent,
                            uint64_t *choices)
{
    const char *word = yaml_file_scalar(n);
    int64_t choice = space_find_choice(parent, word);
    if (choice < 0)
        return wrong(r, n, "when: %s has no choice '%.100s'", parent->name, word ? word : "list");
    *choices |= (uint64_t)1 << choice;
    return FV_OK;
}

static fv_status read_condition(reader *r, const yaml_node_pair_t *pair, fv_condition *c)
{
    const yaml_node_t *key = yaml_file_node(&r->file, pair->key),
                      *value = yaml_file_node(&r->file, pair->value);
    const char *name = yaml_file_scalar(key);
    c->dimension = name ? space_find(r->space, name) : -1;
    if (c->dimension < 0)
        return wrong(r, key, "when: '%.100s' is no dimension that stands before this one",
                     name ? name : "a list");
    const fv_dimension *parent = &r->space->list[c->dimension];
    if (parent->type != FV_DIMENSION_CATEGORICAL)
        return wrong(r, key, "when: %s is not categorical", parent->name);
    if (value->type != YAML_SEQUENCE_NODE)
        return add_choice(r, value, parent, &c->choices);
    for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++)
        STATUS_TRY(add_choice(r, yaml_file_node(&r->file, *i), parent, &c->choices));
    return c->choices ? FV_OK : wrong(r, value, "when: %s: the list is empty", parent->name);
}

static fv_status read_when(reader *r, const yaml_node_t *map, fv_dimension *d)
{
    if (map->type != YAML_MAPPING_NODE || map->data.mapping.pairs.start == map->data.mapping.pairs.top)
        return wrong(r, map, "when: must be {DIMENSION: CHOICE} or {DIMENSION: [CHOICE, CHOICE]}");
    int64_t count = map->data.mapping.pairs.top - map->data.mapping.pairs.start;
    if (count > SPACE_DIMENSIONS)
        return wrong(r, map, "when: there are too many conditions");
    fv_condition *conditions = mem_array((size_t)count, sizeof *conditions);
    if (!conditions)
        return status_last();
    d->conditions = conditions;
    for (int64_t i = 0; i < count; i++)
        STATUS_TRY(read_condition(r, &map->data.mapping.pairs.start[i], &conditions[i]));
    d->condition_count = count;
    return FV_OK;
}

/* ---- dimensions ---- */

static fv_status read_keys(reader *r, const yaml_node_t *map, entry *e)
{
    static const char *const names[KEYS] = {"type", "low",     "high",    "step",
                                            "log",  "choices", "default", "when"};
    const yaml_node_t **places[KEYS] = {&e->type, &e->low,     &e->high,    &e->step,
                                        &e->log,  &e->choices, &e->initial, &e->when};
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_file_node(&r->file, p->key);
        const char *word = yaml_file_scalar(key);
        int k = 0;
        while (k < KEYS && (!word || strcmp(word, names[k]) != 0))
            k++;
        const char *near = k < KEYS || !word ? NULL : text_nearest(word, names, KEYS);
        if (k == KEYS && near)
            return wrong(r, key, "%s: unknown key; did you mean %s?", word, near);
        if (k == KEYS)
            return wrong(
                r, key,
                "%.100s: unknown key; there are type, low, high, step, log, choices, default and when",
                word ? word : "a list");
        if (*places[k])
            return wrong(r, key, "%s: stands there twice", word);
        *places[k] = yaml_file_node(&r->file, p->value);
    }
    return FV_OK;
}

static fv_status read_type(const reader *r, const entry *e, fv_dimension *d)
{
    static const char *const names[] = {"float", "int", "categorical"};
    const char *word = e->type ? yaml_file_scalar(e->type) : e->choices ? "categorical" : NULL;
    for (int i = 0; word && i < 3; i++)
        if (strcmp(word, names[i]) == 0)
            d->type = (fv_dimension_type)(FV_DIMENSION_FLOAT + i);
    return d->type ? FV_OK
                   : wrong(r, e->type, "type: must be float, int or categorical%s%.100s%s",
                           word ? ", not '" : "", word ? word : "", word ? "'" : "");
}

static fv_status read_log(const reader *r, const entry *e, fv_dimension *d)
{
    struct {
        int log;
    } into = {0};
    static const option table[] = {{.name = "log", .type = OPTION_BOOL}, {0}};
    const char *word = e->log ? yaml_file_scalar(e->log) : NULL;
    if (e->log && (!word || options_set(table, &into, "log", word, "") != FV_OK))
        return wrong(r, e->log, "log: must be yes or no");
    d->log = into.log > 0;
    return FV_OK;
}

static fv_status read_range(const reader *r, const entry *e, fv_dimension *d)
{
    bool whole = d->type == FV_DIMENSION_INT;
    if (e->choices)
        return wrong(r, e->choices, "choices: are for categorical dimensions, not for numbers");
    if (!e->low || !e->high)
        return wrong(r, NULL, "needs low and high");
    STATUS_TRY(read_number(r, e->low, "low", whole, &d->low));
    STATUS_TRY(read_number(r, e->high, "high", whole, &d->high));
    STATUS_TRY(read_log(r, e, d));
    d->step = whole;
    if (e->step && !whole)
        return wrong(r, e->step, "step: is for whole numbers (type: int)");
    if (e->step)
        STATUS_TRY(read_number(r, e->step, "step", true, &d->step));
    if (d->low > d->high)
        return wrong(r, e->low, "low: %g is greater than high, %g", d->low, d->high);
    if (d->log && d->low <= 0)
        return wrong(r, e->log, "log: low must be greater than 0, not %g", d->low);
    if (whole && d->step < 1)
        return wrong(r, e->step, "step: must be 1 or more");
    if (d->log && d->step > 1)
        return wrong(r, e->step, "step: cannot stand beside log");
    if (whole)
        d->high = d->low + d->step * floor((d->high - d->low) / d->step);
    return FV_OK;
}

static fv_status read_categories(reader *r, const entry *e, fv_dimension *d)
{
    const yaml_node_t *numeric = e->low ? e->low : e->high ? e->high : e->step ? e->step : e->log;
    if (numeric)
        return wrong(r, numeric, "low, high, step and log are for numbers, not for categorical dimensions");
    return e->choices ? read_choices(r, e->choices, d) : wrong(r, NULL, "needs choices, a list as [a, b]");
}

static fv_status read_initial(const reader *r, const entry *e, fv_dimension *d)
{
    d->initial = NAN;
    if (!e->initial)
        return FV_OK;
    if (d->type == FV_DIMENSION_CATEGORICAL) {
        const char *word = yaml_file_scalar(e->initial);
        int64_t choice = space_find_choice(d, word);
        d->initial = (double)choice;
        return choice >= 0
                   ? FV_OK
                   : wrong(r, e->initial, "default: '%.100s' is none of the choices", word ? word : "a list");
    }
    STATUS_TRY(read_number(r, e->initial, "default", d->type == FV_DIMENSION_INT, &d->initial));
    bool off = d->step > 0 && fmod(d->initial - d->low, d->step) != 0;
    return d->initial >= d->low && d->initial <= d->high && !off
               ? FV_OK
               : wrong(r, e->initial, "default: %g is not among its values", d->initial);
}

static fv_status read_dimension(reader *r, const yaml_node_t *key, const yaml_node_t *value)
{
    fv_space *s = r->space;
    r->line = yaml_file_line(key);
    const char *name = yaml_file_scalar(key);
    if (!name || !*name || strlen(name) > NAME_LIMIT)
        return wrong(r, key, "a dimension's name must stand here");
    if (space_find(s, name) >= 0)
        return wrong(r, key, "%s: stands there twice", name);
    if (s->count == SPACE_DIMENSIONS)
        return wrong(r, key, "a space has at most %d dimensions", SPACE_DIMENSIONS);
    fv_dimension *d = &s->list[s->count];
    *d = (fv_dimension){.initial = NAN};
    char *kept = mem_string(name);
    if (!kept)
        return status_last();
    r->name = d->name = kept;
    entry e = {0};
    fv_status status = FV_OK;
    if (value->type == YAML_SEQUENCE_NODE)
        e.choices = value;
    else if (value->type == YAML_MAPPING_NODE)
        status = read_keys(r, value, &e);
    else
        status = wrong(r, value, "must be a list as [a, b], or {type: float, low: 0, high: 1}");
    if (status == FV_OK)
        status = read_type(r, &e, d);
    if (status == FV_OK)
        status = d->type == FV_DIMENSION_CATEGORICAL ? read_categories(r, &e, d) : read_range(r, &e, d);
    if (status == FV_OK)
        status = read_initial(r, &e, d);
    if (status == FV_OK && e.when)
        status = read_when(r, e.when, d);
    s->count++; /* also on failure: fv_space_destroy frees what it has */
    return status;
}

static fv_status read_space(reader *r)
{
    const yaml_node_t *top = yaml_document_get_root_node(&r->file.document);
    if (!top || top->type != YAML_MAPPING_NODE)
        return status_set(FV_ERROR_INVALID, "%s: must be 'name: dimension' lines", r->file.source);
    for (yaml_node_pair_t *p = top->data.mapping.pairs.start; p < top->data.mapping.pairs.top; p++) {
        r->name = NULL;
        STATUS_TRY(read_dimension(r, yaml_file_node(&r->file, p->key), yaml_file_node(&r->file, p->value)));
    }
    return r->space->count ? FV_OK : status_set(FV_ERROR_INVALID, "%s: has no dimension", r->file.source);
}

fv_space *fv_space_parse(const char *yaml, const char *source)
{
    if (!yaml || !source) {
        status_set(FV_ERROR_INVALID, "space: YAML and a name for messages are needed");
        return NULL;
    }
    reader r = {.space = mem_array(1, sizeof *r.space)};
    if (!r.space)
        return NULL;
    r.space->list = mem_array(SPACE_DIMENSIONS, sizeof *r.space->list);
    r.space->yaml = mem_string(yaml);
    fv_status status = r.space->list && r.space->yaml ? FV_OK : status_last();
    if (status == FV_OK)
        status = yaml_file_parse(&r.file, source, yaml, strlen(yaml));
    if (status == FV_OK) {
        status = read_space(&r);
        yaml_file_release(&r.file);
    }
    if (status == FV_OK)
        return r.space;
    fv_space_destroy(r.space);
    return NULL;
}
