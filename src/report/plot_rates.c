/* SPDX-License-Identifier: Apache-2.0 */
/* What a learning-rate range test saw: a table, and a plot over the logarithm of the rate. */
#include <math.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "report/report.h"

static fv_status write_in(const char *folder, const char *name, const text *t)
{
    char *path = file_join(folder, name);
    fv_status status = path ? text_status(t) : status_last();
    if (status == FV_OK)
        status = file_write(path, text_string(t), t->length);
    free(path);
    return status;
}

static fv_status write_table(const fv_learning_rates *f, const char *folder)
{
    text t = {0};
    text_add(&t, "rate,loss,smoothed\n");
    for (int64_t i = 0; i < f->count; i++)
        text_add(&t, "%.9g,%.9g,%.9g\n", f->rates[i], f->losses[i], f->smoothed[i]);
    fv_status status = write_in(folder, "lr-find.csv", &t);
    text_release(&t);
    return status;
}

/* The suggestion is a dot on the curve. */
static double at_suggestion(const fv_learning_rates *f)
{
    for (int64_t i = 0; i < f->count; i++)
        if (f->rates[i] >= (double)f->suggestion)
            return f->smoothed[i];
    return NAN;
}

static fv_status draw(const fv_learning_rates *f, double *x, const char *path)
{
    image plot = {0};
    double rate = log10((double)f->suggestion), loss = at_suggestion(f);
    for (int64_t i = 0; i < f->count; i++)
        x[i] = log10(f->rates[i]);
    report_curves curves = {.title = "Loss as the learning rate rises",
                            .x_label = "learning rate, power of 10",
                            .list = {{"smoothed loss", 0x0969da, x, f->smoothed, f->count},
                                     {"chosen", 0xd1570a, &rate, &loss, 1}},
                            .count = 2};
    fv_status status = report_plot_curves(&curves, &plot, NULL);
    if (status == FV_OK)
        status = image_save_png(&plot, path);
    image_release(&plot);
    return status;
}

/* Without the library that draws there is the table. */
fv_status fv_learning_rates_write(const fv_learning_rates *found, const char *folder)
{
    STATUS_TRY(write_table(found, folder));
    double *x = mem_array((size_t)found->count, sizeof *x);
    char *path = file_join(folder, "lr-find.png");
    fv_status status = x && path ? draw(found, x, path) : status_last();
    free(x);
    free(path);
    return status == FV_ERROR_UNSUPPORTED ? FV_OK : status;
}
