/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of data and model are brought together by name, never by position. */
#include "data/store.h"

int64_t dataset_match_classes(const fv_dataset *d, const char *const *names, int64_t count, int32_t *map)
{
    const store *s = d->store;
    names_match((const char *const *)s->classes.items, d->class_count, names, count, map);
    int64_t unknown = 0;
    for (int64_t i = 0; i < d->count; i++) {
        const int32_t *labels;
        bool known = true;
        for (int64_t k = dataset_labels(d, i, &labels); k-- > 0;)
            known = known && map[labels[k]] >= 0;
        unknown += !known;
    }
    return unknown;
}
