/* SPDX-License-Identifier: Apache-2.0 */
/* A breaker's curve out of a scenario or of ergd's configuration. */
#ifndef ERG_GOVERN_TRIP_CURVE_READ_H
#define ERG_GOVERN_TRIP_CURVE_READ_H

#include "format/yaml.h"
#include "shape/breaker.h"

/* A list of {load, time}, by rising load: an error with its line where it is not. */
bool erg_trip_curve_read(const erg_yaml *list, const char *name, erg_trip_curve *out,
                         erg_error *err);

/* The word thermal or no node leaves *out; a list is read into the arena. */
bool erg_trip_curve_take(const erg_yaml *node, const char *name, erg_arena *arena,
                         const erg_trip_curve **out, erg_error *err);

#endif
