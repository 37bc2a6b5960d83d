/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the page of erg shape share. */
#ifndef ERG_REPORT_PAGE_SHAPE_H
#define ERG_REPORT_PAGE_SHAPE_H

#include "report/page.h"
#include "report/page_chart.h"

typedef struct erg_shape_page {
    const erg_result *result;
    const erg_table *policies, *explain, *wave, *spectrum; /* all but policies may be
                                                            * NULL */
    double until_s;         /* the waves are shown so far: a few periods of the base */
    double top_w;           /* one scale for all waves */
    double line_w;          /* one scale for all spectra */
    FILE *out;
    erg_error *err;
} erg_shape_page;

/* Fills until_s, top_w, line_w from the tables. */
void erg_shape_scales(erg_shape_page *page);
/* The wave and the spectrum of a row of policies, each over that of the first row. */
bool erg_shape_pictures(const erg_shape_page *page, size_t row);

#endif
