/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences under the tables: every quality and flag that occurs, what the figures lean
 * on and what they lack, in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/stream.h"
#include "trace/summary.h"

void erg_flags_text(uint64_t flags, char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    for (int code = 0; code < ERG_FLAG_COUNT_OF && used < size; code++)
        if (flags >> code & 1)
            used += (size_t)snprintf(to + used, size - used, "%s%s", used ? " " : "",
                                     erg_flag_describe((erg_flag_code)code)->name);
}

bool erg_note_qualities(erg_result *result, unsigned qualities, erg_error *err)
{
    bool good = true;

    for (int q = 0; good && q <= ERG_QUALITY_NO_DATA; q++)
        if (qualities >> q & 1)
            good = erg_result_note(result, err, "Quality %s: %s",
                                   erg_quality_name((erg_quality)q),
                                   erg_quality_about((erg_quality)q));
    return good;
}

typedef struct method_note { erg_method method; const char *text; } method_note;

static const method_note method_notes[] = {
    { ERG_METHOD_SIMULATED,
      "Simulated: nothing was measured. The figures are those of a simulated device." },
    { ERG_METHOD_MODEL,
      "Modelled: no sensor could be read ('erg devices' says why, and the cure), so the "
      "figures are an estimate from use and rated power. The interval says how wrong they "
      "can be." },
};

static bool note_methods(summary *all)
{
    bool good = true;
    for (size_t i = 0; good && i < ERG_COUNT(method_notes); i++)
        for (size_t k = 0; good && k < all->pick_count; k++) {
            int channel = all->picks[k].channel;
            if (erg_trace_channel(all->trace, channel)->method == method_notes[i].method)
                good = erg_result_note(all->result, all->err, "%s", method_notes[i].text);
        }
    return good;
}

static bool note_total(summary *all)
{
    size_t counted = 0;
    bool mixed = false;
    int first = -1;

    for (size_t i = 0; i < all->pick_count; i++) {
        int channel = all->picks[i].channel;
        if (!all->picks[i].counted)
            continue;
        first = counted++ ? first : channel;
        mixed |= erg_trace_channel(all->trace, channel)->method
              != erg_trace_channel(all->trace, first)->method;
    }
    if (counted > 1
        && !erg_result_note(all->result, all->err,
                            "The total adds %d sources that do not contain each other; "
                            "their peaks need not "
                            "meet, so the total has none.",
                            (int)counted))
        return false;
    return !mixed || erg_result_note(all->result, all->err,
            "The total adds figures of different methods; the weakest is named (counter, "
            "integral, model, simulated).");
}

/* These give no joules where they are there. */
static const char *const other_drivers[] = { "cgroup", "cpufreq", "ergd" };

bool erg_summary_absent(const erg_trace *trace, size_t *at, const char **driver,
                        const char **why)
{
    static const char prefix[] = "absent:";
    const char *key;

    while (erg_trace_meta_at(trace, (*at)++, &key, why)) {
        *driver = key + sizeof(prefix) - 1;
        bool gives_joules = strncmp(key, prefix, sizeof(prefix) - 1) == 0;
        for (size_t i = 0; i < ERG_COUNT(other_drivers) && gives_joules; i++)
            gives_joules = strcmp(*driver, other_drivers[i]) != 0;
        if (gives_joules)
            return true;
    }
    return false;
}

static bool note_no_sensor(summary *all)
{
    const char *driver, *why;
    size_t at = 0;

    if (all->pick_count)
        return true;
    all->qualities |= 1u << ERG_QUALITY_NO_DATA;
    bool good = erg_result_note(all->result, all->err,
                                "No energy: the recording has no power or energy channel. "
                                "'erg devices' lists what is absent, why, and the cure.");
    while (good && erg_summary_absent(all->trace, &at, &driver, &why))
        good = erg_result_note(all->result, all->err, "Not read: %s: %s", driver, why);
    return good;
}

