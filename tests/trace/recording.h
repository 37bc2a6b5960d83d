/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a recording in ../shared/data/sensors, and a plant sensor polled. */
#ifndef ERG_TEST_RECORDING_H
#define ERG_TEST_RECORDING_H

#include "erg/trace.h"
#include "plant/sensor.h"
#include "test.h"

enum { RECORDING_MOST = 40000 };

typedef struct recording {
    erg_sample at[RECORDING_MOST];
    size_t count;
} recording;

/* Column 0 is t_ms; the value is that of column (0: the times alone). */
static inline void recording_read(recording *to, const char *name, int column)
{
    FILE *file = fopen(test_data(name), "r");
    char line[256];

    CHECK(file && fgets(line, sizeof(line), file));
    for (to->count = 0; to->count < RECORDING_MOST && fgets(line, sizeof(line), file);) {
        char *rest = line;
        double value = strtod(rest, &rest), t_ms = value;

        for (int i = 0; i < column; i++)
            value = strtod(rest + 1, &rest);
        to->at[to->count++] = (erg_sample){ (int64_t)llround(t_ms * 1e6), 0, value };
    }
    fclose(file);
}

/* Polls every step_s, each late by up to jitter_s. */
static inline void recording_poll(recording *to, const erg_plant_sensor *sensor,
                                  const erg_law *law, double for_s, double step_s)
{
    test_random random = { sensor->seed + 1 };

    to->count = 0;
    for (double t_s = 0; t_s < for_s && to->count < RECORDING_MOST; t_s += step_s) {
        int64_t t_ns = erg_ns_from_s(t_s + 0.2 * step_s * test_uniform(&random));
        to->at[to->count++] =
            (erg_sample){ t_ns, 0, erg_plant_sensor_w(sensor, law, t_ns) };
    }
}

/* The law itself, as a meter with a short step sees it. Means stand at their middle. */
static inline void recording_truth(recording *to, const erg_law *law, double for_s,
                                   double step_s)
{
    to->count = 0;
    for (double t_s = 0; t_s < for_s && to->count < RECORDING_MOST; t_s += step_s)
        to->at[to->count++] = (erg_sample){ erg_ns_from_s(t_s + 0.5 * step_s), 0,
                                            erg_law_j(law, t_s, t_s + step_s) / step_s };
}

#endif
