/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolved options of training, kept in m->compile.
 *
 *     STATUS_TRY(compile_ensure(m));   // fv_fit on a model that was not compiled
 */
#ifndef TRAIN_COMPILE_H
#define TRAIN_COMPILE_H

#include "nn/network.h"

/* Compiles with defaults unless the model is compiled; checks the network in either case. */
fv_status compile_ensure(fv_model *m);

/* Cores that this process may use. */
int compile_cores(void);

#endif
