/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chart of lines and dots. The drawing stretches with the page; its words are HTML beside
 * it, so that they stay readable on a phone. Each chart has its data behind it as a table.
 */
#ifndef ERG_REPORT_PAGE_CHART_H
#define ERG_REPORT_PAGE_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "erg/report.h"

typedef struct erg_chart {
    FILE *out;
    double x_low, x_high, y_low, y_high;    /* begin from erg_chart_empty */
    const char *x_unit, *y_unit;            /* "" where there is none */
    bool log_x;                             /* x above 0 alone, ticks at 1, 2, 5 */
} erg_chart;

/* One line of a chart: a colour (s0 to s5 of erg_chart_style) and what it is. */
typedef struct erg_chart_series {
    const char *colour, *name;
    const double *x, *y;
    size_t count;
} erg_chart_series;

extern const char erg_chart_style[];

erg_chart erg_chart_empty(FILE *out, const char *x_unit, const char *y_unit);
/* Widens the axes by what is finite. */
void erg_chart_see(erg_chart *chart, const erg_chart_series *series);
/* 0 where nothing was seen: then nothing is drawn. Makes room and round bounds. */
int erg_chart_settle(erg_chart *chart);

/* high: rem of the drawing. */
void erg_chart_begin(const erg_chart *chart, const char *title, const char *about,
                     double high);
void erg_chart_strip(const erg_chart *chart, double from, double to, const char *colour);
void erg_chart_level(const erg_chart *chart, double y, const char *colour);
void erg_chart_line(const erg_chart *chart, const erg_chart_series *series);
void erg_chart_dots(const erg_chart *chart, const erg_chart_series *series);
/* Ends the drawing; names the series under it, and lists them as a table. */
void erg_chart_end(const erg_chart *chart, const char *x_name,
                   const erg_chart_series *const series[], size_t count);

/* Columns x and y of the rows whose texts are as wanted; free() x: y lies behind it. */
typedef struct erg_page_pick {
    const erg_table *table;
    const char *x, *y;
    struct { const char *column, *text; } where[3];     /* column NULL: ends */
} erg_page_pick;
bool erg_page_take(const erg_page_pick *pick, erg_chart_series *out, erg_error *err);

#endif
