/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of an estimate must know beside its figures, as sentences. */
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "base/base.h"
#include "estimate/run.h"
#include "estimate/unit.h"

enum { NOTES_MOST = 16, NOTE_TEXT = 480 };

typedef struct notes {
    erg_estimation *to;
    const char **list;
    erg_error *err;
    bool failed;
} notes;

static void add(notes *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(notes *n, const char *format, ...)
{
    char text[NOTE_TEXT];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (n->failed || n->to->note_count >= NOTES_MOST)
        return;
    n->list[n->to->note_count] = erg_arena_text(n->to->inside, text, n->err);
    n->failed = !n->list[n->to->note_count];
    n->to->note_count += !n->failed;
}

static void about_clock(notes *n, const erg_operating_point *point, double wish_hz)
{
    const erg_hardware *hardware = n->to->hardware;
    double clock_mhz = point->clock_hz * 1e-6;
    double lowest_hz = hardware->clock_count ? hardware->clocks_hz[0] : 0;

    if (wish_hz > hardware->top_clock_hz * (1 + 1e-9))
        add(n, "%s has no clock of %.0f MHz: its top one, %.0f MHz, stands for it.",
            hardware->name, wish_hz * 1e-6, hardware->top_clock_hz * 1e-6);
    if (wish_hz > 0 && wish_hz < lowest_hz * (1 - 1e-9))
        add(n, "%s has no clock of %.0f MHz: its lowest one, %.0f MHz, stands for it.",
            hardware->name, wish_hz * 1e-6, lowest_hz * 1e-6);
    bool is_still = point->over && point->static_w < ERG_CAP_SHARE * point->cap_w;
    if (is_still && point->clock_hz > 0)
        add(n, "Even the lowest clock, %.0f MHz, draws more than the cap of %.0f W: %s "
            "stands still in between.", clock_mhz, point->cap_w, hardware->name);
    else if (is_still)
        add(n, "%s draws more than its cap of %.0f W, and no clock of it is known: it "
            "stands still in between.", hardware->name, point->cap_w);
    else if (point->over)
        add(n, "%s draws more than the cap of %.0f W without any work.", hardware->name,
            point->cap_w);
    else if (point->capped)
        add(n, "The power cap of %.0f W holds %s below the clock asked for: see clock_hz.",
            point->cap_w, hardware->name);
}

static void about_curves(notes *n, const erg_operating_point *point)
{
    const erg_curve *v = &n->to->hardware->voltage_v;

    if (v->count && (point->clock_hz < v->points[0].x * (1 - 1e-9)
                     || point->clock_hz > v->points[v->count - 1].x * (1 + 1e-9)))
        add(n, "%.0f MHz lies outside the voltage curve of %s: its end is taken.",
            point->clock_hz * 1e-6, n->to->hardware->name);
}

/* The figures of such a precision are those of a wider one, with less to move, or worse. */
static void about_precision(notes *n)
{
    const erg_graph *graph = n->to->graph;
    const erg_hardware *hardware = n->to->hardware;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        double share = hardware->emulated_share[op->precision];
        if (!(erg_matrix_flop(op) > 0) || !erg_is_emulated(op, hardware))
            continue;
        if (share > 0)
            add(n, "%s has no unit for %s: products are emulated at %g %% of its rate of "
                "fp32. Take fp32.", hardware->name, erg_precision_name(op->precision),
                100 * share);
        else
            add(n, "%s has no unit for %s: %s are converted and run as %s.",
                hardware->name, erg_precision_name(op->precision),
                hardware->peak_flop_per_s[ERG_UNIT_TENSOR][op->precision] > 0
                    ? "products too thin for its matrix units" : "products",
                erg_precision_name(erg_engine_of(op, hardware).precision));
        return;
    }
}

/* A package whose parts are devices of their own is not one large device. */
static void about_package(notes *n)
{
    const erg_hardware *hardware = n->to->hardware;

    if (hardware->devices > 1)
        add(n, "A system sees %s as %d devices of a like share of it each: these figures "
            "are of all, with the work divided between them without loss. One batch on one "
            "of them takes up to %d times as long.", hardware->name, hardware->devices,
            hardware->devices);
}

static void about_source(notes *n, const erg_profile *profile)
{
    if (strcmp(profile->hardware, n->to->hardware->name) != 0)
        add(n, "The profile was calibrated on %s, not on %s: the grade is theoretical.",
            profile->hardware, n->to->hardware->name);
    if (!profile->energy.rows)
        add(n, "No energy of %s was measured: coefficients by process node, interval wide.",
            n->to->hardware->name);
    else
        add(n, "Energy by profile %s of %s: %s.", profile->name, profile->date,
            profile->source);
}

bool erg_run_notes(erg_estimation *to, const erg_profile *profile,
                   const erg_estimate_options *options, const erg_operating_point *point,
                   erg_error *err)
{
    notes n = { .to = to, .err = err };

    n.list = erg_arena_take(to->inside, NOTES_MOST * sizeof(*n.list), err);
    if (!n.list)
        return false;
    to->notes = n.list;
    about_clock(&n, point, options->clock_hz);
    about_curves(&n, point);
    about_precision(&n);
    about_package(&n);
    about_source(&n, profile);
    if (to->host_bound)
        add(&n, "The host launches more slowly than the device computes.");
    if (options->streams > 1)
        add(&n, "Launches overlap on %d streams: nobody measured that, the grade is lower.",
            options->streams);
    if (to->graph->coverage < 1)
        add(&n, "Operators without a cost rule: coverage %.3f; the interval grows with it.",
            to->graph->coverage);
    if (isnan(to->total.total_j))
        add(&n, "Energy is not known: the record lacks what it needs.");
    return !n.failed;
}
