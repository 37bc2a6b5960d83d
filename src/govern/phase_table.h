/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock for each phase out of a sweep, as `erg choose s.erg --phases --table phases
 * --format csv` prints it: CSV with the columns phase and sm_clock_mhz (or sm_clock_hz).
 */
#ifndef ERG_GOVERN_PHASE_TABLE_H
#define ERG_GOVERN_PHASE_TABLE_H

#include "base/base.h"

enum { ERG_PHASE_TABLE_MOST = 64, ERG_PHASE_TABLE_NAME = 128 };

typedef struct erg_phase_table {
    struct { char name[ERG_PHASE_TABLE_NAME]; double clock_hz; } rows[ERG_PHASE_TABLE_MOST];
    size_t count;
} erg_phase_table;

/* ERG_BAD_INPUT names the line. */
bool erg_phase_table_parse(const char *name, const char *bytes, size_t size,
                           erg_phase_table *out, erg_error *err);
bool erg_phase_table_load(const char *path, erg_phase_table *out, erg_error *err);

/* The row of that name, or the only one that ends in "/phase" as those of a sweep of
 * several commands do. NAN: none. */
double erg_phase_table_find(const erg_phase_table *table, const char *phase);

#endif
