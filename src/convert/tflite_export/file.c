/* SPDX-License-Identifier: Apache-2.0 */
/* The FlatBuffer of a graph (schema.h has its fields), and the file. */
#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#include "convert/tflite_export/writer.h"
#include "core/file.h"
#include "model/file.h"

enum {
    SCHEMA_VERSION = 3,
    OLD_CODES = 127, /* codes from here on are in the newer field only */
    NUMBERS_ALIGNED = 16
};

/* ---- operator codes ---- */

static void write_codes(const lite_writer *w, flat_writer *f, size_t at)
{
    size_t list = flat_links(f, w->code_count);
    flat_link(f, at, list);
    for (size_t i = 0; i < w->code_count; i++) {
        const lite_code *c = &w->codes[i];
        flat_field fields[] = {FLAT_BYTE(OPERATOR_CODE_OLD, c->code < OLD_CODES ? c->code : OLD_CODES),
                               FLAT_INT(OPERATOR_CODE_VERSION, c->version),
                               FLAT_INT(OPERATOR_CODE_BUILTIN, c->code)};
        flat_link(f, list + 4 + 4 * i, flat_table_write(f, fields, 3));
    }
}

/* ---- the graph ---- */

static size_t write_sides(flat_writer *f, const lite_shape *s, int32_t open)
{
    int32_t sides[LITE_RANK];
    for (int i = 0; i < s->rank; i++)
        sides[i] = s->d[i] == BATCH ? open : (int32_t)s->d[i];
    return flat_vector_write(f, sides, (size_t)s->rank, sizeof *sides, 4);
}

static size_t write_tensor(flat_writer *f, const lite_tensor *t, uint32_t buffer)
{
    bool open = t->shape.rank > 0 && t->shape.d[0] == BATCH;
    flat_field fields[] = {FLAT_LINK(TENSOR_SHAPE), FLAT_BYTE(TENSOR_TYPE, t->type),
                           FLAT_INT(TENSOR_BUFFER, buffer), FLAT_LINK(TENSOR_NAME),
                           FLAT_LINK(TENSOR_SHAPE_SIGNATURE)};
    size_t at = flat_table_write(f, fields, open ? 5 : 4);
    flat_link(f, fields[0].at, write_sides(f, &t->shape, 1));
    flat_link(f, fields[3].at, flat_text(f, t->name));
    if (open)
        flat_link(f, fields[4].at, write_sides(f, &t->shape, -1));
    return at;
}

static void write_tensors(const lite_writer *w, flat_writer *f, size_t at)
{
    size_t list = flat_links(f, w->tensor_count);
    uint32_t buffer = 0;
    flat_link(f, at, list);
    for (size_t i = 0; i < w->tensor_count; i++)
        flat_link(f, list + 4 + 4 * i, write_tensor(f, &w->tensors[i], w->tensors[i].data ? ++buffer : 0));
}

static size_t write_operator(const lite_writer *w, flat_writer *f, size_t i)
{
    lite_operator_record o = w->operators[i];
    flat_field fields[] = {FLAT_INT(OPERATOR_CODE_INDEX, o.code), FLAT_LINK(OPERATOR_INPUTS),
                           FLAT_LINK(OPERATOR_OUTPUTS), FLAT_BYTE(OPERATOR_OPTIONS_TYPE, o.options.type),
                           FLAT_LINK(OPERATOR_OPTIONS)};
    size_t at = flat_table_write(f, fields, o.options.type ? 5 : 3);
    flat_link(f, fields[1].at, flat_vector_write(f, o.inputs, (size_t)o.input_count, sizeof *o.inputs, 4));
    flat_link(f, fields[2].at, flat_vector_write(f, &o.output, 1, sizeof o.output, 4));
    if (o.options.type)
        flat_link(f, fields[4].at, flat_table_write(f, o.options.fields, o.options.count));
    return at;
}

static void write_operators(const lite_writer *w, flat_writer *f, size_t at)
{
    size_t list = flat_links(f, w->operator_count);
    flat_link(f, at, list);
    for (size_t i = 0; i < w->operator_count; i++)
        flat_link(f, list + 4 + 4 * i, write_operator(w, f, i));
}

static void write_graph(const lite_writer *w, flat_writer *f, size_t at)
{
    flat_field fields[] = {FLAT_LINK(SUBGRAPH_TENSORS), FLAT_LINK(SUBGRAPH_INPUTS),
                           FLAT_LINK(SUBGRAPH_OUTPUTS), FLAT_LINK(SUBGRAPH_OPERATORS)};
    size_t list = flat_single(f, at);
    flat_link(f, list, flat_table_write(f, fields, 4));
    write_tensors(w, f, fields[0].at);
    flat_link(f, fields[1].at, flat_vector_write(f, &w->input, 1, sizeof w->input, 4));
    flat_link(f, fields[2].at, flat_vector_write(f, &w->output, 1, sizeof w->output, 4));
    write_operators(w, f, fields[3].at);
}

