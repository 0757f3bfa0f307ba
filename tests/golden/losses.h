/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_losses.py, which describes them. */
#ifndef GOLDEN_LOSSES_H
#define GOLDEN_LOSSES_H

#include <stdint.h>

/* The first pictures of the order, to check the shuffle. */
static const int64_t golden_order[] = {5024, 19068, 25575, 6629, 49486, 12366, 13308, 48631};

static const double golden_losses[] = {
    3.195005661, 3.687573438, 3.303087315, 3.107837400, 3.334862805, 3.238624693, 3.123405414,
    3.194118332, 2.953495023, 2.788565963, 2.772486987, 2.635676282, 2.657278095, 2.532097970,
    2.478463563, 2.381886528, 2.236869971, 2.376414218, 2.329076379, 2.447707255,
};
static const double golden_mixed_losses[] = {
    3.138322461, 3.741424281, 3.247602553,
};
static const double golden_small_losses[] = {
    2.875162997, 2.989148219, 3.333099674,
};

#endif
