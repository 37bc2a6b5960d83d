/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products run in tiles, tiles in waves over the units; a last wave that is
 * hardly filled costs as much as a full one. Elementwise passes stream.
 */
#include <math.h>
#include "estimate/time.h"
#include "estimate/unit.h"

#define BALANCED 1.1                /* within 10 % of each other */
#define GRAPH_LAUNCH_S 3e-6         /* of a launch that the host has no part in */

static double clock_share(const erg_plain_timing *timing, erg_unit_class class)
{
    double share = timing->clock_hz / timing->hardware->peak_clock_hz[class];

    return isnan(share) ? 1 : share;
}

static double peak_of(const erg_plain_timing *timing, erg_engine unit)
{
    return timing->hardware->peak_flop_per_s[unit.class][unit.precision]
        * clock_share(timing, unit.class);
}

static double tile_efficiency(const erg_time_terms *terms, double x, double y)
{
    double least = fmin(x, y);

    return least >= 128 ? 1 : least >= 64 ? terms->tile_64 : terms->tile_32;
}

/* Time of the products of one operator: the fastest of the tiles. */
static double product_s(const erg_plain_timing *timing, const erg_operator *op)
{
    static const double tiles[][2] = { { 128, 128 }, { 128, 64 }, { 64, 128 },
                                       { 64, 64 },   { 128, 32 }, { 32, 128 } };
    erg_engine unit = erg_engine_of(op, timing->hardware);
    const erg_time_terms *terms = &timing->profile->time[unit.class];
    double units = timing->hardware->units > 0 ? timing->hardware->units : 1;
    double speed = peak_of(timing, unit) * terms->share, best = INFINITY;

    if (!(op->m > 0 && op->n > 0 && op->k > 0) || timing->hardware->kind == ERG_CPU)
        return erg_matrix_flop(op) / speed;
    for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
        double x = tiles[i][0], y = tiles[i][1];
        double count = (double)op->batch * ceil((double)op->m / x) * ceil((double)op->n / y);
        double time_s = ceil(count / units) * units * 2 * x * y
            * ((double)op->k + terms->fill_k) / (speed * tile_efficiency(terms, x, y));
        best = fmin(best, time_s);
    }
    return best;
}

static erg_byte_class byte_class(const erg_operator *op)
{
    if (erg_matrix_flop(op) > 0)
        return ERG_BYTES_MATRIX;
    if (op->kind == ERG_OP_SOFTMAX)
        return ERG_BYTES_SOFTMAX;
    if (op->kind >= ERG_OP_BATCH_NORM && op->kind <= ERG_OP_LRN)
        return ERG_BYTES_NORM;
    return ERG_BYTES_ELEMENTWISE;
}

static erg_bound bound_of(const erg_latency *t)
{
    if (t->overhead_s > 0.5 * t->total_s)
        return ERG_BOUND_LAUNCH;
    if (t->compute_s > BALANCED * t->memory_s)
        return ERG_BOUND_COMPUTE;
    return t->memory_s > BALANCED * t->compute_s ? ERG_BOUND_BANDWIDTH : ERG_BOUND_BALANCED;
}

erg_latency erg_time_subgraph(const erg_plain_timing *timing, const erg_subgraph *subgraph)
{
    const erg_hardware *hardware = timing->hardware;
    double bytes = (double)subgraph->in_bytes + (double)subgraph->out_bytes
        + (double)subgraph->weight_bytes;
    double at_peak_s = 0, flop = 0, share = INFINITY;
    const erg_time_terms *terms = &timing->profile->time[ERG_UNIT_VECTOR];
    erg_latency t = { 0 };

    for (int32_t i = 0; i < subgraph->operator_count; i++) {
        const erg_operator *op = &timing->graph->operators[subgraph->operators[i]];
        double matrix = erg_matrix_flop(op);
        if (matrix > 0) {
            erg_engine unit = erg_engine_of(op, hardware);
            terms = &timing->profile->time[unit.class];
            t.compute_s += product_s(timing, op);
            at_peak_s += matrix / peak_of(timing, unit);
        }
        flop += (double)op->flop;
        share = fmin(share, terms->bandwidth[byte_class(op)]);
    }
    double stream_s = bytes / hardware->memory_bytes_per_s;
    t.memory_s = stream_s / share;
    t.overhead_s = timing->runtime == ERG_GRAPH ? GRAPH_LAUNCH_S : terms->launch_s;
    t.total_s = fmax(t.compute_s, t.memory_s) + t.overhead_s;
    t.intensity = bytes > 0 ? flop / bytes : NAN;
    t.roof_s = fmax(at_peak_s, stream_s);
    t.utilization = t.total_s > 0 ? fmin(1, t.roof_s / t.total_s) : 1;
    t.bound = bound_of(&t);
    return t;
}

double erg_time_partition(const erg_plain_timing *timing, const erg_partition *partition,
                          erg_latency latency[], bool *host_bound)
{
    double sum_s = 0, host_s = timing->profile->time[ERG_UNIT_VECTOR].host_s;

    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        latency[i] = erg_time_subgraph(timing, &partition->subgraphs[i]);
        sum_s += latency[i].total_s;
    }
    host_s *= timing->runtime == ERG_GRAPH ? 0 : partition->subgraph_count;
    *host_bound = host_s > sum_s;
    return fmax(sum_s, host_s);
}
