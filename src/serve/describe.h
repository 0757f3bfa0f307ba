/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls that ask about models answer, in the words of TensorFlow Serving and of KServe. */
#ifndef SERVE_DESCRIBE_H
#define SERVE_DESCRIBE_H

#include "serve/models.h"
#include "serve/route.h"

/* NULL: there is no such model or version. The caller takes the reference. */
json_t *describe_route(models *m, const route *r);

#endif
