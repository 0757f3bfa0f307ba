/* SPDX-License-Identifier: Apache-2.0 */
#include "core/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/file.h"
#include "core/plugin.h"
#include "core/text.h"

enum {
    ATTEMPTS = 4,
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60,
    MAX_REDIRECTS = 10,
    TAG_SIZE = 256,
    HTTP_PARTIAL = 206,
    HTTP_RANGE_NOT_SATISFIABLE = 416
};

static struct {
    __typeof__(&curl_global_init) global_init;
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
} api;

typedef struct transfer {
    const download_options *o;
    CURL *curl;
    text part, tag_path;
    int file;             /* of PART, locked */
    int64_t had;          /* bytes of PART when this attempt began */
    int64_t come;         /* bytes since */
    char tag[TAG_SIZE];   /* the server's ETag, or Last-Modified */
    fv_status tag_status; /* of writing the tag */
    bool began;           /* the answer's status was looked at */
    bool stopped;         /* by the callback */
    int write_error;      /* errno */
    char range[32], reason[CURL_ERROR_SIZE];
} transfer;

bool download_is_address(const char *s)
{
    return strncasecmp(s, "http://", 7) == 0 || strncasecmp(s, "https://", 8) == 0;
}

static void initialize(void)
{
    api.global_init(CURL_GLOBAL_DEFAULT);
}

static fv_status open_library(void)
{
    static const plugin_symbol symbols[] = {{"curl_global_init", (void **)&api.global_init},
                                            {"curl_easy_init", (void **)&api.easy_init},
                                            {"curl_easy_cleanup", (void **)&api.easy_cleanup},
                                            {"curl_easy_setopt", (void **)&api.easy_setopt},
                                            {"curl_easy_perform", (void **)&api.easy_perform},
                                            {"curl_easy_getinfo", (void **)&api.easy_getinfo},
                                            {"curl_easy_strerror", (void **)&api.easy_strerror},
                                            {"curl_slist_append", (void **)&api.slist_append},
                                            {"curl_slist_free_all", (void **)&api.slist_free_all}};
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    STATUS_TRY(plugin_open(&plugin_curl, symbols, sizeof symbols / sizeof *symbols));
    pthread_once(&once, initialize);
    return FV_OK;
}

/* ---- what curl calls ---- */

/* The first data of an answer: a server that sends the whole file again makes us begin again. */
static bool begin_answer(transfer *t)
{
    long code = 0;
    t->began = true;
    api.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (t->had > 0 && code != HTTP_PARTIAL) {
        if (ftruncate(t->file, 0) != 0 || lseek(t->file, 0, SEEK_SET) < 0)
            return t->write_error = errno, false;
        t->had = 0;
    }
    /* Kept before the data, so that the next attempt, or process, can go on after anything. */
    t->tag_status = t->tag[0] ? file_write(text_string(&t->tag_path), t->tag, strlen(t->tag)) : FV_OK;
    return t->tag_status == FV_OK;
}

static size_t write_data(char *data, size_t size, size_t count, void *user)
{
    transfer *t = user;
    size_t length = size * count, done = 0;
    if (!t->began && !begin_answer(t))
        return 0;
    while (done < length) {
        ssize_t n = write(t->file, data + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return t->write_error = n < 0 ? errno : ENOSPC, 0;
        done += (size_t)n;
    }
    t->come += (int64_t)length;
    return length;
}

/* Remembers by which mark the server knows this version of the file. A strong ETag wins over a date. */
static size_t read_header(char *data, size_t size, size_t count, void *user)
{
    transfer *t = user;
    size_t length = size * count, name = 0;
    if (length >= 5 && strncasecmp(data, "HTTP/", 5) == 0)
        t->tag[0] = 0; /* of a redirect before */
    bool etag = length > 5 && strncasecmp(data, "ETag:", 5) == 0;
    bool date = length > 14 && strncasecmp(data, "Last-Modified:", 14) == 0;
    name = etag ? 5 : date ? 14 : 0;
    if (name == 0 || (date && t->tag[0] == '"'))
        return length;
    const char *from = data + name, *end = data + length;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if (end - from < TAG_SIZE && (date || *from == '"'))
        snprintf(t->tag, sizeof t->tag, "%.*s", (int)(end - from), from);
    return length;
}

static int tell_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    transfer *t = user;
    (void)up_total, (void)up_now;
    if (t->o->on_progress && t->o->on_progress(t->had + now, total > 0 ? t->had + total : 0, t->o->user))
        t->stopped = true;
    return t->stopped;
}

