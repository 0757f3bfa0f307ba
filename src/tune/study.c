/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/study.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/options.h"

enum {
    APPLICATION = 0x66765354, /* "fvST", which marks the file as ours */

    REDUCTION = 3,
    PATIENCE = 120
};

static const char *const tables[] = {
    "CREATE TABLE study (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE trials (number INTEGER PRIMARY KEY, state INTEGER NOT NULL, attempt INTEGER NOT NULL, "
    "value REAL, "
    "host TEXT, process INTEGER, birth TEXT, alive REAL, started REAL, ended REAL, message TEXT)",
    /* value: a number, or a choice's word */
    "CREATE TABLE parameters (trial INTEGER NOT NULL, dimension TEXT NOT NULL, value, PRIMARY KEY (trial, "
    "dimension))",
    "CREATE TABLE reports (trial INTEGER NOT NULL, step INTEGER NOT NULL, value REAL, PRIMARY KEY (trial, "
    "step))",
};

static const char *const samplers[] = {"tpe", "random", NULL}, *const pruners[] = {"none", "asha", NULL};

/* What the table `study` holds beside the space. Its `trials` may be changed later. */
#define AT(field) .offset = offsetof(fv_study_options, field)
static const option settings[] = {
    {.name = "sampler", .type = OPTION_CHOICE, AT(sampler), .choices = samplers},
    {.name = "pruner", .type = OPTION_CHOICE, AT(pruner), .choices = pruners},
    {.name = "seed", .type = OPTION_SEED, AT(seed)},
    {.name = "reduction", .type = OPTION_INT, AT(reduction), .low = 2, .high = 1000},
    {.name = "min_steps", .type = OPTION_INT, AT(min_steps), .low = 1, .high = 1e9},
    {.name = "maximize", .type = OPTION_BOOL, AT(maximize)},
    {0}};

double study_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the table `study` ---- */

static fv_status write_setting(fv_study *s, const char *name, const char *value)
{
    return database_run(s->db, "INSERT OR REPLACE INTO study VALUES (?, ?)", "tt", name, value);
}

/* An empty text where there is none. */
static fv_status read_setting(fv_study *s, const char *name, text *value)
{
    database_rows rows;
    STATUS_TRY(database_query(s->db, &rows, "SELECT value FROM study WHERE name = ?", "t", name));
    if (database_next(&rows))
        text_add(value, "%s", database_text(&rows, 0));
    STATUS_TRY(database_end(&rows));
    return text_status(value);
}

static fv_status read_integer(fv_study *s, const char *sql, int64_t *value)
{
    database_rows rows;
    *value = 0;
    STATUS_TRY(database_query(s->db, &rows, sql, ""));
    if (database_next(&rows))
        *value = database_integer(&rows, 0);
    return database_end(&rows);
}

static fv_status make_tables(fv_study *s)
{
    text pragma = {0};
    text_add(&pragma, "PRAGMA application_id = %d", APPLICATION);
    fv_status status = database_run(s->db, text_string(&pragma), "");
    text_release(&pragma);
    STATUS_TRY(status);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        STATUS_TRY(database_run(s->db, tables[i], ""));
    return write_setting(s, "schema", "1");
}

static fv_status write_all(fv_study *s)
{
    STATUS_TRY(make_tables(s));
    STATUS_TRY(write_setting(s, "space", s->o.space->yaml));
    for (const option *o = settings; o->name; o++) {
        text value = {0};
        options_print(o, &s->o, &value);
        fv_status status = text_status(&value);
        if (status == FV_OK)
            status = write_setting(s, o->name, text_string(&value));
        text_release(&value);
        STATUS_TRY(status);
    }
    return fv_study_limit(s, s->o.trials);
}

static fv_status read_option(fv_study *s, const option *o, fv_study_options *into)
{
    text value = {0}, where = {0};
    text_add(&where, "%s: ", database_name(s->db));
    fv_status status = read_setting(s, o->name, &value);
    if (status == FV_OK)
        status = options_set(settings, into, o->name, text_string(&value), text_string(&where));
    text_release(&value);
    text_release(&where);
    return status == FV_ERROR_INVALID ? status_restore(FV_ERROR_FORMAT, fv_error_message()) : status;
}

static fv_status check_schema(fv_study *s)
{
    text schema = {0};
    fv_status status = read_setting(s, "schema", &schema);
    if (status == FV_OK && strcmp(text_string(&schema), "1") != 0)
        status =
            status_set(FV_ERROR_FORMAT, "%s: was made by another version of fovea (schema '%.20s', not 1)",
                       database_name(s->db), text_string(&schema));
    text_release(&schema);
    return status;
}

/* Into s->space and s->o. */
static fv_status read_all(fv_study *s)
{
    text yaml = {0};
    STATUS_TRY(check_schema(s));
    fv_status status = read_setting(s, "space", &yaml);
    if (status == FV_OK) {
        fv_space_destroy(s->space);
        s->space = fv_space_parse(text_string(&yaml), database_name(s->db));
        status = s->space ? FV_OK : status_last();
    }
    text_release(&yaml);
    for (const option *o = settings; status == FV_OK && o->name; o++)
        status = read_option(s, o, &s->o);
    s->o.space = s->space;
    return status;
}

