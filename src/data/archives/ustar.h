/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar format as POSIX has it (ustar), as far as writing shards takes: a header of one block, the file's bytes, zeros up to
 * the next block; two blocks of zeros at the end.
 *
 *     uint8_t block[USTAR_BLOCK];
 *     ustar_header(block, "000000.jpg", size, NULL);
 */
#ifndef DATA_ARCHIVES_USTAR_H
#define DATA_ARCHIVES_USTAR_H

#include <stddef.h>
#include <stdint.h>

enum {
    USTAR_BLOCK = 512,
    USTAR_NAME = 100, /* the most bytes of a name */
    USTAR_TAG = 8
};

/* A file without owner and time, so that the same name and size always give the same block. `size` is under 8 GiB. `tag`: that
 * many characters for the end of the block, which the format leaves unused and other programs pass over; NULL: none. */
void ustar_header(uint8_t block[USTAR_BLOCK], const char *name, uint64_t size, const char *tag);

/* Zeros that follow `size` bytes. */
static inline size_t ustar_padding(uint64_t size)
{
    return (size_t)(-size % USTAR_BLOCK);
}

#endif
