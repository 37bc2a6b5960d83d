/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of erg timeline, in the order they are told. The first columns are a contract
 * (docs/timeline.md): new ones go to the end. */
#include "timeline/timeline_inside.h"

static const erg_column spikes[] = {
    { "time_s", ERG_REAL, "when it was first seen, from the begin of the recording" },
    { "peak_w", ERG_REAL, "highest reading" },
    { "rise_w_per_s", ERG_REAL, "fastest rise over 10 ms, or over one reading" },
    { "cause", ERG_TEXT,
      "highest lift of what began just before; none under 2 or at p above 0.01" },
    { "lift", ERG_REAL, "how much more often that begins near a spike than at random" },
    { "p_value", ERG_REAL, "that chance does as well" },
    { "duration_s", ERG_REAL, "from its first reading to its last" },
    { "candidates", ERG_TEXT,
      "all that began just before and is near spikes more than at random" },
    { "throttle", ERG_TEXT, "throttle counter that rose within 200 ms" },
    { "clock_drop_hz", ERG_REAL, "fall of the clock within 200 ms" },
};

static const erg_column attribution[] = {
    { "name", ERG_TEXT, "kernel, operator or region; unattributed: in none of them" },
    { "kind", ERG_TEXT,
      "kernel, copy, set, collective, operator, region, remainder, rest" },
    { "count", ERG_INTEGER, "how often it ran" },
    { "duration_s", ERG_REAL, "time it ran, all of its runs together" },
    { "energy_j", ERG_REAL,
      "joules of that time, its share of the device's base included" },
    { "energy_low_j", ERG_REAL, "low end of the 95 % interval" },
    { "energy_high_j", ERG_REAL, "high end of the 95 % interval" },
    { "share", ERG_REAL, "of the total, 0 to 1" },
    { "mean_w", ERG_REAL, "joules a second of its own time" },
    { "energy_each_j", ERG_REAL, "joules of one run" },
};

static const erg_column split[] = {
    { "part", ERG_TEXT,
      "compute, communication, memory, region (told by name alone), unattributed (idle)" },
    { "duration_s", ERG_REAL, "time of its own" },
    { "energy_j", ERG_REAL, "joules of that time; all parts add up to the total" },
    { "energy_low_j", ERG_REAL, "low end of the 95 % interval; none of a model" },
    { "energy_high_j", ERG_REAL, "high end of the 95 % interval; none of a model" },
    { "share", ERG_REAL, "of the total, 0 to 1" },
    { "method", ERG_TEXT, "of the channel; model: bytes x joules a byte" },
};

static const erg_column causes[] = {
    { "cause", ERG_TEXT, "name" },
    { "kind", ERG_TEXT, "kernel, collective, copy, operator, region, mark, setting" },
    { "begins", ERG_INTEGER, "how often it begins" },
    { "spikes", ERG_INTEGER, "spikes that have one just before" },
    { "lift", ERG_REAL, "how much more often that begins near a spike than at random" },
    { "p_value", ERG_REAL, "that chance does as well" },
    { "throttled", ERG_REAL,
      "share of its spikes with a throttle counter rising within 200 ms" },
    { "clock_drop_hz", ERG_REAL, "mean fall of the clock after its spikes" },
};

static const erg_column throttling[] = {
    { "device", ERG_TEXT, "name" },
    { "reason", ERG_TEXT, "power, thermal, other or idle, or the counter's own name" },
    { "source", ERG_TEXT, "counter: all of the time; mask: what was seen of it" },
    { "duration_s", ERG_REAL, "time held back" },
    { "share", ERG_REAL, "of the recording, 0 to 1" },
    { "spikes_followed", ERG_REAL, "share of spikes after which it rose within 200 ms" },
};

static const erg_column limiters[] = {
    { "device", ERG_TEXT, "name" },
    { "label", ERG_TEXT, "what limits it" },
    { "duration_s", ERG_REAL, "seconds with that label" },
    { "share", ERG_REAL, "of the seconds that have one, 0 to 1" },
};

static const erg_column labels[] = {
    { "device", ERG_TEXT, "name" },
    { "begin_s", ERG_REAL, "from the begin of the recording" },
    { "end_s", ERG_REAL, "where another label begins" },
    { "label", ERG_TEXT, "what limits it" },
};

static const erg_column summary[] = {
    { "source", ERG_TEXT, "device and channel whose joules are shared" },
    { "by", ERG_TEXT, "kernel, operator or region" },
    { "duration_s", ERG_REAL, "of the recording" },
    { "energy_j", ERG_REAL, "all joules of it" },
    { "energy_low_j", ERG_REAL, "low end of the 95 % interval" },
    { "energy_high_j", ERG_REAL, "high end of the 95 % interval" },
    { "method", ERG_TEXT, "counter, integral, model or simulated" },
    { "quality", ERG_TEXT, "how far to trust it" },
    { "spikes", ERG_INTEGER, "how many" },
    { "above_w", ERG_REAL, "readings above it are a spike" },
    { "resolution_s", ERG_REAL, "the sensor shows nothing finer" },
    { "noise_w", ERG_REAL, "what the watts of the rows leave of one reading" },
    { "clock_offset_s", ERG_REAL, "moved by it the meter's stamps would fit the work" },
    { "clock_offset_low_s", ERG_REAL, "low end of the 95 % interval" },
    { "clock_offset_high_s", ERG_REAL, "high end of the 95 % interval" },
    { "crest", ERG_REAL, "peak over rms of the readings" },
    { "thd", ERG_REAL,
      "largest total harmonic distortion that a meter gave; watts cannot show it" },
};

#define ROW(name) { #name, name, ERG_COUNT(name), offsetof(erg_timeline_tables, name) }
static const struct { const char *name; const erg_column *columns; size_t count,
                                                                          at; } tables[] = {
    ROW(spikes),
    ROW(attribution),
    ROW(split),
    ROW(causes),
    ROW(throttling),
    ROW(limiters),
    ROW(labels),
    ROW(summary),
};
#undef ROW

bool erg_timeline_add_tables(erg_timeline_case *all)
{
    for (size_t i = 0; i < ERG_COUNT(tables); i++) {
        erg_table *table = erg_result_add(all->result, tables[i].name, tables[i].columns,
                                          tables[i].count, all->err);
        if (!table)
            return false;
        *(erg_table **)(void *)((char *)&all->tables + tables[i].at) = table;
    }
    return true;
}
