/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference engine: plain C loops over dense row-major buffers, slow and obvious. It is the oracle of the
 * other engines, and its double-precision twin the oracle of the gradients:
 *
 *     engine *e;
 *     STATUS_TRY(reference64_engine_api.create(1, &e));
 *     STATUS_TRY(plan_create(e, graph, &p));
 *     STATUS_TRY(plan_write(p, x, doubles));
 *
 * The twin is not in engine_table, because what plan_write and plan_read carry for its TYPE_F32 values is
 * doubles.
 */
#ifndef ENGINE_REFERENCE_REFERENCE_H
#define ENGINE_REFERENCE_REFERENCE_H

#include "engine/engine.h"

extern const engine_api reference64_engine_api;

#endif
