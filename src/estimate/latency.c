/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of what runs: t = max(compute, bytes / (beta bandwidth)) + launch for each
 * subgraph; of the graph their sum, or the host's launches where those take longer.
 */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "estimate/latency.h"

/* exp, tanh, erf, square root and division: 16 a clock and unit (CUDA C programming
 * guide, throughput of native instructions). */
static const double special_per_clock = 16;
/* A launch out of a captured graph, without the host. */
static const double graph_launch_s = 3e-6;

static erg_byte_class byte_class(erg_op_kind kind)
{
    if (erg_op_kinds[kind].kind_class == ERG_MATRIX)
        return ERG_BYTES_MATRIX;
    if (kind == ERG_OP_SOFTMAX)
        return ERG_BYTES_SOFTMAX;
    bool norm = kind == ERG_OP_LAYER_NORM || kind == ERG_OP_GROUP_NORM
        || kind == ERG_OP_INSTANCE_NORM || kind == ERG_OP_RMS_NORM;
    return norm ? ERG_BYTES_NORM : ERG_BYTES_ELEMENTWISE;
}

/* A depthwise convolution fills no tile: it runs as a pass over its channels. */
static bool has_tiles(const erg_operator *op)
{
    enum { FEW_CHANNELS = 4 };
    bool depthwise = op->window && op->batch > 1 && op->n <= FEW_CHANNELS;

    return op->m > 0 && op->n > 0 && op->k > 0 && op->steps <= 1 && !depthwise;
}

/* Share of the threads the device has room for; small work leaves units idle. */
static double occupancy(const erg_operator *op, const erg_hardware *hardware)
{
    enum { WARP = 32 };
    double warp = hardware->warp > 0 ? hardware->warp : WARP;
    double room = (double)hardware->units * hardware->threads_per_unit / warp;
    double steps = op->steps > 1 ? (double)op->steps : 1;
    double warps = ceil((double)op->threads / steps / warp);

    if (!(room > 0) || hardware->kind != ERG_GPU || !(warps > 0))
        return 1;
    return fmin(1, warps / room);
}

static double special_time(const erg_operator *op, const erg_hardware *hardware,
                           double clock_hz)
{
    double hz = clock_hz > 0 ? clock_hz : hardware->peak_clock_hz[ERG_UNIT_VECTOR];

    if (!(op->special_op > 0) || !(hz > 0) || hardware->units <= 0)
        return 0;
    return (double)op->special_op / (special_per_clock * hz * hardware->units);
}

static double compute_time(const erg_timing *timing, const erg_operator *op)
{
    const erg_hardware *hardware = timing->hardware;
    erg_unit unit = erg_timing_unit(timing, op);
    const erg_time_terms *terms = &timing->terms[unit.unit];

    if (!(unit.flop_per_s > 0))
        return op->flop > 0 ? NAN : 0;
    if (has_tiles(op) && hardware->kind == ERG_GPU) {
        erg_product product = { (double)op->batch, (double)op->m, (double)op->n,
                                (double)op->k, terms->bandwidth[ERG_BYTES_ELEMENTWISE]
                                    * hardware->memory_bytes_per_s, op->window };
        return erg_tile_time(&product, hardware, unit, terms);
    }
    double share = erg_op_kinds[op->kind].kind_class == ERG_MATRIX ? terms->share : 1;
    double rate = unit.flop_per_s * share * occupancy(op, hardware);
    return fmax((double)op->flop / rate, special_time(op, hardware, timing->clock_hz));
}

/* Below a million-fold of its array a TPU stands mostly empty (estimate). */
static double tpu_penalty(const erg_subgraph *s)
{
    static const struct { double below_flop, factor; } steps[] = {
        { 10e6, 10 }, { 100e6, 4 }, { 500e6, 2 },
    };

    for (size_t i = 0; i < ERG_COUNT(steps); i++)
        if ((double)s->flop < steps[i].below_flop)
            return steps[i].factor;
    return 1;
}

