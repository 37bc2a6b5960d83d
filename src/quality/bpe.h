/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLIP's tokenizer: byte-level byte pair encoding (Sennrich et al. 2016; Radford et al.
 * 2021) from Hugging Face's tokenizer.json. Text is composed (NFC), brought to lower case,
 * cut into runs of letters, single digits, runs of others and English contractions; then
 * the pair that was learned first is joined until none is left.
 */
#ifndef ERG_QUALITY_BPE_H
#define ERG_QUALITY_BPE_H

#include "base/base.h"

typedef struct erg_bpe erg_bpe;

/* ERG_BAD_INPUT names file and key. */
erg_bpe *erg_bpe_parse(const char *name, const char *bytes, size_t size, erg_error *err);
void erg_bpe_free(erg_bpe *bpe);
/* The start token, as many of the text as fit, the end token, then padding up to room,
 * which is at least 2. *used: without padding. what: whose text it is, for sentences. */
bool erg_bpe_encode(const erg_bpe *bpe, const char *what, const char *text, int64_t to[],
                    size_t room, size_t *used, erg_error *err);

#endif
