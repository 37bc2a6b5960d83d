/* SPDX-License-Identifier: Apache-2.0 */
/* HWiNFO's columns, chosen by the words of their names: maps for the CPU and the GPU. */
#ifndef ERG_THERMAL_MONITOR_HWINFO_H
#define ERG_THERMAL_MONITOR_HWINFO_H

#include "thermal/monitor_layout.h"

enum { ERG_HWINFO_DEVICES = 2 };

/* A header that begins with Date and Time and has units in brackets. */
bool erg_hwinfo_is(const erg_csv_row *header);
/* Maps of the devices that have a power or a temperature; what was chosen is said in
 * UTF-8. ERG_BAD_INPUT: no column is known by its name. */
bool erg_hwinfo_choose(const erg_csv_row *header, const char *file,
                       erg_layout_map maps[ERG_HWINFO_DEVICES], size_t *count,
                       erg_text *said, erg_error *err);

#endif
