/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/parts.h"

const char *const part_choices[] = {"auto", "train", "val", "test", "all", NULL};

const fv_dataset *part_choose(const fv_dataset *d, const char *path, int choice, fv_part usual)
{
    const fv_part parts[] = {usual, FV_TRAIN, FV_VALIDATION, FV_TEST, FV_ALL};
    const fv_dataset *part = fv_dataset_part(d, parts[choice]);
    if (!part && choice == 0)
        part = fv_dataset_part(d, FV_ALL);
    if (!part)
        status_set(FV_ERROR_INVALID, "%s: has no part '%s'; --split all takes everything", path,
                   part_choices[choice]);
    return part;
}
