/* SPDX-License-Identifier: Apache-2.0 */
/* What a TFLite file says besides its graph: how pixels become its input, and the classes' names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"
#include "core/memory.h"
#include "core/text.h"
#include "data/archives/container.h"
#include "model/file.h"

enum {
    LABELS_BYTES_MAX = 16 << 20
};

/* ---- finding ---- */

static bool is_word(flat_vector v, const char *word)
{
    return v.count == strlen(word) && memcmp(v.data, word, v.count) == 0;
}

/* The buffer of that name, absent where there is none. What is damaged reads as absent too: metadata only adds to the graph. */
static flat_vector find_buffer(tflite_builder *b, const char *name)
{
    flatbuffer *f = &b->file.flat;
    flat_vector list = flat_vector_of(f, b->file.model, MODEL_METADATA, 4), bytes = {0};
    for (uint32_t i = 0; i < list.count && !bytes.data; i++) {
        flat_table entry = flat_table_at(f, list, i);
        if (is_word(flat_vector_of(f, entry, METADATA_NAME, 1), name) &&
            tflite_buffer(&b->file, flat_uint32(f, entry, METADATA_BUFFER, 0), &bytes) != FV_OK)
            break;
    }
    return bytes;
}

/* The metadata of the graph's only input or output, in a flatbuffer of its own; absent where there is none. */
static flat_table find_metadata(tflite_builder *b, int field, flatbuffer *meta)
{
    flat_vector bytes = find_buffer(b, "TFLITE_METADATA");
    *meta = (flatbuffer){bytes.data, bytes.count, NULL};
    if (!bytes.data)
        return (flat_table){0};
    flat_vector graphs = flat_vector_of(meta, flat_root(meta), METADATA_SUBGRAPHS, 4);
    if (graphs.count == 0)
        return (flat_table){0};
    flat_vector tensors = flat_vector_of(meta, flat_table_at(meta, graphs, 0), field, 4);
    return tensors.count == 1 ? flat_table_at(meta, tensors, 0) : (flat_table){0};
}

/* ---- what fovea wrote ---- */

fv_status tflite_set_own(tflite_builder *b, bool *found)
{
    flat_vector bytes = find_buffer(b, TFLITE_OWN_METADATA);
    json_t *own =
        bytes.data ? json_loadb((const char *)bytes.data, bytes.count, JSON_REJECT_DUPLICATES, NULL) : NULL;
    *found = own != NULL;
    fv_status status = own ? model_metadata_take(b->model, b->file.path, own) : FV_OK;
    json_decref(own);
    return status;
}

/* ---- pixels ---- */

/* A pixel becomes (pixel - mean) / std before the graph. */
typedef struct pixels {
    float mean[FV_MAX_CHANNELS], std[FV_MAX_CHANNELS];
    const char *source;
} pixels;

static void set_all(pixels *p, float mean, float std, const char *source)
{
    for (int c = 0; c < FV_MAX_CHANNELS; c++) {
        p->mean[c] = mean;
        p->std[c] = std;
    }
    p->source = source;
}

/* value = scale * (number - zero point), where the number is the pixel, or the pixel - 128 where it is signed. */
static bool from_quantization(const tflite_tensor *t, pixels *p)
{
    if (t->scale.count != 1 || (t->type != TENSOR_UINT8 && t->type != TENSOR_INT8))
        return false;
    float scale = flat_float_at(t->scale, 0);
    int64_t zero = t->zero_point.count == 1 ? flat_int64_at(t->zero_point, 0) : 0;
    if (!isfinite(scale) || !(scale > 0) || zero < -128 || zero > 255)
        return false;
    set_all(p, (float)(zero + (t->type == TENSOR_INT8 ? 128 : 0)), 1 / scale,
            "as the quantisation of its input says");
    return true;
}

/* Where floating point goes straight into a quantisation, that has the range of the pixels. */
static const tflite_tensor *quantized_input(const tflite_builder *b)
{
    const tflite_file *f = &b->file;
    for (int32_t i = 0; i < f->operator_count; i++) {
        const tflite_operator *o = &f->operators[i];
        if (o->code == OPERATOR_QUANTIZE && o->input_count == 1 && o->inputs[0] == f->input)
            return &f->tensors[o->output];
    }
    return &f->tensors[f->input];
}

static bool from_metadata(tflite_builder *b, pixels *p)
{
    flatbuffer meta;
    flat_table input = find_metadata(b, METADATA_SUBGRAPH_INPUTS, &meta);
    flat_vector units = flat_vector_of(&meta, input, METADATA_TENSOR_PROCESS_UNITS, 4);
    for (uint32_t i = 0; i < units.count; i++) {
        flat_table unit = flat_table_at(&meta, units, i);
        if (flat_uint8(&meta, unit, METADATA_UNIT_TYPE, 0) != METADATA_UNIT_NORMALIZATION)
            continue;
        flat_table options = flat_table_of(&meta, unit, METADATA_UNIT_OPTIONS);
        flat_vector mean = flat_vector_of(&meta, options, METADATA_NORMALIZATION_MEAN, 4),
                    std = flat_vector_of(&meta, options, METADATA_NORMALIZATION_STD, 4);
        int64_t channels = b->model->preprocess.channels;
        if ((mean.count != 1 && mean.count != channels) || std.count != mean.count)
            return false;
        for (uint32_t c = 0; c < channels; c++) {
            p->mean[c] = flat_float_at(mean, mean.count > 1 ? c : 0);
            p->std[c] = flat_float_at(std, std.count > 1 ? c : 0);
            if (!isfinite(p->mean[c]) || !isfinite(p->std[c]) || !(p->std[c] > 0))
                return false;
        }
        p->source = "as its metadata says";
        return !meta.damage;
    }
    return false;
}

