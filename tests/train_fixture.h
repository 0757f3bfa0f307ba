/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture of tests that train on test_train.h's pictures, out of a folder of IDX files of their own. */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include "test_train.h"

typedef struct fixture {
    char *folder;
    fv_dataset *data;
    const fv_dataset *train, *validation;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->folder = make_folder();
    write_idx(f->folder);
    f->data = fv_dataset_open(f->folder, .seed = 1);
    if (!f->data)
        fail_msg("%s", fv_error_message());
    f->train = fv_dataset_part(f->data, FV_TRAIN);
    f->validation = fv_dataset_part(f->data, FV_VALIDATION);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    fv_dataset_destroy(f->data);
    remove_folder(f->folder);
    free(f);
    return 0;
}

#endif
