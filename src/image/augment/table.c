/* SPDX-License-Identifier: Apache-2.0 */
/* Every augmentation there is. A new one: its file beside this one, its declaration in image.h, its row here.
 */
#include <stddef.h>

#include "image/image.h"

const augmentation *const augmentation_table[] = {
    &augment_horizontal_flip,
    &augment_random_shift,
    &augment_random_crop,
    NULL,
};