fv_status tflite_set_preprocess(tflite_builder *b)
{
    pixels p = {0};
    fv_preprocess next = b->model->preprocess;
    if (!from_quantization(quantized_input(b), &p) && !from_metadata(b, &p)) {
        if (b->normalised)
            set_all(&p, 0, 1, "since the network normalises them itself");
        else
            set_all(&p, 127.5f, 127.5f,
                    "which is a guess: the file does not say; where the network wants others, give "
                    "--preprocess, such "
                    "as \"mean=0 std=1\" for 0..255");
    }
    /* What the graph itself did first comes after it. */
    for (int64_t c = 0; c < next.channels; c++) {
        next.mean[c] = p.mean[c] + next.mean[c] * p.std[c];
        next.std[c] *= p.std[c];
    }
    STATUS_TRY(fv_model_set_preprocess(b->model, &next));
    tflite_log(b, "pixels become (pixel - %g) / %g, %s", (double)next.mean[0], (double)next.std[0], p.source);
    return FV_OK;
}

/* ---- classes ---- */

/* The name of the file with the classes' names, which lies in a zip archive behind the flatbuffer. The caller frees it; NULL: none. */
static char *labels_name(tflite_builder *b)
{
    flatbuffer meta;
    flat_table output = find_metadata(b, METADATA_SUBGRAPH_OUTPUTS, &meta);
    flat_vector files = flat_vector_of(&meta, output, METADATA_TENSOR_FILES, 4);
    for (uint32_t i = 0; i < files.count; i++) {
        flat_table file = flat_table_at(&meta, files, i);
        flat_vector name = flat_vector_of(&meta, file, METADATA_FILE_NAME, 1);
        if (flat_uint8(&meta, file, METADATA_FILE_TYPE, 0) == METADATA_FILE_AXIS_LABELS && name.count > 0)
            return mem_string_n((const char *)name.data, name.count);
    }
    return NULL;
}

static fv_status read_labels(const tflite_builder *b, const char *name, file_bytes *bytes)
{
    container *zip;
    STATUS_TRY(zip_open_container(b->file.path, &zip));
    int64_t entry = container_find(zip, name);
    fv_status status = entry < 0 ? status_set(FV_ERROR_FORMAT, "there is no such file in it")
                                 : container_read(zip, (size_t)entry, LABELS_BYTES_MAX, bytes);
    container_release(zip);
    return status;
}

static fv_status split_lines(char *words, name_list *lines)
{
    char *rest = words;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (!*line && !rest)
            break; /* behind the last line */
        line[strcspn(line, "\r")] = 0;
        text_flatten(line);
        STATUS_TRY(names_add(lines, "%s", line));
    }
    return FV_OK;
}

/* By name, then in their order. */
static int compare(const void *a, const void *b)
{
    char *const *x = *(char *const *const *)a, *const *y = *(char *const *const *)b;
    int order = strcmp(*x, *y);
    return order ? order : (x > y) - (x < y);
}

/* ImageNet has two classes "crane", a bird and a machine: the second becomes "crane (2)". */
static fv_status make_distinct(name_list *names)
{
    char ***sorted = mem_array(names->count, sizeof *sorted);
    if (!sorted)
        return status_last();
    for (size_t i = 0; i < names->count; i++)
        sorted[i] = &names->items[i];
    qsort(sorted, names->count, sizeof *sorted, compare);
    fv_status status = FV_OK;
    for (size_t i = 1, first = 0; status == FV_OK && i < names->count; i++) {
        text distinct = {0};
        if (strcmp(*sorted[first], *sorted[i]) != 0) {
            first = i;
            continue;
        }
        text_add(&distinct, "%s (%zu)", *sorted[i], i - first + 1);
        if ((status = text_status(&distinct)) == FV_OK) {
            free(*sorted[i]);
            *sorted[i] = distinct.data;
        }
    }
    free(sorted);
    return status;
}

static fv_status set_labels(const tflite_builder *b, char *words)
{
    name_list names = {0};
    int64_t classes = fv_model_class_count(b->model);
    fv_status status = split_lines(words, &names);
    if (status == FV_OK && (int64_t)names.count != classes)
        status =
            status_set(FV_ERROR_FORMAT, "there are %zu, and %lld outputs", names.count, (long long)classes);
    if (status == FV_OK)
        status = make_distinct(&names);
    if (status == FV_OK)
        status = fv_model_set_classes(b->model, (const char *const *)names.items, classes);
    names_release(&names);
    return status;
}

fv_status tflite_set_classes(tflite_builder *b)
{
    file_bytes bytes = {0};
    char *name = labels_name(b);
    if (!name)
        return FV_OK;
    fv_status status = read_labels(b, name, &bytes);
    if (status == FV_OK)
        status = set_labels(b, (char *)bytes.data);
    if (status == FV_OK)
        tflite_log(b, "the classes' names come with it (%.80s)", name);
    else if (status != FV_ERROR_MEMORY) /* the network is whole without them */
        tflite_log(b, "the classes' names (%.80s) are not taken: %.200s", name, fv_error_message());
    file_bytes_release(&bytes);
    free(name);
    return status == FV_ERROR_MEMORY ? status : FV_OK;
}
