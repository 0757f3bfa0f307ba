/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    FILE_LIMIT = 1 << 20,
    DEPTH_LIMIT = 8 /* of lists in a value */
};

typedef struct reader {
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
} reader;

static fv_status reject(const reader *r, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: line %zu: %s", r->path, r->event.start_mark.line + 1, what);
}

static fv_status next(reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return FV_OK;
    return status_set(FV_ERROR_FORMAT, "%s: line %zu: is not YAML: %s", r->path,
                      r->parser.problem_mark.line + 1, r->parser.problem ? r->parser.problem : "unreadable");
}

/* A scalar, or a list of scalars as "1,2". */
static fv_status read_value(reader *r, text *value)
{
    STATUS_TRY(next(r));
    if (r->event.type == YAML_SCALAR_EVENT) {
        text_add(value, "%s", (const char *)r->event.data.scalar.value);
        return text_status(value);
    }
    if (r->event.type != YAML_SEQUENCE_START_EVENT)
        return reject(r, "a value or a list of values must stand here");
    for (;;) {
        STATUS_TRY(next(r));
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return text_status(value);
        if (r->event.type != YAML_SCALAR_EVENT)
            return reject(r, "a list may hold only plain values");
        text_add(value, "%s%s", value->length ? "," : "", (const char *)r->event.data.scalar.value);
    }
}

/* A scalar within a list in brackets: quoted where its characters would mean something there. */
static void add_scalar(text *out, const yaml_event_t *event)
{
    const char *word = (const char *)event->data.scalar.value;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strpbrk(word, ",[]{}:#'\"\n");
    text_add(out, "%s", plain ? word : "'");
    for (; !plain && *word; word++)
        text_add(out, *word == '\'' ? "''" : "%c", *word);
    text_add(out, "%s", plain ? "" : "'");
}

/* The value that the current event begins, as YAML of one line: an augmentation policy is a list of lists. */
static fv_status write_flow(reader *r, text *out, int depth)
{
    yaml_event_type_t kind = r->event.type, end = kind == YAML_MAPPING_START_EVENT ? YAML_MAPPING_END_EVENT
                                                                                   : YAML_SEQUENCE_END_EVENT;
    if (kind == YAML_SCALAR_EVENT) {
        add_scalar(out, &r->event);
        return text_status(out);
    }
    if (kind != YAML_MAPPING_START_EVENT && kind != YAML_SEQUENCE_START_EVENT)
        return reject(r, "a value, a list or pairs must stand here");
    if (depth == DEPTH_LIMIT)
        return reject(r, "lists are nested too deeply");
    bool map = kind == YAML_MAPPING_START_EVENT;
    text_add(out, map ? "{" : "[");
    for (int64_t i = 0;; i++) {
        STATUS_TRY(next(r));
        if (r->event.type == end)
            break;
        text_add(out, "%s", i == 0 ? "" : map && i % 2 ? ": " : ", ");
        STATUS_TRY(write_flow(r, out, depth + 1));
    }
    text_add(out, map ? "}" : "]");
    return text_status(out);
}

/* The value of an option that is a text: a scalar as it is, anything else as YAML. */
static fv_status read_text(reader *r, text *value)
{
    STATUS_TRY(next(r));
    if (r->event.type != YAML_SCALAR_EVENT)
        return write_flow(r, value, 0);
    text_add(value, "%s", (const char *)r->event.data.scalar.value);
    return text_status(value);
}

static fv_status read_pair(reader *r, const option *table, void *options, string_pool *pool)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return reject(r, "an option's name must stand here");
    text where = {0}, value = {0};
    text_add(&where, "%s: line %zu: ", r->path, r->event.start_mark.line + 1);
    char *name = mem_string((const char *)r->event.data.scalar.value);
    const option *o = name ? options_find(table, name) : NULL;
    bool is_text = o && o->type == OPTION_STRING;
    fv_status status = !name ? status_last() : is_text ? read_text(r, &value) : read_value(r, &value);
    const char *kept = status == FV_OK ? pool_keep(pool, mem_string(text_string(&value))) : NULL;
    if (kept)
        status = options_set(table, options, name, kept, text_string(&where));
    else if (status == FV_OK)
        status = status_last();
    free(name);
    text_release(&value);
    text_release(&where);
    return status;
}

static fv_status read_document(reader *r, const option *table, void *options, string_pool *pool)
{
    STATUS_TRY(next(r)); /* the stream */
    STATUS_TRY(next(r));
    if (r->event.type == YAML_STREAM_END_EVENT)
        return FV_OK; /* an empty file sets nothing */
    STATUS_TRY(next(r));
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return reject(r, "must be 'option: value' lines");
    for (;;) {
        STATUS_TRY(next(r));
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return FV_OK;
        STATUS_TRY(read_pair(r, table, options, pool));
    }
}

fv_status config_read(const char *path, const option *table, void *options, string_pool *pool)
{
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(file_read(path, FILE_LIMIT, &bytes, &size));
    reader r = {.path = path};
    fv_status status;
    if (yaml_parser_initialize(&r.parser)) {
        yaml_parser_set_input_string(&r.parser, bytes, size);
        status = read_document(&r, table, options, pool);
        yaml_event_delete(&r.event);
        yaml_parser_delete(&r.parser);
    } else {
        status = status_set(FV_ERROR_MEMORY, "%s: no memory to read it", path);
    }
    free(bytes);
    return status;
}

static int add_to_text(void *out, unsigned char *bytes, size_t size)
{
    text_add_bytes(out, bytes, size);
    return text_status(out) == FV_OK;
}

static int emit_scalar(yaml_emitter_t *emitter, const char *value, bool quoted)
{
    yaml_event_t event;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)value, (int)strlen(value), 1,
                                        1,
                                        quoted ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE) &&
           yaml_emitter_emit(emitter, &event);
}

static int emit_options(yaml_emitter_t *emitter, const option *table, const void *options)
{
    int ok = 1;
    for (const option *o = table; ok && o->name; o++) {
        /* A zero that means "the default" has nothing to say; a zero that is a value has. */
        if (options_is_default(o, options) &&
            (o->type == OPTION_STRING || o->type == OPTION_INT || o->type == OPTION_SIZE ||
             o->type == OPTION_INTS || o->zero_is_off || o->low > 0))
            continue;
        text value = {0};
        options_print(o, options, &value);
        ok = emit_scalar(emitter, o->name, false) &&
             emit_scalar(emitter, text_string(&value), o->type == OPTION_STRING);
        text_release(&value);
    }
    return ok;
}

fv_status config_print(const option *table, const void *options, const char *comment, text *out)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    text_add(out, "# %s\n", comment);
    if (!yaml_emitter_initialize(&emitter))
        return status_set(FV_ERROR_MEMORY, "no memory to write options");
    yaml_emitter_set_output(&emitter, add_to_text, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    int ok = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
             yaml_emitter_emit(&emitter, &event) &&
             yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
             yaml_emitter_emit(&emitter, &event) &&
             yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) &&
             yaml_emitter_emit(&emitter, &event) && emit_options(&emitter, table, options) &&
             yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(&emitter, &event) &&
             yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&emitter, &event) &&
             yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&emitter, &event);
    yaml_emitter_delete(&emitter);
    return ok ? FV_OK : status_set(FV_ERROR_FORMAT, "an option's text is not UTF-8");
}

fv_status config_write(const char *path, const option *table, const void *options, const char *comment)
{
    text out = {0};
    fv_status status = config_print(table, options, comment, &out);
    status = status == FV_OK ? file_write(path, out.data, out.length) : status_prefix(status, "%s: ", path);
    text_release(&out);
    return status;
}
