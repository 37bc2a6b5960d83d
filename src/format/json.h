/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as erg reads and writes it, over Jansson: one sentence for what is no JSON, NAN for
 * what is no number, null for NAN.
 */
#ifndef ERG_FORMAT_JSON_H
#define ERG_FORMAT_JSON_H

#include <jansson.h>
#include "base/base.h"

/* json_decref() what comes; NULL: "name:line: what is wrong". A key given twice is
 * wrong. */
json_t *erg_json_parse(const char *name, const char *bytes, size_t count, erg_error *err);
/* A file of at most `most` bytes. */
json_t *erg_json_load(const char *path, size_t most, erg_error *err);

/* Is the first byte that is no blank this one? */
bool erg_json_begins(const char *head, size_t count, char with);

/* NAN where the key is missing or holds no number. */
double erg_json_number_of(const json_t *object, const char *key);
/* A new real; null where it is not finite. */
json_t *erg_json_real(double value);

#endif
