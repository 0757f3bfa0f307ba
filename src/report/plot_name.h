/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names within plots, which may be longer than their place.
 *
 *     text name = {0};
 *     plot_fit_name(c, "Golden Retriever", 12, 60, &name); // "Golden R…"
 */
#ifndef REPORT_PLOT_NAME_H
#define REPORT_PLOT_NAME_H

#include "core/text.h"
#include "image/draw.h"

/* The name, cut between characters where it is wider than `width`. */
void plot_fit_name(canvas *c, const char *name, double size, double width, text *out);

#endif
