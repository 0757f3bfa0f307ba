/* SPDX-License-Identifier: Apache-2.0 */
/* fovea train: how pictures of more than 8 bits become 8 bits, and whether their colour profiles count. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/train.h"

/* A number up to `end`, with a point whatever the locale (options_set reads strictly, too). */
static bool read_number(const char *words, const char *end, float *out)
{
    static const option table[] = {{.name = "window", .type = OPTION_FLOAT, .offset = 0}, {0}};
    char number[64] = "";
    size_t length = (size_t)(end - words);
    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, words, length);
    return options_set(table, out, "window", number, "--") == FV_OK;
}

fv_status train_window_read(const char *words, fv_preprocess *p)
{
    const char *dots = strstr(words, "..");
    float low = 0, high = 0;
    bool range =
        dots && read_number(words, dots, &low) && read_number(dots + 2, words + strlen(words), &high);
    if (strcmp(words, "full") != 0 && strcmp(words, "auto") != 0 && !(range && low < high))
        return status_set(FV_ERROR_INVALID,
                          "--window: must be full, auto or LOW..HIGH in the pictures' values, the lower one "
                          "first, not '%.100s'",
                          words);
    p->window = range ? FV_WINDOW_RANGE : words[0] == 'f' ? FV_WINDOW_FULL : FV_WINDOW_AUTO;
    p->window_low = low;
    p->window_high = high;
    return FV_OK;
}

/* What suits the training pictures, for a model that has no window of its own. */
static fv_status choose(const train_setup *s, fv_preprocess *p)
{
    fv_window_choice c;
    STATUS_TRY(fv_dataset_window(s->train, &c));
    if (c.pictures == 0)
        return FV_OK;
    p->window = c.window;
    p->window_low = c.low;
    p->window_high = c.high;
    if (c.window == FV_WINDOW_RANGE)
        cli_say("pictures with more than 8 bits: values from %g to %g, of %g to %g, become black to white; "
                "--window full takes all of them",
                (double)c.low, (double)c.high, (double)c.full_low, (double)c.full_high);
    else
        cli_say("pictures with more than 8 bits: the whole range of their type becomes black to white; see "
                "--window");
    return FV_OK;
}

fv_status train_window_settle(train_setup *s)
{
    train_arguments *a = &s->a;
    fv_preprocess p = *fv_model_preprocess(s->model);
    if (a->window)
        STATUS_TRY(train_window_read(a->window, &p));
    else if (s->fresh)
        STATUS_TRY(choose(s, &p));
    if (a->ignore_profile)
        p.ignore_profile = a->ignore_profile > 0;
    memset(p.std, 0, sizeof p.std); /* mean and std stay as they are, or still come from the data */
    STATUS_TRY(fv_model_set_preprocess(s->model, &p));
    a->ignore_profile = p.ignore_profile ? 1 : FV_OFF;
    text window = {0};
    if (p.window == FV_WINDOW_RANGE)
        text_add(&window, "%.9g..%.9g", (double)p.window_low, (double)p.window_high);
    else
        text_add(&window, "%s", p.window == FV_WINDOW_AUTO ? "auto" : "full");
    a->window = pool_keep(&s->pool, window.data);
    return a->window ? FV_OK : FV_ERROR_MEMORY;
}
