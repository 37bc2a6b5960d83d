/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers of the energy tests: a trace of one channel, and files of numbers. */
#ifndef ERG_TEST_SERIES_H
#define ERG_TEST_SERIES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "erg/energy.h"
#include "test.h"

typedef struct series { erg_sample *at; size_t count, capacity; } series;

static inline void series_add(series *to, int64_t t_ns, double value)
{
    if (to->count == to->capacity) {
        to->capacity = to->capacity ? to->capacity * 2 : 1024;
        to->at = realloc(to->at, to->capacity * sizeof(*to->at));
        CHECK(to->at != NULL);
    }
    to->at[to->count++] = (erg_sample){ t_ns, 0, value };
}

/* One device, one channel with the samples; frees the series. */
static inline erg_trace *trace_of(erg_channel_info info, series *from)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);

    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_add_device(trace, &(erg_device_info){ .name = "meter" }, &err) == 0);
    if (!info.name[0])
        strcpy(info.name, info.kind == ERG_COUNTER ? "energy" : "power");
    if (info.kind == ERG_COUNTER)
        info.quantity = ERG_ENERGY;
    else
        info.method = ERG_METHOD_INTEGRAL;
    CHECK(erg_trace_add_channel(trace, &info, &err) == 0);
    CHECK_OK(erg_trace_add_samples(trace, 0, from->at, from->count, &err), err);
    free(from->at);
    *from = (series){ 0 };
    return trace;
}

static inline erg_span span_s(double begin_s, double end_s)
{
    return (erg_span){ erg_ns_from_s(begin_s), erg_ns_from_s(end_s) };
}

static inline erg_energy energy_of(const erg_trace *trace, erg_span span)
{
    erg_error err = { 0 };
    erg_energy energy;

    CHECK_OK(erg_trace_energy(trace, 0, span, &energy, &err), err);
    return energy;
}

static inline bool has_flag(const erg_energy *energy, erg_flag_code code)
{
    return energy->flags >> code & 1;
}

/* Column `column` of a file whose first column is milliseconds. */
static inline series series_of_ms(const char *path, int column)
{
    series out = { 0 };
    char line[256];
    FILE *file = fopen(path, "r");

    CHECK(file != NULL);
    while (fgets(line, sizeof(line), file)) {
        char *at = line, *end;
        double t_ms = strtod(line, &end), value = 1;
        if (end == line)
            continue;
        for (int i = 0; i < column; i++)
            at = strchr(at, ',') + 1;
        if (column)
            value = strtod(at, NULL);
        series_add(&out, erg_ns_from_s(t_ms * 1e-3), value);
    }
    fclose(file);
    return out;
}

/* "... HH:MM:SS.ffffff,x,value...": ns since midnight, in whole microseconds. */
static inline series series_of_clock(const char *path, int column)
{
    series out = { 0 };
    char line[256];
    int hours, minutes;
    FILE *file = fopen(path, "r");

    CHECK(file != NULL);
    while (fgets(line, sizeof(line), file)) {
        long long seconds, us;
        char *at = line;
        if (sscanf(line, "%*d-%*d-%*d %d:%d:%lld.%lld", &hours, &minutes, &seconds, &us)
            != 4)
            continue;
        for (int i = 0; i < column; i++)
            at = strchr(at, ',') + 1;
        series_add(&out, ((hours * 60 + minutes) * 60 + seconds) * ERG_NS_PER_S + us * 1000,
                   strtod(at, NULL));
    }
    fclose(file);
    return out;
}

#endif