/* No operator of a framework on a CPU takes less (estimates). */
static double cpu_floor(const erg_operator *op)
{
    if (op->kind == ERG_OP_LINEAR)
        return 9e-6;
    if (op->kind == ERG_OP_MATMUL)
        return 6e-6;
    return erg_op_kinds[op->kind].kind_class == ERG_VECTOR ? 2e-6 : 5e-6;
}

typedef struct parts {
    erg_byte_class bytes;           /* the slowest kind of access in it */
    erg_unit_class unit;            /* whose terms hold */
    double compute_s, floor_s, extra_bytes;
} parts;

/* What a product reads more than once because the last cache is too small. */
static double reloaded(const erg_operator *op, const erg_hardware *hardware)
{
    double outputs = (double)op->batch * (double)op->m * (double)op->n;

    if (!has_tiles(op) || op->window || !(hardware->l2_bytes > 0) || !(outputs > 0))
        return 0;
    erg_product product = { (double)op->batch, (double)op->m, (double)op->n,
                            (double)op->k, 0, false };
    double element = (double)erg_precision_bits(op->precision) / 8;
    return erg_traffic_product(&product, element, hardware->l2_bytes)
        - erg_traffic_product(&product, element, INFINITY);
}

static parts parts_of(const erg_timing *timing, const erg_subgraph *s)
{
    const erg_operator *ops = timing->partition->graph->operators;
    parts p = { .bytes = ERG_BYTES_ELEMENTWISE, .unit = ERG_UNIT_VECTOR };
    bool has_matrix = false;

    for (int32_t i = 0; i < s->operator_count; i++) {
        const erg_operator *op = &ops[s->operators[i]];
        erg_byte_class bytes = byte_class(op->kind);
        p.compute_s += compute_time(timing, op);
        p.extra_bytes += reloaded(op, timing->hardware);
        p.floor_s = fmax(p.floor_s, cpu_floor(op));
        if (bytes == ERG_BYTES_MATRIX) {
            has_matrix = true;
            p.unit = erg_timing_unit(timing, op).unit;
        }
        if (bytes != ERG_BYTES_ELEMENTWISE)
            p.bytes = bytes;
    }
    if (has_matrix)
        p.bytes = ERG_BYTES_MATRIX;
    /* The device runs low-precision graphs on its tensor units: their passes were
     * fitted together. tf32 is fp32 but within products. */
    if (!has_matrix && s->operator_count > 0) {
        erg_precision precision = ops[s->operators[0]].precision;
        if (precision != ERG_FP32 && precision != ERG_TF32
            && timing->hardware->peak_flop_per_s[ERG_UNIT_TENSOR][precision] > 0)
            p.unit = ERG_UNIT_TENSOR;
    }
    return p;
}

static double memory_time(const erg_timing *timing, const parts *p, double bytes,
                          double cached_bytes)
{
    const erg_hardware *hardware = timing->hardware;
    double beta = timing->terms[p->unit].bandwidth[p->bytes];
    double dram_s = (bytes + p->extra_bytes - cached_bytes)
        / (beta * hardware->memory_bytes_per_s);

    if (!(cached_bytes > 0))
        return dram_s;
    return fmax(dram_s, bytes / (beta * hardware->l2_bytes_per_s));
}

static double launch_time(const erg_timing *timing, erg_unit_class unit)
{
    double launch_s = timing->terms[unit].launch_s;

    return timing->runtime == ERG_GRAPH ? fmin(launch_s, graph_launch_s) : launch_s;
}

static void sum_up(erg_latency *t)
{
    t->total_s = fmax(t->compute_s, t->memory_s) + t->overhead_s;
    t->utilization = t->total_s > 0 ? fmin(1, t->roof_s / t->total_s) : NAN;
    t->bound = erg_roofline_bound(t->compute_s, t->memory_s, t->overhead_s);
}

