/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phases of a visit, as prefill and decode: the regions right inside `work`, or, where
 * the command marks no `work`, its outermost ones but load and warmup. They are asked of
 * the recording when a sweep is read, so that every sweep that was ever made has them.
 *
 * A visit knows its start by the calendar, a region by the monotonic clock: the anchors
 * of the recording lie between, good to much less than the length of a run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/energy.h"
#include "sweep/sweep_phases.h"
#include "trace/scope.h"

enum { WORK_MOST = 256, PHASES_MOST = 16, DEVICES_MOST = 64 };
static const double start_s = 0.5;      /* between a visit's start and its region's */
static const double covered_least = 0.95, energy_off_most = 0.02;

typedef struct phase {
    const char *name;       /* of the trace */
    double time_s, energy_j, peak_w, covered_s;
} phase;

/* One visit in its recording. */
typedef struct cutter {
    const erg_trace *trace;
    const erg_visit *visit;
    int channels[DEVICES_MOST]; /* whose sum the visit's energy is */
    size_t channel_count;
    const erg_region *run;
    int64_t work[WORK_MOST];    /* ids; none: the run itself is cut */
    size_t work_count, count;
    double whole_j;             /* of all work, by these channels */
    phase at[PHASES_MOST];
} cutter;

static bool is_inside(const erg_region *region, const erg_region *run)
{
    return region->begin_ns >= run->begin_ns && region->end_ns <= run->end_ns;
}

static const erg_region *find_run(const erg_trace *trace, const erg_visit *visit)
{
    const erg_region *best = NULL;
    double least_s = start_s;

    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (region->parent != 0 || strcmp(region->name, "run") != 0)
            continue;
        int64_t at_ns = erg_trace_utc_ns(trace, region->begin_ns);
        double off_s = fabs(erg_s_from_ns(at_ns - visit->start_ns));
        if (at_ns != 0 && off_s < least_s) {
            least_s = off_s;
            best = region;
        }
    }
    return best;
}

static double energy_of(const cutter *of, const erg_region *region, erg_energy *out)
{
    erg_span span = { region->begin_ns, region->end_ns };
    erg_energy one;

    *out = (erg_energy){ .covered = 1 };
    for (size_t i = 0; i < of->channel_count; i++) {
        if (!erg_trace_energy(of->trace, of->channels[i], span, &one, NULL))
            one = (erg_energy){ .energy_j = NAN, .peak_w = NAN };
        out->energy_j += one.energy_j;
        out->peak_w += one.peak_w;
        out->covered = fmin(out->covered, one.covered);
    }
    return out->energy_j;
}

/* ---- whose energy a visit's is --------------------------------------------------- */

static void take_device(cutter *of, const char *device)
{
    int channel = erg_trace_find_channel(of->trace, device);

    if (channel >= 0 && of->channel_count < DEVICES_MOST)
        of->channels[of->channel_count++] = channel;
}

static void take_own(cutter *of, const char *device) { take_device(of, device); }

/* As with --device all: every board beside it. */
static void take_alike(cutter *of, const char *device)
{
    int own = erg_trace_find_channel(of->trace, device);

    for (int i = 0; own >= 0 && i < (int)erg_trace_device_count(of->trace); i++) {
        const char *name = erg_trace_device(of->trace, i)->name;
        int channel = erg_trace_find_channel(of->trace, name);
        if (channel >= 0
            && erg_trace_channel(of->trace, channel)->scope
                   == erg_trace_channel(of->trace, own)->scope)
            take_device(of, name);
    }
}

/* As where what is turned says nothing itself: all that is measured, nothing twice. */
static void take_outermost(cutter *of, const char *device)
{
    erg_scope scopes[DEVICES_MOST];
    bool chosen[DEVICES_MOST];
    size_t count = 0;
    (void)device;

    for (int i = 0; i < (int)erg_trace_device_count(of->trace); i++)
        take_device(of, erg_trace_device(of->trace, i)->name);
    for (size_t i = 0; i < of->channel_count; i++)
        scopes[i] = erg_trace_channel(of->trace, of->channels[i])->scope;
    erg_scope_outermost(scopes, of->channel_count, chosen);
    for (size_t i = 0; i < of->channel_count; i++)
        if (chosen[i])
            of->channels[count++] = of->channels[i];
    of->channel_count = count;
}

static void (*const takers[])(cutter *, const char *) = {
    take_own, take_alike, take_outermost,
};

static void find_work(cutter *of)
{
    erg_energy energy;

    of->work_count = 0;
    of->whole_j = 0;
    for (size_t i = 0; i < erg_trace_region_count(of->trace); i++) {
        const erg_region *region = erg_trace_region(of->trace, i);
        if (strcmp(region->name, "work") != 0 || !is_inside(region, of->run)
            || of->work_count == WORK_MOST)
            continue;
        of->work[of->work_count++] = region->id;
        of->whole_j += energy_of(of, region, &energy);
    }
    if (of->work_count == 0)
        of->whole_j = energy_of(of, of->run, &energy);
}

