/* SPDX-License-Identifier: Apache-2.0 */
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/text.h"

enum {
    COPY_LIMIT_BITS = 40
};

fv_status file_open(const char *path, int *file)
{
    struct stat info = {0};
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0)
        return status_set(FV_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(*file, &info) == 0 && S_ISREG(info.st_mode))
        return FV_OK;
    close(*file);
    *file = -1;
    return status_set(FV_ERROR_IO, "%s: is %s, not a file", path,
                      S_ISDIR(info.st_mode) ? "a folder" : "a pipe or a device");
}

fv_status file_bytes_resize(file_bytes *b, size_t size)
{
    if (size >= b->capacity) {
        uint8_t *block = mem_resize(NULL, size + 1, 1);
        if (!block)
            return status_last();
        free(b->data);
        b->data = block;
        b->capacity = size + 1;
    }
    b->data[size] = 0;
    b->size = size;
    return FV_OK;
}

void file_bytes_release(file_bytes *b)
{
    free(b->data);
    *b = (file_bytes){0};
}

/* Makes room for more than the size that the file had when it was opened. */
static fv_status grow(file_bytes *b)
{
    size_t capacity = b->capacity * 2 + 65536;
    uint8_t *block = mem_resize(b->data, capacity, 1);
    if (!block)
        return status_last();
    b->data = block;
    b->capacity = capacity;
    return FV_OK;
}

