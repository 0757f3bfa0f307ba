/* SPDX-License-Identifier: Apache-2.0 */
/* TFLite's own metadata, as its support library reads it, and the classes' names in a zip archive behind the FlatBuffer. */
#include <zlib.h>

#include "convert/tflite_export/writer.h"

#define LABELS_NAME "labels.txt"

/* ---- the FlatBuffer ---- */

static void link_content(flat_writer *f, size_t at, int type, flat_field *properties, int count)
{
    flat_field content[] = {FLAT_BYTE(METADATA_CONTENT_TYPE, type), FLAT_LINK(METADATA_CONTENT_PROPERTIES)};
    flat_link(f, at, flat_table_write(f, content, 2));
    flat_link(f, content[1].at, flat_table_write(f, properties, count));
}

static size_t normalisation(flat_writer *f, const fv_model *m)
{
    const fv_preprocess *p = &m->preprocess;
    flat_field unit[] = {FLAT_BYTE(METADATA_UNIT_TYPE, METADATA_UNIT_NORMALIZATION),
                         FLAT_LINK(METADATA_UNIT_OPTIONS)};
    flat_field numbers[] = {FLAT_LINK(METADATA_NORMALIZATION_MEAN), FLAT_LINK(METADATA_NORMALIZATION_STD)};
    size_t table = flat_table_write(f, unit, 2);
    flat_link(f, unit[1].at, flat_table_write(f, numbers, 2));
    flat_link(f, numbers[0].at, flat_vector_write(f, p->mean, (size_t)p->channels, sizeof *p->mean, 4));
    flat_link(f, numbers[1].at, flat_vector_write(f, p->std, (size_t)p->channels, sizeof *p->std, 4));
    return table;
}

/* What is normalised inside has no unit of its own. */
static size_t input(flat_writer *f, const fv_model *m, bool normalised)
{
    flat_field tensor[] = {FLAT_LINK(METADATA_TENSOR_NAME), FLAT_LINK(METADATA_TENSOR_CONTENT),
                           FLAT_LINK(METADATA_TENSOR_PROCESS_UNITS)};
    flat_field image[] = {FLAT_BYTE(METADATA_IMAGE_COLOUR_SPACE, m->preprocess.channels == 1
                                                                     ? METADATA_COLOUR_GREY
                                                                     : METADATA_COLOUR_RGB)};
    size_t table = flat_table_write(f, tensor, normalised ? 3 : 2);
    flat_link(f, tensor[0].at, flat_text(f, "images"));
    link_content(f, tensor[1].at, METADATA_CONTENT_IMAGE, image, 1);
    if (normalised) {
        size_t units = flat_single(f, tensor[2].at);
        flat_link(f, units, normalisation(f, m));
    }
    return table;
}

static size_t labels(flat_writer *f)
{
    flat_field file[] = {FLAT_LINK(METADATA_FILE_NAME),
                         FLAT_BYTE(METADATA_FILE_TYPE, METADATA_FILE_AXIS_LABELS)};
    size_t table = flat_table_write(f, file, 2);
    flat_link(f, file[0].at, flat_text(f, LABELS_NAME));
    return table;
}

/* One output has no axis of classes. */
static bool has_labels(const fv_model *m)
{
    return m->classes && m->class_count == fv_model_class_count(m);
}

static size_t output(flat_writer *f, const fv_model *m)
{
    flat_field tensor[] = {FLAT_LINK(METADATA_TENSOR_NAME), FLAT_LINK(METADATA_TENSOR_CONTENT),
                           FLAT_LINK(METADATA_TENSOR_FILES)};
    size_t table = flat_table_write(f, tensor, has_labels(m) ? 3 : 2);
    flat_link(f, tensor[0].at, flat_text(f, "probabilities"));
    link_content(f, tensor[1].at, METADATA_CONTENT_FEATURE, NULL, 0);
    if (has_labels(m)) {
        size_t files = flat_single(f, tensor[2].at);
        flat_link(f, files, labels(f));
    }
    return table;
}

fv_status lite_metadata(const lite_writer *w, flat_writer *f)
{
    const fv_model *m = w->network->model;
    flat_field model[] = {FLAT_LINK(METADATA_MODEL_NAME), FLAT_LINK(METADATA_SUBGRAPHS),
                          FLAT_LINK(METADATA_MIN_PARSER_VERSION)};
    flat_field graph[] = {FLAT_LINK(METADATA_SUBGRAPH_INPUTS), FLAT_LINK(METADATA_SUBGRAPH_OUTPUTS)};
    flat_begin(f, "M001");
    flat_link(f, 0, flat_table_write(f, model, 3));
    flat_link(f, model[0].at, flat_text(f, m->name));
    flat_link(f, model[2].at, flat_text(f, "1.0.0"));
    size_t graphs = flat_single(f, model[1].at);
    flat_link(f, graphs, flat_table_write(f, graph, 2));
    size_t inputs = flat_single(f, graph[0].at);
    flat_link(f, inputs, input(f, m, w->options->input != FV_EXPORT_PIXELS));
    size_t outputs = flat_single(f, graph[1].at);
    flat_link(f, outputs, output(f, m));
    return f->status;
}

/* ---- the archive ---- */

static void add_number(text *t, uint32_t number, int size)
{
    uint8_t bytes[4];
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
    text_add_bytes(t, bytes, (size_t)size);
}

/* What the file's header and its entry in the directory have in common: stored, without a time. */
static void add_entry(text *t, uint32_t sum, size_t size)
{
    add_number(t, 20, 2); /* version 2.0 */
    add_number(t, 0, 2);
    add_number(t, 0, 2);  /* stored */
    add_number(t, 0, 2);  /* midnight, */
    add_number(t, 33, 2); /* the first of January 1980 */
    add_number(t, sum, 4);
    add_number(t, (uint32_t)size, 4);
    add_number(t, (uint32_t)size, 4);
    add_number(t, sizeof LABELS_NAME - 1, 2);
    add_number(t, 0, 2);
}

static void add_archive(text *t, const text *names, size_t before)
{
    uint32_t sum = (uint32_t)crc32(0, (const Bytef *)text_string(names), (uInt)names->length);
    text_add(t, "PK\x03\x04");
    add_entry(t, sum, names->length);
    text_add(t, LABELS_NAME);
    text_add_bytes(t, text_string(names), names->length);
    size_t directory = t->length;
    text_add(t, "PK\x01\x02");
    add_number(t, 20, 2);
    add_entry(t, sum, names->length);
    for (int i = 0; i < 5; i++) /* no comment, disk 0, no attributes */
        add_number(t, 0, 2);
    add_number(t, (uint32_t)before, 4);
    text_add(t, LABELS_NAME);
    size_t end = t->length;
    text_add(t, "PK\x05\x06");
    add_number(t, 0, 4);
    add_number(t, 1, 2);
    add_number(t, 1, 2);
    add_number(t, (uint32_t)(end - directory), 4);
    add_number(t, (uint32_t)(before + directory), 4);
    add_number(t, 0, 2);
}

fv_status lite_labels(const lite_writer *w, size_t size, text *archive)
{
    const fv_model *m = w->network->model;
    text names = {0};
    if (!has_labels(m))
        return FV_OK;
    for (int64_t k = 0; k < m->class_count; k++)
        text_add(&names, "%s\n", m->classes[k]);
    add_archive(archive, &names, size);
    fv_status status = text_status(&names) == FV_OK ? text_status(archive) : text_status(&names);
    text_release(&names);
    return status;
}
