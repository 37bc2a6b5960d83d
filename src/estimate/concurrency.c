/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages by removing again and again all whose producers are done: the stage of
 * a subgraph is one more than the latest stage it needs. One pass does it, as a
 * partition lists producers before readers.
 */
#include <math.h>
#include "estimate/concurrency.h"

enum { BLOCK_THREADS = 256 };

typedef struct path_lengths {
    int32_t *stage, *width;
    int64_t *flop;
    double *seconds;
} path_lengths;

double erg_units_wanted(int64_t threads, int units)
{
    double blocks = ceil((double)threads / BLOCK_THREADS);
    double most = units > 0 ? units : blocks;

    return fmax(1, fmin(blocks, most));
}

double erg_wave_efficiency(int64_t threads, int units)
{
    double blocks = ceil((double)threads / BLOCK_THREADS);

    if (units <= 0 || blocks <= 0)
        return NAN;
    return blocks / (ceil(blocks / units) * units);
}

int64_t erg_subgraph_threads(const erg_partition *partition, int32_t s)
{
    const erg_subgraph *one = &partition->subgraphs[s];
    int64_t most = 0;

    for (int32_t i = 0; i < one->operator_count; i++) {
        int64_t threads = partition->graph->operators[one->operators[i]].threads;
        most = threads > most ? threads : most;
    }
    return most;
}

static void follow(const erg_partition *partition, const double *latency_s,
                   path_lengths *paths, int32_t s)
{
    const erg_subgraph *one = &partition->subgraphs[s];

    for (int32_t i = 0; i < one->need_count; i++) {
        int32_t from = one->needs[i];
        if (from >= s)
            continue;
        if (paths->stage[from] + 1 > paths->stage[s])
            paths->stage[s] = paths->stage[from] + 1;
        if (paths->flop[from] > paths->flop[s])
            paths->flop[s] = paths->flop[from];
        paths->seconds[s] = fmax(paths->seconds[s], paths->seconds[from]);
    }
    paths->flop[s] += one->flop;
    paths->seconds[s] += latency_s ? latency_s[s] : NAN;
    paths->width[paths->stage[s]]++;
}

static void count_stages(const path_lengths *paths, erg_concurrency *out)
{
    for (int32_t s = 0; s < out->subgraphs && paths->width[s]; s++) {
        out->stages++;
        if (paths->width[s] > out->widest_stage)
            out->widest_stage = paths->width[s];
        if (paths->width[s] > 1)
            out->independent += paths->width[s];
    }
    out->sequential = out->subgraphs - out->independent;
    out->critical_operators = out->stages;
    for (int32_t s = 0; s < out->subgraphs; s++) {
        if (paths->flop[s] > out->critical_flop)
            out->critical_flop = paths->flop[s];
        out->critical_s = s ? fmax(out->critical_s, paths->seconds[s]) : paths->seconds[s];
    }
}

static void count_threads(const erg_partition *partition, int units, erg_concurrency *out)
{
    double sum = 0, wanted = 0, efficiency = 0;

    for (int32_t s = 0; s < out->subgraphs; s++) {
        int64_t threads = erg_subgraph_threads(partition, s);
        out->threads_least = s && out->threads_least < threads
            ? out->threads_least : threads;
        out->threads_largest = threads > out->threads_largest
            ? threads : out->threads_largest;
        sum += (double)threads;
        wanted += erg_units_wanted(threads, units);
        efficiency += erg_wave_efficiency(threads, units);
    }
    double n = out->subgraphs ? (double)out->subgraphs : (double)NAN;
    out->threads_mean = sum / n;
    out->units_wanted = wanted / n;
    out->efficiency = efficiency / n;
}

/* A batch of B could run B times as wide, but not wider than the device. */
static void bound(const erg_partition *partition, const double *latency_s,
                  erg_concurrency *out)
{
    double sum = 0, batch = (double)partition->graph->batch;

    for (int32_t s = 0; s < out->subgraphs; s++)
        sum += latency_s ? latency_s[s] : NAN;
    out->parallelism = out->critical_s > 0 ? sum / out->critical_s : NAN;
    double graph = fmin(out->parallelism, out->subgraphs);
    double room = out->units > 0 ? fmax(1, out->units / out->units_wanted) : batch;
    out->speedup_bound = fmin(graph * batch, fmax(graph, room));
    if (room <= 1)
        out->limit = ERG_LIMIT_DEVICE;
    else
        out->limit = graph > batch ? ERG_LIMIT_BATCH : ERG_LIMIT_GRAPH;
}

static bool lengths_make(path_lengths *paths, erg_arena *arena, size_t n, erg_error *err)
{
    paths->stage = erg_arena_take(arena, (n + 1) * sizeof(*paths->stage), err);
    paths->width = erg_arena_take(arena, (n + 1) * sizeof(*paths->width), err);
    paths->flop = erg_arena_take(arena, (n + 1) * sizeof(*paths->flop), err);
    paths->seconds = erg_arena_take(arena, (n + 1) * sizeof(*paths->seconds), err);
    return paths->stage && paths->width && paths->flop && paths->seconds;
}

bool erg_concurrency_of(const erg_partition *partition, const double *latency_s, int units,
                        erg_concurrency *out, erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    path_lengths paths;

    *out = (erg_concurrency){ .subgraphs = partition->subgraph_count, .units = units };
    if (!arena || !lengths_make(&paths, arena, (size_t)out->subgraphs, err)) {
        erg_arena_free(arena);
        return false;
    }
    for (int32_t s = 0; s < out->subgraphs; s++)
        follow(partition, latency_s, &paths, s);
    count_stages(&paths, out);
    count_threads(partition, units, out);
    bound(partition, latency_s, out);
    erg_arena_free(arena);
    return true;
}

const char *erg_limit_name(erg_limit limit)
{
    static const char *const names[] = { [ERG_LIMIT_GRAPH] = "graph",
                                         [ERG_LIMIT_BATCH] = "batch",
                                         [ERG_LIMIT_DEVICE] = "device" };
    return names[limit];
}
