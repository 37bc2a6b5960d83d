/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sensors really show: published facts by GPU, and finding T_u, window, delay
 * and gain from a recording (Yang, Adamek, Armour, SC 2024).
 */
#ifndef ERG_TRACE_SENSOR_H
#define ERG_TRACE_SENSOR_H

#include "trace/boxcar.h"

typedef enum erg_reading_option {
    ERG_POWER_DRAW, ERG_POWER_AVERAGE, ERG_POWER_INSTANT
} erg_reading_option;

typedef struct erg_sensor_facts {
    double update_s, window_s, delay_s;     /* NAN: not published */
    erg_kind kind;
    double gain_u;                          /* relative, 0.05 uncalibrated */
} erg_sensor_facts;

/* By NVML's model name and driver version; false if nothing is known. */
bool erg_sensor_lookup(const char *model, const char *driver_version,
                       erg_reading_option option, erg_sensor_facts *out);

/* The update period from value changes, and the comb's phase: the time of a tooth
 * after samples[0], 0 to update_s. False under 50 changes, where they follow no
 * period, and where polls are slower than the sensor. */
typedef struct erg_comb { double update_s, phase_s, residual_s; size_t changes; } erg_comb;
bool erg_sensor_comb(const erg_sample samples[], size_t count, erg_comb *out,
                     erg_error *err);
/* One sample an update, stamped with its tooth; equal readings of two teeth are two.
 * updates has room for count; returns how many there are. */
size_t erg_sensor_updates(const erg_sample samples[], size_t count, const erg_comb *comb,
                          erg_sample updates[]);
/* Window, delay, gain, offset against a reference (a meter's samples, or edges
 * turned into 0/1 samples). */
typedef struct erg_sensor_fit {
    double window_s, delay_s, gain, offset, rms;
} erg_sensor_fit;
bool erg_sensor_identify(erg_samples updates, erg_samples reference, erg_sensor_fit *out,
                         erg_error *err);
/* Gain and offset alone, of a sensor whose window and delay fit says (NAN: 0), from
 * plateaus: two levels or more, 5 s each or more. */
bool erg_sensor_gain(erg_samples updates, erg_samples reference, erg_sensor_fit *fit,
                     erg_error *err);

/* One standard uncertainty (J) of a part-time sensor under a square load of swing_w
 * and period_s over window_s, and the number of beats. */
double erg_alias_u_j(double swing_w, double period_s, double update_s,
                     double sensor_window_s, double window_s, double *beats);

#endif
