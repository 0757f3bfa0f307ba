/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/owner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file || !fgets(out, (int)size, file))
        out[0] = 0;
    if (file)
        fclose(file);
    out[strcspn(out, "\n")] = 0;
}

/* "BOOT/TICKS"; "BOOT/" where there is no such process. */
static void find_birth(int64_t process, char *out, size_t size)
{
    enum {
        START =
            20 /* the 22nd field of /proc/PID/stat; the second, which may hold anything, ends at the last bracket */
    };
    char boot[64], path[64], line[1024];
    read_line("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)process);
    read_line(path, line, sizeof line);
    const char *field = strrchr(line, ')');
    for (int i = 0; field && i < START; i++) {
        field = strchr(field + 1, ' ');
        if (i == 0 && field && (field[1] == 'Z' || field[1] == 'X')) /* ended, and nobody has asked how */
            field = NULL;
    }
    snprintf(out, size, "%s/%.*s", boot, field ? (int)strcspn(field + 1, " ") : 0, field ? field + 1 : "");
}

owner owner_self(void)
{
    owner o = {.process = getpid()};
    if (gethostname(o.host, sizeof o.host - 1) != 0)
        snprintf(o.host, sizeof o.host, "unknown");
    find_birth(o.process, o.birth, sizeof o.birth);
    return o;
}

bool owner_is_same(const owner *a, const owner *b)
{
    return a->process == b->process && strcmp(a->host, b->host) == 0 && strcmp(a->birth, b->birth) == 0;
}

bool owner_is_known(const owner *o, const owner *self, bool *alive)
{
    size_t boot = strcspn(self->birth, "/");
    if (strcmp(o->host, self->host) != 0 || strncmp(o->birth, self->birth, boot + 1) != 0)
        return false;
    char now[sizeof o->birth];
    find_birth(o->process, now, sizeof now);
    *alive = strcmp(now, o->birth) == 0;
    return true;
}
