/* SPDX-License-Identifier: Apache-2.0 */
/* What every test program includes: cmocka with its needs, and where real data lies. */
#ifndef TESTING_H
#define TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fovea.h"

/* The path of real data under FOVEA_TEST_DATA, else ../shared/data beside the source tree. NULL, with the reason printed, when
 * it is missing: then call skip(). The string is static. */
static inline const char *test_data(const char *name)
{
    static char path[4096];
    const char *root = getenv("FOVEA_TEST_DATA");
    if (root)
        snprintf(path, sizeof path, "%s/%s", root, name);
    else
        snprintf(path, sizeof path, "%s/../shared/data/%s", FV_SOURCE_DIR, name);
    if (access(path, R_OK) == 0)
        return path;
    printf("[  REASON  ] %s is missing (FOVEA_TEST_DATA names the folder of real data)\n", path);
    return NULL;
}

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        fv_status status_ = (call);                                                                          \
        if (status_ != FV_OK)                                                                                \
            fail_msg("%s: %s", #call, fv_error_message());                                                   \
    } while (0)

#endif
