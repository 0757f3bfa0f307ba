/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the same tensors elsewhere, a row for the beginning of a name. '#' stands for a number; in the new name '#' is the next of
 * them and '$1' the first, and '*N' and '+N' behind it change it ('+-1': one less). Rows hold for all networks whose names begin with `family`; the first that fits is
 * taken, and the result looked at again.
 */
#ifndef CONVERT_REWRITES_H
#define CONVERT_REWRITES_H

typedef struct rewrite {
    const char *family, *from, *to;
} rewrite;

extern const rewrite rewrites[]; /* ends with a row without a family */

/* The epsilon of batch norm that the weights of a family were trained with, where the file has a tensor whose name ends in `name`; of networks
 * that pad as TensorFlow does, the last. */
typedef struct epsilon_rule {
    const char *family, *name;
    float epsilon, tensorflow;
} epsilon_rule;

extern const epsilon_rule epsilon_rules[]; /* ends with a row without a family */

#endif
