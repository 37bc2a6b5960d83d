/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the page of a coupling study share. */
#ifndef ERG_REPORT_PAGE_COUPLE_H
#define ERG_REPORT_PAGE_COUPLE_H

#include "report/page.h"
#include "report/page_chart.h"

typedef struct erg_couple_page {
    const erg_result *result;
    const erg_table *verdict, *sheet;   /* NULL: none */
    FILE *out;
    erg_error *err;
} erg_couple_page;

bool erg_couple_timeline(const erg_couple_page *page);
bool erg_couple_pictures(const erg_couple_page *page);
void erg_couple_sessions(const erg_couple_page *page);

#endif
