/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISO/IEC 23008-12: in the box "meta", "iref" holds the references between items. "dimg" lists what a derived picture (a grid, an
 * overlay) is made of, and "auxl" says whose alpha or depth a picture is. These two are followed when a picture is decoded.
 */
#include "image/formats/heif_references.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/numbers.h"

enum {
    MAX_DEPTH = 8,         /* an overlay of grids with alpha has 3 */
    MAX_PICTURES = 1 << 16 /* as many tiles as a grid can have */
};

typedef struct span {
    const uint8_t *at;
    size_t size;
} span;

/* `to` is decoded for `from`. */
typedef struct reference {
    uint32_t from, to;
} reference;

typedef struct references {
    reference *list;
    size_t count, capacity;
    size_t pictures; /* visited, of all items */
} references;

static span skip(span s, size_t bytes)
{
    size_t taken = bytes < s.size ? bytes : s.size;
    return (span){s.at + taken, s.size - taken};
}

/* The next box of `rest`, which is moved behind it; one that is too long is cut. */
static bool next_box(span *rest, const uint8_t **type, span *content)
{
    if (rest->size < 8)
        return false;
    uint64_t size = number_big_endian(rest->at, 4);
    size_t header = 8;
    if (size == 1 && rest->size >= 16) {
        size = number_big_endian(rest->at + 8, 8);
        header = 16;
    }
    if (size == 0 || size > rest->size)
        size = rest->size;
    if (size < header)
        return false;
    *type = rest->at + 4;
    *content = (span){rest->at + header, (size_t)size - header};
    *rest = skip(*rest, (size_t)size);
    return true;
}

static fv_status add_references(references *r, span box, int id_bytes, bool auxiliary)
{
    size_t id = (size_t)id_bytes;
    if (box.size < id + 2)
        return FV_OK;
    uint32_t owner = (uint32_t)number_big_endian(box.at, id_bytes);
    uint64_t count = number_big_endian(box.at + id, 2);
    for (box = skip(box, id + 2); count > 0 && box.size >= id; count--, box = skip(box, id)) {
        uint32_t other = (uint32_t)number_big_endian(box.at, id_bytes);
        STATUS_TRY(MEM_GROW(r->list, r->count, r->capacity));
        r->list[r->count++] = auxiliary ? (reference){other, owner} : (reference){owner, other};
    }
    return FV_OK;
}

static fv_status read_references(references *r, span file)
{
    const uint8_t *type;
    span meta, iref, box;
    while (next_box(&file, &type, &meta)) {
        if (memcmp(type, "meta", 4) != 0)
            continue;
        meta = skip(meta, 4); /* version and flags */
        while (next_box(&meta, &type, &iref)) {
            if (memcmp(type, "iref", 4) != 0 || iref.size < 4)
                continue;
            int id_bytes = iref.at[0] == 0 ? 2 : 4;
            iref = skip(iref, 4);
            while (next_box(&iref, &type, &box)) {
                bool auxiliary = memcmp(type, "auxl", 4) == 0;
                if (auxiliary || memcmp(type, "dimg", 4) == 0)
                    STATUS_TRY(add_references(r, box, id_bytes, auxiliary));
            }
        }
    }
    return FV_OK;
}

static int by_owner(const void *a, const void *b)
{
    uint32_t x = ((const reference *)a)->from, y = ((const reference *)b)->from;
    return (x > y) - (x < y);
}

/* Goes the way that decoding `item` goes; false when it is too deep, as a circle is, or too long. */
static bool visit(references *r, uint32_t item, int depth)
{
    if (depth > MAX_DEPTH || ++r->pictures > MAX_PICTURES)
        return false;
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->list[middle].from < item)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < r->count && r->list[low].from == item; low++)
        if (!visit(r, r->list[low].to, depth + 1))
            return false;
    return true;
}

fv_status heif_check_references(const decode_source *s)
{
    references r = {0};
    fv_status status = read_references(&r, (span){s->bytes, s->size});
    if (status == FV_OK && r.count > 0)
        qsort(r.list, r.count, sizeof *r.list, by_owner);
    for (size_t i = 0; status == FV_OK && i < r.count; i++) {
        if (i > 0 && r.list[i].from == r.list[i - 1].from)
            continue;
        if (!visit(&r, r.list[i].from, 0))
            status = status_set(FV_ERROR_FORMAT,
                                "%s: damaged HEIF: picture %u in it is made of itself, or of too many others",
                                s->name, (unsigned)r.list[i].from);
    }
    free(r.list);
    return status;
}
