/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pictures of a survey are like, all together.
 *
 *     picture_summary s;
 *     if (summary_make(&s, survey) == FV_OK)
 *         summary_print(&s);
 */
#ifndef CLI_PICTURE_SUMMARY_H
#define CLI_PICTURE_SUMMARY_H

#include "cli/cli.h"

enum {
    SUMMARY_KINDS = 32, /* formats or colours that are told apart */
    SUMMARY_BINS = 32
};

typedef struct kind_count {
    char name[40];
    int64_t pictures;
} kind_count;

typedef struct spread {
    double least, median, most;
} spread;

typedef struct picture_summary {
    int64_t looked_at, readable;
    spread height, width, shorter, aspect, bytes;              /* aspect: width / height */
    double total_bytes;                                        /* of those looked at */
    kind_count formats[SUMMARY_KINDS], colours[SUMMARY_KINDS]; /* the most frequent first; ends with none */
    int64_t bins[SUMMARY_BINS]; /* by the shorter side: bin k holds 2^k to 2^(k + 1) - 1 */
} picture_summary;

fv_status summary_make(picture_summary *s, const fv_survey *survey);
/* `pictures` of the whole data set, from which the size of all is estimated. */
void summary_print(const picture_summary *s, int64_t pictures);
json_t *summary_json(const picture_summary *s);

#endif
