/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables of choices share. */
#ifndef ERG_DECIDE_TABLES_H
#define ERG_DECIDE_TABLES_H

#include <stdlib.h>
#include "decide/decide.h"
#include "format/cells.h"

/* Whichever knobs have a column. */
bool erg_choice_put_knobs(const erg_points *points, erg_table *table,
                          const erg_knob_setting *setting, erg_error *err);
erg_table *erg_add_with_other(const erg_points *points, erg_result *result,
                              const char *name, const erg_column columns[], size_t count,
                              erg_error *err);
/* "1230 MHz", "250 W, 256 batch_size", "as found". */
void erg_setting_name(const erg_points *points, const erg_knob_setting *setting, char *to,
                      size_t size);
const char *erg_option_method(const erg_points *points, const erg_option *option);
const char *erg_option_application(const erg_points *points, const erg_option *option);
/* One table each: front or options, rejected, relaxations (only where one is needed). */
bool erg_choice_options(const erg_choice *choice, const erg_points *points,
                        erg_result *result, bool front_only, erg_error *err);
bool erg_choice_rejected(const erg_choice *choice, const erg_points *points,
                         erg_result *result, erg_error *err);
bool erg_choice_relaxations(const erg_choice *choice, const erg_points *points,
                            erg_result *result, erg_error *err);
/* The columns that say something, of every table, and the notes. */
bool erg_choice_shorten(const erg_result *from, erg_result *to, erg_error *err);
/* What flags, heat and the points themselves have to say. */
bool erg_choice_notes(const erg_choice *choice, const erg_points *points,
                      erg_result *result, erg_error *err);

#endif
