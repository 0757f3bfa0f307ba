/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"

enum {
    LINE_MAX_LENGTH = 256,
    BAR_LENGTH = 20,
    LINES_SAID = 10 /* of a log, between two epochs */
};
static const double redraw_seconds = 0.1;

void progress_init(progress_bar *bar)
{
    *bar = (progress_bar){.terminal = isatty(STDERR_FILENO)};
}

/* Before anything else is printed. */
static void clear(progress_bar *bar)
{
    if (bar->drawn)
        fputs("\r\033[K", stderr);
    bar->drawn = false;
}

void progress_end(progress_bar *bar)
{
    clear(bar);
    if (bar->logged > LINES_SAID)
        cli_say("and %lld more%s", (long long)(bar->logged - LINES_SAID),
                bar->log ? "; log.txt in the run folder has all" : "");
    bar->logged = 0;
}

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 10)
        return 80;
    return size.ws_col < LINE_MAX_LENGTH ? size.ws_col : LINE_MAX_LENGTH - 1;
}

static void add_time(text *out, double seconds)
{
    if (!isfinite(seconds) || seconds < 0)
        return;
    long s = lround(seconds);
    if (s >= 3600)
        text_add(out, "  %ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
    else
        text_add(out, "  %ld:%02ld left", s / 60, s % 60);
}

static void add_score(text *out, const char *name, float value, float scale, const char *unit)
{
    if (isfinite(value))
        text_add(out, scale == 1 ? "  %s %.4f%s" : "  %s %.2f%s", name, (double)(value * scale), unit);
}

static void draw(progress_bar *bar, const fv_progress *p)
{
    text line = {0};
    int done = p->steps > 0 ? (int)(BAR_LENGTH * p->step / p->steps) : 0;
    if (p->epochs > 1)
        text_add(&line, "epoch %lld/%lld ", (long long)p->epoch, (long long)p->epochs);
    if (p->phase)
        text_add(&line, "%s ", p->phase);
    text_add(&line, "[");
    for (int i = 0; i < BAR_LENGTH; i++)
        text_add(&line, i < done ? "=" : " ");
    text_add(&line, "]");
    /* An evaluation has no training values. */
    bool training = isfinite(p->train_loss);
    add_score(&line, "loss", training ? p->train_loss : p->validation_loss, 1, "");
    add_score(&line, "accuracy", training ? p->train_accuracy : p->validation_accuracy, 100, " %");
    if (isfinite(p->images_per_second))
        text_add(&line, "  %.0f images/s", p->images_per_second);
    add_time(&line, p->seconds_left);
    fprintf(stderr, "\r%.*s\033[K", terminal_columns() - 1, text_string(&line));
    fflush(stderr);
    bar->drawn = true;
    text_release(&line);
}

int progress_step(const fv_progress *p, void *user)
{
    progress_bar *bar = user;
    double time = bar->terminal ? clock_seconds() : 0;
    if (bar->terminal && time - bar->last >= redraw_seconds) {
        draw(bar, p);
        bar->last = time;
    }
    return interrupt_signal() != 0;
}

int progress_epoch(const fv_progress *p, void *user)
{
    progress_bar *bar = user;
    bar->seconds += p->seconds;
    bar->wait_seconds += p->wait_share * p->seconds;
    progress_end(bar);
    text line = {0};
    text_add(&line, "epoch %lld/%lld%s%s", (long long)p->epoch, (long long)p->epochs, p->phase ? " " : "",
             p->phase ? p->phase : "");
    add_score(&line, "loss", p->train_loss, 1, "");
    add_score(&line, "accuracy", p->train_accuracy, 100, " %");
    add_score(&line, "validation loss", p->validation_loss, 1, "");
    add_score(&line, "accuracy", p->validation_accuracy, 100, " %");
    add_score(&line, "mAP", p->validation_map, 1, "");
    text_add(&line, "  %.1f s  %.0f images/s%s", p->seconds, p->images_per_second,
             p->is_best ? "  best" : "");
    cli_say("%s", text_string(&line));
    text_release(&line);
    return interrupt_signal() != 0;
}

void progress_log(const char *line, void *user)
{
    progress_bar *bar = user;
    clear(bar);
    if (bar->logged++ < LINES_SAID)
        cli_say("%s", line);
    if (bar->log) {
        fprintf(bar->log, "%s\n", line);
        fflush(bar->log);
    }
}
