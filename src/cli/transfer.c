/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/transfer.h"

#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"

void transfer_init(transfer_bar *bar)
{
    *bar = (transfer_bar){.terminal = isatty(STDERR_FILENO)};
}

int transfer_step(int64_t done, int64_t total, void *user)
{
    enum {
        CELLS = 30
    };
    transfer_bar *bar = user;
    double t = clock_seconds();
    if (done < bar->seen || bar->began == 0) { /* the next file */
        bar->began = t;
        bar->first = done;
    }
    bar->seen = done;
    if (!bar->terminal || done == 0 || t - bar->last < 0.1)
        return interrupt_signal() != 0;
    bar->last = t;
    bar->drawn = true;
    double rate = t > bar->began ? (double)(done - bar->first) / (t - bar->began) : 0;
    fprintf(stderr, "\r\033[K");
    if (total > 0) {
        int full = (int)(CELLS * (double)done / (double)total);
        fprintf(stderr, "%3d %% [%.*s%*s] ", (int)(100 * (double)done / (double)total), full,
                "==============================", CELLS - full, "");
    }
    fprintf(stderr, "%.1f MB", (double)done / 1e6);
    if (total > 0)
        fprintf(stderr, " of %.1f MB", (double)total / 1e6);
    fprintf(stderr, ", %.1f MB/s", rate / 1e6);
    if (total > done && rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(total - done) / rate);
    return interrupt_signal() != 0;
}

void transfer_end(transfer_bar *bar)
{
    if (bar->drawn)
        fprintf(stderr, "\r\033[K");
    bar->drawn = false;
}

fv_dataset *transfer_open(const fv_dataset_options *options)
{
    transfer_bar bar;
    fv_dataset_options o = *options;
    transfer_init(&bar);
    o.on_download = transfer_step;
    o.user = &bar;
    fv_dataset *d = fv_dataset_open_with(&o);
    transfer_end(&bar);
    return d;
}
