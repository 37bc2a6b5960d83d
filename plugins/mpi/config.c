/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include "mpi/config.h"
#include "settings.h"

#define AT(field) offsetof(mpi_config, field)

static const plugin_key keys[] = {
    { "wait",          AT(wait),             "busy sleep slack freq" },
    { "wait_after",    AT(wait_after_s),     NULL, "s", 3600 },
    { "nap",           AT(nap_s),            NULL, "s", 1 },
    { "stagger",       AT(stagger_s),        NULL, "s", 3600 },
    { "jitter_from",   AT(jitter.from_s),    NULL, "s", 3600 },
    { "jitter",        AT(jitter.to_s),      NULL, "s", 3600 },
    { "rng_key",       AT(jitter.key),       NULL, "", 9e15 },
    { "every",         AT(jitter.every),     NULL, "", 1e6 },
    { "timeout",       AT(timeout_s),        NULL, "s", 1e6 },
    { "pace",          AT(pace_bytes_per_s), NULL, "B/s", 1e15 },
    { "chunk",         AT(chunk_bytes),      NULL, "B", 1e9 },
    { "node_ranks",    AT(node_ranks),       NULL, "", 1e6 },
    { "hierarchical",  AT(hierarchical),     "off on" },
    { "deterministic", AT(deterministic),    "off on" },
};

static const plugin_keys all = { "ERG_MPI", keys, sizeof(keys) / sizeof(*keys) };

static const mpi_config neutral = { .wait_after_s = 500e-6, .nap_s = 200e-6,
                                    .timeout_s = 600, .jitter.every = 1,
                                    .deterministic = 1 };

bool mpi_config_parse(const char *text, mpi_config *out, erg_error *err)
{
    mpi_config config = neutral;
    bool good = plugin_settings_read(&all, text, &config, err)
        && chance_jitter_check(&config.jitter, all.variable, err);

    *out = good ? config : neutral;
    return good;
}

bool mpi_config_acts(const mpi_config *config)
{
    return config->wait != WAIT_BUSY || config->stagger_s > 0 || config->jitter.to_s > 0
        || config->pace_bytes_per_s > 0 || config->hierarchical;
}
