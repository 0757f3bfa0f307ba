/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/database.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "core/memory.h"
#include "core/plugin.h"

enum {
    LOCK_MILLISECONDS = 60000
};

static struct {
    int (*open)(const char *path, sqlite3 **db, int flags, const char *vfs);
    int (*close)(sqlite3 *db);
    int (*timeout)(sqlite3 *db, int milliseconds);
    int (*prepare)(sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **s, const char **rest);
    int (*step)(sqlite3_stmt *s);
    int (*finalize)(sqlite3_stmt *s);
    int (*bind_integer)(sqlite3_stmt *s, int place, sqlite3_int64 value);
    int (*bind_number)(sqlite3_stmt *s, int place, double value);
    int (*bind_text)(sqlite3_stmt *s, int place, const char *value, int bytes, void (*release)(void *));
    int (*bind_null)(sqlite3_stmt *s, int place);
    sqlite3_int64 (*integer)(sqlite3_stmt *s, int column);
    double (*number)(sqlite3_stmt *s, int column);
    const unsigned char *(*text)(sqlite3_stmt *s, int column);
    int (*type)(sqlite3_stmt *s, int column);
    int (*changes)(sqlite3 *db);
    const char *(*message)(sqlite3 *db);
} api;

static const plugin_symbol symbols[] = {{"sqlite3_open_v2", (void **)&api.open},
                                        {"sqlite3_close", (void **)&api.close},
                                        {"sqlite3_busy_timeout", (void **)&api.timeout},
                                        {"sqlite3_prepare_v2", (void **)&api.prepare},
                                        {"sqlite3_step", (void **)&api.step},
                                        {"sqlite3_finalize", (void **)&api.finalize},
                                        {"sqlite3_bind_int64", (void **)&api.bind_integer},
                                        {"sqlite3_bind_double", (void **)&api.bind_number},
                                        {"sqlite3_bind_text", (void **)&api.bind_text},
                                        {"sqlite3_bind_null", (void **)&api.bind_null},
                                        {"sqlite3_column_int64", (void **)&api.integer},
                                        {"sqlite3_column_double", (void **)&api.number},
                                        {"sqlite3_column_text", (void **)&api.text},
                                        {"sqlite3_column_type", (void **)&api.type},
                                        {"sqlite3_changes", (void **)&api.changes},
                                        {"sqlite3_errmsg", (void **)&api.message}};

struct database {
    sqlite3 *handle;
    char *name;
};

const char *database_name(const database *db)
{
    return db->name;
}

static fv_status failure(const database *db, int code)
{
    const char *message = db->handle ? api.message(db->handle) : "not enough memory";
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return status_set(FV_ERROR_FORMAT, "%s: is no study: %s", db->name, message);
    case SQLITE_CORRUPT:
        return status_set(
            FV_ERROR_FORMAT,
            "%s: is damaged: %s; sqlite3's .recover may save its trials, another folder begins a new study",
            db->name, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return status_set(FV_ERROR_IO, "%s: another process has kept it locked for %d seconds", db->name,
                          LOCK_MILLISECONDS / 1000);
    case SQLITE_NOMEM:
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory", db->name);
    case SQLITE_ERROR: /* a table or a column that is not there */
        return status_set(FV_ERROR_FORMAT, "%s: is no study: %s", db->name, message);
    default:
        return status_set(FV_ERROR_IO, "%s: %s", db->name, message);
    }
}

void database_close(database *db)
{
    if (db && db->handle)
        api.close(db->handle);
    if (db)
        free(db->name);
    free(db);
}

/* Damage is told now and not in the middle of a study. */
static fv_status check(database *db)
{
    database_rows rows;
    STATUS_TRY(database_query(db, &rows, "PRAGMA quick_check(1)", ""));
    bool whole = true;
    while (database_next(&rows))
        whole = whole && database_text(&rows, 0)[0] == 'o'; /* "ok" */
    STATUS_TRY(database_end(&rows));
    return whole ? FV_OK : failure(db, SQLITE_CORRUPT);
}

fv_status database_open(database **out, const char *path, bool create)
{
    STATUS_TRY(plugin_open(&plugin_sqlite, symbols, sizeof symbols / sizeof *symbols));
    database *db = *out = mem_array(1, sizeof *db);
    if (!db || !(db->name = mem_string(path ? path : "study in memory")))
        return status_last();
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_FULLMUTEX;
    int code = api.open(path ? path : ":memory:", &db->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = api.timeout(db->handle, LOCK_MILLISECONDS);
    return code == SQLITE_OK ? check(db) : failure(db, code);
}

/* ---- statements ---- */

static int bind(sqlite3_stmt *s, const char *types, va_list values)
{
    int code = SQLITE_OK;
    for (int i = 0; types[i] && code == SQLITE_OK; i++) {
        double number;
        const char *string;
        switch (types[i]) {
        case 'i':
            code = api.bind_integer(s, i + 1, va_arg(values, int64_t));
            break;
        case 'd':
            number = va_arg(values, double);
            code = isnan(number) ? api.bind_null(s, i + 1) : api.bind_number(s, i + 1, number);
            break;
        default:
            string = va_arg(values, const char *);
            code = string ? api.bind_text(s, i + 1, string, -1, SQLITE_TRANSIENT) : api.bind_null(s, i + 1);
        }
    }
    return code;
}

static fv_status prepare(database *db, database_rows *rows, const char *sql, const char *types,
                         va_list values)
{
    sqlite3_stmt *s = NULL;
    int code = api.prepare(db->handle, sql, -1, &s, NULL);
    if (code == SQLITE_OK)
        code = bind(s, types, values);
    *rows = (database_rows){.db = db, .statement = s, .status = FV_OK};
    if (code == SQLITE_OK)
        return FV_OK;
    fv_status status = failure(db, code);
    api.finalize(s);
    return status;
}

fv_status database_query(database *db, database_rows *rows, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    fv_status status = prepare(db, rows, sql, types, values);
    va_end(values);
    return status;
}

bool database_next(database_rows *rows)
{
    int code = api.step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        rows->status = failure(rows->db, code);
    return code == SQLITE_ROW;
}

fv_status database_end(database_rows *rows)
{
    api.finalize(rows->statement);
    return rows->status;
}

fv_status database_run(database *db, const char *sql, const char *types, ...)
{
    database_rows rows;
    va_list values;
    va_start(values, types);
    fv_status status = prepare(db, &rows, sql, types, values);
    va_end(values);
    if (status != FV_OK)
        return status;
    while (database_next(&rows))
        ; /* a PRAGMA answers */
    return database_end(&rows);
}

int64_t database_changes(database *db)
{
    return api.changes(db->handle);
}

int64_t database_integer(database_rows *rows, int column)
{
    return api.integer(rows->statement, column);
}

double database_number(database_rows *rows, int column)
{
    return api.type(rows->statement, column) == SQLITE_NULL ? NAN : api.number(rows->statement, column);
}

const char *database_text(database_rows *rows, int column)
{
    const unsigned char *text = api.text(rows->statement, column);
    return text ? (const char *)text : "";
}

fv_status database_begin(database *db)
{
    return database_run(db, "BEGIN IMMEDIATE", "");
}

fv_status database_finish(database *db, fv_status status)
{
    if (status == FV_OK)
        status = database_run(db, "COMMIT", "");
    if (status == FV_OK)
        return FV_OK;
    char message[512];
    snprintf(message, sizeof message, "%s", fv_error_message());
    database_run(db, "ROLLBACK", "");
    return status_restore(status, message);
}
