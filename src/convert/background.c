/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/background.h"

#include <string.h>

#include "nn/network.h"

enum {
    WITH_BACKGROUND = 1001
};

int background_is_extra(const fv_model *m, int64_t classes)
{
    return fv_model_class_count(m) == WITH_BACKGROUND && classes == WITH_BACKGROUND - 1;
}

/* All rows of the head's tensors but the first. */
static fv_status copy_head(const fv_model *from, const fv_model *to)
{
    const layer_record *head = network_head(from);
    for (int32_t i = head->first_tensor; i < head->first_tensor + head->tensor_count; i++) {
        const network_tensor *source = &from->tensors[i];
        network_tensor *t = network_find_tensor(to, source->name);
        int64_t row = source->count / WITH_BACKGROUND;
        if (!t || t->count != row * (WITH_BACKGROUND - 1))
            return status_set(FV_ERROR_UNSUPPORTED,
                              "%s: the output for background cannot be left out; give names of 1001 classes",
                              fv_model_name(from));
        memcpy(t->data, source->data + row, (size_t)t->count * sizeof *t->data);
    }
    return FV_OK;
}

fv_status background_drop(fv_model **m)
{
    fv_model *other = fv_model_new_head(*m, WITH_BACKGROUND - 1, 0);
    if (!other)
        return status_last();
    fv_status status = copy_head(*m, other);
    if (status == FV_OK && (*m)->classes)
        status = fv_model_set_classes(other, (const char *const *)(*m)->classes + 1, WITH_BACKGROUND - 1);
    other->compile.loss = (*m)->compile.loss;
    if (status != FV_OK) {
        fv_model_destroy(other);
        return status;
    }
    network_changed(other);
    fv_model_destroy(*m);
    *m = other;
    return FV_OK;
}
