/* SPDX-License-Identifier: Apache-2.0 */
#include "image/fit.h"

#include <math.h>
#include <string.h>

#include "image/resize.h"

enum {
    MAX_INPUT_SIDE = 16384
};

/* A side of the frame of which the network's input is `fraction`. */
static int64_t frame_side(int64_t side, double fraction)
{
    return (int64_t)lround((double)side / fraction);
}

static double crop_fraction(const fv_preprocess *p)
{
    return p->crop_fraction != 0 ? (double)p->crop_fraction : 1;
}

static fv_status check(const fv_preprocess *p)
{
    if (p->height < 1 || p->width < 1 || p->height > MAX_INPUT_SIDE || p->width > MAX_INPUT_SIDE)
        return status_set(FV_ERROR_INVALID, "preprocessing: the size %lld x %lld is not within 1 and %d",
                          (long long)p->width, (long long)p->height, MAX_INPUT_SIDE);
    if (p->resize_mode == FV_RESIZE_CROP && p->crop_fraction != 0 &&
        !(p->crop_fraction >= 0.01f && p->crop_fraction <= 1))
        return status_set(FV_ERROR_INVALID, "preprocessing: crop_fraction %g is not within 0.01 and 1",
                          (double)p->crop_fraction);
    return FV_OK;
}

/* torchvision's Resize: one side is that of the frame, the other is rounded down and not less than the frame's. */
static void cover(int64_t frame_h, int64_t frame_w, int64_t height, int64_t width, fit_window *w)
{
    bool by_width = frame_w * height >= frame_h * width;
    w->height = by_width ? frame_w * height / width : frame_h;
    w->width = by_width ? frame_w : frame_h * width / height;
}

void fit_frame(const fv_preprocess *p, int64_t height, int64_t width, double fraction, fit_window *w)
{
    *w = (fit_window){.height = frame_side(p->height, fraction), .width = frame_side(p->width, fraction)};
    if (p->resize_mode == FV_RESIZE_CROP)
        cover(w->height, w->width, height, width, w);
}

/* nearbyint: half to even, as in torchvision's CenterCrop. */
void fit_place(const fv_preprocess *p, double at_y, double at_x, fit_window *w)
{
    w->top = (int64_t)nearbyint(at_y * (double)(w->height - p->height));
    w->left = (int64_t)nearbyint(at_x * (double)(w->width - p->width));
}

/* The part of the source (height, width) that the window shows, when the picture fills its frame. */
static void window_box(const fv_preprocess *p, const fit_window *w, int64_t height, int64_t width,
                       image_box *box)
{
    double step_y = (double)height / (double)w->height, step_x = (double)width / (double)w->width;
    *box = (image_box){.left = (double)w->left * step_x,
                       .top = (double)w->top * step_y,
                       .right = fmin((double)(w->left + p->width) * step_x, (double)width),
                       .bottom = fmin((double)(w->top + p->height) * step_y, (double)height)};
}

static void middle(const fv_preprocess *p, int64_t height, int64_t width, fit_window *w)
{
    fit_frame(p, height, width, crop_fraction(p), w);
    fit_place(p, 0.5, 0.5, w);
}

/* Both steps are one resize of the part of the source that remains. */
static fv_status fit_part(const image *in, const fv_preprocess *p, const fit_window *w, image_space *space,
                          image *out)
{
    image_box box;
    window_box(p, w, in->height, in->width, &box);
    return resize_part(in, &box, p->height, p->width, w->height, w->width, p->interpolation, space, out);
}

/* The size of the picture within the letterbox, and its place. */
static void letterbox_geometry(const fv_preprocess *p, int64_t height, int64_t width, int64_t *h, int64_t *w,
                               int64_t *top, int64_t *left)
{
    double scale = fmin((double)p->height / (double)height, (double)p->width / (double)width);
    *h = (int64_t)fmax(1, round((double)height * scale));
    *w = (int64_t)fmax(1, round((double)width * scale));
    *top = (p->height - *h) / 2;
    *left = (p->width - *w) / 2;
}

