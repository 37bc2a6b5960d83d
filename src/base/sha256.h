/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: names bytes, so that equal ones are known again. */
#ifndef ERG_BASE_SHA256_H
#define ERG_BASE_SHA256_H

#include <stddef.h>

enum { ERG_SHA256_TEXT = 65 };

/* In lower-case hex, terminated. */
void erg_sha256(const void *bytes, size_t size, char hex[ERG_SHA256_TEXT]);

#endif
