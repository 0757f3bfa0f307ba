/* SPDX-License-Identifier: Apache-2.0 */
/* C source among the formats. */
#include "convert/csource/format.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "convert/csource/csource.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    CLASS_NAME_MAX = 4000 /* C99 promises literals of 4095 characters */
};

/* ---- checks ---- */

/* Names that stand in an #include: any but those that would end it. */
static fv_status check_path(const char *path)
{
    for (const char *c = file_base_name(path); *c; c++)
        if (*c == '"' || *c == '\\' || *c == '?' || (unsigned char)*c < ' ')
            return status_set(
                FV_ERROR_INVALID,
                "%s: C source cannot include a file with such a name; use letters, digits, '-', "
                "'_' and '.'",
                path);
    return FV_OK;
}

static fv_status check_model(const export_network *n)
{
    const fv_model *m = n->model;
    int64_t weights = 0;
    for (int32_t i = 0; i < m->tensor_count; i++)
        weights += m->tensors[i].count;
    if (weights > CSOURCE_WEIGHTS_MAX)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "model %s has %" PRId64 " weights; as C source there may be %d at most",
                          fv_model_name(m), weights, CSOURCE_WEIGHTS_MAX);
    for (int64_t i = 0; i < m->class_count; i++)
        if (m->classes && strlen(m->classes[i]) > CLASS_NAME_MAX)
            return status_set(FV_ERROR_UNSUPPORTED,
                              "the name of class %" PRId64 " is longer than the %d bytes that C takes", i,
                              CLASS_NAME_MAX);
    return FV_OK;
}

/* ---- writing ---- */

/* FILE.c's path with another ending; with `.c` added where it has none. The caller frees it. */
static char *with_ending(const char *path, char ending)
{
    size_t length = strlen(path);
    bool has = length > 2 && strcmp(path + length - 2, ".c") == 0;
    text made = {0};
    text_add(&made, "%.*s.%c", (int)(has ? length - 2 : length), path, ending);
    if (text_status(&made) == FV_OK)
        return made.data;
    text_release(&made);
    return NULL;
}

static void release(csource *s)
{
    program_release(&s->program);
    text_release(&s->constants);
    text_release(&s->calls);
    graph_destroy(s->graph);
    free(s->arrays);
    free(s->prefix);
    free(s->upper);
}

static fv_status init(csource *s, const export_network *n, const fv_export_options *o)
{
    *s = (csource){.network = n, .graph = graph_copy(n->graph)};
    if (!s->graph || !(s->prefix = csource_prefix(o->prefix, o->path)) ||
        !(s->upper = csource_upper(s->prefix)) ||
        !(s->arrays = mem_array((size_t)n->graph->value_count, sizeof *s->arrays)))
        return status_last();
    STATUS_TRY(graph_set_batch(s->graph, 1));
    STATUS_TRY(program_init(&s->program, s->graph));
    STATUS_TRY(csource_place(s));
    /* What is written counts with int. */
    if (s->program.arena_bytes / sizeof(csource_number) > INT_MAX)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "model %s needs an arena of %zu MB, more than C source can count; use a smaller input size",
            fv_model_name(n->model), s->program.arena_bytes >> 20);
    return FV_OK;
}

static fv_status write_files(csource *s, const char *source, const char *header)
{
    text c = {0}, h = {0};
    fv_status status = csource_write(s, file_base_name(header), &c, &h);
    if (status == FV_OK)
        status = file_write(source, c.data, c.length);
    if (status == FV_OK)
        status = file_write(header, h.data, h.length);
    text_release(&c);
    text_release(&h);
    return status;
}

static void report_costs(const csource *s, fv_export_report *report)
{
    report->weight_bytes = (size_t)s->weights * sizeof(csource_number);
    report->arena_bytes = s->program.arena_bytes;
    for (int32_t i = 0; i < s->graph->op_count; i++)
        report->multiply_adds += op_multiply_adds(s->graph, &s->graph->ops[i]);
}

static fv_status write(const export_network *n, const fv_export_options *o, const char *path)
{
    csource s = {0};
    char *source = with_ending(path, 'c'), *header = with_ending(path, 'h');
    fv_status status = source && header ? check_path(o->path) : status_last();
    if (status == FV_OK)
        status = check_model(n);
    if (status == FV_OK)
        status = init(&s, n, o);
    if (status == FV_OK)
        status = write_files(&s, source, header);
    if (status == FV_OK && o->report)
        report_costs(&s, o->report);
    release(&s);
    free(source);
    free(header);
    return status;
}

/* ---- running ---- */

static fv_status run(fv_model *m, const fv_export_options *o, const char *path, const uint8_t *pixels,
                     int64_t count, float *probabilities)
{
    const fv_preprocess *p = &m->preprocess;
    char *source = with_ending(path, 'c'), *prefix = csource_prefix(o->prefix, o->path);
    size_t code_bytes = 0;
    fv_status status = source && prefix ? FV_OK : status_last();
    if (status == FV_OK)
        status = csource_run(source, prefix, pixels, (size_t)(p->height * p->width * p->channels), count,
                             fv_model_class_count(m), probabilities, &code_bytes);
    if (status == FV_OK && o->report)
        o->report->code_bytes = code_bytes;
    free(source);
    free(prefix);
    return status;
}

const export_format csource_export_format = {
    .info = {"c", ".c", "C99 source without dependencies, for micro-controllers"},
    .fused = true,
    .prefixed = true,
    .write = write,
    .missing = csource_missing,
    .runtime = "the C compiler of this machine",
    .run = run,
};
