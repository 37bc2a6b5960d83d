/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the quotes and brackets of JSON are: 64 bytes at a time, so that what nobody asks
 * for is passed over without being parsed. Brackets and escaped quotes inside of strings
 * are not reported.
 */
#ifndef ERG_IMPORT_CHROME_SCAN_H
#define ERG_IMPORT_CHROME_SCAN_H

#include <stdint.h>
#include <stddef.h>

enum { ERG_SCAN_STEP = 64 };

/* Bit i is byte i of a step. */
typedef struct erg_scan_masks {
    uint64_t quotes, escapes, brackets;
} erg_scan_masks;

/* Between two steps; all zero at first. */
typedef struct erg_scan {
    uint64_t inside;
    uint64_t escaped;
} erg_scan;

erg_scan_masks erg_scan_look(const unsigned char bytes[ERG_SCAN_STEP]);
/* The same on any machine: what the fast way is tested against. */
erg_scan_masks erg_scan_look_plain(const unsigned char bytes[ERG_SCAN_STEP]);

/* bytes[from..to), to - from a multiple of ERG_SCAN_STEP: offsets of its quotes and
 * brackets go to tokens, which has room for to - from; returns how many. */
size_t erg_scan_tokens(erg_scan *scan, const unsigned char bytes[], size_t from, size_t to,
                       uint32_t tokens[]);

#endif
