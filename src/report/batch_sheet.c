/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "report/events.h"

enum {
    MOST = 64,             /* pictures */
    MOST_PIXELS = 1 << 20, /* of all of them; one is shown in any case */
    SHOWN_SIDE = 64,       /* smaller ones are enlarged by a whole number up to about this */
    GAP = 2,
    GAP_GREY = 128
};

/* A pixel of the picture becomes a square. */
static void put_picture(const fv_run_view *v, int64_t index, int64_t zoom, image *out, int64_t top,
                        int64_t left)
{
    int64_t c = v->channels;
    const uint8_t *from = v->pixels + index * v->height * v->width * c;
    for (int64_t h = 0; h < v->height * zoom; h++)
        for (int64_t w = 0; w < v->width * zoom; w++)
            memcpy(out->data + ((top + h) * out->width + left + w) * c,
                   from + (h / zoom * v->width + w / zoom) * c, (size_t)c);
}

fv_status batch_sheet_draw(const fv_run_view *v, image *out)
{
    int64_t side = v->height > v->width ? v->height : v->width,
            zoom = side < SHOWN_SIDE ? SHOWN_SIDE / side : 1;
    int64_t count = MOST_PIXELS / (v->height * v->width);
    count = count < 1 ? 1 : count > MOST ? MOST : count;
    count = count > v->count ? v->count : count;
    int64_t columns = (int64_t)ceil(sqrt((double)count)), rows = (count + columns - 1) / columns;
    int64_t height = v->height * zoom, width = v->width * zoom;
    STATUS_TRY(image_reshape(out, rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, v->channels));
    memset(out->data, GAP_GREY, (size_t)(out->height * out->width * out->channels));
    for (int64_t i = 0; i < count; i++)
        put_picture(v, i, zoom, out, GAP + i / columns * (height + GAP), GAP + i % columns * (width + GAP));
    return FV_OK;
}
