/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command: one verb, one file. A verb is a table of options and a function; help, man pages and
 * completion come from it:
 *
 *     typedef struct doctor_options { int json; } doctor_options;
 *     static const option table[] = {{.name = "json", .type = OPTION_BOOL, ...}, {0}};
 *     static int run(const invocation *call) { ... return EXIT_DONE; }
 *     const verb verb_doctor = {.name = "doctor", .options = table, .size = sizeof(doctor_options), .run =
 * run, ...};
 *
 * Results go to standard output, everything else to standard error. Verbs call only what include/fovea.h
 * declares, and the helpers of core/ for option tables, texts and files.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "core/options.h"
#include "core/text.h"
#include "fovea.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2
};

typedef struct verb verb;

typedef struct invocation {
    const verb *verb;
    char **words; /* the command line after the verb, for a second parse over a configuration file */
    int word_count;
    void *options;    /* the verb's struct, filled from the flags */
    char **arguments; /* what is not a flag */
    int count;
} invocation;

struct verb {
    const char *name;        /* "train", "data demo" */
    const char *arguments;   /* "MODEL DATA" */
    const char *summary;     /* a line, without a full stop */
    const char *description; /* paragraphs for help, separated by empty lines */
    const char *example;
    const option *options;
    const option *
        further; /* another verb's, that this one takes too, into the same struct; own ones of the same name win. NULL: none */
    size_t size;                        /* of the options struct */
    bool computes;                      /* runs networks: see settle_waiting in main.c */
    int least, most;                    /* how many arguments; most < 0: any number */
    int (*run)(const invocation *call); /* returns the exit status */
};

/* NULL-ended. */
extern const verb *const cli_verbs[];

/* All options of a verb, one after the other: the first after NULL, NULL after the last. */
const option *verb_next_option(const verb *v, const option *before);

/* Fills options (zeroed or from a configuration) and arguments; both arrays are the caller's, of word_count
 * places. */
fv_status parse_flags(const verb *v, char **words, int word_count, void *options, char **arguments,
                      int *count);

/* The value of --size: "96" or "96x128" (height and width). */
fv_status parse_size(const char *words, int64_t *height, int64_t *width);

void help_print(const verb *v); /* standard output */
void help_print_verbs(void);    /* all verbs, standard output */
int help_print_completion(
    const char *shell); /* a script for bash, zsh or fish, standard output; exit status */
fv_status help_write_manuals(const char *folder);

/* Print "fovea: MESSAGE" on standard error; the first takes the library's last message. They return the exit
 * status. */
int cli_fail(void);
int cli_fail_with(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints a line on standard error. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Warns of what is wrong with the data: the first problems, and how many more there are. */
void cli_say_problems(const fv_dataset *data);

/* Strings that live until the verb is done. */
typedef struct string_pool {
    char **list;
    size_t count, capacity;
} string_pool;
/* Takes ownership; gives the string back, or NULL (then the error is set). NULL is passed on. */
const char *pool_keep(string_pool *pool, char *owned);
void pool_release(string_pool *pool);

/* The pictures that arguments name: files as they are, folders (and theirs) searched for pictures in byte order. A folder
 * without any is said, and the exit status is EXIT_FAILED; the other arguments' pictures are there all the same. */
int pictures_find(string_pool *found, char *const *arguments, int count);

/* Prints JSON and a newline on standard output, several lines when `pretty`; takes the reference. Exit
 * status. */
int cli_print_json(json_t *value, bool pretty);
/* A number, or null where it is not finite; as many digits as a float has. */
json_t *cli_number(double value);

/* For columns: how many places a UTF-8 text takes, and the text padded to `width` (left- or right-aligned).
 */
int cli_width(const char *utf8);
void cli_print_padded(const char *utf8, int width);

/* SIGINT and SIGTERM are remembered once; a second one ends the process at once. */
void interrupt_catch(void);
int interrupt_signal(void); /* 0 or the signal */

/* --tta of eval and predict. */
#define CLI_TTA_HELP                                                                                         \
    "average the probabilities over several views of each picture: flip, five-crop, ten-crop, or a number "  \
    "of views; all but five-crop use mirror images, which must be of the same class (not so with digits "    \
    "and letters)"

/* `fovea info` and `fovea data info`; `sheet`: also draws a contact sheet there, unless it is NULL. Exit status. */
int data_describe(const fv_dataset_options *options, bool json, const char *sheet);

#endif