/* Idle has spikes: a median wants so long a record, and so many updates. */
static const double idle_least_s = 30, idle_least_updates = 30;

/* The shorter one of an idle record before and one after; 0: there is none. */
static double idle_length_s(const erg_stream *stream)
{
    double before_s = stream->before.length_s, after_s = stream->after.length_s;
    return before_s > 0 && after_s > 0 ? fmin(before_s, after_s) : fmax(before_s, after_s);
}

static bool note_no_idle(summary *all, int channel, double length_s)
{
    char source[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(all->trace, channel, source);
    return erg_result_note(all->result, all->err, "No net energy of %s: fewer than two of "
                           "its updates lie in an idle record of %.3g s. Record idle for "
                           "longer, as with --idle 30s.", source, length_s);
}

/* What the net figures lean on, where that is less than they need. */
static bool note_idle(summary *all)
{
    double shortest_s = INFINITY, wanted_s = 0;
    bool good = true;

    for (size_t i = 0; good && i < all->pick_count; i++) {
        const erg_stream *stream = erg_stream_of(all->trace, all->picks[i].channel, NULL);
        if (!stream || !all->picks[i].counted || !(idle_length_s(stream) > 0))
            continue;
        double length_s = idle_length_s(stream);
        double update_s = stream->update_s > 0 ? stream->update_s : 0;
        double need_s = fmax(idle_least_s, idle_least_updates * update_s);
        bool has_level = !isnan(stream->before.w) || !isnan(stream->after.w);
        if (!has_level)
            good = note_no_idle(all, all->picks[i].channel, length_s);
        if (!has_level || length_s >= need_s)
            continue;
        shortest_s = fmin(shortest_s, length_s);
        wanted_s = fmax(wanted_s, need_s);
    }
    return good
        && (wanted_s <= 0
            || erg_result_note(all->result, all->err, "Idle was recorded for %.3g s only: "
                               "its spikes and drift may not show in the interval of the "
                               "net energy. --idle %.0fs is long enough.", shortest_s,
                               ceil(wanted_s)));
}

/* What the user noted: --tag KEY=VALUE. */
static bool note_tags(summary *all)
{
    static const char prefix[] = "tag:";
    const char *key, *value;
    bool good = true;

    for (size_t i = 0; good && erg_trace_meta_at(all->trace, i, &key, &value); i++)
        if (strncmp(key, prefix, sizeof(prefix) - 1) == 0)
            good = erg_result_note(all->result, all->err, "Tag %s: %s",
                                   key + sizeof(prefix) - 1, value);
    return good;
}

/* Of "period_s=0.1 ... lost=3". */
static double number_behind(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    double number = 0;

    if (at) {
        at += strlen(name);
        erg_number_parse(at, strcspn(at, " "), '.', &number);
    }
    return number;
}

/* What was seen and did not come into the file. */
static bool note_lost(summary *all)
{
    static const char prefix[] = "sampling:";
    const char *key, *value, *events = erg_trace_meta(all->trace, "events_dropped");
    bool good = !events
        || erg_result_note(all->result, all->err, "%s begins and ends of regions, or "
                           "marks, were lost: they came faster than they could be taken. "
                           "Counts and joules of regions lack them, and regions whose end "
                           "was lost are left out; mark longer stretches.", events);

    for (size_t i = 0; good && erg_trace_meta_at(all->trace, i, &key, &value); i++) {
        double lost = strncmp(key, prefix, sizeof(prefix) - 1) == 0
            ? number_behind(value, " lost=") : 0;
        if (lost > 0)
            good = erg_result_note(all->result, all->err, "%s: %.0f readings were lost on "
                                   "their way to the file, which is a gap: the machine was "
                                   "too busy, or --rate too high.",
                                   key + sizeof(prefix) - 1, lost);
    }
    return good;
}

static bool note_events(summary *all)
{
    size_t count = erg_trace_event_count(all->trace);

    return count == 0
        || erg_result_note(all->result, all->err,
                           "Events of another tool: %zu on %d streams and "
                           "threads. 'erg timeline' joins them to the power.", count,
                           (int)erg_trace_track_count(all->trace));
}

/* Meters of another clock: how far it was off, and what told. */
static bool note_clocks(summary *all)
{
    const char *key, *value;
    bool good = true;

    for (size_t i = 0; good && erg_trace_meta_at(all->trace, i, &key, &value); i++) {
        char other[2][80];
        if (strncmp(key, "clock_offset_s:", 15) != 0)
            continue;
        snprintf(other[0], sizeof(other[0]), "clock_offset_u_s:%s", key + 15);
        snprintf(other[1], sizeof(other[1]), "clock_offset_by:%s", key + 15);
        const char *u = erg_trace_meta(all->trace, other[0]);
        const char *by = erg_trace_meta(all->trace, other[1]);
        double offset_s = NAN, u_s = NAN;
        erg_number_parse(value, strlen(value), '.', &offset_s);
        if (u)
            erg_number_parse(u, strlen(u), '.', &u_s);
        good = erg_result_note(all->result, all->err,
                               "%s: its stamps were moved by %+.3f s (+- "
                               "%.3f s), found from %s%s.", key + 15, offset_s, 2 * u_s,
                               by && !strchr(by, '/') ? "the " : "", by ? by : "the load");
    }
    return good;
}

static double meta_of(const summary *all, const char *key, const char *file)
{
    char name[80];
    double number = NAN;

    snprintf(name, sizeof(name), "%s:%.55s", key, file);
    const char *text = erg_trace_meta(all->trace, name);
    if (text)
        erg_number_parse(text, strlen(text), '.', &number);
    return number;
}

/* Events with a date that were held to the power. */
static bool note_moved(summary *all, const char *file, const char *by, double moved_s)
{
    double u_s = 2 * meta_of(all, "events_begin_u_s", file),
           r = meta_of(all, "events_correlation", file);

    if (moved_s == 0)
        return erg_result_note(all->result, all->err,
                               "%s: its stamps were left as they are: %s follows them "
                               "there (+- %.3f s, correlation %.2f).", file, by, u_s, r);
    return erg_result_note(all->result, all->err,
                           "%s: its stamps were moved by %+.3f s (+- %.3f s), where %s "
                           "follows them best (correlation %.2f).", file, moved_s, u_s, by,
                           r);
}

/* Events that counted from no date: where they were put, and what told. */
static bool note_event_clocks(summary *all)
{
    const char *key, *by;
    bool good = true;

    for (size_t i = 0; good && erg_trace_meta_at(all->trace, i, &key, &by); i++) {
        if (strncmp(key, "events_doubt:", 13) == 0)
            good = erg_result_note(all->result, all->err,
                                   "%s: its stamps were left as they are, no power tells "
                                   "whether its clock is right: %s.", key + 13, by);
        if (strncmp(key, "events_by:", 10) != 0)
            continue;
        const char *file = key + 10;
        double moved_s = meta_of(all, "events_moved_s", file);
        good = !isnan(moved_s)
            ? note_moved(all, file, by, moved_s)
            : erg_result_note(all->result, all->err,
                               "%s counts from no date: its first event "
                               "was put at %.3f s (+- %.3f s) of the recording, "
                               "where %s follows it best (correlation %.2f).", file,
                               meta_of(all, "events_begin_s", file),
                               2 * meta_of(all, "events_begin_u_s", file), by,
                               meta_of(all, "events_correlation", file));
    }
    return good;
}

bool erg_summary_notes(summary *all)
{
    return note_tags(all) && note_no_sensor(all) && note_methods(all) && note_idle(all)
           && note_lost(all) && note_clocks(all)
           && note_event_clocks(all) && note_events(all)
           && note_total(all)
           && erg_note_qualities(all->result, all->qualities, all->err)
           && erg_summary_note_flags(all);
}
