/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of devices and channels by name, for formats that write them as text. */
#ifndef ERG_TRACE_FACTS_H
#define ERG_TRACE_FACTS_H

#include "base/base.h"
#include "erg/trace.h"

typedef enum erg_fact_type {
    ERG_FACT_TEXT, ERG_FACT_REAL, ERG_FACT_WORD, ERG_FACT_TRUTH
} erg_fact_type;

typedef struct erg_fact {
    const char *name;
    erg_fact_type type;
    size_t offset, size;            /* in its info; size of a text */
    const char *(*word)(int index); /* ERG_FACT_WORD: names of an enum */
    int words;                      /* how many */
} erg_fact;

/* Of erg_device_info and erg_channel_info; end with a NULL name. */
extern const erg_fact erg_device_facts[], erg_channel_facts[];

/* "" for an unknown number. Numbers keep all their digits. */
void erg_fact_text(const erg_fact *fact, const void *info, char *to, size_t size);
bool erg_fact_parse(const erg_fact *fact, void *info, const char *text);
const erg_fact *erg_fact_find(const erg_fact *facts, const char *name);

#endif