static fv_status compare(fv_study *s, const fv_study_options *wanted)
{
    if (strcmp(s->space->yaml, wanted->space->yaml) != 0)
        return status_set(FV_ERROR_INVALID,
                          "%s: holds a study of another space; name another folder for this one",
                          database_name(s->db));
    for (const option *o = settings; o->name; o++) {
        text has = {0}, wants = {0};
        options_print(o, &s->o, &has);
        options_print(o, wanted, &wants);
        fv_status status = FV_OK;
        if (strcmp(text_string(&has), text_string(&wants)) != 0)
            status = status_set(FV_ERROR_INVALID,
                                "%s: holds a study with %s %s, not %s; name another folder for this one",
                                database_name(s->db), o->name, text_string(&has), text_string(&wants));
        text_release(&has);
        text_release(&wants);
        STATUS_TRY(status);
    }
    return FV_OK;
}

/* A new file gets its tables; of two processes that make it at once, the second finds them. */
static fv_status settle(fv_study *s)
{
    int64_t application, objects;
    STATUS_TRY(read_integer(s, "PRAGMA application_id", &application));
    STATUS_TRY(read_integer(s, "SELECT count(*) FROM sqlite_master", &objects));
    if (application != APPLICATION && objects > 0)
        return status_set(FV_ERROR_FORMAT, "%s: is a database of another program", database_name(s->db));
    if (objects == 0)
        return s->o.space ? write_all(s)
                          : status_set(FV_ERROR_FORMAT, "%s: is no study: it is empty", database_name(s->db));
    fv_study_options wanted = s->o;
    STATUS_TRY(read_all(s));
    if (!wanted.space)
        return FV_OK;
    STATUS_TRY(compare(s, &wanted));
    return wanted.trials ? fv_study_limit(s, wanted.trials) : FV_OK;
}

static fv_status make(fv_study *s, bool create)
{
    s->self = owner_self();
    STATUS_TRY(database_open(&s->db, s->path, create));
    STATUS_TRY(database_begin(s->db));
    STATUS_TRY(database_finish(s->db, settle(s)));
    if (!s->space && !(s->space = space_copy(s->o.space)))
        return status_last();
    s->o.space = s->space;
    s->o.path = s->path;
    return study_read_limit(s);
}

/* ---- public ---- */

static fv_status resolve(const fv_study_options *given, fv_study_options *o)
{
    *o = (fv_study_options){0};
    if (!given || given->struct_size < sizeof given->struct_size)
        return status_set(FV_ERROR_INVALID,
                          "study: options without struct_size: use fv_study_create(path, ...)");
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    o->struct_size = sizeof *o;
    o->reduction = o->reduction ? o->reduction : REDUCTION;
    o->min_steps = o->min_steps ? o->min_steps : 1;
    o->maximize = o->maximize > 0;
    o->patience = o->patience > 0 ? o->patience : PATIENCE;
    if (!o->space)
        return status_set(FV_ERROR_INVALID, "study: a space is needed");
    if (o->trials < 0)
        return status_set(FV_ERROR_INVALID, "study: trials must not be negative");
    return options_check(settings, o, "study: ");
}

static fv_study *start(const fv_study_options *o, const char *path, bool create)
{
    fv_study *s = mem_array(1, sizeof *s);
    if (!s)
        return NULL;
    s->o = *o;
    s->path = mem_string(path);
    if ((!path || s->path) && make(s, create) == FV_OK)
        return s;
    fv_study_destroy(s);
    return NULL;
}

fv_study *fv_study_create_with(const fv_study_options *options)
{
    fv_study_options o;
    return resolve(options, &o) == FV_OK ? start(&o, o.path, true) : NULL;
}

fv_study *fv_study_open(const char *path)
{
    if (!path) {
        status_set(FV_ERROR_INVALID, "study: a file is needed");
        return NULL;
    }
    return start(&(fv_study_options){.struct_size = sizeof(fv_study_options), .patience = PATIENCE}, path,
                 false);
}

void fv_study_destroy(fv_study *s)
{
    if (!s)
        return;
    database_close(s->db);
    fv_space_destroy(s->space);
    free(s->path);
    free(s);
}

const fv_space *fv_study_space(const fv_study *s)
{
    return s->space;
}

const fv_study_options *fv_study_settings(const fv_study *s)
{
    return &s->o;
}

fv_status fv_study_limit(fv_study *s, int64_t trials)
{
    text value = {0};
    text_add(&value, "%lld", (long long)trials);
    fv_status status = text_status(&value);
    if (status == FV_OK)
        status = write_setting(s, "trials", text_string(&value));
    if (status == FV_OK)
        s->o.trials = trials;
    text_release(&value);
    return status;
}

fv_status study_read_limit(fv_study *s)
{
    return read_integer(s, "SELECT CAST(value AS INTEGER) FROM study WHERE name = 'trials'", &s->o.trials);
}
