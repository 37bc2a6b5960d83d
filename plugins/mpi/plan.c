/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "mpi/plan.h"

static const double timeout_share = 0.01, nap_share = 0.02;
const double mpi_uncut_bytes = 256 * 1024;
static const double node_chunk_bytes = 512 * 1024, far_chunk_bytes = 256 * 1024;

int64_t mpi_place_index(mpi_place at)
{
    if (at.size < 1 || at.stride < 1 || at.first < 0)
        return 0;
    /* stride groups are interleaved in a block of stride * size ranks. */
    return at.first / (at.stride * at.size) * at.stride + at.first % at.stride;
}

double mpi_plan_offset_s(const mpi_config *config, int64_t index, int64_t groups,
                         double slack_s)
{
    if (groups < 2 || index < 0)
        return 0;
    double offset_s = config->stagger_s * (double)(index % groups) / (double)groups;
    return fmax(0, fmin(offset_s, fmin(slack_s, timeout_share * config->timeout_s)));
}

double mpi_plan_jitter_s(const mpi_config *config, int64_t index, int64_t groups,
                         int64_t sequence)
{
    uint64_t group = chance_mix((uint64_t)index ^ chance_mix((uint64_t)groups));

    return fmin(chance_jitter_s(&config->jitter, group, (uint64_t)sequence),
                timeout_share * config->timeout_s);
}

double mpi_plan_slack_s(double applied_s, double elsewhere_s)
{
    /* Nobody was waited for elsewhere, so the delay itself is what the others wait for. */
    if (elsewhere_s < 0.1 * applied_s)
        return applied_s < 100e-6 ? 0 : applied_s / 2;
    return applied_s + elsewhere_s;
}

mpi_cut mpi_plan_cut(const mpi_config *config, bool one_node, int count, int element_bytes)
{
    mpi_cut whole = { .each = count, .pieces = 1 };
    double bytes = (double)count * element_bytes;
    double chunk_bytes = config->chunk_bytes > 0 ? config->chunk_bytes
                       : one_node                ? node_chunk_bytes
                                                 : far_chunk_bytes;

    if (config->deterministic || !(config->pace_bytes_per_s > 0) || count < 2
        || element_bytes < 1 || bytes <= fmax(mpi_uncut_bytes, chunk_bytes))
        return whole;
    int each = (int)fmax(1, chunk_bytes / element_bytes);
    return (mpi_cut){ .each = each, .pieces = (count - 1) / each + 1 };
}

double mpi_plan_gap_s(const mpi_config *config, double bytes)
{
    bool paced = config->pace_bytes_per_s > 0 && !config->deterministic && bytes > 0;
    return paced ? bytes / config->pace_bytes_per_s : 0;
}

double mpi_plan_nap_s(const mpi_config *config, double waited_s)
{
    return waited_s < config->wait_after_s ? 0 : fmin(config->nap_s, nap_share * waited_s);
}
