/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stddef.h>
#include "launch/gate.h"
#include "settings.h"

/* Launches under way where only a budget is asked for: enough for the GPU never to run dry,
 * few enough that what is queued holds little that was paid for long ago. */
#define USUAL_IN_FLIGHT 64

#define AT(field) offsetof(gate_config, field)

static const plugin_key keys[] = {
    { "in_flight", AT(in_flight), NULL, "",  GATE_MOST },
    { "most",      AT(most_s),    NULL, "s", 60 },
    { "poll",      AT(poll_s),    NULL, "s", 1 },
    { "power",     AT(budget.budget.power_w),  NULL, "W", 1e6 },
    { "window",    AT(budget.budget.window_s), NULL, "s", 3600 },
    { "slot",      AT(budget.budget.slot_w),   NULL, "W", 1e6 },
    { "idle",      AT(budget.budget.idle_w),   NULL, "W", 1e6 },
    { "busy",      AT(budget.budget.busy_w),   NULL, "W", 1e6 },
    { "fallback",  AT(budget.budget.fallback_w), NULL, "W", 1e6 },
    { "stagger",   AT(offset.stagger_s), NULL, "s", 3600 },
    { "slack",     AT(offset.slack_s),   NULL, "s", 3600 },
    { "timeout",   AT(offset.timeout_s), NULL, "s", 1e6 },
    { "jitter_from", AT(offset.jitter.from_s), NULL, "s", 3600 },
    { "jitter",    AT(offset.jitter.to_s), NULL, "s", 3600 },
    { "rng_key",   AT(offset.jitter.key), NULL, "", 9e15 },
    { "every",     AT(offset.jitter.every), NULL, "", 1e6 },
    { "nccl_ctas", AT(nccl_ctas), NULL, "", NCCL_CTAS_MOST },
    { "sensor",    AT(budget.sensor), .room = BUDGET_SENSOR_MOST },
};

static const plugin_keys all = { "ERG_LAUNCH", keys, sizeof(keys) / sizeof(*keys) };

static const gate_config neutral = { .most_s = 10e-3, .poll_s = 20e-6,
                                    .budget.budget.window_s = 20e-3,
                                    .offset = { .slack_s = INFINITY, .timeout_s = 600,
                                                .jitter.every = 1 } };

/* It could bound nothing otherwise. */
static bool check_budget(const budget_config *config, erg_error *err)
{
    const erg_launch_budget *is = &config->budget;
    bool is_asked = is->power_w > 0 || is->slot_w > 0;

    if (is_asked && !config->sensor[0] && !(is->busy_w > 0))
        return erg_fail(err, ERG_BAD_INPUT, "ERG_LAUNCH: power and slot need to know what "
                        "launches draw: sensor=nvml, or busy=, the watts of a busy GPU");
    if (is->power_w > 0 && !(is->window_s > 0))
        return erg_fail(err, ERG_BAD_INPUT, "ERG_LAUNCH: window must be above 0");
    if (is->power_w > 0 && is->idle_w >= is->power_w)
        return erg_fail(err, ERG_BAD_INPUT, "ERG_LAUNCH: idle is not below power: nothing "
                        "would be left for launches");
    return true;
}

bool gate_config_parse(const char *text, gate_config *out, erg_error *err)
{
    gate_config config = neutral;
    bool good = plugin_settings_read(&all, text, &config, err)
        && chance_jitter_check(&config.offset.jitter, all.variable, err)
        && check_budget(&config.budget, err);
    const erg_launch_budget *asked = &config.budget.budget;

    if ((asked->power_w > 0 || asked->slot_w > 0) && config.in_flight < 1)
        config.in_flight = USUAL_IN_FLIGHT;
    *out = good ? config : neutral;
    return good;
}

uint64_t gate_kind(const void *kernel, cuda_size grid, cuda_size block)
{
    const uint64_t parts[] = { (uint64_t)(uintptr_t)kernel, grid.x, grid.y, grid.z, block.x,
                               block.y, block.z };
    uint64_t key = 0;

    /* Every launch comes by here: seven multiplications. */
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        key = (key ^ parts[i]) * 0x9e3779b97f4a7c15;
        key ^= key >> 29;
    }
    return key;
}