/* The size may have been zero (in /proc) or have changed meanwhile: reads until the end is met. */
static fv_status read_all(int file, const char *path, size_t limit, file_bytes *b)
{
    for (size_t length = 0;;) {
        if (length + 1 >= b->capacity)
            STATUS_TRY(grow(b));
        ssize_t got = read(file, b->data + length, b->capacity - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_set(FV_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
        length += (size_t)got;
        if ((b->too_large = length > limit))
            return status_set(FV_ERROR_FORMAT, "%s: is over the limit of %zu bytes", path, limit);
        if (got == 0) {
            b->data[length] = 0;
            b->size = length;
            return FV_OK;
        }
    }
}

fv_status file_read_into(const char *path, size_t limit, file_bytes *b)
{
    struct stat info;
    int file;
    fv_status status = FV_OK;
    b->size = 0;
    b->too_large = false;
    STATUS_TRY(file_open(path, &file));
    if (fstat(file, &info) != 0)
        status = status_set(FV_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    else if ((b->too_large = (size_t)info.st_size > limit))
        status = status_set(FV_ERROR_FORMAT, "%s: %zu bytes are over the limit of %zu", path,
                            (size_t)info.st_size, limit);
    if (status == FV_OK)
        status = file_bytes_resize(b, (size_t)info.st_size + 1); /* one more shows the end at once */
    if (status == FV_OK)
        status = read_all(file, path, limit, b);
    close(file);
    return status;
}

fv_status file_read(const char *path, size_t limit, uint8_t **data, size_t *size)
{
    file_bytes b = {0};
    fv_status status = file_read_into(path, limit, &b);
    if (status != FV_OK) {
        file_bytes_release(&b);
        return status;
    }
    *data = b.data;
    *size = b.size;
    return FV_OK;
}

static void writer_fail(file_writer *w, const char *what)
{
    if (w->status != FV_OK)
        return;
    w->status = FV_ERROR_IO;
    snprintf(w->message, sizeof w->message, "%.300s: cannot be %s: %s; nothing was changed", w->path, what,
             strerror(errno));
}

fv_status file_writer_open(file_writer *w, const char *path)
{
    *w = (file_writer){0};
    size_t length = strlen(path);
    w->path = mem_string(path);
    w->temporary = mem_array(length + 32, 1);
    if (!w->path || !w->temporary) {
        file_writer_discard(w);
        return status_last();
    }
    snprintf(w->temporary, length + 32, "%s.%ld.part", path, (long)getpid());
    w->stream = fopen(w->temporary, "wbe");
    if (!w->stream) {
        status_set(FV_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
        free(w->temporary);
        w->temporary = NULL; /* was never ours to remove */
        file_writer_discard(w);
        return FV_ERROR_IO;
    }
    return FV_OK;
}

void file_writer_add(file_writer *w, const void *data, size_t size)
{
    if (w->status == FV_OK && size > 0 && fwrite(data, 1, size, w->stream) != size)
        writer_fail(w, "written");
}

char *file_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? mem_string_n(path, slash == path ? 1 : (size_t)(slash - path)) : mem_string(".");
}

static void sync_folder_of(const char *path)
{
    char *folder = file_folder_of(path);
    int file = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (file >= 0) {
        /* Some file systems cannot sync a folder; the data itself is safe already. */
        (void)fsync(file);
        close(file);
    }
    free(folder);
}

fv_status file_writer_commit(file_writer *w)
{
    if (w->status == FV_OK && (fflush(w->stream) != 0 || (!w->unsynced && fsync(fileno(w->stream)) != 0)))
        writer_fail(w, "written");
    if (fclose(w->stream) != 0)
        writer_fail(w, "written");
    w->stream = NULL;
    if (w->status == FV_OK && rename(w->temporary, w->path) != 0)
        writer_fail(w, "put in place");
    fv_status status = w->status;
    if (status == FV_OK) {
        if (!w->unsynced)
            sync_folder_of(w->path);
        free(w->temporary);
        w->temporary = NULL;
    } else {
        status_set(status, "%s", w->message);
    }
    file_writer_discard(w);
    return status;
}

void file_writer_discard(file_writer *w)
{
    if (w->stream)
        fclose(w->stream);
    if (w->temporary)
        unlink(w->temporary);
    free(w->temporary);
    free(w->path);
    *w = (file_writer){0};
}

fv_status file_write(const char *path, const void *data, size_t size)
{
    file_writer w;
    STATUS_TRY(file_writer_open(&w, path));
    file_writer_add(&w, data, size);
    return file_writer_commit(&w);
}

fv_status file_copy(const char *from, const char *to)
{
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(file_read(from, (size_t)1 << COPY_LIMIT_BITS, &bytes, &size));
    fv_status status = file_write(to, bytes, size);
    free(bytes);
    return status;
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

fv_status file_make_folders(const char *path)
{
    char *copy = mem_string(path);
    if (!copy)
        return status_last();
    fv_status status = FV_OK;
    for (char *p = copy + 1; status == FV_OK; p++) {
        char c = *p;
        if (c != '/' && c != 0)
            continue;
        *p = 0;
        if (mkdir(copy, 0777) != 0 && !(errno == EEXIST && file_is_folder(copy)))
            status = status_set(FV_ERROR_IO, "%s: cannot make the folder: %s", copy, strerror(errno));
        *p = c;
        if (c == 0)
            break;
    }
    free(copy);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static fv_status list_names(file_list *list, const char *path, bool hidden)
{
    *list = (file_list){0};
    size_t capacity = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return status_set(FV_ERROR_IO, "%s: cannot be listed: %s", path, strerror(errno));
    fv_status status = FV_OK;
    for (struct dirent *entry; status == FV_OK && (entry = readdir(folder));) {
        const char *own = entry->d_name;
        if (hidden ? strcmp(own, ".") == 0 || strcmp(own, "..") == 0 : *own == '.')
            continue;
        status = MEM_GROW(list->names, list->count, capacity);
        char *name = status == FV_OK ? mem_string(own) : NULL;
        if (name)
            list->names[list->count++] = name;
        else
            status = FV_ERROR_MEMORY;
    }
    closedir(folder);
    if (status != FV_OK)
        file_list_release(list);
    else if (list->count > 0)
        qsort(list->names, list->count, sizeof *list->names, by_bytes);
    return status;
}

fv_status file_list_folder(file_list *list, const char *path)
{
    return list_names(list, path, false);
}

fv_status file_list_all(file_list *list, const char *path)
{
    return list_names(list, path, true);
}

void file_list_release(file_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (file_list){0};
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info, (void)type, (void)place;
    (void)remove(path);
    return 0;
}

void file_folder_discard(const char *temporary)
{
    enum {
        OPEN_FOLDERS = 16
    };
    nftw(temporary, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* The process of "NAME.PROCESS.part", or with another ending; -1: the entry is none. */
static long process_of(const char *entry, const char *name, const char *ending)
{
    size_t length = strlen(name);
    if (strncmp(entry, name, length) != 0 || entry[length] != '.')
        return -1;
    entry += length + 1;
    size_t digits = strspn(entry, "0123456789");
    return digits > 0 && digits < 10 && strcmp(entry + digits, ending) == 0 ? strtol(entry, NULL, 10) : -1;
}

static bool is_dead(long process)
{
    return process > 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

static void discard_file(const char *path)
{
    unlink(path);
}

/* What processes began for `path` under names with this ending; `dead`: only those that are no more. */
static void remove_begun(const char *path, const char *ending, bool dead, void (*discard)(const char *))
{
    file_list list;
    char *folder = file_folder_of(path);
    if (folder && file_list_all(&list, folder) == FV_OK) {
        for (size_t i = 0; i < list.count; i++) {
            long process = process_of(list.names[i], file_base_name(path), ending);
            bool goes = dead ? is_dead(process) : process >= 0;
            char *entry = goes ? file_join(folder, list.names[i]) : NULL;
            if (entry)
                discard(entry);
            free(entry);
        }
        file_list_release(&list);
    }
    free(folder);
}

void file_remove_parts(const char *path)
{
    remove_begun(path, ".part", false, discard_file);
}

fv_status file_folder_begin(const char *path, char **temporary)
{
    text name = {0};
    struct stat info;
    *temporary = NULL;
    if (lstat(path, &info) == 0 &&
        rmdir(path) != 0) /* an empty folder would be in the way of the rename on some systems */
        return status_set(FV_ERROR_IO, "%s: exists and is not an empty folder; name another", path);
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *parent = mem_string_n(path, length), *slash = parent ? strrchr(parent, '/') : NULL;
    fv_status status = parent ? FV_OK : status_last();
    if (parent)
        remove_begun(parent, ".partial", true, file_folder_discard);
    if (slash > parent) {
        *slash = 0;
        status = file_make_folders(parent);
    }
    free(parent);
    text_add(&name, "%.*s.%d.partial", (int)length, path, (int)getpid());
    if (status == FV_OK)
        status = text_status(&name);
    if (status == FV_OK && mkdir(name.data, 0777) != 0)
        status = status_set(FV_ERROR_IO, "%s: cannot be made: %s", name.data, strerror(errno));
    if (status == FV_OK && !(*temporary = mem_string(name.data)))
        status = status_last();
    text_release(&name);
    return status;
}

fv_status file_folder_commit(const char *temporary, const char *path)
{
    if (rename(temporary, path) == 0)
        return FV_OK;
    fv_status status = status_set(FV_ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
    file_folder_discard(temporary);
    return status;
}

static fv_status copy_entry(const char *from, const char *to)
{
    if (!file_is_folder(from))
        return file_copy(from, to);
    STATUS_TRY(file_make_folders(to));
    return file_folder_copy(from, to);
}

fv_status file_folder_copy(const char *from, const char *to)
{
    file_list list;
    STATUS_TRY(file_list_folder(&list, from));
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < list.count; i++) {
        char *source = file_join(from, list.names[i]), *target = file_join(to, list.names[i]);
        status = source && target ? copy_entry(source, target) : status_last();
        free(source);
        free(target);
    }
    file_list_release(&list);
    return status;
}

char *file_cache_folder(void)
{
    const char *own = getenv("FOVEA_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && *own)
        return mem_string(own);
    if (xdg && *xdg == '/') /* relative ones are to be ignored, says the XDG specification */
        return file_join(xdg, "fovea");
    if (home && *home)
        return file_join(home, ".cache/fovea");
    status_set(FV_ERROR_IO, "there is no folder to keep downloads in: set FOVEA_CACHE");
    return NULL;
}

char *file_join(const char *folder, const char *name)
{
    size_t a = strlen(folder), b = strlen(name);
    char *path = mem_array(a + b + 2, 1);
    if (!path)
        return NULL;
    memcpy(path, folder, a);
    if (a > 0 && folder[a - 1] != '/')
        path[a++] = '/';
    memcpy(path + a, name, b);
    return path;
}

const char *file_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
