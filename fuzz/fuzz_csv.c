/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of tables: what it reads is, written with every cell quoted, read as the same. */
#include "core/text.h"
#include "data/csv.h"
#include "fuzz.h"

static void quote_cell(text *out, const char *cell)
{
    text_add(out, "\"");
    for (; *cell; cell++)
        text_add(out, *cell == '"' ? "\"\"" : "%c", *cell);
    text_add(out, "\"");
}

/* Writes the rows quoted, up to the first failure. */
static void read_all(const char *path, text *out, size_t size)
{
    csv_reader r;
    if (!fuzz_ok(csv_open(&r, path)))
        return;
    int64_t line = 0;
    csv_result result;
    while ((result = csv_next(&r)) == CSV_ROW || result == CSV_BAD) {
        expect(r.line > line);
        line = r.line;
        if (result == CSV_BAD) {
            fuzz_ok(status_last());
            continue;
        }
        expect(r.count >= 1 && r.count <= size + 1);
        for (size_t i = 0; i < r.count; i++) {
            text_add(out, i ? "," : "");
            quote_cell(out, r.cells[i]);
        }
        text_add(out, "\n");
    }
    if (result == CSV_FAILED)
        fuzz_ok(status_last());
    csv_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    text first = {0}, second = {0};
    bool tabs = size > 0 && bytes[size - 1] & 1;
    read_all(fuzz_file(tabs ? "a.tsv" : "a.csv", bytes, size), &first, size);
    read_all(fuzz_file("b.csv", (const uint8_t *)text_string(&first), first.length), &second, first.length);
    expect(text_status(&first) == FV_OK && text_status(&second) == FV_OK);
    expect(strcmp(text_string(&first), text_string(&second)) == 0);
    text_release(&first);
    text_release(&second);
    return 0;
}