static erg_latency subgraph_latency(const erg_timing *timing, int32_t index,
                                    double cached_bytes)
{
    const erg_subgraph *s = &timing->partition->subgraphs[index];
    parts p = parts_of(timing, s);
    double bytes = (double)s->in_bytes + (double)s->out_bytes + (double)s->weight_bytes;
    erg_latency t = {
        .compute_s = p.compute_s,
        .memory_s = memory_time(timing, &p, bytes, cached_bytes),
        .overhead_s = launch_time(timing, p.unit),
        .intensity = bytes > 0 ? (double)s->flop / bytes : NAN,
        .roof_s = erg_roofline_time(timing, s),
    };

    if (timing->hardware->kind == ERG_TPU)
        t.compute_s *= tpu_penalty(s);
    if (timing->hardware->kind == ERG_CPU)
        t.overhead_s = fmax(0, p.floor_s - fmax(t.compute_s, t.memory_s));
    t.host_s = timing->runtime == ERG_GRAPH ? 0 : timing->terms[p.unit].host_s;
    sum_up(&t);
    return t;
}

erg_latency erg_latency_subgraph(const erg_timing *timing, int32_t index)
{
    return subgraph_latency(timing, index, 0);
}

/* The host cannot launch faster than one in h: the device waits for it. */
static void wait_for_host(erg_latency *out, int32_t count, double wait_s)
{
    for (int32_t i = 0; i < count; i++) {
        out[i].overhead_s += wait_s / count;
        sum_up(&out[i]);
    }
}

/* Launches that overlap: each has its share of the time of the whole. */
static void share_time(erg_latency *out, int32_t count, double share)
{
    for (int32_t i = 0; i < count; i++) {
        out[i].total_s *= share;
        out[i].utilization = fmin(1, out[i].utilization / share);
    }
}

typedef struct serial_time { double device_s, host_s; } serial_time;

/* One after another; what is like an earlier launch takes as long. */
static serial_time one_by_one(const erg_timing *timing, const double *cached,
                              erg_latency *out)
{
    const erg_partition *partition = timing->partition;
    serial_time sum = { 0, 0 };

    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        int32_t like = i - partition->subgraphs[i].alike_back;
        out[i] = like < i && cached[like] == cached[i]
            ? out[like] : subgraph_latency(timing, i, cached[i]);
        sum.device_s += out[i].total_s;
        sum.host_s += out[i].host_s;
    }
    return sum;
}

static serial_time find_serial(const erg_timing *timing, erg_latency *out)
{
    static const serial_time unknown = { NAN, NAN };
    size_t count = (size_t)timing->partition->subgraph_count;

    if (timing->cached_bytes)
        return one_by_one(timing, timing->cached_bytes, out);
    double *cached = malloc((count + 1) * sizeof(*cached));
    serial_time sum = cached
        && erg_traffic_cached(timing->partition, timing->hardware, cached)
        ? one_by_one(timing, cached, out) : unknown;
    free(cached);
    return sum;
}

double erg_latency_graph(const erg_timing *timing, erg_latency *out, bool *host_bound)
{
    int32_t count = timing->partition->subgraph_count;
    serial_time serial = find_serial(timing, out);
    double serial_s = serial.device_s, host_s = serial.host_s;

    /* Another order of the same work can be slower (Graham): one by one is always open. */
    double streams_s = timing->streams > 1 && serial_s > 0
        ? erg_latency_streams(timing, out) : serial_s;
    if (isnan(streams_s))
        return NAN;
    double device_s = fmin(serial_s, streams_s), total_s = fmax(host_s, device_s);
    *host_bound = host_s > device_s;
    if (total_s > serial_s)
        wait_for_host(out, count, total_s - serial_s);
    else if (total_s < serial_s)
        share_time(out, count, total_s / serial_s);
    return total_s;
}
