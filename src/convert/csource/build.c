/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles what was written and runs it: the only proof that it computes what the model does. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convert/csource/csource.h"
#include "core/file.h"
#include "core/memory.h"

extern char **environ;

enum {
    LOG_MAX = 1 << 20,
    OBJECT_MAX = 1 << 30
};

/* ---- the compiler ---- */

static const char *compiler(void)
{
    const char *chosen = getenv("CC");
    return chosen && *chosen ? chosen : "cc";
}

const char *csource_missing(void)
{
    static const char reason[] = "there is no C compiler (cc, or the program that CC names)";
    const char *name = compiler(), *path = getenv("PATH");
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? NULL : reason;
    while (path && *path) {
        size_t length = strcspn(path, ":");
        text full = {0};
        text_add(&full, "%.*s/%s", (int)length, path, name);
        bool found = access(text_string(&full), X_OK) == 0;
        text_release(&full);
        if (found)
            return NULL;
        path += length + (path[length] == ':');
    }
    return reason;
}

/* Runs a program with what it prints in the file `log`; FV_OK when it exits with 0. */
static fv_status spawn(char *const *words, const char *log, const char *what)
{
    posix_spawn_file_actions_t actions;
    pid_t process;
    int state = 0;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return status_set(FV_ERROR_MEMORY, "not enough memory to run %s", words[0]);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    int error = posix_spawnp(&process, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return status_set(FV_ERROR_IO, "%s cannot be run: %s", words[0], strerror(error));
    while (waitpid(process, &state, 0) < 0)
        if (errno != EINTR)
            return status_set(FV_ERROR_IO, "%s: it is not known how it ended: %s", words[0], strerror(errno));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return FV_OK;
    return status_set(FV_ERROR_INTERNAL, "export: %s (%s) failed", what, file_base_name(words[0]));
}

/* spawn with the first line of the log in the message. */
static fv_status spawn_logged(char *const *words, const char *log, const char *what)
{
    uint8_t *printed = NULL;
    size_t size = 0;
    fv_status status = spawn(words, log, what);
    if (status == FV_ERROR_INTERNAL && file_read(log, LOG_MAX, &printed, &size) == FV_OK && size > 0) {
        printed[strcspn((char *)printed, "\n")] = '\0';
        text_flatten((char *)printed);
        status = status_set(status, "export: %s (%s) failed: %.400s", what, file_base_name(words[0]),
                            (char *)printed);
    }
    free(printed);
    return status;
}

/* ---- the size of the code ---- */

static bool within(size_t size, uint64_t at, uint64_t bytes)
{
    return at <= size && bytes <= size - at;
}

/* The bytes of an object file's sections that hold instructions; 0 where it is not of 64-bit ELF. */
static size_t count_code(const uint8_t *file, size_t size)
{
    Elf64_Ehdr head;
    Elf64_Shdr section;
    size_t sum = 0;
    if (size < sizeof head)
        return 0;
    memcpy(&head, file, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        !within(size, head.e_shoff, (uint64_t)head.e_shnum * sizeof section))
        return 0;
    for (size_t i = 0; i < head.e_shnum; i++) {
        memcpy(&section, file + head.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_flags & SHF_EXECINSTR)
            sum += section.sh_size;
    }
    return sum;
}

/* ---- the folder ---- */

typedef struct workshop {
    char folder[64];
    char *driver, *object, *program, *pixels, *probabilities, *log;
} workshop;

static void workshop_release(workshop *w)
{
    char **paths[] = {&w->driver, &w->object, &w->program, &w->pixels, &w->probabilities, &w->log};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        free(*paths[i]);
    if (w->folder[0])
        file_folder_discard(w->folder);
}

static fv_status workshop_init(workshop *w)
{
    *w = (workshop){.folder = "/tmp/fovea-export-XXXXXX"};
    if (!mkdtemp(w->folder)) {
        w->folder[0] = '\0';
        return status_set(FV_ERROR_IO, "export: no folder can be made in /tmp: %s", strerror(errno));
    }
    bool made =
        (w->driver = file_join(w->folder, "main.c")) && (w->object = file_join(w->folder, "network.o")) &&
        (w->program = file_join(w->folder, "main")) && (w->pixels = file_join(w->folder, "pixels")) &&
        (w->probabilities = file_join(w->folder, "probabilities")) && (w->log = file_join(w->folder, "log"));
    return made ? FV_OK : status_last();
}

/* Classifies the pictures in the file argv[1] into the file argv[2]. */
static fv_status write_driver(const workshop *w, const char *prefix, size_t picture, int64_t outputs)
{
    text c = {0};
    text_add(&c,
             "#include <stdint.h>\n#include <stdio.h>\nvoid %s_classify(const uint8_t *, float *);\n"
             "int %s_self_test(void);\nint main(int argc, char **argv)\n{\n    static uint8_t pixels[%zu];\n"
             "    static float probabilities[%lld];\n    FILE *in, *out;\n"
             "    if (argc != 3 || %s_self_test() != 0)\n    {\n        puts(\"its self-test failed\");\n"
             "        return 1;\n    }\n"
             "    if (!(in = fopen(argv[1], \"rb\")) || !(out = fopen(argv[2], \"wb\")))\n        return 1;\n"
             "    while (fread(pixels, sizeof pixels, 1, in) == 1) {\n"
             "        %s_classify(pixels, probabilities);\n"
             "        fwrite(probabilities, sizeof probabilities, 1, out);\n    }\n    return fclose(out) != "
             "0;\n}\n",
             prefix, prefix, picture, (long long)outputs, prefix, prefix);
    fv_status status = text_status(&c);
    if (status == FV_OK)
        status = file_write(w->driver, c.data, c.length);
    text_release(&c);
    return status;
}

/* `size` bytes exactly. */
static fv_status read_exactly(const char *path, void *to, size_t size)
{
    uint8_t *data = NULL;
    size_t found = 0;
    fv_status status = file_read(path, size, &data, &found);
    if (status == FV_OK && found != size)
        status = status_set(FV_ERROR_INTERNAL, "export: the compiled source gave too few probabilities");
    if (status == FV_OK)
        memcpy(to, data, size);
    free(data);
    return status;
}

static fv_status compile(const workshop *w, const char *source, size_t *code_bytes)
{
    char *const object[] = {(char *)(uintptr_t)compiler(), "-std=c99", "-O2",     "-c",
                            (char *)(uintptr_t)source,     "-o",       w->object, NULL};
    char *const program[] = {
        (char *)(uintptr_t)compiler(), "-O2", w->driver, w->object, "-lm", "-o", w->program, NULL};
    uint8_t *file = NULL;
    size_t size;
    STATUS_TRY(spawn_logged(object, w->log, "compiling it"));
    STATUS_TRY(file_read(w->object, OBJECT_MAX, &file, &size));
    *code_bytes = count_code(file, size);
    free(file);
    return spawn_logged(program, w->log, "linking it");
}

fv_status csource_run(const char *source, const char *prefix, const uint8_t *pixels, size_t picture,
                      int64_t count, int64_t outputs, float *probabilities, size_t *code_bytes)
{
    workshop w;
    fv_status status = workshop_init(&w);
    if (status == FV_OK)
        status = write_driver(&w, prefix, picture, outputs);
    if (status == FV_OK)
        status = compile(&w, source, code_bytes);
    if (status == FV_OK)
        status = file_write(w.pixels, pixels, (size_t)count * picture);
    char *const words[] = {w.program, w.pixels, w.probabilities, NULL};
    if (status == FV_OK)
        status = spawn_logged(words, w.log, "running it");
    if (status == FV_OK)
        status = read_exactly(w.probabilities, probabilities, (size_t)(count * outputs) * sizeof(float));
    workshop_release(&w);
    return status;
}
