/* SPDX-License-Identifier: Apache-2.0 */
/* fovea VERB [options] arguments: finds the verb, reads its flags, runs it. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "core/memory.h"

const verb *const cli_verbs[] = {
    &verb_train,    &verb_cv,         &verb_tune,      &verb_eval,       &verb_predict,      &verb_explain,
    &verb_info,     &verb_import,     &verb_export,    &verb_serve,      &verb_calibrate,    &verb_average,
    &verb_runs,     &verb_models_get, &verb_models,    &verb_doctor,     &verb_data_check,   &verb_data_demo,
    &verb_data_get, &verb_data_info,  &verb_data_pack, &verb_data_split, &verb_data_augment, NULL};

enum {
    NAMES_MAX = 64
};

/* "data" of "data demo": the length of a verb's first word. */
static size_t first_word(const char *name)
{
    return strcspn(name, " ");
}

/* The first word of verbs, and none itself. */
static bool is_group(const char *word)
{
    for (const verb *const *v = cli_verbs; *v; v++)
        if (strcmp((*v)->name, word) == 0)
            return false;
    for (const verb *const *v = cli_verbs; *v; v++)
        if (strchr((*v)->name, ' ') && first_word((*v)->name) == strlen(word) &&
            strncmp((*v)->name, word, strlen(word)) == 0)
            return true;
    return false;
}

/* The verb that words[0], or words[0] and words[1], name; `*used` gets how many. */
static const verb *find_verb(char **words, int count, int *used)
{
    for (const verb *const *v = cli_verbs; *v; v++) {
        const char *name = (*v)->name, *rest = name + first_word(name);
        if (first_word(name) != strlen(words[0]) || strncmp(name, words[0], first_word(name)) != 0)
            continue;
        *used = *rest ? 2 : 1;
        if (!*rest || (count > 1 && strcmp(rest + 1, words[1]) == 0))
            return *v;
    }
    return NULL;
}

static int unknown_verb(char **words, int count)
{
    const char *names[NAMES_MAX];
    size_t known = 0;
    bool group = is_group(words[0]);
    if (group && count < 2)
        return cli_usage("%s: which part of it? 'fovea --help' lists them", words[0]);
    for (const verb *const *v = cli_verbs; *v && known < NAMES_MAX; v++)
        names[known++] = (*v)->name;
    text asked = {0};
    text_add(&asked, "%s%s%s", words[0], group ? " " : "", group ? words[1] : "");
    const char *near = asked.length < NAMES_MAX ? text_nearest(text_string(&asked), names, known) : NULL;
    int status = near ? cli_usage("%s: unknown verb; did you mean '%s'?", text_string(&asked), near)
                      : cli_usage("%s: unknown verb; 'fovea --help' lists them", text_string(&asked));
    text_release(&asked);
    return status;
}

static bool asks_for_help(char **words, int count)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

static int check_count(const verb *v, int count)
{
    if (count < v->least)
        return cli_usage("%s needs %s; see 'fovea %s --help'", v->name, v->arguments, v->name);
    if (v->most >= 0 && count > v->most)
        return cli_usage("%s takes %s and nothing more; see 'fovea %s --help'", v->name,
                         v->most ? v->arguments : "no arguments", v->name);
    return EXIT_DONE;
}

/*
 * The OpenMP runtime reads its settings before main. Its workers wait by spinning for milliseconds by default, which costs a
 * factor of ten when anything else wants the cores, loader threads included; a short spin loses nothing on a quiet
 * machine. So a verb that computes starts the command once more with that setting, unless the user made one.
 */
static void settle_waiting(char **argv)
{
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    if (setenv("GOMP_SPINCOUNT", "3000", 1) == 0)
        execv("/proc/self/exe", argv); /* where that is not possible, the command goes on as it is */
}

static int run_verb(const verb *v, char **words, int count)
{
    if (asks_for_help(words, count)) {
        help_print(v);
        return EXIT_DONE;
    }
    int status;
    invocation call = {.verb = v, .words = words, .word_count = count};
    call.options = mem_array(1, v->size);
    call.arguments = mem_array((size_t)count + 1, sizeof *call.arguments);
    if (!call.options || !call.arguments)
        status = cli_fail();
    else if (parse_flags(v, words, count, call.options, call.arguments, &call.count) != FV_OK)
        status = cli_usage("%s", fv_error_message());
    else if ((status = check_count(v, call.count)) == EXIT_DONE)
        status = v->run(&call);
    free(call.arguments);
    free(call.options);
    return status;
}

static int dispatch(char **words, int count)
{
    if (count == 0) {
        printf("usage: fovea VERB [options] arguments\n'fovea --help' lists the verbs.\n");
        return EXIT_USAGE;
    }
    const char *word = words[0];
    int used;
    if (strcmp(word, "--version") == 0) {
        printf("fovea %s\n", fv_version());
        return EXIT_DONE;
    }
    if (strcmp(word, "--completion") == 0)
        return help_print_completion(count > 1 ? words[1] : "bash");
    if (strcmp(word, "--manuals") == 0 && count == 2)
        return help_write_manuals(words[1]) == FV_OK ? EXIT_DONE : cli_fail();
    if (strcmp(word, "help") == 0 && count > 1 && word[0] != '-') {
        const verb *v = find_verb(words + 1, count - 1, &used);
        if (!v)
            return unknown_verb(words + 1, count - 1);
        help_print(v);
        return EXIT_DONE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0 ||
        (is_group(word) && count > 1 && asks_for_help(words + 1, 1))) {
        help_print_verbs();
        return EXIT_DONE;
    }
    if (word[0] == '-')
        return cli_usage("%s: the verb comes first; 'fovea --help' lists them", word);
    const verb *v = find_verb(words, count, &used);
    if (v && v->computes)
        settle_waiting(words - 1);
    return v ? run_verb(v, words + used, count - used) : unknown_verb(words, count);
}

/* A trial of fovea tune ends with the process that started it, as by SIGTERM, even where that one is killed. */
static void follow_parent(void)
{
    const char *parent = getenv("FOVEA_PARENT");
    if (parent && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() != (pid_t)strtol(parent, NULL, 10))
        raise(SIGTERM);
}

/* A standard stream that is closed would be the next file that is opened, and messages would go into a model. In its place
 * stands one that fails. */
static void fill_closed_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
    fill_closed_streams();
    follow_parent();
    /* A file that grows over the user's limit (ulimit -f) is an error of that write, not a silent end. */
    signal(SIGXFSZ, SIG_IGN);
    int status = dispatch(argv + 1, argc > 0 ? argc - 1 : 0);
    /* A full disk behind standard output must not pass for success. */
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_fail_with("standard output: cannot be written: %s", strerror(errno));
    return status;
}
