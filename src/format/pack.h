/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as a text that fits into JSON: zstd, then base64 (RFC 4648). */
#ifndef ERG_FORMAT_PACK_H
#define ERG_FORMAT_PACK_H

#include "base/base.h"

/* free() it. The same bytes give the same text. */
char *erg_pack(const void *bytes, size_t count, erg_error *err);
/* Exactly count bytes into *to; ERG_BAD_INPUT: it is no such text, or of another length. */
bool erg_unpack(const char *text, void *to, size_t count, erg_error *err);

#endif
