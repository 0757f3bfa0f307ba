/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite, opened on first use. Statements take their values by letters: i int64_t, d double (NAN is NULL), t const char * (NULL is NULL).
 *
 *     database_rows rows;
 *     STATUS_TRY(database_query(db, &rows, "SELECT number FROM trials WHERE state = ?", "i", (int64_t)state));
 *     while (database_next(&rows))
 *         use(database_integer(&rows, 0));
 *     return database_end(&rows);   // the first failure of all
 *
 * The file is shared by processes and, over a network file system, by machines: it is never in WAL mode, which needs shared memory, and a lock is
 * waited for.
 */
#ifndef TUNE_DATABASE_H
#define TUNE_DATABASE_H

#include <stdbool.h>

#include "core/status.h"

typedef struct database database;

typedef struct database_rows {
    database *db;
    void *statement;
    fv_status status;
} database_rows;

/* NULL: in memory. FV_ERROR_FORMAT for what is no database or is damaged. With `create`, a file that is not there is made. */
fv_status database_open(database **out, const char *path, bool create);
void database_close(database *db);
const char *database_name(const database *db); /* for messages */

/* One statement that gives no rows. */
fv_status database_run(database *db, const char *sql, const char *types, ...);
int64_t database_changes(database *db); /* rows that the last one changed */

fv_status database_query(database *db, database_rows *rows, const char *sql, const char *types, ...);
bool database_next(database_rows *rows);
fv_status database_end(database_rows *rows);
int64_t database_integer(database_rows *rows, int column);
double database_number(database_rows *rows, int column);    /* NAN for NULL */
const char *database_text(database_rows *rows, int column); /* "" for NULL; valid until the next row */

/* A transaction that nobody else writes in. The end commits where `status` is FV_OK, else rolls back; it returns the first failure. */
fv_status database_begin(database *db);
fv_status database_finish(database *db, fv_status status);

#endif
