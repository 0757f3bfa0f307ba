/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs share: messages, JSON, columns, signals, strings that live as long as the verb. */
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/memory.h"

enum {
    PROBLEMS_SHOWN = 10
};

static void say(const char *prefix, const char *format, va_list arguments)
{
    char line[4096];
    vsnprintf(line, sizeof line, format, arguments);
    /* Names of files and options come from outside: a message stays one line and cannot steer the terminal. */
    for (char *p = line; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = '?';
    fflush(stdout); /* keeps the order where both go to one terminal */
    fprintf(stderr, "%s%s\n", prefix, line);
}

int cli_fail(void)
{
    return cli_fail_with("%s", fv_error_message());
}

int cli_fail_with(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("fovea: ", format, arguments);
    va_end(arguments);
    return EXIT_FAILED;
}

int cli_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("fovea: ", format, arguments);
    va_end(arguments);
    return EXIT_USAGE;
}

void cli_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

void cli_say_problems(const fv_dataset *data)
{
    int64_t count = fv_dataset_problem_count(data);
    for (int64_t i = 0; i < count && i < PROBLEMS_SHOWN; i++)
        cli_say("warning: %s", fv_dataset_problem(data, i));
    if (count > PROBLEMS_SHOWN)
        cli_say("warning: and %lld more; 'fovea data info' lists all", (long long)(count - PROBLEMS_SHOWN));
}

const char *pool_keep(string_pool *pool, char *owned)
{
    if (!owned)
        return NULL;
    if (MEM_GROW(pool->list, pool->count, pool->capacity) != FV_OK) {
        free(owned);
        return NULL;
    }
    return pool->list[pool->count++] = owned;
}

void pool_release(string_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        free(pool->list[i]);
    free(pool->list);
    *pool = (string_pool){0};
}

int cli_print_json(json_t *value, bool pretty)
{
    /* 9 digits tell any two floats apart. */
    int failed =
        value ? json_dumpf(value, stdout, (pretty ? JSON_INDENT(2) : 0) | JSON_REAL_PRECISION(9)) : -1;
    json_decref(value);
    if (failed)
        return cli_fail_with("the result cannot be written as JSON (a name that is not UTF-8, or no memory)");
    putchar('\n');
    return EXIT_DONE;
}

json_t *cli_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

int cli_width(const char *utf8)
{
    int width = 0;
    for (; *utf8; utf8++)
        width += (*utf8 & 0xc0) != 0x80; /* continuation bytes take no place */
    return width;
}

void cli_print_padded(const char *utf8, int width)
{
    int pad = width - cli_width(utf8);
    printf("%s%*s", utf8, pad > 0 ? pad : 0, "");
}

static volatile sig_atomic_t caught;

static void remember(int signal_number)
{
    caught = signal_number;
}

void interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = remember, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int interrupt_signal(void)
{
    return caught;
}
