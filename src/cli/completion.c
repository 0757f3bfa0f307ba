/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash, zsh and fish, made from the verbs' tables. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"

static void print_flag(const option *o)
{
    for (const char *p = o->name; *p; p++)
        putchar(*p == '_' ? '-' : *p);
}

static void print_choices(const option *o)
{
    for (const char *const *c = o->choices; *c; c++)
        printf("%s%s", c == o->choices ? "" : " ", *c);
}

/* The first word of several verbs that is none by itself; these are its parts. */
static const char group[] = "data", group_summary[] = "looks at pictures and arranges them";

static bool is_part(const verb *v)
{
    size_t length = strlen(group);
    return strncmp(v->name, group, length) == 0 && v->name[length] == ' ';
}

/* "get" of "models get"; NULL for a verb of one word. */
static const char *second_word(const verb *v)
{
    const char *space = strchr(v->name, ' ');
    return space ? space + 1 : NULL;
}

/* The verb before it in the list begins with the same word. */
static bool word_was_there(const verb *const *v)
{
    size_t length = strcspn((*v)->name, " ");
    for (const verb *const *before = cli_verbs; before < v; before++)
        if (strcspn((*before)->name, " ") == length && strncmp((*before)->name, (*v)->name, length) == 0)
            return true;
    return false;
}

/* Each first word once; `shape` prints one with its length. */
static void print_first_words(const char *shape)
{
    for (const verb *const *v = cli_verbs; *v; v++)
        if (!word_was_there(v))
            printf(shape, (int)strcspn((*v)->name, " "), (*v)->name);
}

/* ---- bash ---- */

static void bash_verb(const verb *v)
{
    printf("    '%s') words='--help", v->name);
    for (const option *o = NULL; (o = verb_next_option(v, o));) {
        printf(" --");
        print_flag(o);
    }
    printf("' ;;\n");
}

static void bash_values(const verb *v)
{
    for (const option *o = NULL; (o = verb_next_option(v, o));) {
        if (o->type != OPTION_CHOICE)
            continue;
        printf("    '%s --", v->name);
        print_flag(o);
        printf("') words='");
        print_choices(o);
        printf("' ;;\n");
    }
}

static void print_bash(void)
{
    printf("# bash completion for fovea\n_fovea() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
           "verb=${COMP_WORDS[1]} words=\n"
           "    local both=\"$verb ${COMP_WORDS[2]}\"\n    case $both in\n");
    for (const verb *const *v = cli_verbs; *v; v++)
        if (second_word(*v))
            printf("    '%s') [[ $COMP_CWORD -gt 2 ]] && verb=$both ;;\n", (*v)->name);
    printf("    esac\n    if [[ $COMP_CWORD -eq 1 ]]; then\n        words='");
    print_first_words("%.*s ");
    printf("--help --version'\n    elif [[ $COMP_CWORD -eq 2 && $verb == %s ]]; then\n        words='",
           group);
    for (const verb *const *v = cli_verbs; *v; v++)
        if (is_part(*v))
            printf("%s ", second_word(*v));
    printf("'\n    elif [[ $word == -* ]]; then\n    case $verb in\n");
    for (const verb *const *v = cli_verbs; *v; v++)
        bash_verb(*v);
    printf("    esac\n    else\n    case \"$verb $before\" in\n");
    for (const verb *const *v = cli_verbs; *v; v++)
        bash_values(*v);
    printf("    esac\n    fi\n"
           "    [[ -n $words ]] && COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
           "complete -o default -F _fovea fovea\n");
}

/* ---- zsh: see zshcompsys(1), _arguments ---- */

/* Inside single quotes and a specification, where [ ] : and \ have a meaning. */
static void zsh_text(const char *plain)
{
    for (const char *p = plain; *p; p++) {
        if (*p == '\'')
            printf("'\\''");
        else if (strchr("[]:\\", *p))
            printf("\\%c", *p);
        else
            putchar(*p);
    }
}

