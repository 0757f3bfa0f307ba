/* SPDX-License-Identifier: Apache-2.0 */
/* fovea runs: the runs that there are, sorted, side by side, or on a page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run_list.h"
#include "cli/verbs.h"
#include "cli/watch.h"
#include "core/file.h"
#include "core/memory.h"

typedef struct runs_options {
    const char *sort, *html;
    int reverse, json, compare;
    int64_t watch;
} runs_options;

#define AT(field) .offset = offsetof(runs_options, field)

static const option table[] = {
    {.name = "sort",
     .type = OPTION_STRING,
     AT(sort),
     .value = "COLUMN",
     .shown = "run",
     .help = "a column of the table or of results.csv as val/loss, or an option as lr; the best first"},
    {.name = "reverse", .type = OPTION_BOOL, AT(reverse), .help = "the other way round"},
    {.name = "compare",
     .type = OPTION_BOOL,
     AT(compare),
     .help = "the options in which the runs differ, side by side"},
    {.name = "html",
     .type = OPTION_STRING,
     AT(html),
     .value = "FILE",
     .help = "write a page with their curves over one another and the options in which they differ"},
    WATCH_OPTION(runs_options),
    {.name = "json", .type = OPTION_BOOL, AT(json), .help = "a JSON list instead of a table"},
    {0}};

enum {
    WIDEST = 60
};

/* Columns of texts, as wide as they need; numbers (from column `numbers` on) at the right. */
typedef struct grid {
    char **cells;
    int64_t rows, columns, numbers;
} grid;

static fv_status grid_init(grid *g, int64_t rows, int64_t columns, int64_t numbers)
{
    *g = (grid){.rows = rows, .columns = columns, .numbers = numbers};
    return (g->cells = mem_array((size_t)(rows * columns), sizeof *g->cells)) ? FV_OK : status_last();
}

/* After WIDEST characters, between two of them. */
static void cut(char *words)
{
    int width = 0;
    for (; *words; words++) {
        width += (*words & 0xc0) != 0x80;
        if (width > WIDEST) {
            *words = 0;
            return;
        }
    }
}

static void grid_set(grid *g, int64_t row, int64_t column, const char *words)
{
    char *copy = mem_string(words);
    if (copy) {
        text_flatten(copy);
        cut(copy);
    }
    g->cells[row * g->columns + column] = copy;
}

static const char *grid_get(const grid *g, int64_t row, int64_t column)
{
    const char *cell = g->cells[row * g->columns + column];
    return cell ? cell : "";
}

static void grid_print(const grid *g)
{
    for (int64_t i = 0; i < g->rows; i++) {
        for (int64_t j = 0; j < g->columns; j++) {
            const char *cell = grid_get(g, i, j);
            int width = 0;
            for (int64_t k = 0; k < g->rows; k++)
                width = cli_width(grid_get(g, k, j)) > width ? cli_width(grid_get(g, k, j)) : width;
            if (j >= g->numbers)
                printf("%*s%s", width - cli_width(cell), "", cell);
            else if (j < g->columns - 1)
                cli_print_padded(cell, width);
            else
                printf("%s", cell);
            printf(j < g->columns - 1 ? "  " : "\n");
        }
    }
}

static void grid_release(grid *g)
{
    for (int64_t i = 0; g->cells && i < g->rows * g->columns; i++)
        free(g->cells[i]);
    free(g->cells);
}

/* A run that failed or cannot be read has a line of its own that says why. */
static void say_problems(const run_list *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        if (runs->list[i].problem[0])
            cli_say("%s: %s: %s", file_base_name(runs->list[i].folder),
                    fv_run_state_name(runs->list[i].state), runs->list[i].problem);
}

static int print_table(const run_list *runs)
{
    grid g;
    if (grid_init(&g, (int64_t)runs->count + 1, RUN_COLUMNS, 4) != FV_OK)
        return cli_fail();
    for (int j = 0; j < RUN_COLUMNS; j++) {
        grid_set(&g, 0, j, run_columns[j]);
        for (size_t i = 0; i < runs->count; i++) {
            text cell = {0};
            run_list_cell(&runs->list[i], j, &cell);
            grid_set(&g, (int64_t)i + 1, j, text_string(&cell));
            text_release(&cell);
        }
    }
    grid_print(&g);
    grid_release(&g);
    say_problems(runs);
    return EXIT_DONE;
}

/* ---- side by side ---- */

static const char *option_of(const fv_run *run, const char *name)
{
    const char *value = fv_run_option(run, name);
    return value ? value : "-";
}