/* ---- one attempt ---- */

static void read_tag(transfer *t, char tag[TAG_SIZE])
{
    file_bytes b = {0};
    tag[0] = 0;
    if (file_read_into(text_string(&t->tag_path), TAG_SIZE - 1, &b) == FV_OK &&
        strlen((char *)b.data) == b.size && !strpbrk((char *)b.data, "\r\n"))
        snprintf(tag, TAG_SIZE, "%s", (char *)b.data);
    file_bytes_release(&b);
}

/* Where PART ends, when its version is known; else PART begins anew. */
static fv_status find_start(transfer *t, char if_range[TAG_SIZE + 16])
{
    char tag[TAG_SIZE];
    read_tag(t, tag);
    t->had = lseek(t->file, 0, SEEK_END);
    if (t->had > 0 && !tag[0]) {
        if (ftruncate(t->file, 0) != 0 || lseek(t->file, 0, SEEK_SET) != 0)
            return status_set(FV_ERROR_IO, "%s: cannot be written: %s", text_string(&t->part),
                              strerror(errno));
        t->had = 0;
    }
    snprintf(if_range, TAG_SIZE + 16, "If-Range: %s", tag);
    t->come = 0;
    t->began = t->stopped = false;
    t->tag[0] = t->reason[0] = 0;
    t->write_error = 0;
    t->tag_status = FV_OK;
    return FV_OK;
}

static void set_options(transfer *t, const struct curl_slist *headers)
{
    CURL *c = t->curl;
    api.easy_setopt(c, CURLOPT_URL, t->o->url);
    api.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    api.easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    api.easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    api.easy_setopt(c, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    api.easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    api.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    api.easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    api.easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    api.easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    api.easy_setopt(c, CURLOPT_USERAGENT, "fovea/" FV_VERSION_TEXT);
    api.easy_setopt(c, CURLOPT_ERRORBUFFER, t->reason);
    api.easy_setopt(c, CURLOPT_WRITEFUNCTION, write_data);
    api.easy_setopt(c, CURLOPT_WRITEDATA, t);
    api.easy_setopt(c, CURLOPT_HEADERFUNCTION, read_header);
    api.easy_setopt(c, CURLOPT_HEADERDATA, t);
    api.easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    api.easy_setopt(c, CURLOPT_XFERINFOFUNCTION, tell_progress);
    api.easy_setopt(c, CURLOPT_XFERINFODATA, t);
    if (t->had > 0) { /* not RESUME_FROM, which refuses a server's whole answer */
        snprintf(t->range, sizeof t->range, "%lld-", (long long)t->had);
        api.easy_setopt(c, CURLOPT_RANGE, t->range);
    }
    api.easy_setopt(c, CURLOPT_HTTPHEADER, headers);
}

/* *code: curl's; FV_OK with another code than CURLE_OK may be tried again. */
static fv_status attempt(transfer *t, CURLcode *code)
{
    char if_range[TAG_SIZE + 16];
    STATUS_TRY(find_start(t, if_range));
    struct curl_slist *headers = t->had > 0 ? api.slist_append(NULL, if_range) : NULL;
    t->curl = api.easy_init();
    if (!t->curl) {
        api.slist_free_all(headers);
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory to download", t->o->url);
    }
    set_options(t, headers);
    *code = api.easy_perform(t->curl);
    long http = 0;
    api.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &http);
    api.easy_cleanup(t->curl);
    api.slist_free_all(headers);
    if (t->stopped)
        return status_set(FV_INTERRUPTED, "%s: interrupted; the next download goes on from here", t->o->url);
    if (t->tag_status != FV_OK)
        return t->tag_status;
    if (t->write_error)
        return status_set(FV_ERROR_IO, "%s: cannot be written: %s", text_string(&t->part),
                          strerror(t->write_error));
    if (http == HTTP_RANGE_NOT_SATISFIABLE && t->had > 0) /* PART is longer than the file: begin anew */
        unlink(text_string(&t->tag_path));
    else if (*code == CURLE_HTTP_RETURNED_ERROR && http >= 400 && http < 500)
        return status_set(FV_ERROR_IO, "%s: the server answered %ld: %s", t->o->url, http,
                          http == 404 || http == 410 ? "there is no such file" : "it does not give the file");
    return FV_OK;
}

