/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node's configuration says to the tools beside its jobs: ergd only hands it out, so
 * that one file serves a node. A tool asks in the words of its own environment variable.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

static const erg_column setting_columns[] = {
    { "tool", ERG_TEXT, "whom it is for" },
    { "variable", ERG_TEXT, "the environment variable that would say the same" },
    { "settings", ERG_TEXT, "its value" },
};

/* Where jobs may read a GPU's counter themselves; else over our socket. */
static const char *sensor_of(const erg_govern_config *config)
{
    const erg_govern_list *sensors = &config->node.sensors;

    for (size_t i = 0; i < sensors->count; i++)
        if (strncmp(sensors->items[i], "nvml", 4) == 0)
            return "nvml";
    return sensors->count ? NULL : "nvml";
}

static size_t gpus_of(const erg_governor *governor)
{
    size_t gpus = 0;

    for (size_t i = 0; i < governor->count; i++)
        gpus += governor->items[i].is_gpu;
    return gpus;
}

/* What a GPU has of the node's watts: an even share of what is no GPU's own. The base is
 * all that no knob holds, and so also GPUs without one. */
static double share_w(const erg_governor *governor, double node_w)
{
    double base_w = isnan(governor->base_w) ? 0 : governor->base_w, left_w = node_w;

    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        if (isnan(item->power_w))
            continue;
        if (item->is_gpu && !item->has_limit)
            base_w -= item->power_w;
        if (!item->is_gpu && item->has_limit)
            left_w -= item->power_w;
    }
    return fmax(1, (left_w - fmax(0, base_w)) / (double)gpus_of(governor));
}

/* A cap of the node is shared by its GPUs. 0: there is none to hold. */
static double gate_w(const erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    if (config->cap.scope && config->cap.scope[0] == 'g')
        return config->cap.limit_w;
    return gpus_of(governor) ? share_w(governor, config->cap.limit_w) : 0;
}

/* What is kept where ergd is heard of no more. 0: what is handed out at first. */
static double fallback_w(const erg_governor *governor)
{
    double node_w = governor->config->node.fallback_w;

    if (!(node_w > 0))
        return 0;
    return fmin(gate_w(governor), gpus_of(governor) ? share_w(governor, node_w) : node_w);
}

/* In the words of ERG_LAUNCH. */
static bool say_launch(const erg_governor *governor, char *to, size_t size)
{
    const erg_govern_config *config = governor->config;
    const char *sensor = sensor_of(config);
    double power_w = config->cap.by_gate ? gate_w(governor) : 0;

    int count = snprintf(to, size, "%s", config->offsets);
    if (config->shaper.nccl_ctas > 0)
        count += snprintf(to + count, size - (size_t)count, "%snccl_ctas=%lld",
                          count ? "," : "", (long long)config->shaper.nccl_ctas);
    if (!(power_w > 0))
        return count > 0;
    count += snprintf(to + count, size - (size_t)count, "%spower=%.9gW,", count ? "," : "",
                      power_w);
    if (config->cap.window_s > 0)
        count += snprintf(to + count, size - (size_t)count, "window=%.9gs,",
                          config->cap.window_s);
    if (fallback_w(governor) > 0)
        count += snprintf(to + count, size - (size_t)count, "fallback=%.9gW,",
                          fallback_w(governor));
    snprintf(to + count, size - (size_t)count, "sensor=%s%s", sensor ? sensor : "ergd:",
             sensor ? "" : config->socket.path);
    return true;
}

static bool add(erg_table *table, const char *tool, const char *variable,
                const char *settings, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "tool", tool, err)
        && erg_table_text(table, "variable", variable, err)
        && erg_table_text(table, "settings", settings, err);
}

bool erg_govern_add_settings(const erg_governor *governor, erg_result *result,
                             erg_error *err)
{
    erg_table *table = erg_result_add(result, "settings", setting_columns,
                                      ERG_COUNT(setting_columns), err);
    const char *mpi = governor->config->mpi;
    char launch[400];

    return table && (!*mpi || add(table, "mpi", "ERG_MPI", mpi, err))
        && (!say_launch(governor, launch, sizeof(launch))
            || add(table, "launch", "ERG_LAUNCH", launch, err));
}

/* ---- what launches may draw now ------------------------------------------------------ */

static const erg_column budget_columns[] = {
    { "device", ERG_TEXT, "a GPU; none: any other" },
    { "uuid", ERG_TEXT, "of the device" },
    { "power_w", ERG_REAL, "what the launches of a job on it may draw" },
    { "rule", ERG_TEXT, "cap: of the configuration; else what holds the grant down" },
    { "idle_w", ERG_REAL, "the least mean of a second that it was seen to draw" },
    { "at_rest", ERG_TRUTH, "for a second nothing ran on it: so its use said" },
};

typedef struct budget { double power_w; const char *rule; } budget;

static void narrow(budget *of, double most_w, const char *rule)
{
    if (!isfinite(most_w) || most_w >= of->power_w)
        return;
    of->power_w = fmax(1, most_w);
    of->rule = rule ? rule : "grant";
}

/* The cap, and where limits are enforced what is granted. item NULL: a GPU that is none of
 * ours. */
