/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_losses.py, which describes them. */
#ifndef GOLDEN_LOSSES_H
#define GOLDEN_LOSSES_H

#include <stdint.h>

/* The first pictures of the order, to check the shuffle. */
static const int64_t golden_order[] = {5024, 19068, 25575, 6629, 49486, 12366, 13308, 48631};

static const double golden_losses[] = {
    3.195005661, 2.576427319, 2.972877846, 3.204881869, 2.508234862,
    2.609767911, 2.387524045, 2.346848421, 2.480084943, 2.373671558,
    2.395895779, 2.239462000, 2.463017874, 2.110752229, 2.217118946,
    1.958810152, 2.308653343, 1.996450426, 2.007167426, 2.099018099,
};

#endif
