/* SPDX-License-Identifier: Apache-2.0 */
/* The command's files of options, args.yaml: what is read is, written, read as the same. */
#include "cli/config.h"
#include "cli/train.h"
#include "core/file.h"
#include "fuzz.h"

static text written(const char *path, const train_arguments *a)
{
    uint8_t *bytes;
    size_t size;
    text out = {0};
    expect(config_write(path, train_table, a, "a test") == FV_OK &&
           file_read(path, 1 << 24, &bytes, &size) == FV_OK);
    text_add_bytes(&out, bytes, size);
    free(bytes);
    return out;
}

/* As a run has them, so that whatever is written can be read. */
static const char usual[] =
    "epochs: 1\nbatch: 8\nlr: 0.001\npatience: 10\nval_split: 0.2\nwarmup: 0.05\nthreads: 2\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    train_arguments a = {0}, b = {0};
    string_pool pool = {0};
    expect(config_read(fuzz_file("usual.yaml", (const uint8_t *)usual, sizeof usual - 1), train_table, &a,
                       &pool) == FV_OK);
    if (fuzz_ok(config_read(fuzz_file("args.yaml", bytes, size), train_table, &a, &pool))) {
        text once = written(fuzz_file("once.yaml", NULL, 0), &a);
        expect(config_read(fuzz_file("twice.yaml", (const uint8_t *)once.data, once.length), train_table, &b,
                           &pool) == FV_OK);
        text twice = written(fuzz_file("once.yaml", NULL, 0), &b);
        expect(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
        text_release(&once);
        text_release(&twice);
    }
    pool_release(&pool);
    return 0;
}
