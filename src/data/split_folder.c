/* SPDX-License-Identifier: Apache-2.0 */
/* A split as folders: PATH/train/CLASS/…, PATH/val/…, PATH/test/…, with copies of the pictures or links to them. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/split_write.h"

enum {
    NAME_BYTES = 255,    /* of a file's name, as most file systems have it */
    MAX_NUMBER = 1000000 /* of files with one name */
};

typedef struct folder_writer {
    split_job *job;
    char *root; /* the folder under its passing name */
    bool *made; /* (PART_COUNT, classes) */
    file_bytes bytes;
    image picture;
    uint8_t *encoded; /* owned; of raw pixels */
    const uint8_t *data;
    size_t size;
} folder_writer;

/* ---- what is put there ---- */

static fv_status take_bytes(folder_writer *w, const source *from, int64_t record)
{
    free(w->encoded);
    w->encoded = NULL;
    if (from->read) {
        STATUS_TRY(from->read(from, record, &w->bytes));
        w->data = w->bytes.data;
        w->size = w->bytes.size;
        return FV_OK;
    }
    STATUS_TRY(from->pixels(from, record, &w->picture));
    STATUS_TRY(image_encode_png(&w->picture, &w->encoded, &w->size));
    w->data = w->encoded;
    return FV_OK;
}

/* errno, or 0. */
static int write_new(const folder_writer *w, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), error = 0;
    if (file < 0)
        return errno;
    for (size_t done = 0; error == 0 && done < w->size;) {
        ssize_t n = write(file, w->data + done, w->size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            error = n == 0 ? EIO : errno;
    }
    if (close(file) != 0 && error == 0)
        error = errno;
    return error;
}

static int put(const folder_writer *w, const char *from, const char *path)
{
    switch (w->job->options->form) {
    case FV_SPLIT_LINK:
        return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
    case FV_SPLIT_SYMLINK:
        return symlink(from, path) == 0 ? 0 : errno;
    default:
        return write_new(w, path);
    }
}

/* ---- names ---- */

/* ".png" when the name has no ending of a picture, without which the folder's reader would pass it by; else "". */
static fv_status find_ending(folder_writer *w, const source *from, int64_t record, const char *name,
                             char ending[16])
{
    ending[0] = 0;
    if (fv_is_picture_name(name))
        return FV_OK;
    image_info info;
    STATUS_TRY(take_bytes(w, from, record));
    STATUS_TRY(image_probe(w->data, w->size, name, &info));
    snprintf(ending, 16, ".%s", info.format);
    for (char *p = ending; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return FV_OK;
}

/* "data_batch_1.bin#12" becomes "data_batch_1-00012": the record of a file as a file's name. */
static void name_record(char *name)
{
    char *mark = strrchr(name, '#'), stem[NAME_BYTES];
    if (!mark)
        return;
    long long record = atoll(mark + 1);
    *mark = 0;
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(name, "."), name);
    snprintf(name, NAME_BYTES + 1, "%.200s-%05lld", stem, record);
}

/*
 * The file's name at the n-th try: its own, then with the names of more and more folders before it, then with a number:
 * 1.jpg, left-1.jpg, ann-left-1.jpg, 1-2.jpg. False: there are no more.
 */
static bool make_name(const char *path, int64_t try, char *name)
{
    const char *begin = file_base_name(path), *base = begin;
    int64_t folders = 0;
    while (begin > path && folders < try) {
        folders++;
        for (begin--; begin > path && begin[-1] != '/';)
            begin--;
    }
    int64_t number = try - folders + 1;
    if (number == 1) {
        snprintf(name, NAME_BYTES + 1, "%.255s", begin); /* NAME_BYTES */
        for (char *p = name; *p; p++)
            *p = *p == '/' ? '-' : *p;
    } else {
        const char *dot = strrchr(base, '.');
        int stem = dot ? (int)(dot - base) : (int)strlen(base);
        snprintf(name, NAME_BYTES + 1, "%.*s-%lld%s", stem, base, (long long)number, dot ? dot : "");
    }
    if (name[0] == '.') /* hidden files are passed by */
        name[0] = '_';
    return number < MAX_NUMBER;
}

