/* SPDX-License-Identifier: Apache-2.0 */
#include "image/views.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/augment.h"
#include "image/fit.h"

fv_status image_views_parse(const char *words, image_views *out)
{
    static const struct {
        const char *name;
        image_views views;
    } named[] = {{"none", {false, false, 1}},
                 {"flip", {false, true, 2}},
                 {"five-crop", {true, false, 5}},
                 {"ten-crop", {true, true, 10}}};
    *out = named[0].views;
    if (!words)
        return FV_OK;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(words, named[i].name) == 0)
            return *out = named[i].views, FV_OK;
    size_t digits = strspn(words, "0123456789");
    long count = digits > 0 && digits < 9 && !words[digits] ? atol(words) : 0;
    if (count < 1 || count > VIEWS_MOST)
        return status_set(FV_ERROR_INVALID,
                          "tta: must be none, flip, five-crop, ten-crop or a number of views, 1..%d, not "
                          "'%.100s'",
                          VIEWS_MOST, words);
    *out = (image_views){.mirrored = count > 1, .count = count};
    return FV_OK;
}

/* Top left, top right, bottom left, bottom right, middle: torchvision's FiveCrop after a Resize to size / crop_fraction. Where
 * nothing is cut off the middle, the usual 0.875. */
static fv_status make_corner(const image *in, const fv_preprocess *p, int64_t number, const uint8_t fill[3],
                             image_space *space, image *out)
{
    double fraction = p->resize_mode == FV_RESIZE_CROP ? (double)p->crop_fraction : 1;
    fit_window w;
    fit_frame(p, in->height, in->width, fraction > 0 && fraction < 1 ? fraction : 0.875, &w);
    double at_y = number == 4 ? 0.5 : number / 2, at_x = number == 4 ? 0.5 : number % 2;
    fit_place(p, at_y, at_x, &w);
    return fit_make_window(in, p, &w, fill, space, out);
}

/* Number 0 is the whole picture; the others are parts of 1/2 to 9/10 of its area, evenly spread over sizes and places by Roberts'
 * quasirandom sequence of three dimensions: powers of the root of x^4 = x + 1. */
static fv_status make_part(const image *in, const fv_preprocess *p, int64_t number, const uint8_t fill[3],
                           image_space *space, image *out)
{
    static const double step[3] = {0.8191725133961645, 0.6710436067037893, 0.5497004779019703};
    if (number == 0)
        return image_fit(in, p, fill, space, out);
    double u[3];
    for (int k = 0; k < 3; k++)
        u[k] = fmod(0.5 + (double)number * step[k], 1);
    fit_window w;
    fit_frame(p, in->height, in->width, sqrt(0.5 + 0.4 * u[0]), &w);
    fit_place(p, u[1], u[2], &w);
    return fit_make_window(in, p, &w, fill, space, out);
}

static fv_status make_views(const image_views *v, const image *in, const fv_preprocess *p,
                            const uint8_t fill[3], image_space *space, image *view, uint8_t *out)
{
    size_t bytes = (size_t)(p->height * p->width * in->channels);
    rng unused = {0};
    for (int64_t i = 0; i < v->count; i++, out += bytes) {
        int64_t number = v->mirrored ? i / 2 : i;
        if (v->mirrored && i % 2)
            STATUS_TRY(augment_random_horizontal_flip.apply(NULL, 1, view, &unused, space));
        else if (v->corners)
            STATUS_TRY(make_corner(in, p, number, fill, space, view));
        else
            STATUS_TRY(make_part(in, p, number, fill, space, view));
        memcpy(out, view->data, bytes);
    }
    return FV_OK;
}

fv_status image_views_make(const image_views *v, const image *in, const fv_preprocess *p,
                           const uint8_t fill[3], image_space *space, uint8_t *out)
{
    image_space own = {0};
    image view = {0};
    fv_status status = make_views(v, in, p, fill, space ? space : &own, &view, out);
    image_release(&view);
    image_space_release(&own);
    return status;
}
