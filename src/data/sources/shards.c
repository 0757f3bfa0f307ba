/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebDataset shards: tar archives in which KEY.jpg and KEY.cls are a picture and its class, KEY being the path up to the first
 * dot of the file's name. In multi-label data KEY.json stands in place of KEY.cls: {"labels": [0, 4]}, numbers or names.
 * A pack (pack.c) is a folder of such shards with an index each, which saves looking through them.
 */
#include "data/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/shard_classes.h"
#include "data/shard_files.h"
#include "data/shard_index.h"
#include "data/shard_labels.h"
#include "data/tree.h"

enum {
    MAX_OPEN = 128 /* shards whose files stay open */
};
static const size_t max_names_bytes = (size_t)64 << 20;

/* Shared by the sources of the parts. */
typedef struct shard_set {
    int users;
    container **shards;
    size_t count, capacity;
} shard_set;

typedef struct shard_record {
    uint32_t shard, entry;
} shard_record;

typedef struct shard_source {
    source base;
    shard_set *set;
    shard_record *records; /* (base.count) */
    size_t record_capacity, first_capacity, label_count, label_capacity;
} shard_source;

/* While listing, a record has its labels in base.label_list, and these are numbers of class texts, until all texts are known. */
typedef struct gathering {
    listing *found;
    shard_set *set;
    shard_source *parts[FV_TEST + 1]; /* by fv_part; NULL: none yet */
    shard_classes classes;
    bool multi_label;
    shard_labels labels; /* of the sample in hand */
    int64_t without_class, without_picture;
    char first_without[512];
} gathering;

/* ---- the source ---- */

static fv_status read_record(const source *s, int64_t record, file_bytes *bytes)
{
    const shard_source *f = (const shard_source *)s;
    shard_record r = f->records[record];
    return container_read(f->set->shards[r.shard], r.entry, s->max_bytes, bytes);
}

static void file(const source *s, int64_t record, char *buffer, size_t size)
{
    const shard_source *f = (const shard_source *)s;
    shard_record r = f->records[record];
    container_file(f->set->shards[r.shard], r.entry, buffer, size);
}

static int64_t size_of(const source *s, int64_t record)
{
    const shard_source *f = (const shard_source *)s;
    shard_record r = f->records[record];
    return (int64_t)f->set->shards[r.shard]->entries[r.entry].size;
}

static void set_release(shard_set *set)
{
    if (!set || --set->users > 0)
        return;
    for (size_t i = 0; i < set->count; i++)
        container_release(set->shards[i]);
    free(set->shards);
    free(set);
}

static void destroy(source *s)
{
    shard_source *f = (shard_source *)s;
    set_release(f->set);
    free(f->records);
    source_free(s);
}

static shard_source *part_source(gathering *g, fv_part part)
{
    if (g->parts[part])
        return g->parts[part];
    shard_source *f = mem_array(1, sizeof *f);
    if (!f)
        return NULL;
    f->base.part = part;
    f->base.read = read_record;
    f->base.file = file;
    f->base.size = size_of;
    f->base.destroy = destroy;
    f->set = g->set;
    f->set->users++;
    return g->parts[part] = f;
}

/* With the labels in hand. */
static fv_status add_record(gathering *g, fv_part part, size_t entry)
{
    shard_source *f = part_source(g, part);
    if (!f)
        return status_last();
    size_t i = (size_t)f->base.count;
    STATUS_TRY(MEM_GROW(f->records, i, f->record_capacity));
    STATUS_TRY(MEM_GROW(f->base.label_first, i + 1, f->first_capacity));
    if (f->label_count > UINT32_MAX - g->labels.count)
        return status_set(FV_ERROR_UNSUPPORTED, "the shards have too many labels");
    for (size_t k = 0; k < g->labels.count; k++) {
        STATUS_TRY(MEM_GROW(f->base.label_list, f->label_count, f->label_capacity));
        f->base.label_list[f->label_count++] = (int32_t)g->labels.list[k];
    }
    f->records[i] = (shard_record){.shard = (uint32_t)g->set->count - 1, .entry = (uint32_t)entry};
    f->base.label_first[0] = 0;
    f->base.label_first[i + 1] = (uint32_t)f->label_count;
    f->base.count++;
    return FV_OK;
}

/* Takes `c`, also on failure. */
static fv_status add_shard(shard_set *set, container *c)
{
    fv_status status = MEM_GROW(set->shards, set->count, set->capacity);
    if (status == FV_OK)
        set->shards[set->count++] = c;
    else
        container_release(c);
    return status;
}

/* ---- samples ---- */

static void note_without(gathering *g, const container *c, size_t entry, int64_t *count)
{
    if (g->without_class + g->without_picture == 0)
        container_file(c, entry, g->first_without, sizeof g->first_without);
    ++*count;
}

