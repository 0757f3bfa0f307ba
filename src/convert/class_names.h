/* SPDX-License-Identifier: Apache-2.0 */
/* The class names of data that published weights were trained on. */
#ifndef CONVERT_CLASS_NAMES_H
#define CONVERT_CLASS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* Of "imagenet1k" or "cifar10", in the order of the networks' outputs; NULL: unknown. */
const char *const *class_names_of(const char *data, int64_t *count);

#endif
