/* SPDX-License-Identifier: Apache-2.0 */
/* Where published weights lie, by network; the first of a network is its default. */
#ifndef CONVERT_PRETRAINED_TABLE_H
#define CONVERT_PRETRAINED_TABLE_H

#include "fovea.h"

extern const fv_pretrained pretrained_table[]; /* ends with a NULL name */

#endif
