/* SPDX-License-Identifier: Apache-2.0 */
/* Sliding windows: what convolution and pooling have in common. */
#include <inttypes.h>

#include "graph/ops/ops_internal.h"

fv_status window_output(const window *w, const shape *x, int64_t out[2])
{
    static const char *const side[] = {"height", "width"};
    for (int i = 0; i < 2; i++) {
        int64_t before = w->pad[2 * i], after = w->pad[2 * i + 1];
        if (w->kernel[i] < 1 || w->stride[i] < 1 || w->dilation[i] < 1 || before < 0 || after < 0 ||
            w->kernel[i] > 65536 || w->stride[i] > 65536 || w->dilation[i] > 65536 || before > 65536 ||
            after > 65536)
            return status_set(
                FV_ERROR_INVALID,
                "kernel, stride and dilation must be 1..65536 and padding 0..65536, not %" PRId64 ", %" PRId64
                ", %" PRId64 " and %" PRId64 "+%" PRId64,
                w->kernel[i], w->stride[i], w->dilation[i], before, after);
        int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1;
        int64_t padded = x->d[1 + i] + before + after;
        if (padded < reach)
            return status_set(FV_ERROR_INVALID,
                              "a kernel reaching over %" PRId64 " pixels does not fit into a %s of %" PRId64
                              "; use padding same, a smaller kernel or a larger input",
                              reach, side[i], padded);
        out[i] = (padded - reach) / w->stride[i] + 1;
    }
    return FV_OK;
}