/* ---- numbers and metadata ---- */

static size_t write_buffer(flat_writer *f, const void *data, size_t size)
{
    flat_field fields[] = {FLAT_LINK(BUFFER_DATA)};
    size_t at = flat_table_write(f, fields, size ? 1 : 0);
    if (size)
        flat_link(f, fields[0].at, flat_vector_write(f, data, size, 1, NUMBERS_ALIGNED));
    return at;
}

/* What stands in the file beside the graph: a name and bytes each. */
typedef struct extra {
    const char *name;
    const void *data;
    size_t size;
} extra;

/* Buffer 0 is empty, then those of the constants in the tensors' order, then the extras'. */
static void write_buffers(const lite_writer *w, flat_writer *f, size_t at, const extra *extras,
                          size_t extra_count)
{
    size_t count = 1 + extra_count, next = 0;
    for (size_t i = 0; i < w->tensor_count; i++)
        count += w->tensors[i].data != NULL;
    size_t list = flat_links(f, count);
    flat_link(f, at, list);
    flat_link(f, list + 4 + 4 * next++, write_buffer(f, NULL, 0));
    for (size_t i = 0; i < w->tensor_count; i++)
        if (w->tensors[i].data)
            flat_link(f, list + 4 + 4 * next++, write_buffer(f, w->tensors[i].data, w->tensors[i].bytes));
    for (size_t i = 0; i < extra_count; i++)
        flat_link(f, list + 4 + 4 * next++, write_buffer(f, extras[i].data, extras[i].size));
}

static void write_extras(const lite_writer *w, flat_writer *f, size_t at, const extra *extras, size_t count)
{
    size_t list = flat_links(f, count);
    uint32_t buffer = 1;
    for (size_t i = 0; i < w->tensor_count; i++)
        buffer += w->tensors[i].data != NULL;
    flat_link(f, at, list);
    for (size_t i = 0; i < count; i++) {
        flat_field fields[] = {FLAT_LINK(METADATA_NAME), FLAT_INT(METADATA_BUFFER, buffer + i)};
        flat_link(f, list + 4 + 4 * i, flat_table_write(f, fields, 2));
        flat_link(f, fields[0].at, flat_text(f, extras[i].name));
    }
}

static fv_status write_model(const lite_writer *w, flat_writer *f, const extra *extras, size_t extra_count)
{
    flat_field fields[] = {FLAT_INT(MODEL_VERSION, SCHEMA_VERSION),
                           FLAT_LINK(MODEL_OPERATOR_CODES),
                           FLAT_LINK(MODEL_SUBGRAPHS),
                           FLAT_LINK(MODEL_DESCRIPTION),
                           FLAT_LINK(MODEL_BUFFERS),
                           FLAT_LINK(MODEL_METADATA)};
    flat_begin(f, "TFL3");
    flat_link(f, 0, flat_table_write(f, fields, 6));
    write_codes(w, f, fields[1].at);
    write_graph(w, f, fields[2].at);
    flat_link(f, fields[3].at, flat_text(f, "fovea"));
    write_extras(w, f, fields[5].at, extras, extra_count);
    write_buffers(w, f, fields[4].at, extras, extra_count);
    return f->status;
}

/* ---- the file ---- */

/* The model file's own words, which the import takes back. The caller frees them. */
static fv_status own_metadata(const fv_model *m, char **words)
{
    json_t *own = json_object();
    fv_status status = model_metadata_add(m, own);
    if (status == FV_OK && !(*words = json_dumps(own, JSON_COMPACT)))
        status = status_set(FV_ERROR_MEMORY, "not enough memory to write a model's metadata");
    json_decref(own);
    return status;
}

static fv_status save(const lite_writer *w, const flat_writer *f, const char *path)
{
    file_writer file;
    text labels = {0};
    fv_status status = lite_labels(w, f->size, &labels);
    if (status == FV_OK)
        status = file_writer_open(&file, path);
    if (status == FV_OK) {
        file_writer_add(&file, f->data, f->size);
        file_writer_add(&file, labels.data, labels.length);
        status = file_writer_commit(&file);
    }
    text_release(&labels);
    return status;
}

fv_status lite_save(const lite_writer *w, const char *path)
{
    flat_writer f = {0}, metadata = {0};
    char *own = NULL;
    fv_status status = own_metadata(w->network->model, &own);
    if (status == FV_OK)
        status = lite_metadata(w, &metadata);
    if (status == FV_OK) {
        const extra extras[] = {{"TFLITE_METADATA", metadata.data, metadata.size},
                                {TFLITE_OWN_METADATA, own, strlen(own)}};
        status = write_model(w, &f, extras, 2);
    }
    if (status == FV_OK)
        status = save(w, &f, path);
    flat_release(&metadata);
    flat_release(&f);
    free(own);
    return status;
}
