/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/source.h"

static const uint8_t *record_pixels(const picture_source *p, int64_t record)
{
    return p->pixels + record * p->base.height * p->base.width * p->base.channels;
}

static fv_status pixels(const source *s, int64_t record, image *out)
{
    STATUS_TRY(image_reshape(out, s->height, s->width, s->channels));
    memcpy(out->data, record_pixels((const picture_source *)s, record),
           (size_t)(s->height * s->width * s->channels));
    return FV_OK;
}

static void file(const source *s, int64_t record, char *buffer, size_t size)
{
    const picture_source *p = (const picture_source *)s;
    size_t i = p->file_count - 1;
    while (i > 0 && p->files[i].first > record)
        i--;
    snprintf(buffer, size, "%s#%lld", p->files[i].path, (long long)(record - p->files[i].first));
}

static void destroy(source *s)
{
    picture_source *p = (picture_source *)s;
    for (size_t i = 0; i < p->file_count; i++)
        free(p->files[i].path);
    free(p->files);
    free(p->pixels);
    source_free(s);
}

picture_source *pictures_create(void)
{
    picture_source *p = mem_array(1, sizeof *p);
    if (!p)
        return NULL;
    p->base.pixels = pixels;
    p->base.file = file;
    p->base.destroy = destroy;
    return p;
}

fv_status pictures_add_file(picture_source *p, const char *path, int64_t first)
{
    STATUS_TRY(MEM_GROW(p->files, p->file_count, p->file_capacity));
    char *copy = mem_string(path);
    if (!copy)
        return status_last();
    p->files[p->file_count++] = (picture_file){.path = copy, .first = first};
    return FV_OK;
}