static void zsh_option(const option *o)
{
    printf("        '--");
    print_flag(o);
    printf("[");
    zsh_text(o->help);
    printf("]");
    if (*help_value_name(o) && !o->bare) {
        printf(":");
        zsh_text(help_value_name(o));
        printf(":");
        if (o->type == OPTION_CHOICE) {
            printf("(");
            print_choices(o);
            printf(")");
        } else if (o->type == OPTION_STRING) {
            printf("_files");
        }
    }
    printf("' \\\n");
}

static void print_zsh(void)
{
    printf("#compdef fovea\n# zsh completion for fovea\n_fovea() {\n    local verb=$words[2] "
           "both=\"$words[2] $words[3]\"\n"
           "    local -a verbs parts\n    verbs=(");
    for (const verb *const *v = cli_verbs; *v; v++)
        if (!second_word(*v)) {
            printf("\n        '%s:", (*v)->name);
            zsh_text((*v)->summary);
            printf("'");
        }
    printf("\n        '%s:%s')\n    parts=(", group, group_summary);
    for (const verb *const *v = cli_verbs; *v; v++)
        if (is_part(*v)) {
            printf("\n        '%s:", second_word(*v));
            zsh_text((*v)->summary);
            printf("'");
        }
    printf(")\n    if (( CURRENT == 2 )); then\n        _describe verb verbs\n        return\n    fi\n"
           "    if (( CURRENT == 3 )) && [[ $verb == %s ]]; then\n        _describe part parts\n        "
           "return\n    fi\n"
           "    case $both in\n",
           group);
    for (const verb *const *v = cli_verbs; *v; v++)
        if (second_word(*v))
            printf("    '%s') verb=$both; (( CURRENT-- )); shift words ;;\n", (*v)->name);
    printf("    esac\n    (( CURRENT-- ))\n    shift words\n    case $verb in\n");
    for (const verb *const *v = cli_verbs; *v; v++) {
        printf("    '%s') _arguments \\\n", (*v)->name);
        for (const option *o = NULL; (o = verb_next_option(*v, o));)
            zsh_option(o);
        printf("        '--help[this help]' '*:file:_files' ;;\n");
    }
    printf("    esac\n}\n_fovea \"$@\"\n");
}

/* ---- fish ---- */

static void fish_text(const char *plain)
{
    for (const char *p = plain; *p; p++)
        printf(*p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
}

static void fish_option(const verb *v, const option *o)
{
    printf("complete -c fovea -n '__fovea_verb %s' -l ", v->name);
    print_flag(o);
    if (o->letter)
        printf(" -s %c", o->letter);
    if (o->type == OPTION_CHOICE) {
        printf(" -xa '");
        print_choices(o);
        printf("'");
    } else if (*help_value_name(o) && !o->bare) {
        printf(" -r");
    }
    printf(" -d '");
    fish_text(o->help);
    printf("'\n");
}

static void print_fish(void)
{
    printf("# fish completion for fovea\n"
           "function __fovea_verb # the verb that the line begins with\n"
           "    set -l words (commandline -opc)\n    set -e words[1]\n"
           "    string match -qr -- \"^$argv( |\\$)\" \"$words\"\nend\n"
           "function __fovea_no_verb\n    test (count (commandline -opc)) -eq 1\nend\n"
           "function __fovea_%s # and no part of it yet\n    set -l words (commandline -opc)\n"
           "    test (count $words) -eq 2; and test $words[2] = %s\nend\n",
           group, group);
    for (const verb *const *v = cli_verbs; *v; v++) {
        bool part = is_part(*v);
        if (!part && second_word(*v))
            continue;
        printf("complete -c fovea -f -n __fovea_%s -a %s -d '", part ? group : "no_verb",
               part ? second_word(*v) : (*v)->name);
        fish_text((*v)->summary);
        printf("'\n");
    }
    printf("complete -c fovea -f -n __fovea_no_verb -a %s -d '%s'\n", group, group_summary);
    for (const verb *const *v = cli_verbs; *v; v++)
        for (const option *o = NULL; (o = verb_next_option(*v, o));)
            fish_option(*v, o);
}

int help_print_completion(const char *shell)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].print();
            return EXIT_DONE;
        }
    return cli_usage("--completion: %s is not one of bash, zsh and fish", shell);
}
