/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of shapes: is what ran what was traced, and could any device do it so fast? */
#include <math.h>
#include <string.h>
#include "format/json.h"
#include "replay/audit.h"

static const double SAME_SHARE = 1e-6;

/* Moves have bytes and collectives are not replayed: neither needs dims. */
static bool needs_shape(const erg_kernel_timing *kernel)
{
    return kernel->tier != ERG_TIER_MOVE && kernel->tier != ERG_TIER_COLLECTIVE;
}

static bool has_dims(const erg_signature *s)
{
    return s->shape_known || (s->m > 0 && s->n > 0 && s->k > 0);
}

static bool same_tensors(const erg_signature *a, const erg_signature *b)
{
    if (a->input_count != b->input_count || a->output_count != b->output_count)
        return false;
    for (int i = 0; i < a->input_count + a->output_count && i < ERG_SIGNATURE_TENSORS; i++)
        if (a->tensors[i].rank != b->tensors[i].rank
            || memcmp(a->tensors[i].dims, b->tensors[i].dims, sizeof(a->tensors[i].dims))
                   != 0
            || memcmp(a->tensors[i].strides, b->tensors[i].strides,
                      sizeof(a->tensors[i].strides))
                   != 0)
            return false;
    return true;
}

static bool same_dims(const erg_signature *a, const erg_signature *b)
{
    return a->m == b->m && a->n == b->n && a->k == b->k && a->batch == b->batch
           && a->transpose_a == b->transpose_a && a->transpose_b == b->transpose_b
           && same_tensors(a, b);
}

static bool same_grid(const erg_signature *a, const erg_signature *b)
{
    return memcmp(a->grid, b->grid, sizeof(a->grid)) == 0;
}

/* ---- SHAPES_LOST -------------------------------------------------------- */

typedef struct shapes {
    size_t wanted, unknown, differ, repeated, unplanned;
    size_t ran, ran_shapes,
        ran_alike;     /* M, N, K of what a benchmark ran; alike on other grids */
    size_t stated;     /* by the file of timings alone */
    size_t dims, rows; /* distinct shapes among the rows that have dims */
} shapes;

static double bytes_of(const erg_signature *s)
{
    return s->in_bytes == ERG_NONE || s->out_bytes == ERG_NONE
               ? NAN
               : (double)s->in_bytes + (double)s->out_bytes;
}

static double flop_of(const erg_signature *s)
{
    return s->flop == ERG_NONE ? NAN : (double)s->flop;
}

static bool differs(double ran, double traced)
{
    return fabs(ran - traced) > SAME_SHARE * fabs(traced); /* unknown does not differ */
}

/* One kernel launched over another grid works on another shape: equal dims were made up. */
static bool is_repeated(const erg_replay *replay, size_t at)
{
    const erg_replay_kernel *own = erg_audit_planned(replay, &replay->kernels[at]);

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_replay_kernel *other = erg_audit_planned(replay, &replay->kernels[i]);
        if (other && other != own && strcmp(other->name, own->name) == 0
            && !same_grid(&other->signature, &own->signature) && has_dims(&other->signature)
            && same_dims(&other->signature, &own->signature))
            return true;
    }
    return false;
}

static bool is_first_of_dims(const erg_replay *replay, size_t at)
{
    const erg_signature *own = &erg_audit_planned(replay, &replay->kernels[at])->signature;

    for (size_t i = 0; i < at; i++) {
        const erg_replay_kernel *other = erg_audit_planned(replay, &replay->kernels[i]);
        if (other && needs_shape(&replay->kernels[i]) && has_dims(&other->signature)
            && same_dims(&other->signature, own))
            return false;
    }
    return true;
}

static bool same_ran(const erg_kernel_timing *a, const erg_kernel_timing *b)
{
    return memcmp(a->ran, b->ran, sizeof(a->ran)) == 0;
}

