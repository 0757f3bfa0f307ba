/* SPDX-License-Identifier: Apache-2.0 */
/* Which window suits the pictures of more than 8 bits: microscopes with 12 bits in 16, heights and counts as floats. */
#include <string.h>

#include "data/store.h"

enum {
    WINDOW_SAMPLE = 64
};
static const double small_part = 1.0 / 8; /* of the type's range: pictures in less of it would look black */

/* What the sample has shown so far. */
typedef struct ranges {
    image_range all; /* the least low end and the greatest high one */
    bool one_type, some_wide, beyond;
    int64_t pictures;
} ranges;

static void add_range(ranges *t, const image_range *r)
{
    if (t->pictures++ == 0) {
        *t = (ranges){.all = *r, .one_type = true, .pictures = 1};
    } else {
        t->one_type = t->one_type && t->all.full_low == r->full_low && t->all.full_high == r->full_high &&
                      t->all.whole == r->whole;
        t->all.low = r->low < t->all.low ? r->low : t->all.low;
        t->all.high = r->high > t->all.high ? r->high : t->all.high;
    }
    t->some_wide = t->some_wide || r->high - r->low > small_part * (r->full_high - r->full_low);
    t->beyond = t->beyond || (!r->whole && (r->low < r->full_low || r->high > r->full_high));
}

static bool is_deep(const source *s, int64_t record, image_space *space)
{
    image_info info;
    return !s->pixels && source_probe(s, record, space, &info) == FV_OK && info.depth > 8;
}

static void measure(const fv_dataset *d, ranges *t)
{
    int64_t n = d->count < WINDOW_SAMPLE ? d->count : WINDOW_SAMPLE;
    image_space space = {0};
    image picture = {0};
    for (int64_t i = 0; i < n; i++) {
        int64_t record;
        const source *s = dataset_locate(d, dataset_spread(d, i, n), &record);
        image_range r = {0};
        image_decode_options o = {.window = FV_WINDOW_AUTO, .range = &r};
        if (is_deep(s, record, &space) && source_decode(s, record, &o, &space, &picture) == FV_OK &&
            r.full_high > r.full_low)
            add_range(t, &r);
    }
    image_release(&picture);
    image_space_release(&space);
}

fv_status fv_dataset_window(const fv_dataset *d, fv_window_choice *choice)
{
    if (!d || !choice || d->count == 0)
        return status_set(FV_ERROR_INVALID, "dataset: there are no pictures to choose a window for");
    ranges t = {0};
    measure(d, &t);
    *choice = (fv_window_choice){.low = (float)t.all.low,
                                 .high = (float)t.all.high,
                                 .full_low = (float)t.all.full_low,
                                 .full_high = (float)t.all.full_high,
                                 .pictures = t.pictures};
    if (t.pictures > 0 && t.one_type && (!t.some_wide || t.beyond) && t.all.high > t.all.low)
        choice->window = FV_WINDOW_RANGE;
    return FV_OK;
}
