/* SPDX-License-Identifier: Apache-2.0 */
/* From a record to a picture, whatever the source keeps. */
#include "data/source.h"

#include <stdlib.h>

enum {
    NAME_BYTES = 4096 + 64
};

/* The encoded picture; what is over the limit is refused by a message that says how to raise it. */
static fv_status read_encoded(const source *s, int64_t record, image_space *space)
{
    return image_check_bytes(s->read(s, record, &space->file), &space->file);
}

fv_status source_decode(const source *s, int64_t record, const image_decode_options *o, image_space *space,
                        image *out)
{
    if (s->pixels) {
        STATUS_TRY(s->pixels(s, record, out));
        if (o->choose)
            STATUS_TRY(image_keep_region(out, o));
        return o->channels == 0 || o->channels == out->channels ? FV_OK
                                                                : image_set_channels(out, o->channels);
    }
    char name[NAME_BYTES];
    STATUS_TRY(read_encoded(s, record, space));
    s->file(s, record, name, sizeof name);
    image_decode_options own = *o;
    own.space = space;
    own.max_pixels = s->max_pixels;
    return image_decode(space->file.data, space->file.size, name, &own, out);
}

fv_status source_probe(const source *s, int64_t record, image_space *space, image_info *info)
{
    if (s->pixels) {
        *info = (image_info){.height = s->height,
                             .width = s->width,
                             .channels = s->channels,
                             .depth = 8,
                             .format = "raw",
                             .mode = s->channels == 1 ? "grey" : "RGB"};
        return FV_OK;
    }
    char name[NAME_BYTES];
    STATUS_TRY(read_encoded(s, record, space));
    s->file(s, record, name, sizeof name);
    return image_probe(space->file.data, space->file.size, name, info);
}

void source_free(source *s)
{
    free(s->labels);
    free(s->label_first);
    free(s->label_list);
    free(s->groups);
    names_release(&s->classes);
    free(s);
}
