/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment.h"
#include "image/mirror.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    if (strength > 0)
        PROCESSOR_SELECT(mirror_rows, processor_level())(im->data, im->height, im->width, im->channels);
    return FV_OK;
}

const augmentation augment_random_horizontal_flip = {
    .name = "random_horizontal_flip",
    .probability = 0.5f,
    .help = "mirror left and right; wrong where left and right differ in meaning, as in letters",
    .apply = apply,
};
