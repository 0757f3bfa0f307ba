/* SPDX-License-Identifier: Apache-2.0 */
/* What a run folder holds besides the files that users know: live/, for those who watch. */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H

#include "report/report.h"

/* live/lock is locked by the process that trains; live/state.json says what it does or how it ended. */
#define RUN_LOCK  "live/lock"
#define RUN_STATE "live/state.json"

enum {
    RUN_COMPARED = 50
};

#endif
