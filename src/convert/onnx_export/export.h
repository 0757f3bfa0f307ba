/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_ONNX_EXPORT_EXPORT_H
#define CONVERT_ONNX_EXPORT_EXPORT_H

#include "convert/export.h"

extern const export_format onnx_export_format;

#endif