/* The files [from, to) have one key. */
static fv_status add_sample(gathering *g, const container *c, size_t from, size_t to, fv_part part)
{
    int64_t picture = -1, class = -1, labels = -1;
    for (size_t i = from; i < to; i++) {
        if (shard_is_class(container_name(c, i)))
            class = (int64_t)i;
        else if (shard_is_labels(container_name(c, i)))
            labels = (int64_t)i;
        else if (picture < 0 && shard_is_picture(container_name(c, i)))
            picture = (int64_t)i;
    }
    if (picture < 0 && class >= 0)
        note_without(g, c, from, &g->without_picture);
    if (picture >= 0 && class < 0 && labels < 0)
        note_without(g, c, from, &g->without_class);
    if (picture < 0 || (class < 0 && labels < 0))
        return FV_OK;
    bool found = true;
    fv_status status = class >= 0
                           ? shard_labels_read_class(&g->labels, c, (size_t) class, &g->classes.texts)
                           : shard_labels_read_list(&g->labels, c, (size_t)labels, &g->classes.texts, &found);
    if (status == FV_OK && !found) {
        note_without(g, c, from, &g->without_class);
        return FV_OK;
    }
    g->multi_label = g->multi_label || (status == FV_OK && class < 0);
    if (status == FV_OK)
        return add_record(g, part, (size_t)picture);
    return status == FV_ERROR_MEMORY || g->found->on_error == FV_FAIL
               ? status
               : names_add(&g->found->problems, "%s; left out", fv_error_message());
}

/* The last shard of the set. Files of one key stand together, because they share a prefix and are sorted. */
static fv_status scan_shard(gathering *g, fv_part part)
{
    const container *c = g->set->shards[g->set->count - 1];
    fv_status status = container_problems(c, &g->found->problems);
    for (size_t i = 0, end; status == FV_OK && i < c->count; i = end) {
        const char *name = container_name(c, i);
        size_t key = shard_key_length(name);
        for (end = i + 1; end < c->count; end++) {
            const char *next = container_name(c, end);
            if (shard_key_length(next) != key || strncmp(name, next, key) != 0)
                break;
        }
        status = add_sample(g, c, i, end, part);
    }
    return status;
}

/* Adds what the shard's index lists. `*added` false: the shard must be scanned. */
static fv_status add_indexed(gathering *g, const char *path, bool keep_open, fv_part part, bool *added)
{
    shard_index x;
    fv_status status = shard_index_read(&x, path, keep_open, SHARD_MAX_CLASSES);
    *added = status == FV_OK && x.archive;
    if (status == FV_ERROR_FORMAT)
        status =
            names_add(&g->found->problems, "%s; the shard was looked through instead", fv_error_message());
    if (*added)
        status = add_shard(g->set, container_share(x.archive));
    for (size_t i = 0; *added && status == FV_OK && i < x.archive->count; i++) {
        g->labels.count = 0;
        for (uint32_t k = x.label_first[i]; status == FV_OK && k < x.label_first[i + 1]; k++) {
            char number[16];
            snprintf(number, sizeof number, "%d", x.labels[k]);
            status = shard_labels_add(&g->labels, number, &g->classes.texts);
        }
        if (status == FV_OK)
            status = add_record(g, part, i);
    }
    g->multi_label = g->multi_label || (*added && x.multi_label);
    shard_index_release(&x);
    return status;
}

/* ---- classes ---- */

/* classes.txt beside the shards; else the one in the first of them that has it. */
static fv_status read_class_names(gathering *g, const char *path)
{
    fv_status status = FV_OK;
    file_bytes bytes = {0};
    char name[4200] = "";
    if (path && file_exists(path)) {
        snprintf(name, sizeof name, "%s", path);
        status = file_read_into(path, max_names_bytes, &bytes);
    }
    for (size_t i = 0; status == FV_OK && !*name && i < g->set->count; i++) {
        int64_t entry = container_find(g->set->shards[i], "classes.txt");
        if (entry < 0)
            continue;
        container_file(g->set->shards[i], (size_t)entry, name, sizeof name);
        status = container_read(g->set->shards[i], (size_t)entry, max_names_bytes, &bytes);
    }
    if (status == FV_OK && *name)
        status = shard_classes_read(&g->classes, name, (char *)bytes.data);
    file_bytes_release(&bytes);
    return status;
}

/* From texts to classes, each once a record. */
static void map_labels(shard_source *f, const int32_t *map)
{
    source *s = &f->base;
    uint32_t kept = 0;
    for (int64_t i = 0; i < s->count; i++) {
        uint32_t from = s->label_first[i], to = s->label_first[i + 1], first = kept;
        s->label_first[i] = first;
        for (uint32_t k = from; k < to; k++) {
            int32_t label = map[s->label_list[k]];
            bool known = false;
            for (uint32_t j = first; j < kept; j++)
                known = known || s->label_list[j] == label;
            if (!known)
                s->label_list[kept++] = label;
        }
    }
    s->label_first[s->count] = kept;
}