static bool is_phase(const cutter *of, const erg_region *region)
{
    if (!is_inside(region, of->run) || region == of->run)
        return false;
    for (size_t i = 0; i < of->work_count; i++)
        if (region->parent == of->work[i])
            return true;
    return of->work_count == 0 && (region->parent == 0 || region->parent == of->run->id)
        && strcmp(region->name, "load") != 0 && strcmp(region->name, "warmup") != 0;
}

static bool add_region(cutter *of, const erg_region *region, erg_error *err)
{
    erg_energy energy;
    double span_s = erg_s_from_ns(region->end_ns - region->begin_ns);
    size_t i = 0;

    while (i < of->count && strcmp(of->at[i].name, region->name) != 0)
        i++;
    if (i == PHASES_MOST)
        return erg_fail(err, ERG_BAD_INPUT,
                        "the command marks more than %d different regions: no phases",
                        PHASES_MOST);
    if (i == of->count)
        of->at[of->count++] = (phase){ .name = region->name };
    of->at[i].energy_j += energy_of(of, region, &energy);
    of->at[i].time_s += span_s;
    of->at[i].covered_s += energy.covered * span_s;
    of->at[i].peak_w = fmax(of->at[i].peak_w, energy.peak_w);
    return true;
}

static bool add_visit(erg_points *to, const erg_points *whole, const cutter *of,
                      const phase *part, erg_error *err)
{
    erg_application app = *erg_points_application_at(whole, of->visit->application);
    erg_visit visit = *of->visit;

    if (erg_points_applications(whole) > 1) {
        char name[sizeof(app.name) + sizeof(of->run->name) + 1];
        snprintf(name, sizeof(name), "%s/%s", app.name, part->name);
        erg_text_put(app.name, sizeof(app.name), name);
    } else {
        erg_text_put(app.name, sizeof(app.name), part->name);
    }
    visit.time_s = part->time_s;
    visit.energy_j = part->energy_j;
    visit.energy_listed_j = NAN;
    visit.mean_w = part->energy_j / part->time_s;
    visit.peak_w = part->peak_w;
    visit.fp_active = visit.dram_active = NAN;      /* of the whole, not of this phase */
    if (visit.state == ERG_VISIT_OK && part->covered_s < covered_least * part->time_s)
        visit.state = ERG_VISIT_NOT_COVERED;
    return erg_points_application(to, &app, &visit.application, err)
        && erg_points_add(to, &visit, err);
}

/* A sweep does not say whose joules it added up: those whose sum is the visit's. */
static bool find_channels(cutter *of, const char *device, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(takers); i++) {
        of->channel_count = 0;
        takers[i](of, device);
        find_work(of);
        if (fabs(of->whole_j / of->visit->energy_j - 1) <= energy_off_most)
            return true;
    }
    return of->visit->state != ERG_VISIT_OK
        || erg_fail(err, ERG_REFUSED,
                    "no devices of the recording add up to the energy of this sweep: its "
                    "phases cannot be told apart");
}

static bool has_phases(const cutter *of)
{
    for (size_t i = 0; i < erg_trace_region_count(of->trace); i++)
        if (is_phase(of, erg_trace_region(of->trace, i)))
            return true;
    return false;
}

static bool cut(erg_points *to, const erg_points *whole, cutter *of, size_t *found,
                erg_error *err)
{
    of->run = of->visit->start_ns == INT64_MIN ? NULL : find_run(of->trace, of->visit);
    if (!of->run)
        return true;
    find_work(of);
    if (!has_phases(of))
        return true;
    if (!find_channels(of, erg_points_application_at(whole, of->visit->application)->device,
                       err))
        return false;
    for (size_t i = 0; i < erg_trace_region_count(of->trace); i++) {
        const erg_region *region = erg_trace_region(of->trace, i);
        if (is_phase(of, region) && !add_region(of, region, err))
            return false;
    }
    for (size_t i = 0; i < of->count; i++)
        if (!add_visit(to, whole, of, &of->at[i], err))
            return false;
    *found += of->count;
    return true;
}

bool erg_sweep_split(erg_points *to, const erg_points *whole, const erg_trace *trace,
                     size_t *found, erg_error *err)
{
    *found = 0;
    for (size_t i = 0; i < erg_points_visits(whole); i++) {
        const erg_visit *visit = erg_points_visit_at(whole, i);
        cutter of = { .trace = trace, .visit = visit };
        if (!cut(to, whole, &of, found, err))
            return false;
    }
    return true;
}
