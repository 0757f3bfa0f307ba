/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/auto.h"

#include <math.h>

#include "image/adjust.h"

const auto_space auto_rand = {.shear = 0.3,
                              .translate = 150.0 / 331,
                              .translate_relative = true,
                              .degrees = 30,
                              .factor = 0.9,
                              .bits_first = 8,
                              .bits_lost = 4,
                              .has_identity = true};
const auto_space auto_trivial = {.shear = 0.99,
                                 .translate = 32,
                                 .degrees = 135,
                                 .factor = 0.99,
                                 .bits_first = 8,
                                 .bits_lost = 6,
                                 .has_identity = true};
const auto_space auto_augmix = {.shear = 0.3,
                                .translate = 1.0 / 3,
                                .translate_relative = true,
                                .degrees = 30,
                                .factor = 0.9,
                                .bits_first = 4,
                                .bits_lost = 4};

auto_operation auto_draw(const auto_space *s, rng *r)
{
    return (auto_operation)rng_below(r, s->has_identity ? AUTO_OPERATIONS : AUTO_IDENTITY);
}

bool auto_is_signed(auto_operation operation)
{
    return operation <= AUTO_SHARPNESS;
}

double auto_magnitude(const auto_space *s, auto_operation operation, int64_t bin, int64_t bins,
                      int64_t height, int64_t width)
{
    double part = (double)bin / (double)(bins - 1);
    switch (operation) {
    case AUTO_SHEAR_X:
    case AUTO_SHEAR_Y:
        return part * s->shear;
    case AUTO_TRANSLATE_X:
    case AUTO_TRANSLATE_Y:
        if (!s->translate_relative)
            return part * s->translate;
        return part * s->translate * (double)(operation == AUTO_TRANSLATE_X ? width : height);
    case AUTO_ROTATE:
        return part * s->degrees;
    case AUTO_BRIGHTNESS:
    case AUTO_COLOR:
    case AUTO_CONTRAST:
    case AUTO_SHARPNESS:
        return part * s->factor;
    case AUTO_POSTERIZE:
        return s->bits_first - rint(part * s->bits_lost);
    case AUTO_SOLARIZE:
        return 255 - part * 255;
    case AUTO_AUTOCONTRAST:
    case AUTO_EQUALIZE:
    case AUTO_IDENTITY:
    case AUTO_OPERATIONS:
        break;
    }
    return 0;
}

double auto_stronger(auto_operation operation, double magnitude, float strength)
{
    double s = (double)strength;
    if (operation == AUTO_POSTERIZE)
        return fmax(8 - s * (8 - magnitude), 0);
    if (operation == AUTO_SOLARIZE)
        return 256 - s * (256 - magnitude);
    return s * magnitude;
}

fv_status auto_apply(image *im, auto_operation operation, double magnitude, const warp_style *style,
                     image_space *space)
{
    float factor = fmaxf(1 + (float)magnitude, 0);
    switch (operation) {
    case AUTO_SHEAR_X:
        return warp_shear_x(im, magnitude, style, space);
    case AUTO_SHEAR_Y:
        return warp_shear_y(im, magnitude, style, space);
    case AUTO_TRANSLATE_X:
        return warp_translate_x(im, (int64_t)magnitude, style, space);
    case AUTO_TRANSLATE_Y:
        return warp_translate_y(im, (int64_t)magnitude, style, space);
    case AUTO_ROTATE:
        return warp_rotate(im, magnitude, style, space);
    case AUTO_BRIGHTNESS:
        return adjust_brightness(im, factor), FV_OK;
    case AUTO_COLOR:
        return adjust_saturation(im, factor), FV_OK;
    case AUTO_CONTRAST:
        return adjust_contrast(im, factor), FV_OK;
    case AUTO_SHARPNESS:
        return adjust_sharpness(im, factor, &space->spare[0]);
    case AUTO_POSTERIZE:
        return adjust_posterize(im, (int)rint(magnitude)), FV_OK;
    case AUTO_SOLARIZE:
        return adjust_solarize(im, (float)magnitude), FV_OK;
    case AUTO_AUTOCONTRAST:
        return adjust_autocontrast(im, 1), FV_OK;
    case AUTO_EQUALIZE:
        return adjust_equalize(im, 1), FV_OK;
    case AUTO_IDENTITY:
    case AUTO_OPERATIONS:
        break;
    }
    return FV_OK;
}

fv_status auto_apply_bin(image *im, const auto_space *s, auto_operation operation, int64_t bin, int64_t bins,
                         float strength, const warp_style *style, rng *r, image_space *space)
{
    double magnitude = auto_magnitude(s, operation, bin, bins, im->height, im->width);
    magnitude = auto_stronger(operation, magnitude, strength);
    if (auto_is_signed(operation) && rng_below(r, 2))
        magnitude = -magnitude;
    return auto_apply(im, operation, magnitude, style, space);
}