static fv_status fit_letterbox(const image *in, const fv_preprocess *p, const uint8_t fill[3],
                               image_space *space, image *out)
{
    int64_t h, w, top, left, c = in->channels;
    letterbox_geometry(p, in->height, in->width, &h, &w, &top, &left);
    image *small = &space->letterboxed;
    STATUS_TRY(image_resize(in, NULL, h, w, p->interpolation, space, small));
    STATUS_TRY(image_reshape(out, p->height, p->width, c));
    for (int64_t i = 0; i < p->height * p->width; i++)
        for (int64_t k = 0; k < c; k++)
            out->data[i * c + k] = fill[k < 3 ? k : 2];
    for (int64_t y = 0; y < h; y++)
        memcpy(out->data + ((top + y) * p->width + left) * c, small->data + y * w * c, (size_t)(w * c));
    return FV_OK;
}

static fv_status fit(const image *in, const fv_preprocess *p, const uint8_t fill[3], image_space *space,
                     image *out)
{
    switch (p->resize_mode) {
    case FV_RESIZE_CROP: {
        fit_window w;
        middle(p, in->height, in->width, &w);
        return fit_part(in, p, &w, space, out);
    }
    case FV_RESIZE_SQUASH:
        return image_resize(in, NULL, p->height, p->width, p->interpolation, space, out);
    case FV_RESIZE_LETTERBOX:
        return fit_letterbox(in, p, fill, space, out);
    }
    return status_set(FV_ERROR_INVALID, "resize mode %d is none of crop, squash and letterbox",
                      (int)p->resize_mode);
}

fv_status image_fit(const image *in, const fv_preprocess *p, const uint8_t fill[3], image_space *space,
                    image *out)
{
    image_space own = {0};
    STATUS_TRY(check(p));
    fv_status status = fit(in, p, fill, space ? space : &own, out);
    image_space_release(&own);
    return status;
}

fv_status fit_make_window(const image *in, const fv_preprocess *p, const fit_window *w, const uint8_t fill[3],
                          image_space *space, image *out)
{
    STATUS_TRY(check(p));
    if (p->resize_mode != FV_RESIZE_LETTERBOX)
        return fit_part(in, p, w, space, out);
    fv_preprocess frame = *p;
    frame.height = w->height;
    frame.width = w->width;
    image *whole = &space->spare[0];
    STATUS_TRY(fit_letterbox(in, &frame, fill, space, whole));
    STATUS_TRY(image_reshape(out, p->height, p->width, in->channels));
    size_t row = (size_t)(p->width * in->channels);
    for (int64_t y = 0; y < p->height; y++)
        memcpy(out->data + (size_t)y * row, whole->data + ((w->top + y) * w->width + w->left) * in->channels,
               row);
    return FV_OK;
}

void image_fit_fill(const fv_preprocess *p, uint8_t fill[3])
{
    for (int c = 0; c < 3; c++) {
        int64_t from = p->channels == 1 ? 0 : p->reverse_channels ? 2 - c : c;
        fill[c] = (uint8_t)lroundf(fminf(fmaxf(p->mean[from], 0), 255));
    }
}

image_decode_options image_fit_options(const fv_preprocess *p)
{
    return (image_decode_options){.channels = p->channels,
                                  .ignore_profile = p->ignore_profile,
                                  .window = p->window,
                                  .window_low = p->window_low,
                                  .window_high = p->window_high};
}

void image_fit_minimum(const fv_preprocess *p, int64_t *height, int64_t *width)
{
    *height = p->height;
    *width = p->width;
    if (p->resize_mode == FV_RESIZE_CROP) {
        *height = frame_side(p->height, crop_fraction(p));
        *width = frame_side(p->width, crop_fraction(p));
    }
}

void image_fit_box(const fv_preprocess *p, int64_t height, int64_t width, image_box *box)
{
    int64_t h, w, top, left;
    fit_window shown;
    *box = (image_box){.right = (double)width, .bottom = (double)height};
    if (p->resize_mode == FV_RESIZE_CROP) {
        middle(p, height, width, &shown);
        window_box(p, &shown, height, width, box);
    } else if (p->resize_mode == FV_RESIZE_LETTERBOX) {
        letterbox_geometry(p, height, width, &h, &w, &top, &left);
        double step_y = (double)height / (double)h, step_x = (double)width / (double)w;
        box->left = -(double)left * step_x;
        box->top = -(double)top * step_y;
        box->right = box->left + (double)p->width * step_x;
        box->bottom = box->top + (double)p->height * step_y;
    }
}
