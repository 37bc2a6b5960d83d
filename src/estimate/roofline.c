/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain roofline: no operator is faster than its FLOP at the peak or its bytes
 * at the bandwidth. On eager runs it is half of what is measured, so it is shown
 * and never used alone. Source: Williams, Waterman, Patterson, CACM 52(4), 2009.
 */
#include <math.h>
#include "estimate/latency.h"
#include "estimate/unit.h"

static double known_or_zero(double value) { return isfinite(value) ? value : 0; }

erg_unit erg_unit_of(const erg_operator *op, const erg_hardware *hardware, double clock_hz)
{
    bool is_matrix = erg_op_kinds[op->kind].kind_class == ERG_MATRIX;
    erg_engine engine = is_matrix ? erg_engine_of(op, hardware)
                                  : (erg_engine){ ERG_UNIT_VECTOR, op->precision };
    erg_unit unit = { engine.class,
                      known_or_zero(
                          hardware->peak_flop_per_s[engine.class][engine.precision]) };

    /* not native: converted and run as fp32, which fp64 cannot be */
    if (!(unit.flop_per_s > 0) && engine.precision != ERG_FP64)
        unit.flop_per_s =
            known_or_zero(hardware->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32]);
    if (is_matrix && hardware->emulated_share[op->precision] > 0
        && erg_is_emulated(op, hardware))
        unit.flop_per_s *= hardware->emulated_share[op->precision];
    double quoted_hz = hardware->peak_clock_hz[unit.unit];
    if (clock_hz > 0 && quoted_hz > 0)
        unit.flop_per_s *= clock_hz / quoted_hz;
    return unit;
}

bool erg_terms_hold_cap(const erg_time_terms *terms, double free_cap_w)
{
    static const double about = 0.99;

    return terms->cap_w > 0 && free_cap_w >= about * terms->cap_w;
}

erg_unit erg_timing_unit(const erg_timing *timing, const erg_operator *op)
{
    erg_unit at_quoted = erg_unit_of(op, timing->hardware, 0);

    if (erg_terms_hold_cap(&timing->terms[at_quoted.unit], timing->free_cap_w))
        return at_quoted;
    return erg_unit_of(op, timing->hardware, timing->clock_hz);
}

double erg_roofline_time(const erg_timing *timing, const erg_subgraph *subgraph)
{
    const erg_operator *ops = timing->partition->graph->operators;
    double bytes = (double)subgraph->in_bytes + (double)subgraph->out_bytes
        + (double)subgraph->weight_bytes;
    double compute_s = 0;

    for (int32_t i = 0; i < subgraph->operator_count; i++) {
        const erg_operator *op = &ops[subgraph->operators[i]];
        erg_unit unit = erg_timing_unit(timing, op);
        if (op->flop > 0 && unit.flop_per_s > 0)
            compute_s += (double)op->flop / unit.flop_per_s;
    }
    return fmax(compute_s, bytes / timing->hardware->memory_bytes_per_s);
}

erg_bound erg_roofline_bound(double compute_s, double memory_s, double overhead_s)
{
    static const double balanced_within = 1.1;

    if (overhead_s > fmax(compute_s, memory_s))
        return ERG_BOUND_LAUNCH;
    if (compute_s > balanced_within * memory_s)
        return ERG_BOUND_COMPUTE;
    if (memory_s > balanced_within * compute_s)
        return ERG_BOUND_BANDWIDTH;
    return ERG_BOUND_BALANCED;
}