/* One kernel over two grids did not run one shape. */
static bool ran_made_up(const erg_replay *replay, size_t at)
{
    const erg_kernel_timing *own = &replay->kernels[at];
    const erg_replay_kernel *planned = erg_audit_planned(replay, own);

    for (size_t i = 0; planned && i < replay->kernel_count; i++) {
        const erg_kernel_timing *other = &replay->kernels[i];
        const erg_replay_kernel *its = erg_audit_planned(replay, other);
        if (its && its != planned && same_ran(own, other)
            && strcmp(own->name, other->name) == 0
            && !same_grid(&its->signature, &planned->signature))
            return true;
    }
    return false;
}

static void look_at_ran(const erg_replay *replay, shapes *to)
{
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        bool first = true;
        if (!kernel->ran[0])
            continue;
        for (size_t k = 0; k < i && first; k++)
            first = !same_ran(&replay->kernels[k], kernel);
        to->ran++;
        to->ran_shapes += first;
        to->ran_alike += ran_made_up(replay, i);
    }
}

/* A file of ours says what ran. */
static bool states_dims(const erg_kernel_timing *kernel)
{
    return json_array_size(json_object_get(kernel->kept, "dims")) > 0;
}

static shapes shapes_of(const erg_replay *replay)
{
    shapes of = { 0 };

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        const erg_replay_kernel *planned = erg_audit_planned(replay, kernel);
        if (!needs_shape(kernel))
            continue;
        of.wanted++;
        of.unplanned += !planned;
        if (!planned || !has_dims(&planned->signature)) {
            of.stated += !planned && states_dims(kernel);
            of.unknown += planned || !states_dims(kernel);
            continue;
        }
        of.rows++;
        of.dims += is_first_of_dims(replay, i);
        of.differ += differs(kernel->flop, flop_of(&planned->signature))
                     || differs(kernel->bytes, bytes_of(&planned->signature));
        of.repeated += planned->signature.grid[0] > 0 && is_repeated(replay, i);
    }
    return of;
}

/* The first few shapes, and how many ran each. */
static void show_ran(const erg_replay *replay, const shapes *of, erg_finding *out)
{
    enum { SHOWN = 4 };
    size_t shown = 0;

    if (of->ran)
        erg_audit_shows(out, "%zu kernels ran %zu shapes", of->ran, of->ran_shapes);
    for (size_t i = 0; i < replay->kernel_count && shown < SHOWN; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        size_t before = 0, all = 0;
        for (size_t k = 0; k < replay->kernel_count; k++) {
            before += k < i && same_ran(&replay->kernels[k], kernel);
            all += same_ran(&replay->kernels[k], kernel);
        }
        if (!kernel->ran[0] || before)
            continue;
        shown++;
        erg_audit_shows(out, "(%lld,%lld,%lld) %zu times", (long long)kernel->ran[0],
                        (long long)kernel->ran[1], (long long)kernel->ran[2], all);
    }
}

void erg_audit_shapes(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    shapes of = shapes_of(replay);

    look_at_ran(replay, &of);
    if (!replay->plan && of.unknown == of.wanted && of.wanted)
        erg_audit_cannot(
            out, "no list of kernels with their shapes is given: name it with --kernels");
    else if (!of.wanted)
        erg_audit_cannot(out, "no kernel here has a shape to keep");
    else if (of.differ)
        erg_audit_fails(out, "%zu of %zu kernels did other work than the trace's",
                        of.differ, of.wanted);
    else if (of.repeated)
        erg_audit_fails(
            out,
            "%zu of %zu kernels share one shape across different grids: it was made "
            "up",
            of.repeated, of.wanted);
    else if (of.ran_alike)
        erg_audit_fails(out,
                        "%zu of %zu kernels ran the shape that others ran on other grids",
                        of.ran_alike, of.ran);
    else if (of.unknown)
        erg_audit_fails(out,
                        "%zu of %zu kernels have no dims: what ran is not what was traced",
                        of.unknown, of.wanted);
    else
        erg_audit_passes(out, "all %zu kernels have their shapes", of.wanted);
    if (of.unknown)
        erg_audit_shows(out, "dims unknown: %zu", of.unknown);
    if (of.unplanned && replay->plan)
        erg_audit_shows(out, "not in the list of kernels: %zu", of.unplanned);
    show_ran(replay, &of, out);
    if (of.rows)
        erg_audit_shows(out, "%zu kernels with dims have %zu shapes", of.rows, of.dims);
}