/* With one class a record, the list of all labels is the records' labels. */
static void settle_kind(source *s, bool multi_label)
{
    if (multi_label)
        return;
    s->labels = s->label_list;
    s->label_list = NULL;
    free(s->label_first);
    s->label_first = NULL;
}

/* A part has the classes up to its highest label: what only the test pictures know stands behind, and is none of training's. */
static fv_status give_classes(gathering *g, shard_source *f)
{
    int32_t highest = -1;
    for (uint32_t k = 0; k < f->base.label_first[f->base.count]; k++)
        highest = f->base.label_list[k] > highest ? f->base.label_list[k] : highest;
    for (int32_t c = 0; c <= highest; c++)
        STATUS_TRY(names_add(&f->base.classes, "%s", g->classes.names.items[c]));
    return FV_OK;
}

static fv_status settle_labels(gathering *g, const char *where)
{
    int32_t *map = NULL;
    fv_status status = shard_classes_settle(&g->classes, where, &map);
    for (int p = FV_ALL; status == FV_OK && p <= FV_TEST; p++)
        if (g->parts[p]) {
            map_labels(g->parts[p], map);
            status = give_classes(g, g->parts[p]);
            settle_kind(&g->parts[p]->base, g->multi_label);
        }
    free(map);
    return status;
}

static fv_status finish(gathering *g, const char *where, const char *class_file)
{
    STATUS_TRY(read_class_names(g, class_file));
    STATUS_TRY(settle_labels(g, where));
    if (g->without_class + g->without_picture > 0)
        STATUS_TRY(names_add(&g->found->problems,
                             "%s: %lld pictures without a class and %lld classes without a picture are left "
                             "out, the first is %s",
                             where, (long long)g->without_class, (long long)g->without_picture,
                             g->first_without));
    bool any = false;
    for (int p = FV_ALL; p <= FV_TEST; p++) {
        shard_source *f = g->parts[p];
        if (!f)
            continue;
        any = true;
        g->parts[p] = NULL;
        STATUS_TRY(listing_add(g->found, &f->base));
    }
    return any ? FV_OK
               : status_set(FV_ERROR_INVALID, "%s: no pictures with a class (KEY.jpg and KEY.cls) are in it",
                            where);
}

static fv_status gather_begin(gathering *g, listing *l)
{
    *g = (gathering){.found = l, .set = mem_array(1, sizeof *g->set)};
    if (!g->set)
        return status_last();
    g->set->users = 1;
    return FV_OK;
}

static void gather_end(gathering *g)
{
    for (int p = FV_ALL; p <= FV_TEST; p++)
        if (g->parts[p])
            destroy(&g->parts[p]->base);
    set_release(g->set);
    shard_classes_release(&g->classes);
    shard_labels_release(&g->labels);
}

/* ---- listing ---- */

fv_status shards_list(container *c, listing *l)
{
    gathering g;
    fv_status status = gather_begin(&g, l);
    char *folder = mem_string_n(c->path, (size_t)(file_base_name(c->path) - c->path));
    char *class_file = folder ? file_join(folder, "classes.txt") : NULL;
    if (status == FV_OK && !class_file)
        status = status_last();
    if (status == FV_OK)
        status = add_shard(g.set, container_share(c));
    if (status == FV_OK)
        status = scan_shard(&g, shard_part(c->path));
    if (status == FV_OK)
        status = finish(&g, c->path, class_file);
    gather_end(&g);
    free(folder);
    free(class_file);
    return status;
}

static fv_status add_file(gathering *g, const char *path, bool keep_open, fv_part part)
{
    container *c;
    bool added;
    STATUS_TRY(add_indexed(g, path, keep_open, part, &added));
    if (added)
        return FV_OK;
    STATUS_TRY(container_open(path, keep_open, &c));
    STATUS_TRY(add_shard(g->set, c));
    return scan_shard(g, part);
}

static fv_status add_files(gathering *g, const shard_files *files)
{
    for (size_t i = 0; i < files->paths.count; i++) {
        fv_status status = add_file(g, files->paths.items[i], i < MAX_OPEN, files->parts[i]);
        if (status != FV_OK && (status == FV_ERROR_MEMORY || g->found->on_error == FV_FAIL))
            return status;
        if (status != FV_OK)
            STATUS_TRY(names_add(&g->found->problems, "%s; the shard is left out", fv_error_message()));
    }
    return FV_OK;
}

static bool detect(const data_place *place)
{
    return shard_files_detect(place);
}

static fv_status list(const data_place *place, listing *l)
{
    shard_files files = {0};
    gathering g;
    fv_status status = gather_begin(&g, l);
    if (status == FV_OK)
        status = shard_files_find(place, &files);
    if (status == FV_OK)
        status = add_files(&g, &files);
    if (status == FV_OK)
        status = finish(&g, place->path, files.class_file);
    gather_end(&g);
    shard_files_release(&files);
    return status;
}

const source_kind shards_kind = {"a folder of tar shards (KEY.jpg and KEY.cls), or shard-{000..009}.tar",
                                 detect, list};
