/* SPDX-License-Identifier: Apache-2.0 */
/* The man pages: man1/fovea.1 and one a verb, from the same tables as the help (see man(7) for the macros).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "core/file.h"

static void add_escaped(text *out, const char *plain)
{
    for (const char *p = plain; *p; p++) {
        bool line_start = out->length == 0 || out->data[out->length - 1] == '\n';
        if (*p == '\\')
            text_add(out, "\\e");
        else if (*p == '-')
            text_add(out, "\\-");
        else if ((*p == '.' || *p == '\'') && line_start)
            text_add(out, "\\&%c", *p);
        else
            text_add_bytes(out, p, 1);
    }
}

/* "data demo" is the page fovea-data-demo. */
static void add_page_name(text *out, const verb *v)
{
    text_add(out, "fovea-");
    for (const char *p = v->name; *p; p++)
        text_add(out, "%c", *p == ' ' ? '-' : *p);
}

static void add_option(text *out, const option *o)
{
    text words = {0};
    text_add(out, ".TP\n");
    if (o->letter)
        text_add(out, "\\fB\\-%c\\fR, ", o->letter);
    text_add(out, "\\fB\\-\\-");
    for (const char *p = o->name; *p; p++)
        text_add(out, "%s", *p == '_' || *p == '-' ? "\\-" : (char[]){*p, 0});
    text_add(out, "\\fR");
    if (*help_value_name(o))
        text_add(out, " \\fI%s\\fR", help_value_name(o));
    text_add(out, "\n");
    help_explain(o, &words);
    add_escaped(out, text_string(&words));
    text_add(out, "\n");
    text_release(&words);
}

static void add_description(text *out, const verb *v)
{
    add_escaped(out, v->summary);
    text_add(out, ".\n");
    for (const char *p = v->description ? v->description : ""; *p;) {
        const char *end = strstr(p, "\n\n");
        size_t length = end ? (size_t)(end - p) : strlen(p);
        text one = {0};
        text_add_bytes(&one, p, length);
        text_add(out, ".PP\n");
        add_escaped(out, text_string(&one));
        text_add(out, "\n");
        text_release(&one);
        p += length + (end ? 2 : 0);
    }
}

static void add_verb_page(text *out, const verb *v)
{
    text name = {0};
    add_page_name(&name, v);
    text_add(out, ".TH %s 1 \"\" \"fovea %s\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\n", text_string(&name),
             fv_version());
    add_escaped(out, text_string(&name));
    text_add(out, " \\- ");
    add_escaped(out, v->summary);
    text_add(out, "\n.SH SYNOPSIS\n\\fBfovea %s\\fR %s%s\n.SH DESCRIPTION\n", v->name, v->arguments,
             v->options->name ? " [\\fIoptions\\fR]" : "");
    add_description(out, v);
    if (v->options->name)
        text_add(out, ".SH OPTIONS\n");
    for (const option *o = NULL; (o = verb_next_option(v, o));) {
        if (o->heading)
            text_add(out, ".SS %s\n", o->heading);
        add_option(out, o);
    }
    text_add(out, ".SH EXAMPLE\n.EX\n");
    add_escaped(out, v->example);
    text_add(out, "\n.EE\n.SH SEE ALSO\n\\fBfovea\\fR(1)\n");
    text_release(&name);
}

static void add_main_page(text *out)
{
    text_add(out,
             ".TH fovea 1 \"\" \"fovea %s\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\nfovea \\- image "
             "classifiers from a "
             "folder of "
             "pictures\n.SH SYNOPSIS\n\\fBfovea\\fR \\fIVERB\\fR [\\fIoptions\\fR] \\fIarguments\\fR\n"
             ".SH DESCRIPTION\nTrains, evaluates and explains image classifiers from a folder of pictures.\n"
             ".SH VERBS\n",
             fv_version());
    for (const verb *const *v = cli_verbs; *v; v++) {
        text_add(out, ".TP\n\\fBfovea %s\\fR %s\n", (*v)->name, (*v)->arguments);
        add_escaped(out, (*v)->summary);
        text_add(out, ".\n");
    }
    text_add(
        out,
        ".SH EXIT STATUS\n0 done; 1 failed; 2 a mistake on the command line; 130 or 143 ended by SIGINT or "
        "SIGTERM, with what was done kept.\n.SH SEE ALSO\n");
    for (const verb *const *v = cli_verbs; *v; v++) {
        text name = {0};
        add_page_name(&name, *v);
        text_add(out, "\\fB");
        add_escaped(out, text_string(&name));
        text_add(out, "\\fR(1)%s\n", v[1] ? "," : "");
        text_release(&name);
    }
}

static fv_status write_page(const char *folder, const char *name, const text *page)
{
    fv_status status = text_status(page);
    char file[128];
    snprintf(file, sizeof file, "%s.1", name);
    char *path = status == FV_OK ? file_join(folder, file) : NULL;
    if (path)
        status = file_write(path, page->data, page->length);
    else if (status == FV_OK)
        status = status_last();
    free(path);
    return status;
}

fv_status help_write_manuals(const char *folder)
{
    char *pages = file_join(folder, "man1");
    fv_status status = pages ? file_make_folders(pages) : status_last();
    text page = {0};
    add_main_page(&page);
    if (status == FV_OK)
        status = write_page(pages, "fovea", &page);
    for (const verb *const *v = cli_verbs; *v && status == FV_OK; v++) {
        text name = {0};
        page.length = 0;
        add_page_name(&name, *v);
        add_verb_page(&page, *v);
        status = write_page(pages, text_string(&name), &page);
        text_release(&name);
    }
    text_release(&page);
    free(pages);
    return status;
}