static bool worth_retrying(CURLcode code)
{
    return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
           code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP_RETURNED_ERROR ||
           code == CURLE_RANGE_ERROR || code == CURLE_SEND_ERROR;
}

static fv_status fetch(transfer *t)
{
    CURLcode code = CURLE_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        STATUS_TRY(attempt(t, &code));
        if (code == CURLE_OK)
            return FV_OK;
        if (!worth_retrying(code))
            break;
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    return status_set(FV_ERROR_IO, "%s: cannot be downloaded: %s", t->o->url,
                      t->reason[0] ? t->reason : api.easy_strerror(code));
}

/* ---- the whole ---- */

/* Waits for a process that downloads the same, then goes on with what it left. */
static fv_status lock_part(transfer *t)
{
    t->file = open(text_string(&t->part), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (t->file < 0)
        return status_set(FV_ERROR_IO, "%s: cannot be written: %s", text_string(&t->part), strerror(errno));
    while (flock(t->file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return FV_OK; /* a file system without locks */
        if (t->o->on_progress && t->o->on_progress(0, 0, t->o->user))
            return status_set(FV_INTERRUPTED, "%s: interrupted while another process downloads it",
                              t->o->url);
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    return FV_OK;
}

static fv_status check_sum(transfer *t)
{
    char hex[DIGEST_SIZE];
    if (!t->o->sha256)
        return FV_OK;
    STATUS_TRY(digest_file(text_string(&t->part), hex));
    if (strncasecmp(hex, t->o->sha256, strlen(t->o->sha256)) == 0)
        return FV_OK;
    unlink(text_string(&t->part));
    unlink(text_string(&t->tag_path));
    return status_set(FV_ERROR_FORMAT,
                      "%s: what came has the SHA-256 %s, not %s%s; it was deleted: the file was changed "
                      "there, or on its way",
                      t->o->url, hex, t->o->sha256, strlen(t->o->sha256) < DIGEST_SIZE - 1 ? "…" : "");
}

static fv_status finish(transfer *t)
{
    STATUS_TRY(check_sum(t));
    if (fsync(t->file) != 0 || rename(text_string(&t->part), t->o->path) != 0)
        return status_set(FV_ERROR_IO, "%s: cannot be written: %s", t->o->path, strerror(errno));
    unlink(text_string(&t->tag_path));
    return FV_OK;
}

static fv_status run(transfer *t)
{
    text_add(&t->part, "%s.part", t->o->path);
    text_add(&t->tag_path, "%s.part.tag", t->o->path);
    STATUS_TRY(text_status(&t->part));
    STATUS_TRY(text_status(&t->tag_path));
    STATUS_TRY(lock_part(t));
    if (file_exists(t->o->path)) { /* by the process that was waited for; PART is ours and empty */
        unlink(text_string(&t->part));
        return FV_OK;
    }
    STATUS_TRY(fetch(t));
    return finish(t);
}

fv_status download_file(const download_options *o)
{
    if (!download_is_address(o->url))
        return status_set(FV_ERROR_INVALID, "%s: is not an address that begins with http:// or https://",
                          o->url);
    if (file_exists(o->path))
        return FV_OK;
    STATUS_TRY(open_library());
    transfer t = {.o = o, .file = -1};
    fv_status status = run(&t);
    if (t.file >= 0)
        close(t.file);
    text_release(&t.part);
    text_release(&t.tag_path);
    return status;
}
