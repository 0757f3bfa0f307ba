/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/models.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    LOOK_MILLISECONDS = 1000
};
/* Of the logits that a file keeps, as a part of the largest; engines and instruction sets differ by less. */
static const float verify_tolerance = 1e-3f;

/* What tells that a file is another one. */
typedef struct file_state {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
} file_state;

typedef struct version {
    struct version *next; /* ascending */
    int64_t number;
    char *path;
    file_state state; /* of the file that was last tried */
    served *current;  /* NULL: gone, or never loaded */
    bool seen;
} version;

typedef struct entry {
    char *name, *path;
    bool folder;
    version *versions;
} entry;

struct models {
    models_options options;
    entry *list;
    size_t count, capacity;
    pthread_mutex_t lock; /* of the lists of versions and what is current */
    pthread_cond_t changed;
    pthread_t keeper;
    bool keeps, ending;
};

/* ---- one loaded version ---- */

static void served_destroy(served *s)
{
    lanes_destroy(s->lanes);
    fv_model_destroy(s->model);
    free(s->name);
    free(s);
}

void served_release(served *s)
{
    if (s && atomic_fetch_sub(&s->users, 1) == 1)
        served_destroy(s);
}

const char *served_class(const served *s, int64_t i, char *buffer)
{
    const char *name = fv_model_class_name(s->model, i);
    if (name && *name)
        return name;
    snprintf(buffer, 24, "%" PRId64, i);
    return buffer;
}

/* The network gives the logits that the file keeps of a few inputs. */
static fv_status verify(served *s, const char *path)
{
    const fv_model *m = s->model;
    int64_t count = m->sample_count * s->outputs;
    if (count == 0)
        return FV_OK;
    lane *l = lanes_take(s->lanes);
    float *logits = mem_array((size_t)count, sizeof *logits);
    fv_status status =
        l && logits ? lane_logits(l, m->sample_pixels, m->sample_count, logits) : status_last();
    float scale = 1, largest = 0;
    for (int64_t i = 0; i < count; i++)
        scale = fmaxf(scale, fabsf(m->sample_logits[i]));
    for (int64_t i = 0; i < count && status == FV_OK; i++) {
        float difference = fabsf(logits[i] * fv_model_temperature(m) - m->sample_logits[i]) / scale;
        largest = difference <= largest ? largest : isnan(difference) ? INFINITY : difference;
    }
    if (status == FV_OK && largest > verify_tolerance)
        status =
            status_set(FV_ERROR_FORMAT,
                       "%s: gives other logits than those it keeps (the largest difference is %g): it is "
                       "damaged",
                       path, (double)largest);
    if (l)
        lanes_give(s->lanes, l);
    free(logits);
    return status;
}

/* JSON is UTF-8. */
static fv_status check_names(const fv_model *m, const char *path)
{
    for (int64_t i = 0; i < fv_model_class_count(m); i++) {
        const char *name = fv_model_class_name(m, i);
        json_t *word = name ? json_string(name) : json_null();
        if (!word)
            return status_set(FV_ERROR_UNSUPPORTED, "%s: the name of class %" PRId64 " is not UTF-8", path,
                              i);
        json_decref(word);
    }
    return FV_OK;
}

static fv_status fill(served *s, const models_options *o, const char *path)
{
    if (!s->name || !(s->model = fv_model_load(path)))
        return status_last();
    fv_model *m = s->model;
    STATUS_TRY(check_names(m, path));
    if (o->engine)
        STATUS_TRY(network_set_engine(m, o->engine));
    m->compile.threads = 1; /* of an explanation; each worker has a thread */
    s->outputs = fv_model_class_count(m);
    s->classes = s->outputs == 1 ? 2 : s->outputs;
    s->picture = (size_t)(m->preprocess.height * m->preprocess.width * m->preprocess.channels);
    STATUS_TRY(lanes_create(&s->lanes, m, 1, o->lanes, o->batch));
    return verify(s, path);
}

static fv_status load(const models_options *o, const char *name, const version *v, served **out)
{
    served *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    atomic_init(&s->users, 1);
    s->name = mem_string(name);
    s->version = v->number;
    s->series = metrics_series(o->metrics, name, v->number);
    fv_status status = s->series ? fill(s, o, v->path) : status_last();
    if (s->series)
        metrics_load(o->metrics, s->series, status == FV_OK);
    if (status != FV_OK)
        served_destroy(s);
    else
        *out = s;
    return status;
}

/* ---- their files ---- */