static bool differs(const run_list *runs, const char *name)
{
    for (size_t i = 1; i < runs->count; i++)
        if (strcmp(option_of(&runs->list[i], name), option_of(&runs->list[0], name)) != 0)
            return true;
    return false;
}

/* The names of options in which the runs differ, but for the folder's own; borrowed from the runs. */
static size_t find_differing(const run_list *runs, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < runs->count; i++)
        for (int64_t k = 0; k < runs->list[i].option_count; k++) {
            const char *name = runs->list[i].option_names[k];
            bool listed = strcmp(name, "out") == 0;
            for (size_t n = 0; n < count && !listed; n++)
                listed = strcmp(names[n], name) == 0;
            if (!listed && differs(runs, name))
                names[count++] = name;
        }
    return count;
}

static int print_comparison(const run_list *runs)
{
    size_t most = 0;
    for (size_t i = 0; i < runs->count; i++)
        most += (size_t)runs->list[i].option_count;
    const char **names = mem_array(most, sizeof *names);
    size_t differing = names ? find_differing(runs, names) : 0;
    grid g;
    if (!names ||
        grid_init(&g, (int64_t)(RUN_COLUMNS + differing), (int64_t)runs->count + 1, INT64_MAX) != FV_OK) {
        free(names);
        return cli_fail();
    }
    for (size_t row = 0; row < RUN_COLUMNS + differing; row++) {
        grid_set(&g, (int64_t)row, 0, row < RUN_COLUMNS ? run_columns[row] : names[row - RUN_COLUMNS]);
        for (size_t i = 0; i < runs->count; i++) {
            text cell = {0};
            if (row < RUN_COLUMNS)
                run_list_cell(&runs->list[i], (int)row, &cell);
            else
                text_add(&cell, "%s", option_of(&runs->list[i], names[row - RUN_COLUMNS]));
            grid_set(&g, (int64_t)row, (int64_t)i + 1, text_string(&cell));
            text_release(&cell);
        }
    }
    grid_print(&g);
    grid_release(&g);
    free(names);
    say_problems(runs);
    return EXIT_DONE;
}

static int print_json(const run_list *runs)
{
    json_t *list = json_array();
    for (size_t i = 0; i < runs->count; i++)
        json_array_append_new(list, run_list_json(&runs->list[i]));
    return cli_print_json(list, true);
}

static int show(const runs_options *o, run_list *runs)
{
    if (!run_list_sort(runs, o->sort ? o->sort : "run", o->reverse > 0))
        return cli_fail_with("--sort %s: no run has such a column or option", o->sort);
    if (o->html) {
        if (fv_runs_compare(runs->list, (int64_t)runs->count, o->html) != FV_OK)
            return cli_fail();
        printf("page        %s\n", o->html);
        return EXIT_DONE;
    }
    return o->json ? print_json(runs) : o->compare ? print_comparison(runs) : print_table(runs);
}

/* Until Ctrl-C or SIGTERM, which is how this ends well. */
static int show_page(const runs_options *o, char *const *arguments, int count)
{
    char *usual = "runs";
    watch *page;
    interrupt_catch();
    int status = watch_start(&page, o->watch, count ? arguments : &usual, count ? count : 1) == FV_OK
                     ? EXIT_DONE
                     : cli_fail();
    while (status == EXIT_DONE && !interrupt_signal())
        usleep(100000);
    watch_stop(page);
    return status;
}

static int run(const invocation *call)
{
    const runs_options *o = call->options;
    run_list runs = {0};
    if (o->watch > 0)
        return show_page(o, call->arguments, call->count);
    int status = run_list_find(&runs, call->arguments, call->count) == FV_OK ? EXIT_DONE : cli_fail();
    if (status == EXIT_DONE && runs.count == 0)
        status = cli_fail_with("%s: holds no run", call->count > 0 ? call->arguments[0] : "runs");
    if (status == EXIT_DONE)
        status = show(o, &runs);
    run_list_release(&runs);
    return status;
}

const verb verb_runs = {
    .name = "runs",
    .arguments = "[RUN|DIR]...",
    .summary = "Lists runs, sorted by any column; compares them",
    .description =
        "A folder that is no run stands for the runs inside it; without an argument that is runs/. A run is "
        "finished, running, interrupted (train --resume goes on with it), failed or unreadable. Accuracy and "
        "loss are those of validation in the best epoch, of training where there is no validation.",
    .example = "fovea runs --sort val/accuracy",
    .options = table,
    .size = sizeof(runs_options),
    .least = 0,
    .most = -1,
    .run = run,
};
