/* SPDX-License-Identifier: Apache-2.0 */
/* What fv_events_init does, with the clock given: for tests. And the sheet of a batch. */
#ifndef REPORT_EVENTS_H
#define REPORT_EVENTS_H

#include "report/event_file.h"

fv_status events_init(fv_watcher *w, const char *run, event_clock clock);

/* Pictures of a batch, side by side; small ones are enlarged. At most 64 pictures, of large ones fewer. */
fv_status batch_sheet_draw(const fv_run_view *view, image *out);

#endif