static budget budget_of(const erg_governor *governor, const erg_governed *item)
{
    budget of = { gate_w(governor), "cap" };
    /* What the bands take off is for knobs that are not exact: a gate settles by the
     * counter. */
    double node_w = governor->is_braked ? 0 : governor->limit_w;

    if (!(of.power_w > 0) || governor->config->mode == ERG_OBSERVE || governor->is_let_go)
        return of;
    if (item && item->has_limit)
        narrow(&of, item->grant_w, item->rule);
    else
        narrow(&of, gpus_of(governor) ? share_w(governor, node_w) : node_w,
               governor->is_braked ? "brake" : governor->rule);
    return of;
}

double erg_govern_launch_w(const erg_governor *governor, const erg_governed *item)
{
    bool has_gate = governor->config->cap.by_gate && item->is_gpu;
    double power_w = has_gate ? budget_of(governor, item).power_w : 0;

    return power_w > 0 ? power_w : INFINITY;
}

/* Of another GPU jobs read the sum of ours, or where there are none, of all there is. */
static erg_governed_rest rest_of(const erg_governor *governor, const erg_governed *item)
{
    erg_governed_rest sum = { .is_seen = true };

    if (item)
        return item->rest;
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].is_gpu) {
            sum.least_w += governor->items[i].rest.least_w;
            sum.is_seen &= governor->items[i].rest.is_seen;
        }
    return gpus_of(governor) ? sum : governor->rest;
}

static bool add_budget(const erg_governor *governor, const erg_governed *item,
                       erg_table *table, erg_error *err)
{
    const erg_device_info *info =
        item ? erg_devices_info(governor->devices, item->index) : NULL;
    budget of = budget_of(governor, item);
    const erg_governed_rest rest = rest_of(governor, item);

    return erg_table_row(table, err)
        && erg_table_text(table, "device", info ? info->name : NULL, err)
        && erg_table_text(table, "uuid", info && info->uuid[0] ? info->uuid : NULL, err)
        && erg_table_real(table, "power_w", of.power_w > 0 ? of.power_w : NAN, err)
        && erg_table_text(table, "rule", of.rule, err)
        && erg_table_real(table, "idle_w", rest.least_w, err)
        && erg_table_truth(table, "at_rest", rest.is_seen, err);
}

bool erg_govern_add_budgets(const erg_governor *governor, erg_result *result,
                            erg_error *err)
{
    if (!governor->config->cap.by_gate)
        return true;
    erg_table *table = erg_result_add(result, "budgets", budget_columns,
                                      ERG_COUNT(budget_columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->count; i++)
        if (governor->items[i].is_gpu)
            good = add_budget(governor, &governor->items[i], table, err);
    return good && add_budget(governor, NULL, table, err);
}

/* ---- the other end ------------------------------------------------------------------ */

/* Of a GPU that is none of its rows the least of all, beside what the row of any other
 * says: no job is given too much. */
static erg_govern_allowance allowance_of(const erg_table *budgets, const char *uuid)
{
    erg_govern_allowance least = { INFINITY, NAN, false };

    for (size_t i = 0; budgets && i < erg_table_row_count(budgets); i++) {
        const erg_govern_allowance one = { erg_table_find(budgets, i, "power_w").real,
                                           erg_table_find(budgets, i, "idle_w").real,
                                           erg_table_find(budgets, i, "at_rest").integer
                                               == 1 };
        const char *name = erg_table_find(budgets, i, "uuid").text;
        if (name && *uuid && strcmp(name, uuid) == 0)
            return one;
        least.power_w = fmin(least.power_w, one.power_w);
        least.idle_w = name ? least.idle_w : one.idle_w;
        least.at_rest = name ? least.at_rest : one.at_rest;
    }
    return least;
}

bool erg_govern_budget(const char *socket, const char *uuid, erg_govern_allowance *out,
                       erg_error *err)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    erg_result *result = erg_govern_ask(socket ? socket : ERG_GOVERN_SOCKET, &request, err);
    const erg_table *table = result ? erg_result_find(result, "budgets") : NULL;

    *out = allowance_of(table, uuid);
    bool good = out->power_w > 0 && isfinite(out->power_w);
    if (result && !good)
        erg_fail(err, ERG_NO_DATA, "ergd has no budget of launches");
    erg_result_free(result);
    return good;
}

bool erg_govern_settings(const char *socket, const char *tool, char *to, size_t size,
                         erg_error *err)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    erg_result *result = erg_govern_ask(socket ? socket : ERG_GOVERN_SOCKET, &request, err);
    const erg_table *table = result ? erg_result_find(result, "settings") : NULL;
    const char *text = "";

    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *name = erg_table_find(table, i, "tool").text;
        if (name && strcmp(name, tool) == 0)
            text = erg_table_find(table, i, "settings").text;
    }
    bool good = result && text && strlen(text) < size;
    if (good)
        erg_text_put(to, size, text);
    else if (result)
        erg_fail(err, ERG_BAD_INPUT, "ergd's settings of %.20s are not understood", tool);
    erg_result_free(result);
    return good;
}
