/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/count_bar.h"

#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"

void count_bar_init(count_bar *bar)
{
    *bar = (count_bar){.terminal = isatty(STDERR_FILENO), .began = clock_seconds()};
}

int count_bar_step(int64_t done, int64_t total, void *user)
{
    enum {
        CELLS = 30
    };
    count_bar *bar = user;
    double t = bar->terminal ? clock_seconds() : 0;
    if (!bar->terminal || t - bar->last < 0.1)
        return interrupt_signal() != 0;
    bar->last = t;
    bar->drawn = true;
    double rate = t > bar->began ? (double)done / (t - bar->began) : 0;
    int full = (int)(CELLS * done / total);
    fprintf(stderr, "\r%3d %% [%.*s%*s] %lld of %lld pictures, %.0f/s", (int)(100 * done / total), full,
            "==============================", CELLS - full, "", (long long)done, (long long)total, rate);
    if (rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(total - done) / rate);
    fputs("\033[K", stderr);
    return interrupt_signal() != 0;
}

void count_bar_end(count_bar *bar)
{
    if (bar->drawn)
        fputs("\r\033[K", stderr);
    bar->drawn = false;
}
