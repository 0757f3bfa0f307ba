/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_ONNX_IMPORT_H
#define CONVERT_ONNX_IMPORT_H

#include "convert/graph_file.h"

extern const graph_format onnx_format;

#endif
