/* SPDX-License-Identifier: Apache-2.0 */
/* The names a profile's file uses, shared by reading and writing. */
#ifndef ERG_ESTIMATE_PROFILE_JSON_H
#define ERG_ESTIMATE_PROFILE_JSON_H

#include <stddef.h>
#include "erg/estimate.h"

enum { ERG_PROFILE_FORMAT = 1, ERG_TERM_KEY = 24 };
#define ERG_BYTE_RULE "unfused"             /* one coefficient for all bytes */
#define ERG_BYTE_RULE_FAR "unfused+far"     /* and one more beyond the last cache */

typedef struct erg_profile_key { const char *name; size_t offset; } erg_profile_key;

extern const erg_profile_key erg_time_keys[];       /* doubles of erg_time_terms */
extern const size_t erg_time_key_count;
extern const char *const erg_byte_class_names[ERG_BYTE_CLASSES];
extern const char *const erg_runtime_names[ERG_GRAPH + 1];

/* "tensor_bf16" into key. */
void erg_term_key(erg_unit_class class, erg_precision precision, char key[ERG_TERM_KEY]);

#endif
