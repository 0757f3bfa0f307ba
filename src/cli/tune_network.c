/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as templates: a dimension "network.PATH" replaces one value of the file that --model names. PATH is a list of steps:
 *
 *     network.layers[3].filters    an option of the fourth layer
 *     network.stem.filters         of the layer that is called stem
 *     network.layers[4]            the layer itself, where it is a word: relu
 *     network.input.height         what stands at the top
 *
 * Only the value's own characters are replaced. What an alias (*width) stands for is replaced with the value that has its anchor (&width).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/tune.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/yaml.h"

static const char prefix[] = "network.";

/* Characters of the template, and what comes in their place. */
typedef struct patch {
    size_t from, to;
    const char *value;
} patch;

bool tune_network_is(const char *dimension)
{
    return strncmp(dimension, prefix, sizeof prefix - 1) == 0;
}

static const yaml_node_t *entry_of(yaml_file *f, const yaml_node_t *map, const char *key, size_t length)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const char *name = yaml_file_scalar(yaml_file_node(f, p->key));
        if (name && strlen(name) == length && strncmp(name, key, length) == 0)
            return yaml_file_node(f, p->value);
    }
    return NULL;
}

/* The options of a layer, as in "- conv2d: {filters: 16}". */
static const yaml_node_t *options_of(yaml_file *f, const yaml_node_t *layer)
{
    bool one = layer && layer->type == YAML_MAPPING_NODE &&
               layer->data.mapping.pairs.top - layer->data.mapping.pairs.start == 1;
    return one ? yaml_file_node(f, layer->data.mapping.pairs.start->value) : layer;
}

static const yaml_node_t *layer_called(yaml_file *f, const yaml_node_t *layers, const char *name,
                                       size_t length)
{
    if (!layers || layers->type != YAML_SEQUENCE_NODE)
        return NULL;
    for (yaml_node_item_t *i = layers->data.sequence.items.start; i < layers->data.sequence.items.top; i++) {
        const yaml_node_t *layer = yaml_file_node(f, *i),
                          *called = entry_of(f, options_of(f, layer), "name", 4);
        const char *has = called ? yaml_file_scalar(called) : NULL;
        if (has && strlen(has) == length && strncmp(has, name, length) == 0)
            return layer;
    }
    return NULL;
}

/* "[3]" at *path, which moves on. */
static const yaml_node_t *item_at(yaml_file *f, const yaml_node_t *list, const char **path)
{
    char *end;
    long long index = strtoll(*path + 1, &end, 10);
    bool numbered = strchr("0123456789", (*path)[1]) && (*path)[1] && *end == ']';
    *path = numbered ? end + 1 : *path;
    if (!numbered || !list || list->type != YAML_SEQUENCE_NODE ||
        index >= list->data.sequence.items.top - list->data.sequence.items.start)
        return NULL;
    return yaml_file_node(f, list->data.sequence.items.start[index]);
}

/* NULL where the path leads nowhere. */
static const yaml_node_t *find(yaml_file *f, const char *path)
{
    const yaml_node_t *top = yaml_document_get_root_node(&f->document), *at = top;
    for (bool first = true; at && *path; first = false) {
        if (*path == '[') {
            at = item_at(f, at, &path);
        } else {
            path += !first && *path == '.';
            size_t length = strcspn(path, ".[");
            const yaml_node_t *inner = entry_of(f, options_of(f, at), path, length);
            inner = inner ? inner : entry_of(f, at, path, length);
            if (!inner && first)
                inner = layer_called(f, entry_of(f, top, "layers", 6), path, length);
            at = length ? inner : NULL;
            path += length;
        }
    }
    return at;
}

static int by_place(const void *left, const void *right)
{
    const patch *a = left, *b = right;
    return a->from < b->from ? -1 : a->from > b->from;
}

static fv_status find_patch(yaml_file *f, const char *name, const char *value, patch *p)
{
    const yaml_node_t *n = find(f, name + sizeof prefix - 1);
    if (!n)
        return status_set(FV_ERROR_INVALID,
                          "%s: %s: there is no such value; it must stand in the file, as it is replaced",
                          f->source, name);
    if (n->type != YAML_SCALAR_NODE)
        return status_set(FV_ERROR_INVALID, "%s: %s: is not one value but a list or several", f->source,
                          name);
    *p = (patch){n->start_mark.index, n->end_mark.index, value};
    return FV_OK;
}

/* libyaml counts characters; a byte that goes on with one is none. */
static size_t byte_of(const char *bytes, size_t character)
{
    size_t i = 0;
    for (; bytes[i] && (character > 0 || ((unsigned char)bytes[i] & 0xc0) == 0x80); i++)
        character -= ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return i;
}

/* libyaml has an anchor (&width) as a part of its value; it stays. */
static size_t skip_anchor(const char *bytes, size_t from)
{
    while (bytes[from] == '&' || bytes[from] == '!') {
        from += strcspn(bytes + from, " \t\n");
        from += strspn(bytes + from, " \t");
    }
    return from;
}

static fv_status apply(const char *path, const char *bytes, patch *patches, int64_t count, text *yaml)
{
    size_t at = 0;
    qsort(patches, (size_t)count, sizeof *patches, by_place);
    for (int64_t i = 0; i < count; i++) {
        size_t from = skip_anchor(bytes, byte_of(bytes, patches[i].from)), to = byte_of(bytes, patches[i].to);
        if (from < at)
            return status_set(FV_ERROR_INVALID, "%s: two dimensions of the space are the same value", path);
        text_add_bytes(yaml, bytes + at, from - at);
        text_add(yaml, "%s", patches[i].value);
        at = to;
    }
    text_add(yaml, "%s", bytes + at);
    return text_status(yaml);
}

fv_status tune_network_make(const char *path, const char *const *names, const char *const *values,
                            int64_t count, text *yaml)
{
    uint8_t *bytes;
    size_t size;
    yaml_file f;
    STATUS_TRY(file_read(path, YAML_FILE_LIMIT, &bytes, &size));
    patch *patches = mem_array((size_t)count, sizeof *patches);
    fv_status status = patches ? yaml_file_parse(&f, path, bytes, size) : status_last();
    if (status == FV_OK) {
        for (int64_t i = 0; status == FV_OK && i < count; i++)
            status = find_patch(&f, names[i], values[i], &patches[i]);
        yaml_file_release(&f);
    }
    if (status == FV_OK)
        status = apply(path, (char *)bytes, patches, count, yaml);
    free(patches);
    free(bytes);
    return status;
}

/* Networks are read from files only. */
static fv_status load(const text *yaml)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/fovea-XXXXXX.yaml", folder && strlen(folder) < 4000 ? folder : "/tmp");
    int file = mkstemps(path, (int)strlen(".yaml"));
    if (file < 0)
        return status_set(FV_ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
    close(file);
    fv_status status = file_write(path, yaml->data, yaml->length);
    fv_model *m = status == FV_OK ? fv_network_load(path, .classes = 2, .default_height = TRAIN_USUAL,
                                                    .default_width = TRAIN_USUAL)
                                  : NULL;
    if (status == FV_OK && !m)
        status = status_last();
    fv_model_destroy(m);
    unlink(path);
    return status;
}

fv_status tune_network_check(const char *path, const char *name, const char *value)
{
    text yaml = {0};
    fv_status status = tune_network_make(path, &name, &value, 1, &yaml);
    if (status == FV_OK && (status = load(&yaml)) != FV_OK)
        status_prefix(status, "%s with %s %s: ", path, name, value);
    text_release(&yaml);
    return status;
}
