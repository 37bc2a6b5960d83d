/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the page of a run share. */
#ifndef ERG_REPORT_PAGE_H
#define ERG_REPORT_PAGE_H

#include <locale.h>
#include "report/writer.h"
#include "trace/region_names.h"

typedef struct erg_page {
    const erg_trace *trace;
    const erg_result *result;   /* the tables of the run */
    const erg_result *timeline; /* of erg timeline, or NULL */
    const erg_region_names *names;
    erg_span span;              /* the time axis */
    FILE *out;
} erg_page;

extern const char erg_page_style[], erg_page_style_parts[], erg_page_script[];

/* "1.204 kJ", "12.5 ms", "n/a"; for J W s. */
void erg_page_quantity(FILE *out, double value, const char *unit);
/* "1.204 ± 0.121 kJ"; a model's factor of three stands as "402 (134 .. 1207) J". */
void erg_page_interval(FILE *out, double low, double value, double high, const char *unit);
/* The same as two cells of a list, the second with the interval. */
void erg_page_tile(FILE *out, double low, double value, double high, const char *unit);
/* Cells of a table; NAN and "" where there is none, or no table. */
double erg_page_real(const erg_table *table, size_t row, const char *column);
const char *erg_page_text(const erg_table *table, size_t row, const char *column);
size_t erg_page_rows(const erg_table *table);
/* Whether the row's flags name it. */
bool erg_page_is_flagged(const erg_table *table, size_t row, const char *flag);
/* Whether such a figure was modelled or simulated. */
bool erg_page_is_made(const char *method);
/* Where t lies on the time axis, 0 to 100. */
double erg_page_percent(const erg_page *page, int64_t t_ns);
/* The colour of a region's name: one of erg_page_style's c0 to c6. */
int erg_page_colour(const erg_page *page, const char *region);

void erg_page_head(const erg_page *page, const char *title);
/* The tables of a result that have rows, but that whose rows the charts list; a wide one of
 * few rows lies on its side. */
void erg_page_tables(FILE *out, const erg_result *result, const erg_table *charted);
/* A table behind its name, until somebody opens it; the section of all of them. */
void erg_page_folded(FILE *out, const erg_table *table);
void erg_page_all_folded(FILE *out, const erg_result *result);
/* The notes of a result, in soft print. */
void erg_page_asides(FILE *out, const erg_result *result);
/* The end of every page but a run's. */
void erg_page_foot(FILE *out);

/* The page of one kind of result, NULL for its usual title; all in the table of pages.c. */
typedef bool erg_page_of(const erg_result *result, const char *title, FILE *out,
                         erg_error *err);
erg_page_of erg_report_estimate, erg_report_choice, erg_report_fit, erg_report_couple,
    erg_report_thermal, erg_report_rle, erg_report_shape, erg_report_replay;

/* Numbers have a point in a page, whatever the user's language. */
typedef struct erg_page_numbers { locale_t plain, before; } erg_page_numbers;
bool erg_page_numbers_begin(erg_page_numbers *numbers, erg_error *err);
/* As it was; false: the page failed, or was not written. */
bool erg_page_numbers_end(erg_page_numbers *numbers, FILE *out, bool ok, erg_error *err);

void erg_page_verdict(const erg_page *page);
bool erg_page_plots(const erg_page *page, erg_error *err);
void erg_page_sensors(const erg_page *page);
void erg_page_bars(const erg_page *page);
void erg_page_flags(const erg_page *page);
void erg_page_how(const erg_page *page);

/* ---- page_timeline.c: none of them without a timeline ------------------------------- */

extern const char erg_page_style_timeline[];
/* Whether the timeline is of that device. */
bool erg_page_has_timeline(const erg_page *page, const char *device);
void erg_page_spikes(const erg_page *page);     /* lines of an SVG of 0..100 */
/* A strip of limiters and a lane a stream, under the power. */
bool erg_page_streams(const erg_page *page, const char *device, erg_error *err);
void erg_page_timeline(const erg_page *page);

/* Power over time of one channel, at most a few points a pixel. */
typedef struct erg_curve {
    double *percent, *low_w, *mean_w, *high_w;  /* NAN: a break */
    size_t count;
    double peak_w;
    bool step;
} erg_curve;
bool erg_curve_make(erg_curve *curve, const erg_trace *trace, int channel, erg_span span,
                    erg_error *err);
void erg_curve_free(erg_curve *curve);

#endif
