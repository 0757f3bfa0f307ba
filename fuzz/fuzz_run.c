/* SPDX-License-Identifier: Apache-2.0 */
/* A run folder as others read it: results.csv, args.yaml and live/state.json may be anything, and the run is still listed and compared. */
#include <sys/stat.h>

#include "core/file.h"
#include "fuzz.h"

static void put(const char *name, const uint8_t **bytes, size_t *size)
{
    size_t length;
    const uint8_t *part = fuzz_next(bytes, size, &length);
    fuzz_file(name, part, length);
}

static void check_values(const fv_run *run)
{
    expect(run->best_row >= -1 && run->best_row < (run->row_count > 0 ? run->row_count : 1));
    for (int64_t i = 0; i < run->column_count; i++)
        (void)fv_run_value(run, run->best_row, run->columns[i]);
    for (int64_t i = 0; i < run->option_count; i++)
        expect(fv_run_option(run, run->option_names[i]) != NULL);
    expect(fv_run_seconds(run) == fv_run_seconds(run) && (!run->problem[0] || fuzz_is_line(run->problem)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fv_run runs[2];
    char folder[512], live[600], page[600];
    snprintf(folder, sizeof folder, "%s/run", fuzz_folder());
    snprintf(live, sizeof live, "%s/live", folder);
    snprintf(page, sizeof page, "%s/page.html", fuzz_folder());
    mkdir(folder, 0777);
    mkdir(live, 0777);
    put("run/results.csv", &bytes, &size);
    put("run/args.yaml", &bytes, &size);
    put("run/live/state.json", &bytes, &size);
    if (!fv_run_is(folder))
        return 0;
    for (int i = 0; i < 2; i++) {
        expect(fv_run_load(&runs[i], folder) == FV_OK);
        check_values(&runs[i]);
    }
    uint8_t *html;
    size_t length;
    expect(fv_runs_compare(runs, 2, page) == FV_OK && file_read(page, SIZE_MAX / 2, &html, &length) == FV_OK);
    expect(!strstr((const char *)html, "<script") && !strstr((const char *)html, "<img"));
    free(html);
    fv_run_release(&runs[0]);
    fv_run_release(&runs[1]);
    return 0;
}
