/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as lines and as records: items, or a sentence; what is read is scored. */
#include <stdlib.h>
#include "quality/metric.h"

static void score(const erg_items *items)
{
    erg_answers baseline = { .items = items };
    erg_quality_case with = { .mine = { .items = items }, .baseline = &baseline };

    for (size_t i = 0; i < erg_metric_count; i++) {
        erg_tally tally = { 0 };
        erg_error err = { 0 };
        if ((erg_metrics[i].needs & ~erg_needs_given(&with)) == 0
            && !erg_metrics[i].compute(&erg_metrics[i], &with, &tally, &err)
            && (err.code == ERG_OK || !err.text[0]))
            abort();
        erg_tally_free(&tally);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static erg_items *(*const parsers[])(const char *, const char *, size_t, erg_error *)
        = { erg_items_parse_text, erg_items_parse_records };

    if (size > 4096)    /* subsequences of long lines are right, and slow */
        return 0;
    for (size_t i = 0; i < ERG_COUNT(parsers); i++) {
        erg_error err = { 0 };
        erg_items *items = parsers[i]("fuzz", (const char *)bytes, size, &err);
        if (items)
            score(items);
        else if (err.code == ERG_OK || !err.text[0])
            abort();
        erg_items_free(items);
    }
    return 0;
}
