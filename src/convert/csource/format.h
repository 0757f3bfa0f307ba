/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERT_CSOURCE_FORMAT_H
#define CONVERT_CSOURCE_FORMAT_H

#include "convert/export.h"

extern const export_format csource_export_format;

#endif
