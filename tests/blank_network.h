/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of the zoo without initial weights, which would take longest of all when a test fills them in or has no use for them. */
#ifndef BLANK_NETWORK_H
#define BLANK_NETWORK_H

#include "model/zoo.h"
#include "testing.h"

/* All weights are zero. The caller destroys it. */
static inline fv_model *blank_network(const char *name, int64_t height, int64_t width, int64_t channels,
                                      int64_t classes)
{
    const zoo_network *n = zoo_find(name);
    if (!n)
        fail_msg("the zoo has no %s", name);
    fv_network_options o = {
        .name = name, .classes = classes, .height = height, .width = width, .channels = channels};
    fv_model *m = fv_model_create(.height = height, .width = width, .channels = channels);
    assert_non_null(m);
    m->tensor_source = TENSORS_FILLED; /* which is what leaves them out */
    m->file_values = INT64_MAX;
    n->build(m, &o, n);
    if (network_check(m) != FV_OK)
        fail_msg("%s: %s", name, fv_error_message());
    return m;
}

#endif
