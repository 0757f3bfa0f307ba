/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebDataset shards: tar archives in which KEY.jpg and KEY.cls are a picture and its class, KEY being the path up to the first
 * dot of the file's name. A pack (pack.c) is a folder of such shards with an index, which saves looking through them.
 */
#include "data/shards.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/shard_files.h"
#include "data/tree.h"

enum {
    MAX_CLASS_TEXT = 256, /* bytes of a .cls file */
    MAX_CLASSES = 1 << 20,
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
    size_t record_capacity, label_capacity;
} shard_source;

/* While listing, a label is the number of a class text, until all texts are known. */
typedef struct gathering {
    listing *found;
    shard_set *set;
    shard_source *parts[FV_TEST + 1]; /* by fv_part; NULL: none yet */
    name_list given;                  /* classes.txt */
    text texts;                       /* zero-ended */
    size_t *starts;                   /* (text_count) in texts */
    size_t text_count, text_capacity;
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
    f->base.destroy = destroy;
    f->set = g->set;
    f->set->users++;
    return g->parts[part] = f;
}

static fv_status add_record(gathering *g, fv_part part, size_t entry, int32_t label)
{
    shard_source *f = part_source(g, part);
    if (!f)
        return status_last();
    STATUS_TRY(MEM_GROW(f->records, f->base.count, f->record_capacity));
    STATUS_TRY(MEM_GROW(f->base.labels, f->base.count, f->label_capacity));
    f->records[f->base.count] =
        (shard_record){.shard = (uint32_t)g->set->count - 1, .entry = (uint32_t)entry};
    f->base.labels[f->base.count++] = label;
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

/* ---- pairs ---- */

/* Length of the key: up to the first dot of the file's name. */
static size_t key_length(const char *name)
{
    const char *base = file_base_name(name);
    return (size_t)(base - name) + strcspn(base, ".");
}

static bool is_class_file(const char *name)
{
    return strcmp(name + key_length(name), ".cls") == 0;
}

/* ".seg.png" is another thing than the picture itself. */
static bool is_sample_picture(const char *name)
{
    const char *end = name + key_length(name);
    return *end == '.' && !strchr(end + 1, '.') && fv_is_picture_name(end);
}

bool shards_detect(const container *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (is_class_file(container_name(c, i)))
            return true;
    return false;
}

/* The number of the text in a .cls file, without white space around it. */
static fv_status add_class_text(gathering *g, const container *c, size_t entry, file_bytes *bytes,
                                int32_t *number)
{
    STATUS_TRY(container_read(c, entry, MAX_CLASS_TEXT, bytes));
    const char *class = (const char *)bytes->data;
    size_t length = strlen(class);
    while (length > 0 && isspace((unsigned char)*class))
        class ++, length--;
    while (length > 0 && isspace((unsigned char)class[length - 1]))
        length--;
    if (length == 0)
        return status_set(FV_ERROR_FORMAT, "%s/%s: no class stands in it", c->path, container_name(c, entry));
    const char *last = g->text_count > 0 ? g->texts.data + g->starts[g->text_count - 1] : "";
    if (strlen(last) != length || memcmp(last, class, length) != 0) {
        if (g->text_count == INT32_MAX)
            return status_set(FV_ERROR_UNSUPPORTED, "%s: too many classes", c->path);
        STATUS_TRY(MEM_GROW(g->starts, g->text_count, g->text_capacity));
        g->starts[g->text_count++] = g->texts.length;
        text_add_bytes(&g->texts, class, length);
        text_add_bytes(&g->texts, "", 1);
    }
    *number = (int32_t)g->text_count - 1;
    return text_status(&g->texts);
}

static void note_without(gathering *g, const container *c, size_t entry, int64_t *count)
{
    if (g->without_class + g->without_picture == 0)
        container_file(c, entry, g->first_without, sizeof g->first_without);
    ++*count;
}

/* The files [from, to) have one key. */
static fv_status add_sample(gathering *g, const container *c, size_t from, size_t to, fv_part part,
                            file_bytes *bytes)
{
    int64_t picture = -1, class = -1;
    for (size_t i = from; i < to; i++) {
        if (is_class_file(container_name(c, i)))
            class = (int64_t)i;
        else if (picture < 0 && is_sample_picture(container_name(c, i)))
            picture = (int64_t)i;
    }
    if (picture < 0 && class >= 0)
        note_without(g, c, from, &g->without_picture);
    if (picture >= 0 && class < 0)
        note_without(g, c, from, &g->without_class);
    if (picture < 0 || class < 0)
        return FV_OK;
    int32_t label = 0;
    fv_status status = add_class_text(g, c, (size_t) class, bytes, &label);
    if (status == FV_OK)
        return add_record(g, part, (size_t)picture, label);
    return status == FV_ERROR_MEMORY || g->found->on_error == FV_FAIL
               ? status
               : names_add(&g->found->problems, "%s; left out", fv_error_message());
}

/* The last shard of the set. Files of one key stand together, because they share a prefix and are sorted. */
static fv_status scan_shard(gathering *g, fv_part part)
{
    const container *c = g->set->shards[g->set->count - 1];
    file_bytes bytes = {0};
    fv_status status = container_problems(c, &g->found->problems);
    for (size_t i = 0, end; status == FV_OK && i < c->count; i = end) {
        const char *name = container_name(c, i);
        size_t key = key_length(name);
        for (end = i + 1; end < c->count; end++) {
            const char *next = container_name(c, end);
            if (key_length(next) != key || strncmp(name, next, key) != 0)
                break;
        }
        status = add_sample(g, c, i, end, part, &bytes);
    }
    file_bytes_release(&bytes);
    return status;
}

/* ---- classes ---- */

static fv_status split_names(const char *path, char *content, name_list *out)
{
    fv_status status = FV_OK;
    for (char *line = content, *next; status == FV_OK && line && *line; line = next) {
        next = strchr(line, '\n');
        size_t length = next ? (size_t)(next++ - line) : strlen(line);
        length -= length > 0 && line[length - 1] == '\r';
        status = length > 0 ? names_add(out, "%.*s", (int)length, line)
                            : status_set(FV_ERROR_FORMAT, "%s: line %zu is empty; it is a class a line", path,
                                         out->count + 1);
        if (out->count > MAX_CLASSES)
            status = status_set(FV_ERROR_FORMAT, "%s: more than %d classes", path, MAX_CLASSES);
    }
    return status;
}

/* classes.txt beside the shards; else the one in the first of them that has it. */
static fv_status read_class_names(gathering *g, const char *path)
{
    file_bytes bytes = {0};
    fv_status status = FV_OK;
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
        status = split_names(name, (char *)bytes.data, &g->given);
    file_bytes_release(&bytes);
    return status;
}

static const char *text_of(const gathering *g, size_t number)
{
    return g->texts.data + g->starts[number];
}

static bool all_numbers(const gathering *g)
{
    for (size_t i = 0; i < g->text_count; i++) {
        const char *t = text_of(g, i);
        size_t digits = strspn(t, "0123456789");
        if (t[digits] || digits > 9)
            return false;
    }
    return true;
}

static fv_status number_classes(gathering *g, const char *where, int32_t *map)
{
    size_t given = g->given.count;
    for (size_t i = 0; i < g->text_count; i++) {
        map[i] = (int32_t)atol(text_of(g, i));
        if (given > 0 && (size_t)map[i] >= given)
            return status_set(FV_ERROR_FORMAT, "%s: class %d is out of range: classes.txt names %zu", where,
                              map[i], given);
        if (map[i] >= MAX_CLASSES)
            return status_set(FV_ERROR_FORMAT, "%s: class %d is over the limit of %d", where, map[i],
                              MAX_CLASSES);
        while (given == 0 && (size_t)map[i] >= g->given.count && g->given.count < MAX_CLASSES)
            STATUS_TRY(names_add(&g->given, "%zu", g->given.count));
    }
    return FV_OK;
}

static int by_text(const void *a, const void *b, void *g)
{
    return strcmp(text_of(g, *(const uint32_t *)a), text_of(g, *(const uint32_t *)b));
}

/* Class names that the .cls files hold: sorted when nothing else gives their order. */
static fv_status name_classes(gathering *g, const char *where, int32_t *map)
{
    uint32_t *order = mem_array(g->text_count, sizeof *order);
    name_list found = {0};
    int32_t *places = NULL;
    fv_status status = order ? FV_OK : status_last();
    for (size_t i = 0; status == FV_OK && i < g->text_count; i++)
        order[i] = (uint32_t)i;
    if (status == FV_OK)
        qsort_r(order, g->text_count, sizeof *order, by_text, g);
    for (size_t i = 0; status == FV_OK && i < g->text_count; i++) {
        const char *t = text_of(g, order[i]);
        if (i == 0 || strcmp(t, found.items[found.count - 1]) != 0)
            status = names_add(&found, "%s", t);
        map[order[i]] = (int32_t)found.count - 1;
    }
    if (status == FV_OK && g->given.count == 0) {
        g->given = found;
        found = (name_list){0};
    } else if (status == FV_OK && !(places = mem_array(found.count, sizeof *places))) {
        status = status_last();
    } else if (status == FV_OK) {
        names_match((const char *const *)found.items, (int64_t)found.count,
                    (const char *const *)g->given.items, (int64_t)g->given.count, places);
        for (size_t i = 0; status == FV_OK && i < found.count; i++)
            if (places[i] < 0)
                status =
                    status_set(FV_ERROR_FORMAT, "%s: class %s is not in classes.txt", where, found.items[i]);
        for (size_t i = 0; status == FV_OK && i < g->text_count; i++)
            map[i] = places[map[i]];
    }
    free(order);
    free(places);
    names_release(&found);
    return status;
}

/* From numbers of texts to classes. */
static fv_status settle_labels(gathering *g, const char *where)
{
    if (g->text_count == 0)
        return FV_OK;
    int32_t *map = mem_array(g->text_count, sizeof *map);
    if (!map)
        return status_last();
    fv_status status = all_numbers(g) ? number_classes(g, where, map) : name_classes(g, where, map);
    for (int p = FV_ALL; status == FV_OK && p <= FV_TEST; p++)
        for (int64_t i = 0; g->parts[p] && i < g->parts[p]->base.count; i++)
            g->parts[p]->base.labels[i] = map[g->parts[p]->base.labels[i]];
    free(map);
    return status;
}

/* A part has the classes up to its highest label: what only the test pictures know stands behind, and is none of training's. */
static fv_status give_classes(gathering *g, shard_source *f)
{
    int32_t highest = -1;
    for (int64_t i = 0; i < f->base.count; i++)
        highest = f->base.labels[i] > highest ? f->base.labels[i] : highest;
    for (int32_t c = 0; c <= highest; c++)
        STATUS_TRY(names_add(&f->base.classes, "%s", g->given.items[c]));
    return FV_OK;
}

static fv_status finish(gathering *g, const char *where, const char *class_file)
{
    if (g->given.count == 0)
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
        STATUS_TRY(give_classes(g, f));
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
    names_release(&g->given);
    text_release(&g->texts);
    free(g->starts);
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

static fv_status scan_files(gathering *g, const shard_files *files)
{
    for (size_t i = 0; i < files->paths.count; i++) {
        container *c;
        fv_status status = container_open(files->paths.items[i], i < MAX_OPEN, &c);
        if (status == FV_OK)
            status = add_shard(g->set, c);
        if (status == FV_OK)
            status = scan_shard(g, files->parts[i]);
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
        status = scan_files(&g, &files);
    if (status == FV_OK)
        status = finish(&g, place->path, files.class_file);
    gather_end(&g);
    shard_files_release(&files);
    return status;
}

const source_kind shards_kind = {"a folder of tar shards (KEY.jpg and KEY.cls), or shard-{000..009}.tar",
                                 detect, list};