/* ---- OVER_PEAK ---------------------------------------------------------- */

typedef struct peaks {
    double bytes_per_s, cache_bytes;
} peaks;

typedef struct excess {
    size_t seen, over;   /* seen: of kernels that are more than copies */
    double times;        /* the largest, over its peak */
    double need, time_s; /* of that one: bytes or FLOP */
    bool is_flop;
    const char *name;
} excess;

static peaks peaks_of(const erg_replay_audit_options *options)
{
    const erg_hardware *hardware = options->hardware;
    bool cached = hardware && hardware->l2_bytes > 0;
    double own = hardware ? hardware->memory_bytes_per_s : NAN;

    return (peaks){ options->peak_bytes_per_s > 0 ? options->peak_bytes_per_s : own,
                    cached ? hardware->l2_bytes : 0 };
}

static double peak_flop(const erg_replay_audit_options *options, erg_precision precision)
{
    double most = NAN;

    if (options->peak_flop_per_s > 0)
        return options->peak_flop_per_s;
    for (int unit = 0; options->hardware && unit < ERG_UNIT_CLASSES; unit++)
        most = fmax(most, options->hardware->peak_flop_per_s[unit][precision]);
    return most;
}

static void hold(double need, double peak, const erg_kernel_timing *kernel, bool is_flop,
                 excess *to)
{
    double times = need / kernel->time_s / peak;

    if (isnan(times))
        return;
    to->seen += needs_shape(kernel);
    to->over += times > 1;
    if (times > to->times)
        *to = (excess){ to->seen,       to->over, times,       need,
                        kernel->time_s, is_flop,  kernel->name };
}

/* What fits the last-level cache need not come from memory again, unless it ran cold. */
static void look_at(const erg_audit_subject *subject, const erg_kernel_timing *kernel,
                    const peaks *peak, excess *to)
{
    const erg_replay_kernel *planned = erg_audit_planned(subject->replay, kernel);
    const erg_signature *s = planned ? &planned->signature : NULL;
    double bytes = !isnan(kernel->bytes) || !s ? kernel->bytes : bytes_of(s);
    double flop = !isnan(kernel->flop) || !s ? kernel->flop : flop_of(s);

    if (!(kernel->time_s > 0))
        return;
    if (kernel->state != ERG_STATE_COLD)
        bytes = fmax(bytes - peak->cache_bytes, isnan(bytes) ? NAN : 0);
    hold(bytes, peak->bytes_per_s, kernel, false, to);
    hold(flop, peak_flop(subject->options, s ? s->precision : ERG_FP32), kernel, true, to);
}

void erg_audit_over_peak(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    peaks peak = peaks_of(subject->options);
    excess of = { 0 };

    for (size_t i = 0; i < replay->kernel_count; i++)
        look_at(subject, &replay->kernels[i], &peak, &of);
    if (!of.seen && isnan(peak.bytes_per_s) && isnan(peak_flop(subject->options, ERG_FP32)))
        erg_audit_cannot(out, "no peaks of the device: name it with --on");
    else if (!of.seen && !of.over)
        erg_audit_cannot(out, "no kernel but copies says how many bytes or FLOP it needs");
    else if (of.over)
        erg_audit_fails(out, "%zu kernels are faster than the device can be", of.over);
    else
        erg_audit_passes(out, "no kernel is faster than the device can be");
    if (of.times > 0)
        erg_audit_shows(out, "%.40s: %.4g %s in %.3g us is %.3g times the peak", of.name,
                        of.need, of.is_flop ? "FLOP" : "bytes", 1e6 * of.time_s, of.times);
}
