/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a trial: a process of a machine. Whether one of this machine still lives can be asked of the system: a number that was given to another
 * process since is told by the time at which that one began.
 */
#ifndef TUNE_OWNER_H
#define TUNE_OWNER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct owner {
    char host[64];
    int64_t process;
    char birth[96]; /* the boot of the machine and the process's time in it */
} owner;

owner owner_self(void);
bool owner_is_same(const owner *a, const owner *b);
/* True where `o` is of the same boot of the same machine as `self`, which asks; then *alive is right. */
bool owner_is_known(const owner *o, const owner *self, bool *alive);

#endif
