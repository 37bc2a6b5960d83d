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

/* Cells of a table that may be NULL. */
size_t erg_page_rows(const erg_table *table);

/* Columns x and y of the rows whose texts are as wanted; free() x: y lies behind it. */
typedef struct erg_page_pick {
    const erg_table *table;
    const char *x, *y;
    struct { const char *column, *text; } where[3];     /* column NULL: ends */
} erg_page_pick;
bool erg_page_take(const erg_page_pick *pick, erg_chart_series *out, erg_error *err);

bool erg_couple_timeline(const erg_couple_page *page);
bool erg_couple_pictures(const erg_couple_page *page);
void erg_couple_sessions(const erg_couple_page *page);

#endif
