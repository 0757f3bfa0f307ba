/* SPDX-License-Identifier: Apache-2.0 */
/* Help on the terminal, made from the verbs' tables. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

enum {
    COLUMNS = 80,
    LABEL = 26 /* where the explanations begin */
};

const char *help_value_name(const option *o)
{
    if (o->value)
        return o->value;
    switch (o->type) {
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_SEED:
        return "N";
    case OPTION_FLOAT:
        return "X";
    case OPTION_STRING:
        return "TEXT";
    case OPTION_CHOICE:
        return "WHICH";
    case OPTION_INTS:
        return "N,N";
    case OPTION_FLOATS:
        return "X,X";
    case OPTION_BOOL:
        break;
    }
    return "";
}

void help_explain(const option *o, text *out)
{
    text_add(out, "%s", o->help);
    text range = {0};
    options_print_range(o, &range);
    if (range.length && o->type == OPTION_CHOICE)
        text_add(out, ": %s", text_string(&range));
    bool limits = range.length && o->type != OPTION_CHOICE;
    if (limits || o->shown)
        text_add(out, " (%s%s%s%s)", limits ? text_string(&range) : "", limits && o->shown ? "; " : "",
                 o->shown ? "default: " : "", o->shown ? o->shown : "");
    text_release(&range);
}

/* Prints words from column `at`, further lines from column `indent`. */
static void print_wrapped(const char *words, int at, int indent)
{
    bool first = true;
    while (*words) {
        int length = (int)strcspn(words, " ");
        if (!first && at + 1 + length > COLUMNS) {
            printf("\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        printf("%.*s", length, words);
        at += length;
        first = false;
        words += length + (words[length] == ' ');
    }
    putchar('\n');
}

static void print_option(const option *o)
{
    text label = {0}, words = {0};
    text_add(&label, "  ");
    if (o->letter)
        text_add(&label, "-%c, ", o->letter);
    text_add(&label, "--");
    for (const char *p = o->name; *p; p++)
        text_add(&label, "%c", *p == '_' ? '-' : *p);
    if (*help_value_name(o))
        text_add(&label, " %s", help_value_name(o));
    help_explain(o, &words);
    printf("%-*s", LABEL, text_string(&label));
    if (label.length + 2 > LABEL)
        printf("\n%*s", LABEL, "");
    print_wrapped(text_string(&words), LABEL, LABEL);
    text_release(&label);
    text_release(&words);
}

static void print_paragraphs(const char *paragraphs)
{
    while (*paragraphs) {
        const char *end = strstr(paragraphs, "\n\n");
        size_t length = end ? (size_t)(end - paragraphs) : strlen(paragraphs);
        text one = {0};
        text_add_bytes(&one, paragraphs, length);
        print_wrapped(text_string(&one), 0, 0);
        putchar('\n');
        text_release(&one);
        paragraphs += length + (end ? 2 : 0);
    }
}

void help_print(const verb *v)
{
    printf("usage: fovea %s%s%s%s\n\n", v->name, *v->arguments ? " " : "", v->arguments,
           v->options->name ? " [options]" : "");
    text summary = {0};
    text_add(&summary, "%s.", v->summary);
    print_paragraphs(text_string(&summary));
    text_release(&summary);
    if (v->description)
        print_paragraphs(v->description);
    for (const option *o = NULL; (o = verb_next_option(v, o));) {
        if (o->heading || o == v->options)
            printf("%s%s:\n", o == v->options ? "" : "\n", o->heading ? o->heading : "Options");
        print_option(o);
    }
    printf("%-*sthis help\n\nExample:\n  %s\n", LABEL, "  -h, --help", v->example);
}

void help_print_verbs(void)
{
    printf("usage: fovea VERB [options] arguments\n\n"
           "Trains, evaluates and explains image classifiers from a folder of pictures.\n\n");
    for (const verb *const *v = cli_verbs; *v; v++)
        printf("  %-12s%s\n", (*v)->name, (*v)->summary);
    printf("\n'fovea VERB --help' explains a verb; 'fovea --version' prints the version.\n"
           "Exit status: 0 done, 1 failed, 2 a mistake on the command line.\n\n"
           "Begin with:\n  fovea data demo digits && fovea train digits\n");
}
