/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a shard: the input is a byte, the number of samples, and what stands behind the index's first line. That line and the
 * shard are made to fit, else nothing would be believed. */
#include <zlib.h>

#include "data/archives/ustar.h"
#include "data/shard_index.h"
#include "fuzz.h"

enum {
    SHARD_BYTES = 16 * USTAR_BLOCK
};

/* The name and size with which the index begins. */
static void first_file(const char *index, char name[USTAR_NAME + 1], unsigned long long *size)
{
    if (sscanf(index, "%*s %*u %llu %100s", size, name) != 2 || *size >> 33)
        *size = 0;
}

static const char *write_shard(const char *tag, const char *index)
{
    static uint8_t shard[SHARD_BYTES];
    char name[USTAR_NAME + 1] = "a.cls";
    unsigned long long size = 0;
    first_file(index, name, &size);
    ustar_header(shard, name, size, tag);
    return fuzz_file("train-000000.tar", shard, sizeof shard);
}

static void check(const shard_index *x)
{
    size_t count = x->archive->count;
    expect(x->label_first[0] == 0 && x->label_first[count] == x->label_count);
    for (size_t i = 0; i < count; i++) {
        const container_entry *e = &x->archive->entries[i];
        expect(e->size <= SHARD_BYTES && e->place <= SHARD_BYTES - e->size);
        expect(x->label_first[i] <= x->label_first[i + 1]);
    }
    for (size_t k = 0; k < x->label_count; k++)
        expect(x->labels[k] >= 0 && x->labels[k] < 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    char *index = calloc(1, size + 64), tag[USTAR_TAG + 1], *body = index + 63;
    expect(index);
    memcpy(body, bytes + 1, size - 1);
    snprintf(tag, sizeof tag, "%08lx", crc32_z(0, bytes + 1, size - 1) & 0xffffffff);
    const char *shard = write_shard(tag, body);
    char head[64];
    int length = snprintf(head, sizeof head, "v1.2 %u fovea %d %s\n", bytes[0], SHARD_BYTES, tag);
    memcpy(body - length, head, (size_t)length);
    fuzz_file("train-000000.idx", (const uint8_t *)body - length, size - 1 + (size_t)length);
    shard_index x;
    if (fuzz_ok(shard_index_read(&x, shard, true, 10)) && x.archive)
        check(&x);
    shard_index_release(&x);
    fuzz_dataset(fuzz_folder());
    free(index);
    return 0;
}
