/* SPDX-License-Identifier: Apache-2.0 */
/* Every augmentation there is. A new one: its file beside this one, its declaration in augment.h, its row here. */
#include "image/augment.h"

#include <string.h>

#include "core/text.h"

const augmentation *const augmentation_table[] = {
    &augment_random_horizontal_flip,
    &augment_random_shift,
    &augment_random_crop,
    &augment_random_resized_crop,
    NULL,
};

fv_status augmentation_find(const char *name, const augmentation **out)
{
    const char *names[2 * sizeof augmentation_table / sizeof *augmentation_table];
    size_t count = 0;
    for (const augmentation *const *a = augmentation_table; *a; a++) {
        if (strcmp((*a)->name, name) == 0 || ((*a)->keras && strcmp((*a)->keras, name) == 0))
            return *out = *a, FV_OK;
        names[count++] = (*a)->name;
        if ((*a)->keras)
            names[count++] = (*a)->keras;
    }
    const char *near = strlen(name) < 64 ? text_nearest(name, names, count) : NULL;
    return status_set(FV_ERROR_INVALID, "augment: there is no augmentation '%.100s'%s%s%s", name,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
