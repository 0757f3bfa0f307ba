/* SPDX-License-Identifier: Apache-2.0 */
#include "data/shard_labels.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/memory.h"
#include "data/shards.h"

enum {
    MAX_CLASS_TEXT = 256,    /* bytes of a .cls file */
    MAX_LABEL_TEXT = 1 << 20 /* of a .json file */
};

/* ---- names ---- */

size_t shard_key_length(const char *name)
{
    const char *base = file_base_name(name);
    return (size_t)(base - name) + strcspn(base, ".");
}

bool shard_is_class(const char *name)
{
    return strcmp(name + shard_key_length(name), ".cls") == 0;
}

bool shard_is_labels(const char *name)
{
    return strcmp(name + shard_key_length(name), ".json") == 0;
}

/* ".seg.png" is another thing than the picture itself. */
bool shard_is_picture(const char *name)
{
    const char *end = name + shard_key_length(name);
    return *end == '.' && !strchr(end + 1, '.') && fv_is_picture_name(end);
}

/* ---- reading ---- */

fv_status shard_labels_add(shard_labels *l, const char *label, name_table *texts)
{
    STATUS_TRY(MEM_GROW(l->list, l->count, l->capacity));
    STATUS_TRY(name_table_add(texts, label, &l->list[l->count]));
    l->count++;
    return FV_OK;
}

/* The text of a .cls file, without white space around it. */
fv_status shard_labels_read_class(shard_labels *l, const container *c, size_t entry, name_table *texts)
{
    l->count = 0;
    STATUS_TRY(container_read(c, entry, MAX_CLASS_TEXT, &l->bytes));
    char *class = (char *)l->bytes.data;
    while (isspace((unsigned char)*class))
        class ++;
    size_t length = strlen(class);
    while (length > 0 && isspace((unsigned char)class[length - 1]))
        class[--length] = 0;
    if (length == 0)
        return status_set(FV_ERROR_FORMAT, "%s/%s: no class stands in it", c->path, container_name(c, entry));
    return shard_labels_add(l, class, texts);
}

/* NULL: the file has no "labels". The caller drops the reference of *root. */
static const json_t *find_labels(const file_bytes *bytes, json_t **root)
{
    *root = json_loadb((const char *)bytes->data, bytes->size, 0, NULL);
    const json_t *labels = json_object_get(*root, "labels");
    return json_is_array(labels) ? labels : NULL;
}

static fv_status add_json(shard_labels *l, const json_t *label, name_table *texts)
{
    char number[32];
    if (json_is_string(label) && *json_string_value(label))
        return shard_labels_add(l, json_string_value(label), texts);
    if (!json_is_integer(label))
        return status_set(FV_ERROR_FORMAT, "a label is neither a number nor a name");
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(label));
    return shard_labels_add(l, number, texts);
}

fv_status shard_labels_read_list(shard_labels *l, const container *c, size_t entry, name_table *texts,
                                 bool *found)
{
    json_t *root;
    l->count = 0;
    *found = false;
    STATUS_TRY(container_read(c, entry, MAX_LABEL_TEXT, &l->bytes));
    const json_t *labels = find_labels(&l->bytes, &root);
    fv_status status = FV_OK;
    *found = labels;
    if (json_array_size(labels) > SHARD_MAX_LABELS)
        status = status_set(FV_ERROR_FORMAT, "more than %d labels", SHARD_MAX_LABELS);
    for (size_t i = 0; status == FV_OK && i < json_array_size(labels); i++)
        status = add_json(l, json_array_get(labels, i), texts);
    json_decref(root);
    return status == FV_OK ? status : status_prefix(status, "%s/%s", c->path, container_name(c, entry));
}

void shard_labels_release(shard_labels *l)
{
    free(l->list);
    file_bytes_release(&l->bytes);
    *l = (shard_labels){0};
}

/* ---- shards.h ---- */

/* A .json file is about labels only when it says so: other archives have them, too. */
bool shards_detect(const container *c)
{
    int64_t list = -1;
    for (size_t i = 0; i < c->count; i++) {
        if (shard_is_class(container_name(c, i)))
            return true;
        if (list < 0 && shard_is_labels(container_name(c, i)))
            list = (int64_t)i;
    }
    file_bytes bytes = {0};
    json_t *root = NULL;
    bool found = list >= 0 && container_read(c, (size_t)list, MAX_LABEL_TEXT, &bytes) == FV_OK &&
                 find_labels(&bytes, &root);
    json_decref(root);
    file_bytes_release(&bytes);
    return found;
}