static fv_status check_classes(const store *s)
{
    for (size_t c = 0; c < s->classes.count; c++) {
        const char *name = s->classes.items[c];
        if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > NAME_BYTES)
            return status_set(FV_ERROR_UNSUPPORTED,
                              "class '%.200s': cannot be the name of a folder; write a table", name);
    }
    return FV_OK;
}

/* ---- one picture ---- */

static fv_status make_class_folder(folder_writer *w, fv_part part, int32_t label, const char *folder)
{
    bool *made = &w->made[(size_t)part * w->job->store->classes.count + (size_t)label];
    if (!*made)
        STATUS_TRY(file_make_folders(folder));
    *made = true;
    return FV_OK;
}

static fv_status cannot(const folder_writer *w, const char *from, int error)
{
    const char *help = error == EXDEV
                           ? "; hard links do not reach another disk: write copies or symbolic links"
                       : error == EPERM ? "; such links are not allowed there: write copies"
                                        : "";
    return status_set(FV_ERROR_IO, "%s: cannot be written to %s: %s%s", from, w->job->options->path,
                      strerror(error), help);
}

static fv_status put_sample(folder_writer *w, int64_t sample, fv_part part)
{
    split_job *job = w->job;
    int64_t record;
    const source *from = store_locate(job->store, sample, &record);
    int32_t label = job->store->labels[sample];
    char file[2 * PATHS_BYTES], below[2 * PATHS_BYTES], name[NAME_BYTES + 1], ending[16];
    char folder[PATHS_BYTES], path[2 * PATHS_BYTES];
    paths_print(&job->paths, sample, file, sizeof file);
    snprintf(below, sizeof below, "%s", file + job->paths.root_length);
    if (from->pixels)
        name_record((char *)file_base_name(below));
    STATUS_TRY(find_ending(w, from, record, from->pixels ? "" : below, ending));
    if (job->options->form == FV_SPLIT_COPY && !*ending)
        STATUS_TRY(take_bytes(w, from, record));
    snprintf(folder, sizeof folder, "%s/%s/%s", w->root, split_part_name(part),
             job->store->classes.items[label]);
    STATUS_TRY(make_class_folder(w, part, label, folder));
    int error = EEXIST;
    for (int64_t try = 0; error == EEXIST && make_name(below, try, name); try++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
        error = put(w, file, path);
    }
    return error ? cannot(w, file, error) : split_step(job);
}

static fv_status write_all(folder_writer *w)
{
    const store *s = w->job->store;
    if (!(w->made = mem_array(PART_COUNT * s->classes.count, sizeof *w->made)))
        return status_last();
    for (fv_part part = FV_TRAIN; part <= FV_TEST; part++) {
        const fv_dataset *d = &s->parts[part];
        for (int64_t i = 0; i < d->count; i++)
            STATUS_TRY(put_sample(w, d->indices[i], part));
    }
    return FV_OK;
}

fv_status split_write_folders(split_job *job)
{
    const char *path = job->options->path;
    if (job->options->form != FV_SPLIT_COPY)
        STATUS_TRY(split_need_files(job, "a link"));
    if (job->store->label_first)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: pictures with several classes cannot lie in class folders; write a .csv",
                          path);
    STATUS_TRY(check_classes(job->store));
    folder_writer w = {.job = job};
    STATUS_TRY(file_folder_begin(path, &w.root));
    fv_status status = write_all(&w);
    if (status == FV_OK)
        status = file_folder_commit(w.root, path);
    else
        file_folder_discard(w.root);
    free(w.root);
    free(w.made);
    free(w.encoded);
    file_bytes_release(&w.bytes);
    image_release(&w.picture);
    return status;
}