static void say(const models *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const models *m, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (m->options.on_log)
        m->options.on_log(line, m->options.user);
}

static bool look(const char *path, file_state *state)
{
    struct stat s;
    memset(state, 0, sizeof *state);
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
        return false;
    *state = (file_state){s.st_dev, s.st_ino, s.st_size, s.st_mtim};
    return true;
}

static bool same_state(const file_state *a, const file_state *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* The version's place in the list, made where there is none; NULL with the error set. */
static version *find_version(models *m, entry *e, int64_t number, const char *path)
{
    version **at = &e->versions;
    while (*at && (*at)->number < number)
        at = &(*at)->next;
    char *own = mem_string(path);
    if (own && *at && (*at)->number == number) {
        free((*at)->path); /* its file may have another name now */
        (*at)->path = own;
        return *at;
    }
    version *v = own ? mem_array(1, sizeof *v) : NULL;
    if (!v) {
        free(own);
        return NULL;
    }
    v->path = own;
    v->number = number;
    v->next = *at;
    pthread_mutex_lock(&m->lock);
    *at = v;
    pthread_mutex_unlock(&m->lock);
    return v;
}

/* The model file in a version's folder: the only one there, or model.safetensors. The caller frees it; NULL: there is none. */
static char *find_file(const char *folder)
{
    file_list files;
    char *found = NULL;
    if (file_list_folder(&files, folder) != FV_OK)
        return NULL;
    for (size_t i = 0; i < files.count; i++) {
        const char *dot = strrchr(files.names[i], '.');
        if (!dot || strcmp(dot, ".safetensors") != 0 ||
            (found && strcmp(files.names[i], "model.safetensors") != 0))
            continue;
        free(found);
        found = file_join(folder, files.names[i]);
    }
    file_list_release(&files);
    return found;
}

/* The number that a version's folder is named by; 0: it is no version. */
static int64_t version_number(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && digits < 18 && !name[digits] ? strtoll(name, NULL, 10) : 0;
}

static fv_status see_folder(models *m, entry *e)
{
    file_list names;
    STATUS_TRY(file_list_folder(&names, e->path));
    for (size_t i = 0; i < names.count; i++) {
        int64_t number = version_number(names.names[i]);
        char *folder = number ? file_join(e->path, names.names[i]) : NULL;
        char *path = folder ? find_file(folder) : NULL;
        version *v = path ? find_version(m, e, number, path) : NULL;
        if (v)
            v->seen = true;
        free(path);
        free(folder);
    }
    file_list_release(&names);
    return FV_OK;
}

static void replace(models *m, version *v, served *with)
{
    pthread_mutex_lock(&m->lock);
    served *old = v->current;
    v->current = with;
    pthread_mutex_unlock(&m->lock);
    served_release(old);
}

/* Loads the version when its file is another one than the last time. What cannot be loaded is not tried again until it changes. */
static fv_status refresh(models *m, const entry *e, version *v)
{
    file_state state;
    served *fresh = NULL;
    bool there = (v->seen || !e->folder) && look(v->path, &state);
    if (!there && e->folder && v->current) {
        replace(m, v, NULL);
        say(m, "model %s: version %" PRId64 " is gone", e->name, v->number);
    }
    if (!there) {
        memset(&v->state, 0, sizeof v->state);
        return v->current ? FV_OK : status_set(FV_ERROR_IO, "%s: there is no such file", v->path);
    }
    if (same_state(&state, &v->state))
        return FV_OK;
    v->state = state;
    bool old = v->current != NULL;
    fv_status status = load(&m->options, e->name, v, &fresh);
    if (status != FV_OK) {
        say(m, "model %s: version %" PRId64 " cannot be loaded%s: %s", e->name, v->number,
            old ? " and the old one stays" : "", fv_error_message());
        return status;
    }
    replace(m, v, fresh);
    say(m, "model %s: version %" PRId64 " %s from %s", e->name, v->number, old ? "loaded anew" : "loaded",
        v->path);
    return FV_OK;
}

static fv_status refresh_all(models *m, entry *e)
{
    fv_status first = FV_OK;
    for (version *v = e->versions; v; v = v->next)
        v->seen = false;
    if (e->folder)
        STATUS_TRY(see_folder(m, e));
    for (version *v = e->versions; v; v = v->next) {
        fv_status status = refresh(m, e, v);
        first = first == FV_OK ? status : first;
    }
    return first;
}

static void *keep(void *user)
{
    models *m = user;
    pthread_mutex_lock(&m->lock);
    while (!m->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOOK_MILLISECONDS / 1000;
        pthread_cond_clockwait(&m->changed, &m->lock, CLOCK_MONOTONIC, &until);
        if (m->ending)
            break;
        pthread_mutex_unlock(&m->lock);
        for (size_t i = 0; i < m->count; i++)
            refresh_all(m, &m->list[i]); /* what fails was said, and the old one serves on */
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* ---- beginning and end ---- */

/* "NAME=PATH", or a path whose last part, without the ending of a file, is the name. */
static fv_status parse_source(entry *e, const char *source)
{
    const char *equals = strchr(source, '=');
    bool named =
        equals && !file_exists(source) && equals > source && !memchr(source, '/', (size_t)(equals - source));
    const char *path = named ? equals + 1 : source;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (!(e->path = mem_string_n(path, length)))
        return status_last();
    e->folder = file_is_folder(e->path);
    const char *base = file_base_name(e->path), *dot = e->folder ? NULL : strrchr(base, '.');
    e->name = named ? mem_string_n(source, (size_t)(equals - source))
                    : mem_string_n(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
    return e->name ? FV_OK : status_last();
}

static fv_status add(models *m, const char *source)
{
    STATUS_TRY(MEM_GROW(m->list, m->count, m->capacity));
    entry *e = &m->list[m->count++];
    *e = (entry){0};
    STATUS_TRY(parse_source(e, source));
    json_t *word = json_string(e->name);
    json_decref(word);
    if (!word || !*e->name || strchr(e->name, '/') || strchr(e->name, ':'))
        return status_set(FV_ERROR_INVALID, "%s: the name '%s' cannot stand in an address; give NAME=%s",
                          source, e->name, e->path);
    for (entry *other = m->list; other < e; other++)
        if (strcmp(other->name, e->name) == 0)
            return status_set(FV_ERROR_INVALID,
                              "%s and %s: both are called %s; give one of them another name: NAME=%s",
                              other->path, e->path, e->name, e->path);
    if (!e->folder && !find_version(m, e, 1, e->path))
        return status_last();
    STATUS_TRY(refresh_all(m, e));
    if (!e->versions)
        return status_set(FV_ERROR_INVALID, "%s: holds no version: a folder 1 with a model file in it",
                          e->path);
    return FV_OK;
}

fv_status models_open(models **out, const models_options *o)
{
    models *m = mem_array(1, sizeof *m);
    if (!m)
        return status_last();
    m->options = *o;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    fv_status status = FV_OK;
    for (int i = 0; o->sources[i] && status == FV_OK; i++)
        status = add(m, o->sources[i]);
    m->options.sources = NULL; /* the caller's */
    if (status == FV_OK && !(m->keeps = pthread_create(&m->keeper, NULL, keep, m) == 0))
        status = status_set(FV_ERROR_MEMORY, "models: no thread can be started");
    if (status != FV_OK) {
        models_close(m);
        return status;
    }
    *out = m;
    return FV_OK;
}

void models_close(models *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    m->ending = true;
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
    if (m->keeps)
        pthread_join(m->keeper, NULL);
    for (size_t i = 0; i < m->count; i++) {
        for (version *v = m->list[i].versions, *next; v; v = next) {
            next = v->next;
            served_release(v->current);
            free(v->path);
            free(v);
        }
        free(m->list[i].name);
        free(m->list[i].path);
    }
    free(m->list);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* ---- use ---- */

static const entry *find(const models *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (!name || strcmp(m->list[i].name, name) == 0)
            return &m->list[i];
    return NULL;
}

served *models_take(models *m, const char *name, int64_t number)
{
    served *found = NULL;
    const entry *e = find(m, name);
    pthread_mutex_lock(&m->lock);
    for (const version *v = e ? e->versions : NULL; v; v = v->next)
        if (v->current && (number == MODELS_LATEST || v->number == number))
            found = v->current;
    if (found)
        atomic_fetch_add(&found->users, 1);
    pthread_mutex_unlock(&m->lock);
    return found;
}

json_t *models_names(models *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->count; i++)
        json_array_append_new(list, json_string(m->list[i].name));
    return list;
}

json_t *models_versions(models *m, const char *name)
{
    const entry *e = find(m, name);
    json_t *list = e ? json_array() : NULL;
    pthread_mutex_lock(&m->lock);
    for (const version *v = e ? e->versions : NULL; v; v = v->next)
        if (v->current)
            json_array_append_new(list, json_integer(v->number));
    pthread_mutex_unlock(&m->lock);
    return list;
}
