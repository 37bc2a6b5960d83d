/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples as bytes, about two a sample. Values come back bit for bit. Stamps do
 * too where the reads took no time (imports, simulations); else they are kept to
 * a step of 1 to 100 us, and the half-width grows to cover it:
 * the interval that comes back always contains the one that went in.
 * The layout is in docs/formats.md.
 */
#ifndef ERG_TRACE_BLOCK_H
#define ERG_TRACE_BLOCK_H

#include "base/base.h"
#include "erg/trace.h"

enum { ERG_BLOCK_MOST = 2048 };     /* samples in one block */

/* Scratch for coding and decoding, made once: neither allocates afterwards. */
typedef struct erg_block erg_block;

erg_block *erg_block_new(erg_error *err);
void erg_block_free(erg_block *block);

/* 1 to ERG_BLOCK_MOST samples in time order. The bytes are good until the next call. */
bool erg_block_encode(erg_block *block, const erg_sample samples[], size_t count,
                      const unsigned char **bytes, size_t *size);
/* The same in a fraction of the time and in about twice the bytes, for what is soon
 * written again: it is read like any other. */
bool erg_block_encode_briefly(erg_block *block, const erg_sample samples[], size_t count,
                              const unsigned char **bytes, size_t *size);
/* Into samples[ERG_BLOCK_MOST]; returns how many, 0 if the bytes are damaged. */
size_t erg_block_decode(erg_block *block, const unsigned char bytes[], size_t size,
                        erg_sample samples[]);

/* The same for events, in the order of a trace: all comes back bit for bit. */
bool erg_block_encode_events(erg_block *block, const erg_trace_event events[], size_t count,
                             const unsigned char **bytes, size_t *size);
/* Into events[ERG_BLOCK_MOST]; first_ns is not in the bytes. 0: they are damaged. */
size_t erg_block_decode_events(erg_block *block, const unsigned char bytes[], size_t size,
                               int64_t first_ns, erg_trace_event events[]);

#endif
