/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, each in the file of its name. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/cli.h"

extern const verb verb_train, verb_eval, verb_predict, verb_explain, verb_info, verb_models, verb_models_get,
    verb_doctor, verb_import, verb_export, verb_serve, verb_calibrate, verb_average, verb_runs, verb_cv,
    verb_tune, verb_data_augment, verb_data_check, verb_data_demo, verb_data_get, verb_data_info,
    verb_data_pack, verb_data_split;

#endif
