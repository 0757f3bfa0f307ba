/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_TFLITE_EXPORT_EXPORT_H
#define CONVERT_TFLITE_EXPORT_EXPORT_H

#include "convert/export.h"

extern const export_format tflite_export_format;

#endif
