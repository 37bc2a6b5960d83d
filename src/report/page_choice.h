/* SPDX-License-Identifier: Apache-2.0 */
/* What the pictures of a choice share: the rows of one application, axes, dots. */
#ifndef ERG_REPORT_PAGE_CHOICE_H
#define ERG_REPORT_PAGE_CHOICE_H

#include "report/page.h"

enum { ERG_PLOT_WIDE = 640, ERG_PLOT_HIGH = 320, ERG_PLOT_SMALL_WIDE = 420,
       ERG_PLOT_SMALL_HIGH = 220, ERG_PLOT_LEFT = 90, ERG_PLOT_BELOW = 40 };

typedef struct erg_plot_axis {
    double least, most;
    const char *unit, *title;
} erg_plot_axis;

typedef struct erg_plot {
    const erg_result *result;
    const erg_table *options;
    const char *application;
    FILE *out;
    int wide, high;
    erg_plot_axis x, y;
} erg_plot;

typedef struct erg_plot_knob {
    const char *column, *unit, *title;
    double per_unit;
} erg_plot_knob;

/* Empty cells are NAN, false and "". */
double erg_plot_number(const erg_table *table, size_t row, const char *column);
bool erg_plot_truth(const erg_table *table, size_t row, const char *column);
const char *erg_plot_text(const erg_table *table, size_t row, const char *column);
bool erg_plot_is_own(const erg_plot *plot, size_t row);
/* The number-th knob that this application's rows differ in, from 0; NULL: none does. */
const erg_plot_knob *erg_plot_knob_of(const erg_plot *plot, size_t number);

erg_plot_axis erg_plot_axis_empty(const char *unit, const char *title);
void erg_plot_widen(erg_plot_axis *axis, double value);
/* Room around the points. False: nothing to draw. */
bool erg_plot_make_room(erg_plot_axis *axis);
double erg_plot_x(const erg_plot *plot, double value);
double erg_plot_y(const erg_plot *plot, double value);
/* Head, axes with round numbers; erg_plot_end closes it. */
void erg_plot_begin(const erg_plot *plot, const char *caption);
void erg_plot_end(const erg_plot *plot, const char *words);
void erg_plot_setting(const erg_plot *plot, size_t row);
/* Of a row: chosen, on the front, allowed or not. */
void erg_plot_dot(const erg_plot *plot, size_t row, double x, double y);

/* page_choice_map.c: energy over two knobs, and against what quality is lost. Nothing
 * where there is but one knob, or no score. */
void erg_page_heat_map(erg_plot *plot);
void erg_page_quality(erg_plot *plot);

#endif
